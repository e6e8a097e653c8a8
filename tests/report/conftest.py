"""Studies written to disk without running them, in the format of evorobo.study.results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evorobo.report.analysis.study_table import StudyTable
from evorobo.study.records import write_record
from evorobo.study.results import Results, load

COLUMNS = (
    "env_steps", "episodes", "samples", "forward_flops", "backward_flops", "update_flops", "robot_flops",
    "cpu_seconds", "wall_seconds", "train", "validation", "test",
)  # fmt: skip


def write_run(folder: Path, rows: list[dict[str, float]], status: str = "finished") -> None:
    """Write the folder of a trial: evals as rows, and its status (nothing for an unfinished one)."""
    folder.mkdir(parents=True)
    columns = tuple(dict.fromkeys((*COLUMNS, *(name for row in rows for name in row))))
    lines = [",".join(columns)] + [",".join(repr(float(row.get(name, 0))) for name in columns) for row in rows]
    (folder / "curve.csv").write_text("\n".join(lines) + "\n")
    if status != "unfinished":
        reason = {"reason": "The weights became NaN."} if status == "failed" else {}
        write_record(folder / "result.json", {"status": status, **reason})


def write_study(folder: Path, name: str, tasks: dict[str, dict], methods: list[str]) -> None:
    """Write study.json; the metric of a task is an episode return unless given."""
    metric = {"name": "return", "unit": "", "higher_is_better": True}
    about = {
        name: {"references": {}, **task, "metric": {**metric, **task.get("metric", {})}} for name, task in tasks.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    study = {"name": name, "tasks": about, "methods": {method: {} for method in methods}, "settings": {}}
    write_record(folder / "study.json", study)


def learning(
    seed: int, start: float, end: float, *, n_evals: int = 25, steps: float = 1e6, noise: float = 0.05
) -> list:
    """A plausible learning curve: a noisy sigmoid of the logarithm of the cost."""
    rng = np.random.default_rng(seed)
    share = np.concatenate([[0], np.geomspace(0.01, 1, n_evals)])
    pace, slope = rng.normal(-2.2, 0.5), rng.uniform(1.5, 3)
    reach = rng.normal(1, noise)
    rise = reach / (1 + np.exp(-slope * (np.log(np.maximum(share, 1e-9)) - pace)))
    test = start + (end - start) * (rise + rng.normal(0, noise * 0.6, len(share)) * rise)
    return [
        {
            "env_steps": round(steps * part), "episodes": round(steps * part / 200), "samples": 0,
            "forward_flops": round(steps * part * 2200), "cpu_seconds": 40 * part * rng.uniform(0.9, 1.1),
            "wall_seconds": 45 * part, "train": value, "validation": value, "test": value,
        }
        for part, value in zip(share, test, strict=True)
    ]  # fmt: skip


def cloning(
    seed: int, start: float, end: float, *, steps: float = 1e6, teacher_steps: float = 0, **more: float
) -> list:
    """A learning curve of backprop: samples, forward and backward FLOPs, and environment steps of a teacher."""
    rows = learning(seed, start, end, steps=steps, **more)
    for row in rows:
        part = row["env_steps"] / steps
        row.update(
            env_steps=teacher_steps, episodes=teacher_steps / 200, samples=round(steps * part / 3),
            forward_flops=row["forward_flops"] / 3, backward_flops=row["forward_flops"] * 2 / 3,
        )  # fmt: skip
    return rows


@pytest.fixture
def small_study(tmp_path: Path) -> Results:
    """One task, three methods, five seeds; backprop takes no environment steps."""
    write_study(
        tmp_path,
        "cart-pole",
        {"CartPole": {"references": {"random": 22, "solved": 475}}},
        ["backprop", "cma-es", "my-own"],
    )
    for seed in range(5):
        write_run(tmp_path / f"CartPole/backprop/seed-{seed}", cloning(seed, 20, 450))
        write_run(tmp_path / f"CartPole/cma-es/seed-{seed}", learning(10 + seed, 20, 490))
        write_run(tmp_path / f"CartPole/my-own/seed-{seed}", learning(20 + seed, 20, 300, noise=0.2))
    return load(tmp_path)


@pytest.fixture
def tiny_study(tmp_path: Path) -> Callable[..., Results]:
    """A study of one task whose final scores are given: `tiny_study({"ga": [1, 2, 3]}, ...)`."""

    def make(
        scores: dict[str, list[float]], *, failed: int = 0, diverged: int = 0, unfinished: int = 0, **task: dict
    ) -> Results:
        write_study(tmp_path, "tiny", {"reach-grasp": task}, list(scores))
        for method, finals in scores.items():
            ends = ["finished"] * (len(finals) - failed - diverged - unfinished)
            ends += ["failed"] * failed + ["diverged"] * diverged
            for seed, final in enumerate(finals):
                rows = [{"test": 0}, {"env_steps": 50, "forward_flops": 10, "backward_flops": 20, "test": final}]
                end = ends[seed] if seed < len(ends) else "unfinished"
                write_run(tmp_path / f"reach-grasp/{method}/seed-{seed}", rows, end)
        return load(tmp_path)

    return make


@pytest.fixture
def small_table(small_study: Results) -> StudyTable:
    return StudyTable.from_results(small_study)


@pytest.fixture
def tiny_table(tiny_study: Callable[..., Results]) -> Callable[..., StudyTable]:
    """`tiny_study` as a table."""
    return lambda *args, **kwargs: StudyTable.from_results(tiny_study(*args, **kwargs))


@pytest.fixture
def fakes() -> SimpleNamespace:
    """The functions that write studies."""
    return SimpleNamespace(
        write_study=write_study,
        write_run=write_run,
        learning=learning,
        cloning=cloning,
        load=load,
        load_table=load_table,
    )


def load_table(folder: Path) -> StudyTable:
    return StudyTable.from_results(load(folder))


@pytest.fixture
def race(tmp_path: Path) -> StudyTable:
    """The tortoise gains 1 in 10 steps, up to 100 steps; the hare scores 4.5 from step 10 on and ends at 40."""
    write_study(tmp_path, "race", {"run": {}}, ["tortoise", "hare"])
    for seed in range(8):
        luck = seed / 100
        tortoise = [{"env_steps": n, "test": n / 10 + luck} for n in range(0, 101, 10)]
        hare = [{"env_steps": n, "test": 4.5 * (n > 0) + luck} for n in range(0, 41, 10)]
        write_run(tmp_path / f"run/tortoise/seed-{seed}", tortoise)
        write_run(tmp_path / f"run/hare/seed-{seed}", hare)
    return load_table(tmp_path)
