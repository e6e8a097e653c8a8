"""Whole episodes in double precision, and the gradient of their returns with respect to the weights of the networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.closed_loop import ClosedLoopNetwork
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import LockstepStreams, RandomStreams
from evorobo.tasks.control.simulators.base import make_generator
from evorobo.tasks.control.spaces import BoxDecoder
from evorobo.tracing.graph import times

MAX_NUMBERS = 2**22
"""Numbers of one batch of steps in the backward pass: 32 MB of values, and about as much of partial derivatives."""

SATURATED = 0.999
"""A motor counts as saturated from this share of its range on; `tanh` has a slope of .002 there."""


@dataclass(frozen=True, eq=False)
class Episodes:
    """Results of episodes `(n, e)`, e for each of n networks, and the gradient `(n, p)` of their summed returns.

    The gradient is that of the discounted returns. `observations (steps, k)` are those on which a network acted,
    `saturated (m,)` are the shares of each motor's commands near a limit.
    """

    returns: Array
    steps: np.ndarray
    gradient: Array
    observations: Array
    saturated: Array


@dataclass(frozen=True, eq=False)
class EpisodeTape:
    """Runs robots with their networks and passes the gradient of returns back, step by step.

    Roundings to single precision at the sensors and motors, which plain episodes have, are left out, unless `rounded`;
    the gradient passes them unchanged. `action_noise` is the standard deviation of Gaussian noise on the network's
    outputs.
    """

    robot_graph: RobotGraph
    decoder: BoxDecoder
    max_steps: int
    horizon: int | None = None
    discount: float = 1.0
    action_noise: float = 0.0
    rounded: bool = False

    def run(self, network: ClosedLoopNetwork, seeds: np.ndarray, rng: np.random.Generator | None = None) -> Episodes:
        """Run the episodes of these seeds `(n, e)`, e for each of the n networks; `rng` draws the action noise."""
        steps, returns, lengths = self._forward(network, seeds, rng)
        self._backward(network, steps, seeds.shape)
        observations = np.concatenate([step.observations for step in steps])
        saturated = np.concatenate([step.saturated for step in steps])
        return Episodes(
            returns.reshape(seeds.shape),
            lengths.reshape(seeds.shape),
            network.gradient,
            observations,
            saturated.mean(0),
        )

    def _forward(
        self, network: ClosedLoopNetwork, seeds: np.ndarray, rng: np.random.Generator | None
    ) -> tuple[list[_Step], Array, np.ndarray]:
        robot, n_rows = self.robot_graph.robot, seeds.size
        limit = robot.action_limit
        distinct, episode = np.unique(seeds, return_inverse=True)
        streams = RecordedLockstepStreams([make_generator(seed) for seed in distinct], episode.ravel())
        state = robot.initial(streams)
        readings = self._observe(robot, state, streams)
        block = readings.reshape(*seeds.shape, -1)
        returns, lengths = np.zeros(n_rows), np.zeros(n_rows, int)
        rows, steps = np.arange(n_rows), list[_Step]()
        while len(rows):
            outputs = network.forward(block)
            if rng is not None and self.action_noise:
                outputs = outputs + self.action_noise * rng.standard_normal(outputs.shape)
            commands, slope = commands_of(self.decoder, limit, outputs.reshape(n_rows, -1), rounded=self.rounded)
            action = commands[rows]
            streams.recorded.clear()
            before = np.array(state, float)
            after = robot.transition(state, action, streams)
            rewards = robot.reward(state, action, after)
            ended = np.asarray(robot.terminal(after), bool)
            if len(steps) + 1 >= self.max_steps:
                ended = np.ones_like(ended)
            observations, readings = readings, self._observe(robot, after, streams)
            inputs = np.concatenate([before, action, *streams.recorded], axis=1)
            near_limit = np.abs(action) >= SATURATED * limit
            steps.append(_Step(rows, inputs, slope, observations, near_limit))
            returns[rows] += rewards
            lengths[rows] += 1
            if ended.any():
                going = ~ended
                rows, after, readings = rows[going], after[going], readings[going]
                streams.keep(going)
            state = after
            block = block.astype(np.result_type(block, readings))  # a copy, as the network keeps the last one
            block.reshape(n_rows, -1)[rows] = readings
        return steps, returns, lengths

    def _observe(self, robot: Robot, state: Array, streams: RandomStreams) -> Array:
        readings = robot.observation(state, streams)
        return readings.astype(np.float32) if self.rounded else np.asarray(readings, float)

    def _backward(self, network: ClosedLoopNetwork, steps: list[_Step], shape: tuple[int, ...]) -> None:
        graph, n_rows = self.robot_graph, int(np.prod(shape))
        n_states, n_actions = graph.n_states, graph.n_actions
        grad_state: Array = np.zeros((n_rows, n_states))
        grad_readings: Array = np.zeros((n_rows, len(graph.robot.sensors)))
        for number, jacobian in jacobians(graph, [step.inputs for step in steps]):
            step, rows = steps[number], steps[number].rows
            rewards = np.full((len(rows), 1), self.discount**number)
            grad_outputs = np.concatenate([grad_state[rows], rewards, grad_readings[rows]], axis=1)
            grad_inputs = rows_times(grad_outputs, jacobian)
            grad_state[rows] = grad_inputs[:, :n_states]
            grad_action = np.zeros((n_rows, n_actions))
            grad_action[rows] = grad_inputs[:, n_states:]
            dy = times(grad_action, step.slope)
            grad_readings = network.backward(dy.reshape(*shape, -1)).reshape(n_rows, -1)
            if self.horizon and number % self.horizon == 0:
                grad_state, grad_readings = np.zeros_like(grad_state), np.zeros_like(grad_readings)
                network.cut()


@dataclass(frozen=True, eq=False)
class _Step:
    """One step: the running rows, the inputs of the graph `(rows, ...)`, and the slope of all commands."""

    rows: np.ndarray
    inputs: Array
    slope: Array
    observations: Array
    saturated: np.ndarray


class RecordedStreams(RandomStreams):
    """Random streams that keep the standard numbers they have drawn, in order."""

    def __init__(self, streams: Sequence[Any], episode: np.ndarray) -> None:
        super().__init__(streams, episode)
        self.recorded: list[Array] = []

    def _next(self, kind: str, size: int) -> Array:
        numbers = super()._next(kind, size)
        self.recorded.append(numbers)
        return numbers


class RecordedLockstepStreams(RecordedStreams, LockstepStreams):
    """The same for episodes that begin together; made of their generators."""


def by_motor(robot: Robot, numbers: Array) -> dict[str, float]:
    """The number of each motor by its index and name, as in "1_turn"."""
    return {f"{at}_{name}": float(number) for at, (name, number) in enumerate(zip(robot.motors, numbers, strict=True))}


def rows_times(adjoints: Array, jacobians: Array) -> Array:
    """For each row, its adjoints `(o,)` times its derivatives `(o, i)`; a zero adjoint gives 0 in any case."""
    with np.errstate(all="ignore"):
        products = np.matmul(adjoints[:, None, :], jacobians)[:, 0]
        if np.isfinite(products.sum()):
            return products
    return times(adjoints[:, :, None], jacobians).sum(1)


def commands_of(decoder: BoxDecoder, limit: float, outputs: Array, *, rounded: bool = False) -> tuple[Array, Array]:
    """The motor commands of outputs `(rows, m)`, and their slopes; both clips pass the slope at their limits."""
    values, slope = outputs, np.ones(decoder.n_outputs)
    if decoder.scaled:
        slope = (decoder.high - decoder.low) / 2
        values = decoder.low + (values + 1) / 2 * (decoder.high - decoder.low)
    commands = decoder.actions(outputs)
    if rounded:
        commands = commands.astype(np.float32).astype(float)
    inside = (values >= decoder.low) & (values <= decoder.high) & (np.abs(commands) <= limit)
    return np.clip(commands, -limit, limit), slope * inside


def jacobians(graph: RobotGraph, inputs: Sequence[Array]) -> Iterator[tuple[int, Array]]:
    """From the last step to the first: its number, and the derivatives of its graph at `inputs[number] (rows, ...)`.

    They are computed for many steps in one batch, as each depends on the step alone.
    """
    per_row = len(graph.graph.nodes) + len(graph.graph.outputs) * (graph.n_states + graph.n_actions)
    last = len(inputs)
    while last:
        first, n_rows = last - 1, len(inputs[last - 1])
        while first and (n_rows + len(inputs[first - 1])) * per_row <= MAX_NUMBERS:
            first -= 1
            n_rows += len(inputs[first])
        batch = inputs[first:last]
        evaluation = graph.graph.evaluate(np.concatenate(batch))
        derivatives = evaluation.jacobian(slice(0, graph.n_states + graph.n_actions))
        parts = np.split(derivatives, np.cumsum([len(step) for step in batch])[:-1])
        for number in reversed(range(first, last)):
            yield number, parts[number - first]
        last = first
