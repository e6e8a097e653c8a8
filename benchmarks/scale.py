"""Do long trials, large studies and large figures grow linearly, and what does a cluster cost?

Run `python benchmarks/scale.py`. It prints CPU seconds for trials of 1,000 to 100,000 evals, and for studies of 500 to
10,000 trials: the first run, a run that finds all finished, and reading the results. Behind each number stands the
exponent of the growth since the line before: 1 is linear, 2 quadratic. Files are in memory where the system has
/dev/shm, since waiting for a disk would take most of the time. `--quick` leaves out the largest sizes.
`--tasks` draws the figures of studies with 25 to 200 tasks, and then of one with 500 trials on five tasks, each in a
process of its own, and adds their memory. Each part prints the largest memory of this process so far at its end.
`--dask` runs trials on Dask clusters of this machine. Its trials sleep, so that the figures hold on a busy machine too:
the share of the workers' time in which a trial ran, and the CPU time of scheduler and client for each trial.
"""

from __future__ import annotations

import io
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo import MSE, SGD, SNES, Backprop, Budget, Callback, Evolution, Study, Trial
from evorobo.study.results import load, read_curve
from evorobo.tasks.base import Cost, Examples, MetricInfo, Scores

EVALS = (1000, 10_000, 100_000)
TRIALS = (500, 1000, 2000, 5000, 10_000)
TASKS = (25, 50, 100, 200)
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Plane:
    """A task that costs next to nothing, so that the time of everything else is seen."""

    name: str = "plane"

    input_scaler = output_scaler = None
    n_inputs, n_outputs, output = 1, 1, "identity"
    metric_info = MetricInfo("score")

    def score(self, spec: Any, weights: np.ndarray, rng: np.random.Generator, input_scaler: Any) -> Scores:
        return Scores(-np.square(weights).sum(1), Cost(env_steps=len(weights)))

    def examples(self, rng: np.random.Generator) -> Examples:
        return Examples(np.ones((1, 1)), np.ones((1, 1)), MSE())

    def validate(self, genome: Any) -> float:
        return 0.0

    def test(self, genome: Any) -> float:
        return -float(np.square(genome.weights).sum())

    def references(self) -> dict[str, float]:
        return {}


@dataclass(frozen=True)
class Reads(Callback):
    """A callback that looks at the newest row."""

    def on_eval(self, state: Any) -> None:
        state.evals[-1]["validation"]


def trial(n_evals: int) -> Trial:
    return Trial(
        Plane(),
        Backprop(SGD(0.01)),
        Budget(generations=n_evals, n_evals=min(30 * n_evals, 1_000_000)),
        (),
        0,
        (Reads(),),
    )


def study(n_tasks: int, n_methods: int, n_seeds: int) -> Study:
    return Study.grid(
        "growth",
        tasks=[Plane(f"plane-{number}") for number in range(n_tasks)],
        methods=[Backprop(SGD(0.01 + number / 1000), name=f"backprop-{number}") for number in range(n_methods)],
        seeds=n_seeds,
        budget=Budget(generations=2, n_evals=2),
        hidden=(),
    )


def cpu_seconds(call: Callable[[], Any]) -> float:
    before = time.process_time()
    with redirect_stdout(io.StringIO()):  # the progress of a study
        call()
    return time.process_time() - before


def print_line(size: int, seconds: list[float], before: tuple[int, list[float]] | None) -> tuple[int, list[float]]:
    """Print a line of the table; return it for the exponents of the next one."""
    cells = []
    for column, value in enumerate(seconds):
        exponent = "    "
        if before:
            exponent = f"{math.log(value / before[1][column]) / math.log(size / before[0]):4.2f}"
        cells.append(f"{value:9.2f} s {exponent}")
    print(f"{size:8,}", *cells, flush=True)
    return size, seconds


def evals(sizes: tuple[int, ...], folder: Path) -> None:
    print("evals of one trial; its run")
    before = None
    for size in sizes:
        path = folder / str(size)
        seconds = [cpu_seconds(lambda path=path, size=size: trial(size).run(path))]  # type: ignore[misc]
        rows = len((path / "curve.csv").read_text().splitlines()) - 2
        before = print_line(rows, seconds, before)
    print_memory()


