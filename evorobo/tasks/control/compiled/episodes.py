"""A population's episodes in machine code, on as many threads as this process may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.compiled.activations import activation_source, generated_activations
from evorobo.nets.compiled.layout import pack_networks
from evorobo.nets.fold import freeze_batch_norm
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.processes import thread_count
from evorobo.tasks.control.compiled.loading import compile_kernel, kernel_source
from evorobo.tasks.control.compiled.tracing import Draws, trace_robot
from evorobo.tasks.control.robots.random_streams import RandomStream
from evorobo.tasks.control.rollout import Rollout
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.simulators.rows import VectorizedSimulator
from evorobo.tasks.control.spaces import BoxDecoder, Decoder

PIECES = 4
"""Pieces of work for each thread: episodes differ in length, and who is done takes the next piece."""


class CompiledEpisodes:
    """What `roll` does for networks, without a call of NumPy in a step: the same episodes, rounded a little otherwise.

    Every episode is computed by itself in one order, so that no number depends on threads or on who else drives.
    Raises `TaskError` for a world that is stepped by others' code.
    """

    def __init__(self, world: EnvSpec, decoder: Decoder) -> None:
        if not isinstance(world, RobotEnvSpec):
            raise TaskError(
                f"{world.id} is stepped by others' code, which cannot be compiled; robots on rows and gymnasium's "
                "classic control can. Leave compiled=True out."
            )
        self._id, self._robot, self._max_steps = world.id, world.robot, world.max_steps
        self._motors = np.empty((3, 0))
        if isinstance(decoder, BoxDecoder):
            self._motors = np.array([decoder.low, decoder.high, np.full(decoder.n_outputs, world.robot.action_limit)])
        self._kernels: dict[tuple[str, ...], tuple[Callable[..., None], Draws]] = {}

    def run(
        self,
        spec: NetworkSpec,
        weights: Array,
        input_scaler: Scaler | None,
        running_stats: Array | None,
        seeds: np.ndarray,
        watched: bool = False,
    ) -> tuple[Rollout, RunningMoments | None]:
        """The episodes of networks `weights (n, p)`, and if `watched` the moments of all observations."""
        if spec.n_running_stats:
            spec, weights = freeze_batch_norm(spec, weights, running_stats)
        rows, table = pack_networks(spec, weights)
        begin = VectorizedSimulator(self._robot, self._max_steps)
        sensed = begin.reset(seeds, 1)
        kernel, draws = self._prepared(begin.state.shape[1], generated_activations(spec))
        scaling = np.array(
            [input_scaler.mean, input_scaler.sd] if input_scaler else np.empty((0, sensed.shape[1])), np.float32
        )
        chance = self._drawn(begin.random_streams.streams, draws)
        number = len(weights) * len(seeds)
        returns, steps = np.empty(number), np.empty(number, np.int64)
        seen = np.zeros((number if watched else 0, 2, sensed.shape[1]))
        state = np.array(begin.state, float)

        def piece(first: int, last: int) -> None:
            kernel(
                *(first, last, rows, table, scaling, self._motors, state, sensed, chance),
                *(self._max_steps, watched, returns, steps, seen),
            )

        _share(piece, number)
        self._look(steps)
        shape = len(weights), len(seeds)
        rollout = Rollout(returns.reshape(shape), steps.reshape(shape))
        return rollout, _moments(sensed[0].astype(float), seen.sum(0), steps.sum()) if watched else None

    def _prepared(self, width: int, generated: tuple[str, ...]) -> tuple[Callable[..., None], Draws]:
        """The machine code for states of that width and these activations, and what robots draw in each step."""
        if generated not in self._kernels:
            text, draws = trace_robot(self._robot, width)
            self._kernels[generated] = compile_kernel(kernel_source(text, activation_source(generated))), draws
        return self._kernels[generated]

    def _drawn(self, streams: Sequence[RandomStream], draws: Draws) -> Array:
        """All that episodes can draw `(episodes, steps, draws)`, in the order in which robots on rows draw it."""
        if not draws:
            return np.empty((len(streams), 1, 0))
        return np.array(
            [
                [np.concatenate([stream.next(*draw) for draw in draws]) for _ in range(self._max_steps)]
                for stream in streams
            ]
        )

    def _look(self, steps: np.ndarray) -> None:
        if steps.min() < 0:
            raise TaskError(
                f"{self._id} came to a number that is not finite at step {-steps[steps < 0][0]}; evorobo.testing."
                "check_robot finds out where that comes from, and without compiled=True it is told which one."
            )


def _share(piece: Callable[[int, int], None], number: int) -> None:
    """Do pieces of work, from one number to another, on all threads."""
    if thread_count() == 1:
        piece(0, number)
        return
    ends = np.linspace(0, number, min(number, PIECES * thread_count()) + 1).astype(int).tolist()
    with ThreadPoolExecutor(thread_count()) as pool:
        list(pool.map(piece, ends[:-1], ends[1:]))


def _moments(origin: Array, apart: Array, count: int) -> RunningMoments:
    """Of `count` observations with these sums of deviations from `origin`, and of their squares `(2, k)`."""
    total, squares = apart
    return RunningMoments(float(count), origin + total / count, np.maximum(squares - total * total / count, 0.0))
