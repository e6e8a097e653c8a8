"""Which comparisons, roundings and divisions of a robot's step jump: the results are compared on both sides of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.tracing.derivatives import COMPARISONS, POLES
from evorobo.tracing.graph import Graph, operands_of, times

N_ROWS = 512
"""Pairs of states and actions between which a comparison is to change."""

MAX_PAIRS = 2000
"""Pairs that are followed to the place of the change, of all comparisons of one line of the robot's code."""

WAYS, MAX_WAYS, NEWTON_STEPS = 32, 8, 5
"""States from which a change is looked for by Newton's method, for how many comparisons, and in how many steps."""

DEPTHS, POLE_DEPTHS = (36, 42), (20, 26)
"""Bisections of the way between two states, until its sides are compared. Next to a pole, factors that cancel it are
rounded, so its sides are farther from each other."""

SMALLEST_JUMP = 1e-5
"""A smaller difference, relative to the numbers themselves, is not called a jump."""

WIDER = (0.0, 0.5, 2.0)
"""How far states are moved from those of random driving, as multiples of their spread."""


class JumpProbe:
    """Looks for the two sides of each number of a graph that may jump, on random states of the robot.

    `moving` are the inputs that change smoothly with the actions; the others are kept.
    """

    def __init__(self, robot: Robot, graph: Graph, n_states: int, n_actions: int, moving: Sequence[int]) -> None:
        self._graph, self._n_states, self._n_outputs = graph, n_states, len(graph.outputs)
        self._needed: dict[tuple[int, ...], set[int]] = {}
        self._by_numerator = set[int]()  # the divisions that are followed to the 0 of their numerator
        self._moving, rng = moving, np.random.default_rng(0)
        driven = _driven_states(robot, N_ROWS, rng)
        spread = driven.max(0) - driven.min(0) + 1e-3 * (1 + np.abs(driven).max(0))
        moves = np.isin(np.arange(n_states), moving)
        n_rest = graph.n_inputs - n_states - n_actions
        starts, ends = list[Array](), list[Array]()
        limit, shape = robot.action_limit, (N_ROWS, n_actions)
        for wider in WIDER:
            rest = rng.uniform(0, 1, (N_ROWS, n_rest))
            for sides in (starts, ends):
                states = driven if sides is starts else rng.permutation(driven)
                states = np.where(moves, states + wider * spread * rng.uniform(-1, 1, states.shape), driven)
                sides.append(np.concatenate([states, rng.uniform(-limit, limit, shape), rest], axis=1))
        rest, corners = rng.uniform(0, 1, (N_ROWS, n_rest)), limit * rng.choice([-1.0, 1.0], shape)
        for sides, actions in ((starts, corners), (ends, -corners)):
            sides.append(np.concatenate([driven, actions, rest], axis=1))
        self._starts, self._ends = np.concatenate(starts), np.concatenate(ends)
        self._at_start, self._at_end = self._values(self._starts), self._values(self._ends)

    def jumps(self, nodes: Sequence[int]) -> bool:
        """Whether a result jumps by one of these nodes.

        A comparison that never changed, not even on a way that was chosen for it, is none, nor is a divisor that never
        crossed 0; other nodes are taken for jumps if they never changed. The nodes are all poles, or none is.
        """
        one_sided = [node for node in nodes if node in self._one_sided]
        self._by_numerator = set(one_sided)
        rows = np.arange(len(self._starts) - N_ROWS, len(self._starts))
        if one_sided and self._jumps_at(self._changes(one_sided, rows), self._starts, self._ends):
            return True
        self._by_numerator = set()
        pairs, starts, ends = self._changes(nodes, np.arange(len(self._starts))), self._starts, self._ends
        if not pairs:
            compared = [node for node in nodes if self._graph.nodes[node].function in (*COMPARISONS, *POLES)]
            if len(compared) < len(nodes):
                return True
            compared = compared[:: -(-len(compared) // MAX_WAYS)]
            ways = [self._way_to_change(node) for node in compared]
            pairs = [(node, 0) for node, way in zip(compared, ways, strict=True) if way]
            if not pairs:
                return False
            starts, ends = (np.concatenate([way[side] for way in ways if way]) for side in (0, 1))
            pairs = [(node, row) for row, (node, _) in enumerate(pairs)]
        return self._jumps_at(pairs, starts, ends)

    def _changes(self, nodes: Sequence[int], rows: np.ndarray) -> list[tuple[int, int]]:
        """Each node with the rows of random states in which it changes, of some rows."""
        pairs = list[tuple[int, int]]()
        for node in nodes:
            changed = rows[self._branch(node, self._at_start)[rows] != self._branch(node, self._at_end)[rows]]
            pairs += [(node, int(row)) for row in changed]
        return pairs

    def _jumps_at(self, pairs: list[tuple[int, int]], starts: Array, ends: Array) -> bool:
        """Whether a result jumps where a node changes, for pairs of a node and a row of starts and ends."""
        if not pairs:
            return False
        if len(pairs) > MAX_PAIRS:
            pairs = [pairs[at] for at in np.linspace(0, len(pairs) - 1, MAX_PAIRS).astype(int)]
        which, rows = (np.array(column) for column in zip(*pairs, strict=True))
        sides = self._sides(which, starts[rows], ends[rows])
        is_pole = self._graph.nodes[pairs[0][0]].function in POLES
        (far, _), effects = (self._effects(which, *sides[depth]) for depth in (POLE_DEPTHS if is_pole else DEPTHS))
        near = np.minimum(*effects)
        # what only has an infinite slope shrinks with the distance of the sides
        jumps = (near > SMALLEST_JUMP) & (_bounded(near) > _bounded(far) / 2)
        its_own = self._operand_steps(which, *sides[DEPTHS[1]]) <= SMALLEST_JUMP  # no other node jumps before it
        return bool((jumps & its_own).any())

    def _effects(self, which: np.ndarray, left: Array, right: Array) -> tuple[Array, Array]:
        """The largest difference of a result between the sides of each row's node, and that by this node alone."""
        at_left, at_right = self._values(left), self._values(right)
        # the same place with the other side of this node alone: it has to be this one that jumps
        forced = {int(node): (which == node, at_right[node]) for node in np.unique(which)}
        before, after = self._results(at_left), (at_right, self._values(left, forced))
        both, alone = (self._differences(which, before, self._results(values), at_left) for values in after)
        return both, alone

    def _way_to_change(self, node: int) -> tuple[Array, Array] | None:
        """Inputs before and after a change of a comparison, by Newton's method from some states; None if it fails."""
        inputs, needed = self._starts[:: len(self._starts) // WAYS], self._before([node])
        first = self._branch(node, self._values(inputs, only=needed))
        after = inputs
        for _ in range(NEWTON_STEPS):
            values = self._values(after, only=needed)
            changed = np.flatnonzero(self._branch(node, values) != first)
            if len(changed):
                return inputs[changed[:1]], after[changed[:1]]
            with np.errstate(all="ignore"):
                slope = self._slope_of_difference(node, values)
                step = 1.01 * (self._difference(node, values) / np.square(slope).sum(1))[:, None] * slope
            after = after - np.where(np.isfinite(step), step, 0.0)
        return None

    def _difference(self, number: int, values: list[Any]) -> Any:
        """What is 0 where a node changes: the difference of the two compared numbers, or the distance from a pole."""
        node = self._graph.nodes[number]
        operands = operands_of(node, values)
        match node.function:
            case "divide":
                return operands[1]
            case "tan":
                return operands[0] - np.pi * (np.floor(operands[0] / np.pi) + 0.5)
            case "reciprocal" | "power" | "float_power":
                return operands[0]
        return np.subtract(*operands)

    def _slope_of_difference(self, node: int, values: list[Any]) -> Array:
        """The derivatives of `_difference` with respect to the moving inputs."""
        shape, function = np.shape(values[0]), self._graph.nodes[node].function
        signs = (0.0, 1.0) if function == "divide" else (1.0, -1.0 * (function not in POLES))
        adjoints: dict[int, Array] = {}
        for sign, source in zip(signs, self._graph.nodes[node].sources, strict=False):
            if source is not None:
                adjoints[source] = adjoints.get(source, np.zeros(shape)) + sign
        for number in reversed(range(self._graph.n_inputs, len(self._graph.nodes))):
            if number in adjoints:
                for operand, source in self._graph.nodes[number].slope_edges:
                    part = times(adjoints[number], self._graph.partial(values, number, operand))
                    adjoints[source] = adjoints.get(source, np.zeros(shape)) + part
        slope = np.zeros((*shape, self._graph.n_inputs))
        for number in self._moving:
            slope[:, number] = adjoints.get(number, 0.0)
        return slope

    def _sides(self, which: np.ndarray, start: Array, end: Array) -> dict[int, tuple[Array, Array]]:
        """The inputs before and after the change of each row's node from start to end, by numbers of bisections."""
        low, high = np.zeros(len(start)), np.ones(len(start))
        nodes = [(int(node), which == node) for node in np.unique(which)]
        first, sides = self._branches(nodes, start), dict[int, tuple[Array, Array]]()
        for depth in range(1, DEPTHS[1] + 1):
            middle = (low + high) / 2
            same = self._branches(nodes, _between(start, end, middle)) == first
            low, high = np.where(same, middle, low), np.where(same, high, middle)
            if depth in (*DEPTHS, *POLE_DEPTHS):
                sides[depth] = _between(start, end, low), _between(start, end, high)
        return sides

    def _branches(self, nodes: list[tuple[int, np.ndarray]], inputs: Array) -> Array:
        values, branches = self._values(inputs, only=self._before([node for node, _ in nodes])), np.zeros(len(inputs))
        for node, rows in nodes:
            branches[rows] = self._branch(node, values)[rows]
        return branches

    def _branch(self, number: int, values: list[Any]) -> Array:
        """A number that changes where this node can jump, and is constant elsewhere."""
        node = self._graph.nodes[number]
        with np.errstate(all="ignore"):
            match node.function:
                case "remainder":
                    branch = np.floor(np.divide(*operands_of(node, values)))
                case "fmod":
                    branch = np.trunc(np.divide(*operands_of(node, values)))
                case "arctan2":
                    y, x = operands_of(node, values)
                    branch = np.where(np.less(x, 0), np.sign(y), 0)
                case "copysign":
                    branch = np.signbit(operands_of(node, values)[1])
                case "divide":
                    # by a divisor that is 0 without crossing it, a quotient may jump where its numerator crosses 0
                    branch = np.sign(operands_of(node, values)[0 if number in self._by_numerator else 1])
                case "reciprocal":
                    branch = np.sign(operands_of(node, values)[0])
                case "power" | "float_power":
                    base, exponent = operands_of(node, values)
                    branch = np.where(np.less(exponent, 0), np.sign(base), 0)
                case "tan":
                    branch = np.floor(operands_of(node, values)[0] / np.pi + 0.5)
                case _:
                    branch = values[number]
        return np.broadcast_to(np.asarray(branch, float), np.shape(values[0]))

    @cached_property
    def _one_sided(self) -> set[int]:
        """The divisions by numbers that have one sign at all states, such as a distance.

        They are followed for other actions only: a robot that was moved may lie in a wall, where none can be.
        """
        values, found = (self._at_start, self._at_end), set[int]()
        for number, node in enumerate(self._graph.nodes):
            if node.function == "divide":
                signs = {float(sign) for side in values for sign in np.unique(np.sign(operands_of(node, side)[1]))}
                if not {-1.0, 1.0} <= signs:
                    found.add(number)
        return found

    def _operand_steps(self, which: np.ndarray, left: Array, right: Array) -> Array:
        """The largest difference of an operand of each row's node between the sides, relative to the numbers."""
        needed = self._before(tuple(int(node) for node in np.unique(which)))
        at_left, at_right = self._values(left, only=needed), self._values(right, only=needed)
        steps = np.zeros(len(which))
        for number in np.unique(which):
            node, rows = self._graph.nodes[number], which == number
            for one, other in zip(operands_of(node, at_left), operands_of(node, at_right), strict=True):
                step = np.broadcast_to(_relative(np.asarray(one, float), np.asarray(other, float)), len(which))
                steps[rows] = np.maximum(steps, step)[rows]
        return steps

    def _before(self, nodes: Sequence[int]) -> set[int]:
        """The nodes that are needed to compute some nodes, kept for the same ones."""
        key = tuple(nodes)
        if key not in self._needed:
            self._needed[key] = self._graph.leading_to(nodes)
        return self._needed[key]

    def _values(self, inputs: Array, forced: Any = None, only: Any = None) -> list[Any]:
        return self._graph.values(list(np.ascontiguousarray(inputs.T)), forced, only)

    def _results(self, values: list[Any]) -> Array:
        shape = np.shape(values[0])
        columns = [
            np.broadcast_to(constant if node is None else values[node], shape)
            for node, constant in zip(self._graph.outputs, self._graph.constants, strict=True)
        ]
        return np.stack(columns, axis=1).astype(float)

    def _differences(self, which: np.ndarray, before: Array, after: Array, values: list[Any]) -> Array:
        """The largest difference of a result in each row, relative to the numbers.

        A state that is wrapped, as an angle that jumps by a whole turn, has the difference 0.
        """
        steps = _steps(before, after)
        state = steps[:, : self._n_states]
        for turn in (np.full(len(steps), 2 * np.pi), np.full(len(steps), 360.0), self._periods(which, values)):
            with np.errstate(all="ignore"):
                turns = np.rint(state / turn[:, None])
                wrapped = np.abs(state - turns * turn[:, None])
            state = np.where(turns > 0, wrapped, state)
        steps[:, : self._n_states] = state
        return (steps / _scale(before, after)).max(1)

    def _periods(self, which: np.ndarray, values: list[Any]) -> Array:
        """For the rows of a remainder, its divisor; infinity for all others."""
        periods = np.full(len(which), np.inf)
        for number in np.unique(which):
            node = self._graph.nodes[number]
            if node.function in ("remainder", "fmod"):
                rows = which == number
                periods[rows] = np.abs(np.broadcast_to(operands_of(node, values)[1], len(which))[rows])
        return periods


def _steps(before: Array, after: Array) -> Array:
    """The differences; 0 between equal infinities and between two NaN, infinity between NaN and a number."""
    with np.errstate(all="ignore"):
        steps = np.where((before == after) | (np.isnan(before) & np.isnan(after)), 0.0, np.abs(after - before))
    return np.where(np.isnan(steps), np.inf, steps)


def _scale(before: Array, after: Array) -> Array:
    smaller = np.fmin(np.abs(before), np.abs(after))
    return 1e-3 + np.where(np.isfinite(smaller), smaller, 0.0)


def _bounded(differences: Array) -> Array:
    """x / (1 + x), which is 1 for infinite differences."""
    return 1 - 1 / (1 + differences)


def _relative(before: Array, after: Array) -> Array:
    return _steps(before, after) / _scale(before, after)


def _between(start: Array, end: Array, share: Array) -> Array:
    between: Array = start + share[:, None] * (end - start)
    return between


def _driven_states(robot: Robot, n_rows: int, rng: np.random.Generator) -> Array:
    """States of robots that keep a random action each, at a random time of at most 200 steps, or as they end."""
    streams = RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in range(n_rows)], np.arange(n_rows))
    state = np.asarray(robot.initial(streams), float)
    actions = rng.uniform(-robot.action_limit, robot.action_limit, (n_rows, len(robot.motors)))
    until = rng.integers(0, min(robot.max_steps, 200), n_rows)
    for step in range(int(until.max())):
        with np.errstate(all="ignore"):
            after = np.asarray(robot.transition(state, actions, streams), float)
        goes_on = (step < until) & np.isfinite(after).all(1) & ~np.asarray(robot.terminal(after), bool)
        state = np.where(goes_on[:, None], after, state)
    return state
