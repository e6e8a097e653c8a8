"""Robustness: the test scores of solutions with noise on their sensors or weights, or on a robot with weaker motors.

A controller that was learned in a simulation may exploit its numbers, which weaker motors show (Peng et al. 2018,
"Sim-to-real transfer of robotic control with dynamics randomization"). Evolution strategies evaluate perturbed copies
and tend to find solutions that perturbations do not harm; gradient descent need not (Lehman et al. 2018, "ES is more
than just a traditional finite-difference approximator").
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
from evorobo.report.analysis.extra_layer import ExtraLayer, not_compiled, with_first_layer, with_last_layer
from evorobo.report.analysis.row_files import read_rows, write_rows
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.study.digests import checked_path
from evorobo.tasks.base import Task
from evorobo.tasks.capabilities import HasUnlabelled
from evorobo.tasks.control.spaces import BoxDecoder, Decoder, decoder_of
from evorobo.tasks.control.task import ControlTask

LEVELS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Standard deviations of the noise, relative to that of each sensor or to the root mean square of the weights; for
motors, the share of each command that is lost."""

SHOWN_LEVEL = 0.2
"""The level in the table of a terminal."""

_HEADINGS = {"sensors": "noisy sensors", "weights": "noisy weights", "motors": "weaker motors"}
_COPIES = 3  # perturbed copies of each genome; their scores are averaged
_ROWS = 4000  # of sensor readings, to estimate their standard deviations


class RobustnessRow(NamedTuple):
    """The test score of a run's solution under a change of one kind and level; `genome` is the file's fingerprint."""

    task: str
    method: str
    seed: int
    changed: str
    level: float
    score: float
    genome: str


def robustness(table: StudyTable) -> list[RobustnessRow]:
    """The scores of all finished runs at all levels, written to `robustness.csv` after each run.

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
            if name not in tasks:
                raise ResultsError(f"{folder / 'study.json'} is damaged (its settings have no task {name}).")
            for changed in changes_of(tasks[name]):
                score_at_levels = _KINDS[changed]
                wanted = [(name, method, run.seed, changed, level, fingerprint) for level in LEVELS]
                if not all(key in known for key in wanted):
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


def to_terminal(table: StudyTable, rows: Iterable[RobustnessRow], width: int | None = None) -> str:
    """A table of the mean test scores, unchanged and at the level 0.2 of each change; an empty string without rows."""
    scores: dict[tuple[str, str, str, float], list[float]] = {}
    for row in rows:
        scores.setdefault((row.task, row.method, row.changed, row.level), []).append(row.score)
    kinds = [kind for kind in _KINDS if any(key[2] == kind for key in scores)]
    lines = []
    for task, method in table.cells:
        if unchanged := scores.get((task, method, "sensors", 0.0)):
            cells = [unchanged, *(scores.get((task, method, kind, SHOWN_LEVEL), []) for kind in kinds)]
            lines.append([task, method, *(f"{np.mean(cell):.4g}" if cell else "" for cell in cells)])
    if not lines:
        return ""
    header = ["task", "method", "unchanged", *(_HEADINGS[kind] for kind in kinds)]
    return terminal_table(lines, header, ["left", "left", *["right"] * (len(kinds) + 1)], width)


def with_sensor_noise(task: Task, genome: Genome, seed: int) -> Iterator[float]:
    """The test scores at all levels of Gaussian noise on the sensors."""
    plain = not_compiled(task)
    sd = sensor_std(plain) / (genome.input_scaler.sd if genome.input_scaler else 1)
    for level in LEVELS:
        noise = SensorNoise(level * sd, np.random.default_rng(seed))
        yield plain.test(with_first_layer(genome, noise))


def with_weight_noise(task: Task, genome: Genome, seed: int) -> Iterator[float]:
    """The mean test scores at all levels of Gaussian noise on the weights, in the same directions at all levels."""
    rng, size = np.random.default_rng(seed), np.sqrt(np.mean(np.square(genome.weights)))
    directions = size * rng.normal(size=(_COPIES, genome.spec.n_params))
    for level in LEVELS:
        copies = [replace(genome, weights=genome.weights + level * direction) for direction in directions]
        yield float(np.mean([task.test(copy) for copy in copies[: _COPIES if level else 1]]))


def with_weaker_motors(task: Task, genome: Genome, seed: int) -> Iterator[float]:
    """The test scores at all shares of each motor command that are lost."""
    if not isinstance(task, ControlTask):
        raise TypeError(f"{task.name} has no motors")
    plain, decoder = not_compiled(task), decoder_of(genome, task.decoder)
    for level in LEVELS:
        yield plain.test(with_last_layer(genome, WeakerMotors(decoder, 1 - level)))


def changes_of(task: Task) -> list[str]:
    """What can be changed: sensors and weights, and the motors of a robot that has some."""
    has_motors = isinstance(task, ControlTask) and isinstance(task.decoder, BoxDecoder)
    return [kind for kind in _KINDS if kind != "motors" or has_motors]


_KINDS: dict[str, Callable[[Task, Genome, int], Iterator[float]]] = {
    "sensors": with_sensor_noise,
    "weights": with_weight_noise,
    "motors": with_weaker_motors,
}


@dataclass(frozen=True, eq=False)
class SensorNoise(ExtraLayer):
    """A first layer that adds Gaussian noise with standard deviation `sd (n_inputs,)` to its inputs."""

    sd: Array
    rng: np.random.Generator

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        return x + (self.sd * self.rng.standard_normal(x.shape)).astype(x.dtype), None


@dataclass(frozen=True, eq=False)
class WeakerMotors(ExtraLayer):
    """A last layer after which motors act with `strength` (0 to 1) times their commands."""

    decoder: Decoder
    strength: float

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        return self.decoder.targets(self.strength * self.decoder.actions(x)).astype(x.dtype), None


def sensor_std(task: Task) -> Array:
    """The standard deviation of each sensor `(n_inputs,)`, on training rows or under a random policy; 1 if unknown."""
    if not isinstance(task, HasUnlabelled):
        return np.ones(task.n_inputs)
    return np.asarray(task.unlabelled_inputs(np.random.default_rng(0), _ROWS).inputs.std(0))
