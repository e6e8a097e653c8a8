"""Recorded steps of a controller, which every exported file contains to test itself elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.export.decoding import Decoding
from evorobo.nets.data_format import DataFormat
from evorobo.nets.genome import Genome
from evorobo.tasks.base import Task
from evorobo.tasks.control.rollout import TEST, run_episodes
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.task import DatasetTask

N_STEPS = 20
"""The number of recorded steps."""
MIN_OUTPUT_GAP = 1e-3
"""Choices between outputs, or whole numbers, that are closer than this are not recorded: rounding may turn them."""


@dataclass(frozen=True, eq=False)
class SelfTestData:
    """Consecutive steps, the first after a reset: `sensors (steps, in)`, `outputs (steps, out)`, `actions (steps, k)`.

    The genome computed them in double precision, from sensors that are numbers of single precision.
    """

    sensors: Array
    outputs: Array
    actions: Array


def record_self_test(genome: Genome, decoding: Decoding, task: Task | None, n_steps: int = N_STEPS) -> SelfTestData:
    """Steps of the first test episode, or of the first test rows, or, without a task, of random sensors."""
    sensors = np.asarray(_sensors(genome, task, n_steps), np.float32).astype(np.float64)[:n_steps]
    outputs = run_network(genome, sensors)
    if not (clear := decoding.is_unambiguous(outputs, MIN_OUTPUT_GAP)).all():
        rows = np.arange(int(clear.argmin())) if genome.spec.recurrent else np.flatnonzero(clear)
        sensors, outputs = sensors[rows], outputs[rows]
    return SelfTestData(sensors, outputs, decoding(outputs))


def run_network(genome: Genome, sensors: Array) -> Array:
    """Outputs `(steps, out)` for the sensors `(steps, in)` of consecutive steps, in the units of the task."""
    controller = genome.controller()
    inputs: Array = np.asarray(sensors, np.float64)
    if genome.data:
        inputs = genome.data.encode(inputs, np.zeros(len(inputs), int))
    outputs = np.concatenate([controller(row[None, None])[0] for row in inputs])
    return genome.output_scaler.inverse_transform(outputs) if genome.output_scaler else outputs


def _sensors(genome: Genome, task: Task | None, n_steps: int) -> Array:
    if isinstance(task, ControlTask):
        recorded: list[Array] = []
        run_episodes(
            task.env_spec.simulator(),
            task.policy(genome),
            np.array([TEST]),
            1,
            lambda _, observations, __: recorded.append(observations),
        )
        return np.concatenate(recorded)
    if isinstance(task, DatasetTask):
        rows = task.raw_inputs[task.parts.test]
        if not (genome.spec.recurrent or task.data_format.has_history):
            rows = rows[np.argsort(~np.isnan(rows).any(1), kind="stable")]  # missing values first
        return rows[:n_steps]
    drawn = np.random.default_rng(0).normal(size=(n_steps, genome.spec.n_inputs))
    if genome.data and not genome.data.is_identity:
        return _random_rows(genome.data, drawn)
    return genome.input_scaler.inverse_transform(drawn) if genome.input_scaler else drawn


def _random_rows(data: DataFormat, drawn: Array) -> Array:
    """Return random columns, some of them missing where missing values are replaced."""
    rows = drawn[:, : len(data.columns)].copy()
    for column, names in enumerate(data.categories):
        if names:
            rows[:, column] = np.arange(len(rows)) % (len(names) + 1) - 1
        elif np.isfinite(data.fill[column]):
            rows[:, column] += data.fill[column]
            rows[column % 3 :: 5, column] = np.nan
    return rows
