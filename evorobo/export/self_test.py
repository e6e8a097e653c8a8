"""Recorded steps of a controller, which every exported file contains to test itself elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.export.decoding import Decoding
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
    outputs = np.concatenate([controller(np.asarray(row, np.float64)[None, None])[0] for row in sensors])
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
        return task.table.inputs[task.parts.test[:n_steps]]
    drawn = np.random.default_rng(0).normal(size=(n_steps, genome.spec.n_inputs))
    return genome.input_scaler.inverse_transform(drawn) if genome.input_scaler else drawn
