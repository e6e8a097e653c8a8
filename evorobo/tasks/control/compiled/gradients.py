"""Runs episodes and their gradients as machine code, on all threads that this process may use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.machine_code.compiling import compile_kernel, kernel_source
from evorobo.nets.compiled import choices, double_functions, double_layers
from evorobo.nets.compiled.double_network import NetworkCode, network_constants
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.control.compiled import gradient_kernel
from evorobo.tasks.control.compiled.episodes import draw_all, motor_rows, run_threads, scaling_rows
from evorobo.tasks.control.compiled.tracing import trace_robot_gradient
from evorobo.tasks.control.gradients.episodes import SATURATED, Episodes
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.robots.random_streams import LockstepStreams
from evorobo.tasks.control.simulators.base import make_generator
from evorobo.tasks.control.spaces import BoxDecoder


class CompiledTape:
    """The episodes and gradients of `EpisodeTape`, whose numbers differ by rounding.

    Each episode is computed alone in one order, with a gradient of its own, so numbers do not depend on threads.
    Raises `TaskError` for a robot that is too long to compile.
    """

    def __init__(
        self,
        robot_graph: RobotGraph,
        decoder: BoxDecoder,
        max_steps: int,
        horizon: int | None,
        discount: float,
        action_noise: float,
    ) -> None:
        self._robot, self._max_steps = robot_graph.robot, max_steps
        self._horizon, self._noise = horizon or 0, action_noise
        self._reward_weights = np.array([discount**t for t in range(max_steps)])
        self._motors = motor_rows(decoder, robot_graph.robot)
        self._step = trace_robot_gradient(robot_graph)
        self._kernels: dict[NetworkSpec, tuple[NetworkCode, Callable[..., None]]] = {}

    def run(self, genome: Genome, seeds: np.ndarray, rng: np.random.Generator | None = None) -> Episodes:
        """Run the episodes of these seeds `(e,)`; `rng` draws the action noise. The gradients are `(e, p)`."""
        streams = LockstepStreams([make_generator(seed) for seed in seeds], np.arange(len(seeds)))
        states = np.asarray(self._robot.initial(streams), float)
        readings = np.asarray(self._robot.observation(states, streams), float)
        draws = draw_all(streams, self._step.draws, self._max_steps)
        noise = np.empty((0, len(seeds), self._motors.shape[1]))
        drawn_from = rng.bit_generator.state if rng else {}
        if rng and self._noise:
            noise = self._noise * rng.standard_normal((self._max_steps, *noise.shape[1:]))
        n = len(seeds)
        returns, steps, saturated = np.empty(n), np.empty(n, np.int64), np.zeros((n, self._motors.shape[1]), np.int64)
        observed = np.empty((n, self._max_steps, readings.shape[1]))
        gradients = np.empty((n, genome.spec.n_params))
        code, kernel = self._compile(genome.spec)
        constants = network_constants(genome.spec, genome.running_stats)
        scaling = scaling_rows(genome.input_scaler, readings.shape[1], float)

        def run_part(first: int, last: int) -> None:
            parts = code.parts(self._max_steps)
            parts[0][:], parts[2][:] = genome.weights, constants
            sizes = states.shape[1], readings.shape[1], self._motors.shape[1], self._step.n_kept
            buffers = kernel_buffers(self._max_steps, *sizes)
            kernel(
                *(first, last, parts, buffers, scaling, self._motors, states, readings, draws, noise),
                *(self._max_steps, self._horizon, self._reward_weights, SATURATED),
                *(returns, steps, saturated, observed, gradients),
            )

        run_threads(run_part, n)
        longest = int(steps.max())
        if rng and self._noise and longest < self._max_steps:  # as if noise were drawn step by step
            rng.bit_generator.state = drawn_from
            rng.standard_normal((longest, *noise.shape[1:]))
        running = np.arange(longest)[:, None] < steps  # in the order of steps
        observations = observed.swapaxes(0, 1)[:longest][running]
        return Episodes(returns, steps, gradients, observations, saturated.sum(0) / steps.sum())

    def _compile(self, spec: NetworkSpec) -> tuple[NetworkCode, Callable[..., None]]:
        if spec not in self._kernels:
            code = NetworkCode(spec)
            modules = choices, double_functions, double_layers, gradient_kernel
            text = kernel_source([Path(str(module.__file__)) for module in modules], code.source, self._step.text)
            self._kernels[spec] = code, compile_kernel(text, "episode_gradients", allocates=False)
        return self._kernels[spec]


def kernel_buffers(n_steps: int, n_states: int, n_sensors: int, n_motors: int, n_kept: int) -> tuple[Array, ...]:
    """The arrays in which a kernel keeps the states of all steps, and the numbers of one step."""
    sizes = n_states, n_states, n_sensors, n_sensors, n_motors, n_motors, n_motors, n_kept
    return np.zeros((n_steps, n_states)), *map(np.zeros, sizes)
