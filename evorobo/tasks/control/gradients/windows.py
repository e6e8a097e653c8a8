"""Windows of steps through robots whose episodes go on, and the gradient of what happens in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.before_tanh import before_tanh, gaussian_entropy, log_tanh_slope
from evorobo.nets.closed_loop import ClosedLoopNetwork, closed_loop_flops
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import Window
from evorobo.tasks.control.gradients.episodes import (
    SATURATED,
    RecordedStreams,
    by_motor,
    commands_of,
    jacobians,
    rows_times,
)
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.persistent.base import RowStep
from evorobo.tasks.control.persistent.checked import CheckedEnvRows
from evorobo.tasks.control.persistent.envs import PersistentEnvs
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.robots.rows import RobotRows, RobotStep
from evorobo.tasks.control.simulators.base import make_generator
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.spaces import BoxDecoder
from evorobo.tasks.rollout_envs import Transition
from evorobo.tracing.graph import times


class RobotWindows:
    """The windows (see `ReturnWindows`) of a vectorized robot.

    As in `EpisodeTape`, sensors and motors are not rounded to single precision.
    """

    def __init__(
        self, env_spec: RobotEnvSpec, graph: RobotGraph, decoder: BoxDecoder, spec: NetworkSpec, n_envs: int
    ) -> None:
        self._graph, self._decoder = graph, decoder
        self._spec = before_tanh(spec) if decoder.scaled else spec
        self._limit = env_spec.robot.action_limit
        self._robot_flops = env_spec.step_flops + graph.backward.flops
        self._rows = _RecordedRows(graph, n_envs)
        checked = CheckedEnvRows(self._rows, env_spec.checks())
        self._envs = PersistentEnvs(checked, n_envs, env_spec.max_steps, env_spec.id)
        self._started = False

    def run(self, genome: Genome, log_sd: Array, n_steps: int, rng: np.random.Generator) -> Window:
        n_started = 0
        if not self._started:
            self._envs.reset(rng)
            self._started, n_started = True, self._envs.n_rows
        spec = self._spec
        network = ClosedLoopNetwork(spec, genome.weights[None], genome.input_scaler, genome.running_stats)
        self._rows.inputs.clear()
        observations, explored, entropies = list[Array](), list[Explored](), list[Array]()
        transitions, n_saturated = list[Transition](), np.zeros(len(log_sd))
        for _ in range(n_steps):
            observations.append(self._envs.observations)
            noise = np.exp(log_sd) * rng.standard_normal((self._envs.n_rows, len(log_sd)))
            outputs = network.forward(self._envs.observations[None])[0] + noise
            slope: Any = 1.0
            entropy_slope, entropy = np.zeros_like(outputs), np.full(len(outputs), gaussian_entropy(log_sd))
            if self._decoder.scaled:
                entropy = entropy + log_tanh_slope(outputs).sum(1)
                outputs = np.tanh(outputs)
                slope, entropy_slope = 1 - np.square(outputs), -2 * outputs
            commands, inside = commands_of(self._decoder, self._limit, outputs)
            explored.append(Explored(noise, slope * inside, entropy_slope))
            entropies.append(entropy)
            n_saturated += (np.abs(commands) >= SATURATED * self._limit).sum(0)
            transitions.append(self._envs.step(commands, rng))
        steps = Steps(self._graph, network, list(self._rows.inputs), explored, transitions)
        n_env_steps = n_steps * self._envs.n_rows
        return Window(
            np.stack(observations),
            np.stack([transition.last_observations for transition in transitions]),
            np.stack([transition.rewards for transition in transitions]),
            np.stack([transition.terminated for transition in transitions]),
            np.stack([transition.truncated for transition in transitions]),
            np.stack(entropies),
            steps.gradient,
            Cost(
                env_steps=n_env_steps,
                episodes=n_started + sum(int(transition.ended.sum()) for transition in transitions),
                forward_flops=n_env_steps * spec.forward_flops,
                backward_flops=n_env_steps * closed_loop_flops(spec),
                robot_flops=n_env_steps * self._robot_flops,
            ),
            by_motor(self._graph.robot, n_saturated / n_env_steps),
        )

    def state(self) -> dict[str, Any]:
        return {"started": self._started, "envs": self._envs.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self._started = bool(state["started"])
        self._envs.restore(state["envs"])


@dataclass(frozen=True, eq=False)
class Explored:
    """Of the outputs `(n, m)` of one step: their noise, the slope of the commands, and that of the entropy."""

    noise: Array
    slope: Array
    entropy_slope: Array


class Steps:
    """The steps of a window, as its gradient needs them."""

    def __init__(
        self,
        graph: RobotGraph,
        network: ClosedLoopNetwork,
        inputs: list[Array],
        explored: list[Explored],
        transitions: list[Transition],
    ) -> None:
        self._graph, self._network, self._inputs = graph, network, inputs
        self._explored, self._transitions = explored, transitions

    def gradient(
        self, grad_rewards: Array, grad_entropies: Array, grad_last_observations: Array
    ) -> tuple[Array, Array]:
        """The gradient of the weights and of `log_sd` (see `Window`). It can be taken once."""
        n_states, n_rows = self._graph.n_states, grad_rewards.shape[1]
        grad_state: Array = np.zeros((n_rows, n_states))
        grad_readings: Array = np.zeros((n_rows, len(self._graph.robot.sensors)))
        grad_log_sd = np.full(self._explored[0].noise.shape[1], grad_entropies.sum())
        for number, jacobian in jacobians(self._graph, self._inputs):
            ended, explored = self._transitions[number].ended, self._explored[number]
            grad_state[ended], grad_readings[ended] = 0.0, 0.0  # the next steps are another episode's
            grad_readings = grad_readings + grad_last_observations[number]
            grad_outputs = np.concatenate([grad_state, grad_rewards[number][:, None], grad_readings], axis=1)
            grad_inputs = rows_times(grad_outputs, jacobian)
            grad_state = grad_inputs[:, :n_states].copy()
            dy = times(grad_inputs[:, n_states:], explored.slope)
            dy += grad_entropies[number][:, None] * explored.entropy_slope
            grad_log_sd += (dy * explored.noise).sum(0)
            grad_readings = self._network.backward(dy[None])[0]
        return self._network.gradient[0], grad_log_sd


class _RecordedRows(RobotRows):
    """Rows (see `EnvRows`) of a robot in double precision, with the inputs `(n, ...)` of the graph of each step."""

    def __init__(self, graph: RobotGraph, n_rows: int) -> None:
        super().__init__(graph.robot, n_rows)
        self.inputs: list[Array] = []
        self._all, self._n_inputs = np.arange(n_rows), graph.graph.n_inputs
        self._streams_of_step = RecordedStreams([], np.empty(0, int))

    def restart(self, rows: np.ndarray, seeds: np.ndarray | Sequence[Any]) -> Array:
        return np.asarray(super().restart(rows, [make_generator(seed) for seed in seeds]), float)

    def step(self, actions: np.ndarray) -> RowStep:  # type: ignore[override]
        self.inputs.append(np.empty((len(actions), self._n_inputs)))
        observations, rewards, terminated = super().step(self._all, actions)
        return RowStep(np.asarray(observations, float), rewards, terminated, np.zeros(len(actions), bool))

    def _step_together(self, rows: np.ndarray, actions: np.ndarray) -> RobotStep:
        before = np.array(self._states[rows], float)
        step = super()._step_together(rows, actions)
        self.inputs[-1][rows] = np.concatenate([before, actions, *self._streams_of_step.recorded], axis=1)
        return step

    def _streams_of(self, rows: np.ndarray) -> RandomStreams:
        self._streams_of_step = RecordedStreams([self._streams[row] for row in rows], np.arange(len(rows)))
        return self._streams_of_step
