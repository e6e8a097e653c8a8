"""Runs the episodes of a population as machine code, on all threads that this process may use."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.machine_code.compiling import compile_kernel, kernel_source
from evorobo.nets.compiled import choices, network
from evorobo.nets.compiled.activations import activation_source, generated_activations
from evorobo.nets.compiled.layout import pack_networks
from evorobo.nets.fold import freeze_batch_norm
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.processes import thread_count
from evorobo.tasks.control.behavior import MeasureRecorder
from evorobo.tasks.control.compiled.tracing import StepSource, trace_robot
from evorobo.tasks.control.policies import Networks
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import LockstepStreams
from evorobo.tasks.control.robots.traced_step import Draws
from evorobo.tasks.control.rollout import ObservationMoments, Rollout
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.tasks.control.spaces import BoxDecoder, Decoder

SIDE_BY_SIDE = 6
"""Episodes that a thread steps in turns: while one waits for a result, a processor computes for another."""
PARTS_PER_THREAD = 4
"""Parts of the work for each thread; more than one because episodes differ in length."""


class CompiledRunner:
    """A runner (see `Runner`) without NumPy calls in a step; its numbers differ by rounding from those of NumPy.

    Each episode is computed alone in one order, so numbers depend neither on threads nor on other episodes. Raises
    `TaskError` for an environment whose code is not a vectorized robot.
    """

    def __init__(self, env_spec: EnvSpec) -> None:
        if not isinstance(env_spec, RobotEnvSpec):
            raise TaskError(
                f"{env_spec.id} runs code that cannot be compiled; vectorized robots and gymnasium's classic control "
                "can. Leave compiled=True out."
            )
        self._id, self._robot, self._max_steps = env_spec.id, env_spec.robot, env_spec.max_steps
        self._kernels: dict[tuple[str, ...], tuple[Callable[..., None], StepSource]] = {}

    def run(
        self,
        networks: Networks,
        seeds: np.ndarray,
        observation_moments: ObservationMoments | None = None,
        recorder: MeasureRecorder | None = None,
    ) -> Rollout:
        if recorder:
            raise TaskError("measures are taken step by step, without compiled code; leave compiled=True out.")
        spec, weights = networks.spec, networks.weights
        if spec.n_running_stats:
            spec, weights = freeze_batch_norm(spec, weights, networks.running_stats)
        rows, layers = pack_networks(spec, weights)
        simulator = VectorizedSimulator(self._robot, self._max_steps)
        observations = simulator.reset(seeds, 1)
        kernel, step = self._prepare(simulator.state.shape[1], generated_activations(spec))
        scaling = scaling_rows(networks.input_scaler, observations.shape[1], np.float32)
        random_numbers = draw_all(simulator.random_streams, step.draws, self._max_steps)
        n_episodes, watched = len(weights) * len(seeds), observation_moments is not None
        returns, steps = np.empty(n_episodes), np.empty(n_episodes, np.int64)
        sums = np.zeros((n_episodes if watched else 0, 2, observations.shape[1]))
        state, motors = np.array(simulator.state, float), motor_rows(networks.decoder, self._robot)

        def run_part(first: int, last: int) -> None:
            kernel(
                *(first, last, rows, layers, scaling, motors, state, observations, random_numbers),
                *(self._max_steps, watched, returns, steps, sums),
                *step_buffers(layers, state.shape[1], observations.shape[1], motors.shape[1]),
                np.zeros(step.n_kept),
            )

        run_threads(run_part, n_episodes)
        self._check(steps)
        if observation_moments is not None:
            observation_moments.running_moments = _observation_moments(
                observations[0].astype(float), sums.sum(0), steps.sum()
            )
        shape = len(weights), len(seeds)
        return Rollout(returns.reshape(shape), steps.reshape(shape))

    def _prepare(self, n_state: int, activations: tuple[str, ...]) -> tuple[Callable[..., None], StepSource]:
        """The compiled kernel for `n_state` numbers of state and these activations, and the step that is in it."""
        if activations not in self._kernels:
            step = trace_robot(self._robot, n_state)
            files = Path(choices.__file__), Path(network.__file__), Path(__file__).with_name("kernel.py")
            source = kernel_source(files, activation_source(activations), step.text)
            self._kernels[activations] = compile_kernel(source, "episodes", allocates=False), step
        return self._kernels[activations]

    def _check(self, steps: np.ndarray) -> None:
        if steps.min() < 0:
            raise TaskError(
                f"{self._id} computed a number that is not finite at step {-steps[steps < 0][0]}; "
                "evorobo.testing.check_robot finds the cause, and a run without compiled=True names the number."
            )


def step_buffers(layers: np.ndarray, n_states: int, n_sensors: int, n_motors: int) -> tuple[np.ndarray, ...]:
    """The arrays in which a kernel keeps the numbers of the episodes that run side by side, each in a row.

    They are the numbers of the episodes, their members, first states, steps and returns, and what belongs to the
    present step: network, state, sensors, action and outputs.
    """
    widest, single = int(layers[0, 6]), partial(np.zeros, dtype=np.float32)
    counts = [np.zeros(SIDE_BY_SIDE, np.int64) for _ in range(4)]
    network = (single((SIDE_BY_SIDE, *shape)) for shape in ((widest,), (widest,), (len(layers), widest)))
    robot = np.zeros((SIDE_BY_SIDE, n_states)), single((SIDE_BY_SIDE, n_sensors)), np.zeros((SIDE_BY_SIDE, n_motors))
    return *counts, np.zeros(SIDE_BY_SIDE), *network, *robot, single((SIDE_BY_SIDE, int(layers[-1, 5])))


def scaling_rows(scaler: Scaler | None, n_sensors: int, dtype: Any) -> Array:
    """The rows `(2, k)` of a kernel's `scaling`, or none."""
    return np.array([scaler.mean, scaler.sd] if scaler else np.empty((0, n_sensors)), dtype)


def motor_rows(decoder: Decoder, robot: Robot) -> Array:
    """The rows `(4, m)` of a kernel's `motors`."""
    if not isinstance(decoder, BoxDecoder):
        return np.empty((4, 0))
    constants = (np.full(decoder.n_outputs, value) for value in (robot.action_limit, decoder.scaled))
    return np.array([decoder.low, decoder.high, *constants])


def draw_all(streams: LockstepStreams, draws: Draws, max_steps: int) -> Array:
    """All random numbers of episodes `(episodes, steps, draws)`, in the order of the vectorized robot."""
    if not draws:
        return np.empty((len(streams.streams), 1, 0))
    return streams.next_steps(draws, max_steps)


def run_threads(run_part: Callable[[int, int], None], n_episodes: int) -> None:
    """Run all parts `[first, last)` of the episodes on all threads."""
    if thread_count() == 1:
        run_part(0, n_episodes)
        return
    ends = np.linspace(0, n_episodes, min(n_episodes, PARTS_PER_THREAD * thread_count()) + 1).astype(int).tolist()
    with ThreadPoolExecutor(thread_count()) as pool:
        list(pool.map(run_part, ends[:-1], ends[1:]))


def _observation_moments(origin: Array, sums: Array, count: int) -> RunningMoments:
    """Statistics of `count` observations from the sums of deviations from `origin` and of their squares `(2, k)`."""
    total, squares = sums
    return RunningMoments(float(count), origin + total / count, np.maximum(squares - total * total / count, 0.0))
