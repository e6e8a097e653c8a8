"""Permutation importance: how much worse a solution scores with the values of one sensor shuffled.

References: Breiman (2001), "Random forests", section 10; Fisher, Rudin and Dominici (2019), "All models are wrong, but
many are useful".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import EvoroboError
from evorobo.nets.genome import Genome
from evorobo.nets.layer import ForwardContext, Params
from evorobo.report.analysis.extra_layer import ExtraLayer, not_compiled, with_first_layer
from evorobo.report.analysis.row_files import read_rows, write_rows
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.statistics import bootstrap_interval
from evorobo.study.digests import checked_path
from evorobo.tasks.base import Task
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.task import DatasetTask

N_REPEATS = 3
"""Shuffles of each sensor, whose scores are averaged."""
MAX_SENSORS = 12
"""Most sensors in the table of a terminal."""
MAX_ROWS = 2000
"""Test rows of a data set on which importance is computed, at equal distances."""
_MAX_READINGS = 20_000


class ImportanceRow(NamedTuple):
    """What a run's solution loses in its test score when a sensor is shuffled; `genome` is the file's fingerprint."""

    task: str
    method: str
    seed: int
    sensor: str
    loss: float
    genome: str


class MeanImportance(NamedTuple):
    """The mean loss over the runs of a method, with its 95% interval."""

    method: str
    sensor: str
    mean: float
    low: float
    high: float


def importance(table: StudyTable, tasks: Sequence[Task]) -> list[ImportanceRow]:
    """Return the rows of `tasks` for all finished runs, and write them to `importance.csv`; known ones are kept."""
    folder = table.results.folder
    known = {(row.task, row.method, row.seed, row.sensor, row.genome): row for row in load_importance(folder)}
    names = {task.name for task in tasks}
    rows = [row for row in known.values() if row.task not in names and row.task in table.tasks]
    for task in tasks:
        sensors = sensor_inputs(task)
        for method, cell in table.cells_of(task.name, lambda cell: cell.with_genome).items():
            for run in cell.with_genome:
                content = checked_path(run.folder, "genome.npz").read_bytes()
                fingerprint = sha256(content).hexdigest()[:16]
                wanted = [(task.name, method, run.seed, sensor, fingerprint) for sensor in sensors]
                if not all(key in known for key in wanted):
                    genome = Genome.load(run.folder / "genome.npz", trust=table.results.trust)
                    losses = shuffled_losses(task, genome, list(sensors.values()), run.seed)
                    for key, loss in zip(wanted, losses, strict=True):
                        known[key] = ImportanceRow(*key[:4], loss, fingerprint)
                rows += [known[key] for key in wanted]
    write_rows(folder / "importance.csv", ImportanceRow, rows)
    return rows


def importance_of_data(table: StudyTable) -> list[ImportanceRow]:
    """Return the rows of all data sets of a study, which take seconds, and those of robots that are in the file."""
    try:
        tasks = [task for task in table.study.tasks if isinstance(task, DatasetTask) and task.name in table.tasks]
        return importance(table, tasks) if tasks else load_importance(table.results.folder)
    except EvoroboError:  # the data or the script are missing
        return load_importance(table.results.folder)


def load_importance(folder: Path) -> list[ImportanceRow]:
    """Return the rows that were written before; an empty list where there is no file."""
    return read_rows(folder / "importance.csv", ImportanceRow)


def mean_importance(rows: Iterable[ImportanceRow], task: str) -> list[MeanImportance]:
    """Return the mean of each method and sensor of a task over its runs."""
    losses: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.task == task:
            losses.setdefault((row.method, row.sensor), []).append(row.loss)
    means = []
    for (method, sensor), values in losses.items():
        low, high = bootstrap_interval(np.array(values)) if len(values) > 1 else (np.nan, np.nan)
        means.append(MeanImportance(method, sensor, float(np.mean(values)), float(low), float(high)))
    return means


def to_terminal(table: StudyTable, rows: Sequence[ImportanceRow], width: int | None = None) -> str:
    """Return a table for each task, with a line for each sensor, most important first; an empty string without rows."""
    texts = []
    for task in table.tasks:
        means = {(one.sensor, one.method): one for one in mean_importance(rows, task)}
        methods, sensors = list(dict.fromkeys(key[1] for key in means)), list(dict.fromkeys(key[0] for key in means))
        largest = {name: max(means[key].mean for key in means if key[0] == name) for name in sensors}
        shown = sorted(sensors, key=lambda name: -largest[name])[:MAX_SENSORS]
        if not shown:
            continue
        lines = [[name, *(_text(means.get((name, method))) for method in methods)] for name in shown]
        header = [f"lost on {task} without", *methods]
        text = terminal_table(lines, header, ["left", *["right"] * len(methods)], width)
        left_out = len(sensors) - len(shown)
        texts.append(f"{text}\n{left_out} less important ones are in importance.csv." if left_out else text)
    return "\n\n".join(texts)


def _text(mean: MeanImportance | None) -> str:
    if mean is None:
        return ""
    interval = "" if np.isnan(mean.low) else f" ({mean.low:.3g} to {mean.high:.3g})"
    return f"{mean.mean:.3g}{interval}"


def sensor_inputs(task: Task) -> dict[str, np.ndarray]:
    """Return the inputs of each sensor: of a column of data, all that are made of it."""
    if isinstance(task, DatasetTask):
        sources, names = task.data_format.sources, task.data_format.columns
        return {name: np.flatnonzero(sources == number) for number, name in enumerate(names)}
    robot = task.robot if isinstance(task, ControlTask) else None
    sensors = tuple(robot.sensors) if robot else ()
    names = sensors if len(sensors) == task.n_inputs else tuple(f"input {n}" for n in range(task.n_inputs))
    return {name: np.array([number]) for number, name in enumerate(names)}


def shuffled_losses(task: Task, genome: Genome, sensors: Sequence[np.ndarray], seed: int) -> list[float]:
    """Return for each sensor how much worse the score is with its inputs shuffled.

    Shuffled values are readings of the same sensor, taken from other rows of the test data, or from other steps and
    episodes of the test. So each reading is usual, but says nothing of the present state.
    """
    score = _score_function(task)
    recorder = Readings()
    plain = score(with_first_layer(genome, recorder))
    readings, sign = recorder.rows(), 1 if task.metric_info.higher_is_better else -1
    losses = []
    for number, inputs in enumerate(sensors):
        rngs = [np.random.default_rng([seed, number, repeat]) for repeat in range(N_REPEATS)]
        scores = [score(with_first_layer(genome, ShuffledInputs(readings, inputs, rng))) for rng in rngs]
        losses.append(float(sign * (plain - np.mean(scores))))
    return losses


def _score_function(task: Task) -> Callable[[Genome], float]:
    """Return the test score; of a data set of independent rows, that on some of its test rows."""
    if isinstance(task, DatasetTask):
        rows = task.parts.test
        if task.sequence is None and len(rows) > MAX_ROWS:
            rows = rows[np.linspace(0, len(rows) - 1, MAX_ROWS).astype(int)]
        return lambda genome: task.metric_on(genome, rows)
    return not_compiled(task).test


@dataclass(frozen=True, eq=False)
class Readings(ExtraLayer):
    """A first layer that keeps the inputs that pass."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kept", [])

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        vars(self)["_kept"].append(x.reshape(-1, x.shape[-1]).copy())
        return x, None

    def rows(self) -> Array:
        """Return the inputs `(n_readings, n_inputs)`, of many a part at equal distances."""
        rows = np.concatenate(vars(self)["_kept"])
        step = -(-len(rows) // _MAX_READINGS)
        return np.asarray(rows[::step])


@dataclass(frozen=True, eq=False)
class ShuffledInputs(ExtraLayer):
    """A first layer that replaces `inputs` by those of random `readings`; equally many rows are permuted."""

    readings: Array
    inputs: np.ndarray
    rng: np.random.Generator

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        rows, n_rows = x.reshape(-1, x.shape[-1]).copy(), x.size // x.shape[-1]
        chosen = self.rng.choice(len(self.readings), n_rows, replace=n_rows > len(self.readings))
        rows[:, self.inputs] = self.readings[chosen][:, self.inputs]
        return rows.reshape(x.shape), None
