"""Robustness: the test scores of solutions with noise on their sensors or on their weights.

Evolution strategies evaluate perturbed copies, so they tend to find solutions that perturbations do not harm; gradient
descent need not (Lehman et al. 2018, "ES is more than just a traditional finite-difference approximator").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import ResultsError
from evorobo.nets.genome import Genome
from evorobo.nets.layer import ForwardContext, Params
from evorobo.report.analysis.first_layer import FirstLayer, with_first_layer
from evorobo.report.analysis.row_files import read_rows, write_rows
from evorobo.report.analysis.study_table import StudyTable
from evorobo.study.digests import checked_path
from evorobo.tasks.base import Task
from evorobo.tasks.capabilities import HasUnlabelled

NOISE_LEVELS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Standard deviations of the noise, relative to that of each sensor or to the root mean square of the weights."""

_COPIES = 3  # perturbed copies of each genome; their scores are averaged
_ROWS = 4000  # of sensor readings, to estimate their standard deviations


class RobustnessRow(NamedTuple):
    """The test score of a run's solution under noise of one kind and level; `genome` is the file's fingerprint."""

    task: str
    method: str
    seed: int
    noise_on: str
    level: float
    score: float
    genome: str


def robustness(table: StudyTable) -> list[RobustnessRow]:
    """The scores of all finished runs at all noise levels, written to `robustness.csv` after each run.

    Runs that are in the file already are not tested again.
    """
    folder = table.results.folder
    known = {row[:5] + row[6:]: row for row in load_robustness(folder)}
    tasks: dict[str, Task] = {task.name: task for task in table.study.tasks}
    rows: list[RobustnessRow] = []
    for (name, method), cell in table.cells.items():
        for run in cell.with_genome:
            content = checked_path(run.folder, "genome.npz").read_bytes()
            fingerprint = sha256(content).hexdigest()[:16]
            for noise_on, score_at_levels in _KINDS.items():
                wanted = [(name, method, run.seed, noise_on, level, fingerprint) for level in NOISE_LEVELS]
                if not all(key in known for key in wanted):
                    if name not in tasks:
                        raise ResultsError(f"{folder / 'study.json'} is damaged (its settings have no task {name}).")
                    scores = score_at_levels(tasks[name], Genome.load(run.folder / "genome.npz"), run.seed)
                    for key, score in zip(wanted, scores, strict=True):
                        known[key] = RobustnessRow(*key[:5], score, fingerprint)
                    _write(known.values(), folder)
                rows += [known[key] for key in wanted]
    _write(rows, folder)
    return rows


def _write(rows: Iterable[RobustnessRow], folder: Path) -> None:
    write_rows(folder / "robustness.csv", RobustnessRow, rows)


def load_robustness(folder: Path) -> list[RobustnessRow]:
    """The rows that `robustness` wrote before; an empty list where there is no file."""
    return read_rows(folder / "robustness.csv", RobustnessRow)


def with_sensor_noise(task: Task, genome: Genome, seed: int) -> Iterator[float]:
    """The test scores at all levels of Gaussian noise on the sensors."""
    sd = sensor_std(task) / (genome.input_scaler.sd if genome.input_scaler else 1)
    for level in NOISE_LEVELS:
        noise = SensorNoise(level * sd, np.random.default_rng(seed))
        yield task.test(with_first_layer(genome, noise))


def with_weight_noise(task: Task, genome: Genome, seed: int) -> Iterator[float]:
    """The mean test scores at all levels of Gaussian noise on the weights, in the same directions at all levels."""
    rng, size = np.random.default_rng(seed), np.sqrt(np.mean(np.square(genome.weights)))
    directions = size * rng.normal(size=(_COPIES, genome.spec.n_params))
    for level in NOISE_LEVELS:
        copies = [replace(genome, weights=genome.weights + level * direction) for direction in directions]
        yield float(np.mean([task.test(copy) for copy in copies[: _COPIES if level else 1]]))


_KINDS: dict[str, Callable[[Task, Genome, int], Iterator[float]]] = {
    "sensors": with_sensor_noise,
    "weights": with_weight_noise,
}


@dataclass(frozen=True, eq=False)
class SensorNoise(FirstLayer):
    """A first layer that adds Gaussian noise with standard deviation `sd (n_inputs,)` to its inputs."""

    sd: Array
    rng: np.random.Generator

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        return x + (self.sd * self.rng.standard_normal(x.shape)).astype(x.dtype), None


def sensor_std(task: Task) -> Array:
    """The standard deviation of each sensor `(n_inputs,)`, on training rows or under a random policy; 1 if unknown."""
    if not isinstance(task, HasUnlabelled):
        return np.ones(task.n_inputs)
    return np.asarray(task.unlabelled_inputs(np.random.default_rng(0), _ROWS).inputs.std(0))
