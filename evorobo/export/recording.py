"""What a controller met and did, kept beside it: whoever runs it elsewhere can see whether it still does the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.export.decoding import Decoding, LargestOutput
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.tasks.base import Task
from evorobo.tasks.control.policies import NetworkPolicy
from evorobo.tasks.control.rollout import TEST, run_episodes
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.task import DatasetTask

N_STEPS = 20
"""How many moments are kept."""
MIN_OUTPUT_GAP = 1e-3
"""Moves are not kept from where two outputs are closer than this: there rounding decides, not the controller."""


@dataclass(frozen=True, eq=False)
class SelfTestData:
    """Moments in a row, the first without memory: `sensors (ticks, in)`, `outputs (ticks, out)`, `actions (ticks, k)`,
    all as the genome has them in double precision; sensors are numbers of single precision."""

    sensors: Array
    outputs: Array
    actions: Array


def record_self_test(genome: Genome, decoding: Decoding, task: Task | None, n_steps: int = N_STEPS) -> SelfTestData:
    """From the first test episode under the genome, from the first test rows, or, without a task, by the dice."""
    sensors = np.asarray(_met(genome, task, n_steps), np.float32).astype(np.float64)[:n_steps]
    outputs = run_network(genome, sensors)
    if isinstance(decoding, LargestOutput) and not (clear := decoding.is_unambiguous(outputs, MIN_OUTPUT_GAP)).all():
        kept = np.arange(int(clear.argmin())) if genome.spec.recurrent else np.flatnonzero(clear)
        sensors, outputs = sensors[kept], outputs[kept]
    return SelfTestData(sensors, outputs, decoding(outputs))


def run_network(genome: Genome, sensors: Array) -> Array:
    """Outputs `(ticks, out)` to sensors `(ticks, in)` that follow each other, in the units of the task."""
    drive = genome.controller()
    outputs = np.concatenate([drive(np.asarray(row, np.float64)[None, None])[0] for row in sensors])
    return genome.output_scaler.inverse_transform(outputs) if genome.output_scaler else outputs


def _met(genome: Genome, task: Task | None, n_steps: int) -> Array:
    if isinstance(task, ControlTask):
        seen: list[Array] = []
        driver = NetworkPolicy(Controller(genome.spec, genome.weights, genome.input_scaler), task.decoder)
        run_episodes(
            task.env_spec.simulator(),
            driver,
            np.array([TEST]),
            1,
            lambda _, observations, __: seen.append(observations),
        )
        return np.concatenate(seen)
    if isinstance(task, DatasetTask):
        return task.table.inputs[task.parts.test[:n_steps]]
    thrown = np.random.default_rng(0).normal(size=(n_steps, genome.spec.n_inputs))
    return genome.input_scaler.inverse_transform(thrown) if genome.input_scaler else thrown
