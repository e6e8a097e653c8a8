"""Where does it pay to score the members of a generation on a cluster (`spread="members"`)?

Run `python benchmarks/spreading.py`. It runs the same trial in this process and on a cluster of 4 workers on this
machine, and prints the seconds of a generation both ways and their ratio: above 1, the cluster is faster. The members
of the first table sleep, so that it also holds on a busy machine and with fewer processors than workers. The second is
HalfCheetah-v5, and needs a free processor for each worker. `--quick` leaves out the longest generations.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scale import Plane

from evorobo import SNES, Budget, ControlTask, Evolution, Trial
from evorobo.study.executors.dask.members import MemberExecutor
from evorobo.study.results import read_curve
from evorobo.tasks.base import Scores

MEMBERS, WORKERS = 64, 4
NAPS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 2.0)
"""Seconds of a generation."""
STEPS = (10, 30, 100, 300, 1000)
SECONDS = 2.0
"""About how long a trial runs in this process."""


@dataclass(frozen=True)
class Nap(Plane):
    """A task whose members sleep one after another, as if each was simulated on an idle processor."""

    seconds: float = 0.1
    has_independent_members = True

    def score(self, spec: Any, weights: np.ndarray, rng: np.random.Generator, input_scaler: Any) -> Scores:
        time.sleep(self.seconds * len(weights) / MEMBERS)
        return super().score(spec, weights, rng, input_scaler)


def trial(task: Any, generations: int) -> Trial:
    method = Evolution(SNES(population_size=MEMBERS))
    return Trial(task, method, Budget(generations=generations, n_evals=2), (16,), 0)


def seconds_of_a_generation(one: Trial, run: Callable[[Trial, Path], object]) -> float:
    """Return the time that the steps of a trial took, without its evals, for each generation."""
    with tempfile.TemporaryDirectory() as name:
        run(one, Path(name))
        curve = read_curve(Path(name) / one.path / "curve.csv")
    return float(curve["wall_seconds"][-1] / curve["generations"][-1])


def alone(one: Trial, folder: Path) -> None:
    one.run(folder / one.path)


def table(title: str, tasks: dict[str, Any], executor: MemberExecutor) -> None:
    def spread(one: Trial, folder: Path) -> None:
        executor.run([[one]], folder, lambda event: None)

    print(f"{title:28} {'alone':>10} {'spread':>10} ratio")
    for label, task in tasks.items():
        first = seconds_of_a_generation(trial(task, 2), alone)
        seconds_of_a_generation(trial(task, 2), spread)  # processes start, and load what the task needs
        one = trial(task, min(200, max(3, int(SECONDS / first))))
        here, there = (seconds_of_a_generation(one, run) for run in (alone, spread))
        print(f"{label:28} {1000 * here:7.1f} ms {1000 * there:7.1f} ms {here / there:5.2f}", flush=True)


def main(*words: str) -> None:
    fewer = -1 if "--quick" in words else None
    with MemberExecutor(f"local:{WORKERS}") as executor:
        naps = {f"{1000 * seconds:g} ms": Nap(seconds=seconds) for seconds in NAPS[:fewer]}
        table("members that sleep", naps, executor)
        robots = {
            f"{steps} steps": ControlTask("HalfCheetah-v5", max_steps=steps, validation_episodes=1, test_episodes=1)
            for steps in STEPS[:fewer]
        }
        table("HalfCheetah-v5", robots, executor)


if __name__ == "__main__":
    main(*sys.argv[1:])