def trials(sizes: tuple[int, ...], folder: Path) -> None:
    print("trials of a study; the first run, a run that finds all finished, reading")
    before = None
    for size in sizes:
        one, path = study(5, 10, size // 50), folder / str(size)
        seconds = [cpu_seconds(lambda one=one, path=path: one.run(path)) for _ in range(2)]  # type: ignore[misc]
        seconds.append(cpu_seconds(lambda path=path: load(path / "growth")))  # type: ignore[misc]
        before = print_line(size, seconds, before)
    print_memory()


def print_memory() -> None:
    print(f"{'':8} {megabytes():9.0f} MB", flush=True)


def megabytes() -> float:
    """Return the largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tasks(folder: Path) -> None:
    print("tasks of a study; all its figures; largest memory")
    before = None
    for size in TASKS:
        before = report(size, study(size, 2, 2), folder / str(size), before)
    print("trials of a study on five tasks; all its figures; largest memory")
    report(500, study(5, 10, 10), folder / "trials", None)


def report(size: int, one: Study, folder: Path, before: tuple[int, list[float]] | None) -> tuple[int, list[float]]:
    """Run a study and draw it in another process; print a line, and return it for the exponents of the next one."""
    cpu_seconds(lambda: one.run(folder))
    words = [sys.executable, __file__, "--draw", str(folder / "growth")]
    out = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    line = print_line(size, [out["seconds"]], before)
    print(f"{'':8} {out['megabytes']:9.0f} MB, {out['files']} figures", flush=True)
    return line


def draw(folder: Path) -> None:
    """Write the figures of a study as `evorobo plot` does."""
    from evorobo.report.study import show

    files: list[Any] = []
    seconds = cpu_seconds(lambda: files.extend(show(load(folder))))
    print(json.dumps({"seconds": seconds, "megabytes": megabytes(), "files": len(files)}))


@dataclass(frozen=True)
class Nap(Plane):
    """A task whose members sleep, as if a simulator ran on another processor."""

    seconds: float = 0.05

    def score(self, spec: Any, weights: np.ndarray, rng: np.random.Generator, input_scaler: Any) -> Scores:
        time.sleep(self.seconds)
        return super().score(spec, weights, rng, input_scaler)


def naps(n_trials: int, seconds: float, generations: int) -> Study:
    return Study.grid(
        "naps",
        tasks=[Nap(seconds=seconds / generations)],
        methods=[Evolution(SNES(population_size=4))],
        seeds=n_trials,
        budget=Budget(generations=generations, n_evals=2),
        hidden=(),
    )


def run_on(workers: int, one: Study, folder: Path) -> tuple[float, float, float]:
    """Return seconds, the CPU seconds of this process (client and scheduler), and the share of time that trials ran."""
    from evorobo.study.executors.dask.executor import DaskExecutor
    from evorobo.study.sharing import run_trials

    with redirect_stdout(io.StringIO()), DaskExecutor(f"local:{workers}") as executor:
        executor.wait_for_workers(workers)
        warm = naps(2 * workers, 0.01, 2)
        run_trials(warm.trials(), folder / "warm", lambda event: None, executor)
        begin, cpu = time.perf_counter(), time.process_time()
        run_trials(one.trials(), folder / "naps", lambda event: None, executor)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    curves = [read_curve(path) for path in (folder / "naps").rglob("curve.csv")]
    return seconds, cpu, sum(curve["wall_seconds"][-1] for curve in curves) / (workers * seconds)


def clusters(folder: Path, quick: bool) -> None:
    n_trials = 12 if quick else 60
    alone = 0.0
    for workers in (1, 2):
        seconds, _, share = run_on(workers, naps(n_trials, 5, 100), folder / f"long-{workers}")
        alone = alone or seconds
        print(
            f"{n_trials} trials of 5 s on {workers} workers: {seconds:.0f} s, efficiency against one worker "
            f"{alone / (workers * seconds):.0%}; trials ran {share:.0%} of the workers' time",
            flush=True,
        )
    print("workers; short trials each second; CPU of client and scheduler for each trial")
    for workers in (2, 4, 8):
        n_trials = 20 * workers
        seconds, cpu, _ = run_on(workers, naps(n_trials, 0.1, 2), folder / str(workers))
        print(f"{workers:7} {n_trials / seconds:8.1f} / s {1000 * cpu / n_trials:8.1f} ms", flush=True)


def main(*words: str) -> None:
    if "--draw" in words:
        draw(Path(words[-1]))
        return
    fewer = -1 if "--quick" in words else None
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        if "--dask" in words:
            clusters(folder / "dask", "--quick" in words)
            return
        if "--tasks" in words:
            tasks(folder / "tasks")
            return
        evals(EVALS[:fewer], folder / "evals")
        trials(TRIALS[:fewer], folder / "trials")


if __name__ == "__main__":
    main(*sys.argv[1:])
