"""The torture: `python tests/torture.py` kills, crashes, damages and misuses everything, and prints what held.

Each part returns rows (what, tried, held, lost). "Held" means: the results are those of an undisturbed run, byte for
byte, or a sentence says what is wrong. All random choices come from one seed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "helpers"))

import numpy as np
from children import LIMIT_SECONDS, end, in_child, processes_with, start_child
from curves import all_curves
from damage import KINDS, STUDY, damaged, odd_assignments, outcome
from hostile import Hostile
from toys import Bowl

from evorobo import (
    CMAES,
    GA,
    IPOP,
    NSGA2,
    Backprop,
    Budget,
    Coevolution,
    ControlTask,
    DatasetTask,
    Evolution,
    EvoroboError,
    Restarts,
    Study,
)
from evorobo.study.overrides import apply_overrides
from evorobo.study.trust import RECORD_VARIABLE

Row = tuple[str, int, int, int]
STEP_SECONDS = 5.0

PHOTOTAXIS = ControlTask("evorobo/Phototaxis-v0", max_steps=20, validation_episodes=1, test_episodes=2)
PREDATOR = ControlTask("evorobo/Predator-v0", max_steps=20, validation_episodes=1, test_episodes=2)
GENERATIONS, FEW_GENERATIONS = Budget(generations=150, n_evals=8), Budget(generations=40, n_evals=8)
METHODS = {
    "backprop": (PHOTOTAXIS, Backprop(), Budget(generations=2000, n_evals=8)),
    "CMA-ES": (PHOTOTAXIS, Evolution(CMAES(population_size=6)), GENERATIONS),
    "GA with genealogy": (PHOTOTAXIS, Evolution(GA(population_size=8), genealogy=True), GENERATIONS),
    "NSGA-II": (PHOTOTAXIS, Evolution(NSGA2(population_size=8)), GENERATIONS),
    "coevolution": (PREDATOR, Coevolution(Evolution(CMAES(population_size=4)), n_rivals=1), FEW_GENERATIONS),
    "restarts": (PHOTOTAXIS, Evolution(Restarts(CMAES(population_size=4), IPOP())), GENERATIONS),
}


def study_of(method: str) -> Study:
    task, settings, budget = METHODS[method]
    return Study.grid("torture", tasks=[task], methods=[settings], seeds=2, budget=budget, hidden=(4,))


FAILING = ("leaves", "exits", "crashes", "killed", "memory", "reads", "debugger", "closes", "hangs", "hangs_in_c")
HARMLESS = ("pool", "open_pool", "vector", "thread", "sleeper", "wanders", "deaf")
ROBOTS = (*FAILING, *HARMLESS)
"""What the robots of `hostile` do, and whether their trials fail."""

# ---- what is compared


def contents(folder: Path) -> dict[str, Any]:
    """Return what a study has computed: its curves without times, and the arrays of its genomes."""
    found: dict[str, Any] = dict(all_curves(folder))
    for path in sorted(folder.rglob("genome.npz")):
        with np.load(path) as arrays:
            found[path.relative_to(folder).as_posix()] = [arrays[name].tobytes() for name in sorted(arrays)]
    return found


def leftovers(folder: Path) -> list[str]:
    """Return the names of files that only a running trial has."""
    return [path.name for path in folder.rglob("*") if path.name == "checkpoint.npz" or path.suffix == ".tmp"]


def run_study(study: Study, folder: Path, jobs: int) -> str:
    runs = study.run(folder, jobs=jobs).runs
    return ", ".join(sorted({run.status for run in runs}))


# ---- the parts


def kills(folder: Path, rng: random.Random, count: int) -> Iterator[Row]:
    """SIGKILL at random times, `count` times in all; each study is run again until it has ended."""
    cases = [(method, jobs) for method in METHODS for jobs in (1, 2)]
    for number, (method, jobs) in enumerate(cases):
        wanted = count * (number + 1) // len(cases) - count * number // len(cases)
        if wanted:
            yield _kills_of(folder / f"kills-{number}", rng, method, jobs, wanted)


def _kills_of(folder: Path, rng: random.Random, method: str, jobs: int, wanted: int) -> Row:
    folder.mkdir()
    study, output = study_of(method), folder / "answer"
    begin = time.monotonic()
    lost = 0
    if in_child(lambda: run_study(study, folder / "whole", jobs), output).get("answer") != "finished":
        return f"SIGKILL: {method}, {jobs} jobs", wanted, 0, wanted
    seconds, whole = time.monotonic() - begin, contents(folder / "whole")
    killed, place, kills_here, with_checkpoint = 0, folder / "0", 0, 0
    while killed < wanted or kills_here:
        output.unlink(missing_ok=True)
        pid = start_child(partial(run_study, study, place, jobs), output)
        if killed < wanted and kills_here < 4:
            time.sleep(rng.uniform(0, 0.9) * seconds)
            end(pid)
            killed, kills_here = killed + 1, kills_here + 1
            with_checkpoint += "checkpoint.npz" in leftovers(place)
            continue
        end_of_wait = time.monotonic() + LIMIT_SECONDS
        while not os.waitpid(pid, os.WNOHANG)[0] and time.monotonic() < end_of_wait:
            time.sleep(0.01)
        end(pid)
        answer = json.loads(output.read_text()) if output.exists() else {}
        if answer.get("answer") != "finished" or contents(place) != whole or leftovers(place):
            lost += kills_here
            report(f"{method}, {jobs} jobs: {answer or 'no answer'}, {leftovers(place)}")
        shutil.rmtree(place, ignore_errors=True)
        place, kills_here = folder / str(killed), 0
    name = f"SIGKILL: {method}, {jobs} job{'s' * (jobs > 1)} ({with_checkpoint} of them after a checkpoint)"
    return name, wanted, wanted - lost, lost


CALLS = ("fsync", "replace", "write", "unlink", "chmod", "ftruncate")
"""The calls of the system before and after each of which a crash is tried."""


def crash_points(folder: Path, rng: random.Random, most: int | None) -> Iterator[Row]:
    """Crashes at every call of the system that a trial with two checkpoints makes, or at some of these points."""
    folder.mkdir()
    study = replace(study_of("CMA-ES"), seeds=(0,), budget=Budget(generations=4, n_evals=2))
    output = folder / "answer"
    in_child(lambda: run_study(study, folder / "whole", 1), output)
    whole = contents(folder / "whole")
    total = in_child(lambda: _run_with_crash(study, folder / "count", None), output)["answer"]
    points = range(total) if most is None else sorted(rng.sample(range(total), min(most, total)))
    lost = 0
    for point in points:
        place = folder / str(point)
        in_child(partial(_run_with_crash, study, place, point), output)
        answer = in_child(partial(run_study, study, place, 1), output)
        if answer.get("answer") != "finished" or contents(place) != whole or leftovers(place):
            lost += 1
            report(f"crash point {point}: {answer}, {leftovers(place)}")
        shutil.rmtree(place, ignore_errors=True)
    yield "crash points of a trial with two checkpoints", len(points), len(points) - lost, lost


def _run_with_crash(study: Study, folder: Path, point: int | None) -> int:
    """Run a study and end this process at one point, without any cleaning up; return the number of points."""
    reached = 0

    def pass_point() -> None:
        nonlocal reached
        if reached == point:
            os._exit(9)
        reached += 1

    def with_points(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **flags: Any) -> Any:
            pass_point()
            answer = call(*args, **flags)
            pass_point()
            return answer

        return wrapped

    def in_halves(opener: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **flags: Any) -> Any:
            file = opener(*args, **flags)
            return HalfWriter(file, pass_point) if file.mode in ("wb", "ab") else file

        return wrapped

    for name in CALLS:
        setattr(os, name, with_points(getattr(os, name)))
    os.fdopen, Path.open = in_halves(os.fdopen), in_halves(Path.open)  # type: ignore[method-assign]
    study.run(folder)
    return reached


class HalfWriter:
    """A file to which the first half of each text is written, then a crash may come, then the second half."""

    def __init__(self, file: Any, pass_point: Callable[[], None]) -> None:
        self._file, self._pass_point = file, pass_point

    def __enter__(self) -> HalfWriter:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: Any) -> None:
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        self._pass_point()
        self._file.write(data[half:])


def corruptions(folder: Path, rng: random.Random, count: int) -> Iterator[Row]:
    """Random damage to every kind of file; a reader that brings its process down is lost, too."""
    names = [name for name in KINDS if name != "policy.pt" or has_torch()]
    for number, name in enumerate(names):
        place, wanted = folder / f"damage-{number}", count * (number + 1) // len(names) - count * number // len(names)
        place.mkdir()
        seed = rng.randrange(2**32)
        answer = in_child(partial(_damage, place, name, wanted, seed), place / "answer", 600)
        held = answer.get("answer", 0)
        if held < wanted:
            report(f"{name}: {answer}")
        yield f"damaged {name}", wanted, held, wanted - held


def _damage(folder: Path, name: str, count: int, seed: int) -> int:
    """Return how many of `count` damages were refused in a sentence, or read without a wrong value."""
    kind, held = KINDS[name], 0
    path = kind.write(folder)
    values = kind.read(path)
    for _ in damaged(path, count, random.Random(seed)):
        try:
            held += outcome(kind, path, values) in ("refused", "read")
        except Exception:
            (folder / f"lost-{held}").write_text(traceback.format_exc())
    return held


def has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None


CELLS = ["", "1", "-0.5", "1e999", "nan", "inf", "1,5", '"', "'", ";", "\t", "\x00", "é", "東", "\udc80", "x" * 300]
CELLS += ["#", "?", "1_000", "0x1f"]


def fuzzed_inputs(folder: Path, rng: random.Random, count: int) -> Iterator[Row]:
    """Settings that make no sense on the command line, and data files of odd cells."""
    folder.mkdir()
    seed, half = rng.randrange(2**32), count // 2
    for what, call, wanted in ("--set PATH=VALUE", _odd_settings, half), ("odd data files", _odd_tables, count - half):
        answer = in_child(partial(call, folder, random.Random(seed), wanted), folder / "answer", 600)
        held = answer.get("answer", 0)
        if held < wanted:
            report(f"{what}: {answer}")
        yield f"fuzzed: {what}", wanted, held, wanted - held


def _odd_settings(folder: Path, rng: random.Random, count: int) -> int:
    for assignment in odd_assignments(count, rng):
        with suppress(EvoroboError):
            for trial in apply_overrides(STUDY, [assignment]).trials():
                _ = trial.path, trial.spec.n_params
    return count


def _odd_tables(folder: Path, rng: random.Random, count: int) -> int:
    for number in range(count):
        path = folder / f"odd-{number}{rng.choice(['.csv', '.tsv', '.txt', '.arff'])}"
        rows = [rng.choice(",;\t ").join(rng.choices(CELLS, k=rng.randint(1, 5))) for _ in range(rng.randint(0, 8))]
        path.write_bytes(rng.choice(["\n", "\r\n", "\r"]).join(rows).encode("utf-8", "surrogatepass"))
        with suppress(EvoroboError):
            _ = DatasetTask(str(path)).table
        path.unlink()
    return count


def hostile_robots(folder: Path, hows: Sequence[str]) -> Iterator[Row]:
    """A study of two jobs with a robot that misbehaves beside one that does not; no process must be left."""
    folder.mkdir()
    lost = 0
    for number, how in enumerate(hows):
        place = folder / str(number)
        mark = f"torture-{os.getpid()}-{number}"
        answer = in_child(partial(_run_hostile, place, how, mark), folder / "answer", 90)
        time.sleep(0.2)
        left = processes_with(mark)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        ends = {how: "failed" if how in FAILING else "finished", "bowl": "finished"}
        if answer.get("answer") != ends or left or leftovers(place):
            lost += 1
            report(f"the robot {how}: {answer}, processes {left}, files {leftovers(place)}")
    yield "robots that misbehave, in two jobs", len(hows), len(hows) - lost, lost


def _run_hostile(folder: Path, how: str, mark: str) -> dict[str, str]:
    os.environ["EVOROBO_TORTURE"] = mark
    budget = Budget(generations=3, n_evals=2)
    tasks, methods = [Hostile(how), Bowl()], [Evolution(CMAES(population_size=4))]
    study = Study.grid("torture", tasks=tasks, methods=methods, seeds=1, budget=budget, hidden=(2,))
    results = study.run(folder, jobs=2, step_seconds=STEP_SECONDS if how.startswith("hangs") else None)
    return {run.task: run.status for run in results.runs}


# ---- the table


def report(message: str) -> None:
    """Print what was lost."""
    print(message, file=sys.stderr, flush=True)


def torture(
    n_kills: int, n_points: int | None, n_damages: int, n_inputs: int, hows: Sequence[str], seed: int = 0
) -> list[Row]:
    """Return the rows of all parts; `n_points` None means every crash point."""
    os.environ.setdefault(RECORD_VARIABLE, tempfile.mkdtemp())  # results that are removed need no record
    rng = random.Random(seed)
    for method in METHODS:  # its modules are imported before processes are copied from this one
        study_of(method).trials()[0].start()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [
            kills(folder, rng, n_kills),
            crash_points(folder / "crashes", rng, n_points),
            corruptions(folder, rng, n_damages),
            fuzzed_inputs(folder / "fuzz", rng, n_inputs),
            hostile_robots(folder / "robots", hows),
        ]
        for part in parts:
            for row in part:
                rows.append(row)
                print(f"{row[0]}: {row[2]} of {row[1]} held", file=sys.stderr, flush=True)
    return rows


def to_markdown(rows: list[Row]) -> str:
    total = ("all", *(sum(row[column] for row in rows) for column in (1, 2, 3)))
    lines = [f"| {what} | {tried:,} | {held:,} | {lost:,} |" for what, tried, held, lost in [*rows, total]]
    return "\n".join(["| what | tried | held | lost |", "|---|---|---|---|", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full number of trials (default 1)")
    args = parser.parse_args()
    scale = args.scale
    n_points = None if scale >= 1 else round(60 * scale)
    hows = ROBOTS[: max(1, round(len(ROBOTS) * scale))]
    rows = torture(round(100 * scale), n_points, round(2000 * scale), round(500 * scale), hows, args.seed)
    print(to_markdown(rows))
    raise SystemExit(any(row[3] for row in rows))


if __name__ == "__main__":
    main()
