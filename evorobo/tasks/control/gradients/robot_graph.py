"""One step of a robot as a graph with derivatives: whether a slope leads from actions to rewards, and what jumps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.gradients.jump_probe import JumpProbe
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.robots.traced_step import trace_steps
from evorobo.tracing.adjoint import trace_adjoint
from evorobo.tracing.arrays import DOUBLE, Number, Script
from evorobo.tracing.derivatives import POLES
from evorobo.tracing.flops import graph_flops
from evorobo.tracing.graph import Graph, Node, jumps


class RobotGraph:
    """The step of a robot with motors, as a graph.

    Inputs of the graph are the state, the action and the random numbers of a step; outputs are the next state, the
    reward and the sensor readings. Raises `TaskError` for a robot that cannot be traced or has no slope.
    """

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        if robot.moves:
            raise _no_slope(robot, "argmax, which chooses a move")
        self.n_states = robot.initial(RandomStreams.for_one(np.random.default_rng(0))).shape[1]
        try:
            (self.step,) = trace_steps(robot, self.n_states)
        except TaskError as error:
            raise TaskError(f"the gradient through {type(robot).__name__} is unknown: {error}.") from error
        step = self.step
        # `terminal` is the last output: it has no slope, but its jumps count
        results = [*step.next_state, step.reward, *step.readings]
        self.graph = Graph([*step.state, *step.action, *step.random_numbers], results)
        self._with_ends = Graph([*step.state, *step.action, *step.random_numbers], [*results, step.ended])
        self.n_actions = len(step.action)
        if not self._reward_nodes & self._sloped:
            raise _no_slope(robot, self._obstacle())

    @cached_property
    def backward(self) -> TracedBackward:
        """The backward pass of a step, traced."""
        return TracedBackward(self)

    @cached_property
    def jumps(self) -> tuple[str, ...]:
        """What can jump while the actions change smoothly, and thus has an effect that the gradient leaves out.

        The ends of episodes, and each function with its line: comparisons that choose by `np.where`, as in a collision,
        roundings, and divisions by a number that crosses 0. A choice between two numbers that are equal where it
        changes, as of a kink, is no jump.
        """
        graph = self._with_ends
        end = graph.outputs[-1]
        found = ["ends of episodes, by terminal()"] if end is not None and end in self._dependent else []
        effects = graph.leading_to(node for node in graph.outputs[:-1] if node is not None)
        by_line: dict[str, list[int]] = {}
        for number in sorted(effects):
            node = graph.nodes[number]
            if node.place and jumps(node) and self._is_sloped(node):
                by_line.setdefault(name_of_jump(node), []).append(number)
        if not by_line:
            return tuple(found)
        moving = sorted(number for number in self._sloped if number < self.n_states + self.n_actions)
        probe = JumpProbe(self.robot, self.graph, self.n_states, self.n_actions, moving)
        index = {node.name: number for number, node in enumerate(self.graph.nodes)}
        lines = {line: [index[graph.nodes[number].name] for number in numbers] for line, numbers in by_line.items()}
        return (*found, *(line for line, numbers in lines.items() if probe.jumps(numbers)))

    def _is_sloped(self, node: Node) -> bool:
        return any(source in self._sloped for source in node.sources)

    @cached_property
    def _sloped(self) -> set[int]:
        """The nodes to which a slope leads from the actions, in this step or through the states of earlier ones."""
        return self._reached(by_slope=True)

    @cached_property
    def _dependent(self) -> set[int]:
        """The nodes that depend on the actions in any way, in this step or through the states of earlier ones."""
        return self._reached(by_slope=False)

    def _reached(self, *, by_slope: bool) -> set[int]:
        graph = self._with_ends
        starts = set(range(self.n_states, self.n_states + self.n_actions))
        while True:
            reached = graph.reached_by(starts, by_slope=by_slope)
            states = {number for number in range(self.n_states) if graph.outputs[number] in reached}
            if states <= starts:
                return reached
            starts |= states

    @property
    def _reward_nodes(self) -> set[int | None]:
        return {self._with_ends.outputs[self.n_states]}

    def _obstacle(self) -> str:
        """The operation that leaves no slope between the actions and the reward."""
        graph = self._with_ends
        waiting = [node for node in self._reward_nodes if node is not None]
        if not self._dependent & set(waiting):
            return "a reward that does not depend on the motors"
        seen: set[int] = set()
        while True:  # back from the reward, through numbers without a slope, to the first one that has lost it
            number = waiting.pop(0)
            node = graph.nodes[number]
            if number in seen or number not in self._dependent:
                continue
            seen.add(number)
            if self._is_sloped(node):
                return f"np.{node.function}{' in ' * bool(node.place)}{node.place}"
            before = (graph.outputs[number],) if number < self.n_states else node.sources
            waiting += [source for source in before if source is not None]


def name_of_jump(node: Node) -> str:
    """The function and line of a number that jumps."""
    return f"{'the pole of ' * (node.function in POLES)}np.{node.function} in {node.place}"


class TracedBackward:
    """The backward pass of one step as lines of a script, in double precision.

    `adjoints` are the gradients of the state and of the action before the step, as numbers or constants. `flops` are
    the operations that the forward pass does not have already.
    """

    def __init__(self, robot_graph: RobotGraph) -> None:
        self.script, graph = Script(), robot_graph.graph
        n_states, n_actions = robot_graph.n_states, robot_graph.n_actions
        n_random, n_sensors = graph.n_inputs - n_states - n_actions, len(graph.outputs) - n_states - 1
        inputs = [
            *self._inputs("state", n_states),
            *self._inputs("action", n_actions),
            *self._inputs("draws", n_random),
        ]
        grads = self._inputs("grad_state", n_states), [self.script.number("reward_weight", DOUBLE)]
        grad_outputs = [*grads[0], *grads[1], *self._inputs("grad_sensors", n_sensors)]
        outputs, self.adjoints = trace_adjoint(graph, inputs, grad_outputs, n_states + n_actions)
        forward, both = Graph(inputs, outputs), Graph([*inputs, *grad_outputs], [*outputs, *self.adjoints])
        self.flops = graph_flops(both) - graph_flops(forward)

    def _inputs(self, name: str, n: int) -> list[Number]:
        return [self.script.number(f"{name}[{at}]", DOUBLE) for at in range(n)]


def describe_gradient(robot: Robot) -> str:
    """Sentences on the gradient through a robot: why there is none, or what jumps."""
    try:
        found = RobotGraph(robot).jumps
    except TaskError as error:
        return f"Differentiable: no; {error}"
    if not found:
        return "Differentiable: yes, and nothing jumps."
    return (
        "Differentiable: yes, but the gradient leaves out what jumps, so it is biased where these matter: "
        f"{_listed(found)}."
    )


MAX_LISTED = 6
"""The jumps that a sentence lists at most."""


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - MAX_LISTED
    return "; ".join([*names[:MAX_LISTED], *([f"and {rest} more"] if rest > 0 else [])])


def _no_slope(robot: Any, operation: str) -> TaskError:
    return TaskError(
        f"{type(robot).__name__}: no slope through the robot, by {operation}; methods that go by scores may climb it."
    )
