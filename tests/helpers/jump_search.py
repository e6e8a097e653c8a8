"""A search for the jumps of a robot that sees results only: random lines through the actions of some steps, bisected.

It knows nothing of the text of a robot, so it finds what a list that is made from the text may have missed. All states
are states that the robot reaches.
"""

from dataclasses import dataclass

import numpy as np

from evorobo.tasks.control.gradients.jump_probe import SMALLEST_JUMP, _driven_states
from evorobo.tasks.control.gradients.robot_graph import RobotGraph, name_of_jump
from evorobo.tracing.graph import operands_of

N_POINTS, HALVINGS = 33, 44
MIN_JUMP = 1e-4
"""Smaller ones, relative to the numbers, are roundings to single precision, or the cut of `drive` on straight paths."""


@dataclass
class Jump:
    """Inputs of a step before and after a jump of its result `output`, from the value `before` to `after`."""

    left: np.ndarray
    right: np.ndarray
    output: int
    before: float
    after: float


class GivenStreams:
    """Random streams that return these standard numbers `(rows, n)`, in order."""

    def __init__(self, numbers):
        self._numbers, self._at = numbers, 0

    def normal(self, scale, size):
        return scale * self._next(size)

    def uniform(self, low, high, size):
        return low + (np.asarray(high) - low) * self._next(size)

    def _next(self, size):
        self._at += size
        return self._numbers[:, self._at - size : self._at]


class Search:
    """Episodes of a few steps from states of random driving, whose actions lead along a line each."""

    def __init__(self, robot_graph: RobotGraph, n_lines, n_steps, seed):
        self._graph, self._robot, rng = robot_graph, robot_graph.robot, np.random.default_rng(seed)
        self._states = _driven_states(self._robot, n_lines, rng)
        n_actions, limit = robot_graph.n_actions, self._robot.action_limit
        self._ends = rng.uniform(-limit, limit, (2, n_lines, n_steps, n_actions))
        n_random = robot_graph.graph.n_inputs - robot_graph.n_states - n_actions
        self._numbers = rng.uniform(0, 1, (n_lines, n_steps, n_random))

    def run(self, line, share):
        """Inputs `(rows, steps, i)` and results `(rows, steps, o)` of the steps; NaN after an episode's end."""
        state, robot = self._states[line], self._robot
        actions = self._ends[0, line] + share[:, None, None] * (self._ends[1, line] - self._ends[0, line])
        inputs, results, ended = [], [], np.zeros(len(line), bool)
        for t in range(actions.shape[1]):
            action, numbers = actions[:, t], self._numbers[line, t]
            streams = GivenStreams(numbers)
            with np.errstate(all="ignore"):
                after = np.array(robot.transition(state, action, streams), float)
                reward = robot.reward(state, action, after)
                found = np.column_stack([after, reward, robot.observation(after, streams)]).astype(float)
                found[ended] = np.nan
                inputs.append(np.column_stack([state, action, numbers]))
                results.append(found)
                ended |= np.asarray(robot.terminal(after), bool)
            state = after
        return np.stack(inputs, 1), np.stack(results, 1)


def search_jumps(robot_graph: RobotGraph, n_lines=100, n_steps=4, seed=0):
    """The jumps in the intervals of each line in which a result changes most, of steps whose state does not jump."""
    search, n_states = Search(robot_graph, n_lines, n_steps, seed), robot_graph.n_states
    shares, every = np.linspace(0, 1, N_POINTS), np.arange(n_lines)
    values = np.stack([search.run(every, np.full(n_lines, share))[1] for share in shares])
    is_state = np.arange(values.shape[-1]) < n_states
    changes = _change(values[:-1], values[1:], is_state)
    changes = np.abs(changes - np.nanmedian(np.where(np.isinf(changes), np.nan, changes), axis=0))
    order = np.argsort(np.nan_to_num(changes, nan=np.inf), axis=0)
    at = np.concatenate([order[-1].ravel(), order[-2].ravel()])
    line, step, output = (np.tile(axis.ravel(), 2) for axis in np.indices(order[0].shape))
    low, high = shares[at], shares[at + 1]
    left, right = values[at, line, step, output], values[at + 1, line, step, output]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        _, results = search.run(line, middle)
        value = results[np.arange(len(line)), step, output]
        is_state = output < n_states
        lower = _change(left, value, is_state) >= _change(value, right, is_state)
        high, right = np.where(lower, middle, high), np.where(lower, value, right)
        low, left = np.where(lower, low, middle), np.where(lower, left, value)
        keep = _relative(left, right, is_state) > MIN_JUMP
        line, step, output, low, high, left, right = (
            part[keep] for part in (line, step, output, low, high, left, right)
        )
    rows = np.arange(len(line))
    sides = [search.run(line, share)[0][rows, step] for share in (low, high)]
    own = (_relative(*sides, False) < SMALLEST_JUMP).all(1)  # the jump is not one of an earlier step
    # roundings to single precision are no part of the text, so the place differs a little
    wide = [search.run(line, share)[0][rows, step] for share in (low - 1e-6, high + 1e-6)]
    return [Jump(*parts) for parts in zip(*(part[own] for part in (*wide, output, left, right)), strict=True)]


def _change(before, after, is_state):
    """The differences; whole turns of a state are none, nor are ends of episodes, after which results are NaN."""
    with np.errstate(all="ignore"):
        change = np.where(before == after, 0.0, np.abs(after - before))
        for turn in (2 * np.pi, 360.0):
            change = np.where(is_state & (change > turn / 2), np.abs(change - np.rint(change / turn) * turn), change)
    return np.where(np.isnan(change), 0.0, change)


def _relative(before, after, is_state):
    smaller = np.fmin(np.abs(before), np.abs(after))
    return _change(before, after, is_state) / (1e-3 + np.where(np.isfinite(smaller), smaller, 0.0))


def explain(robot_graph: RobotGraph, jumps):
    """For each jump the listed lines of the robot that change there; empty sets are jumps that are not listed."""
    graph, names = robot_graph.graph, set(robot_graph.jumps)
    sides = np.array([[jump.left, jump.right] for jump in jumps]).reshape(-1, graph.n_inputs)
    values = graph.values(list(sides.T))
    lines = [set() for _ in jumps]
    for number, node in enumerate(graph.nodes):
        if name_of_jump(node) in names:
            branch = np.broadcast_to(_branch(node, number, values), len(sides)).reshape(-1, 2)
            for at in np.flatnonzero(branch[:, 0] != branch[:, 1]):
                lines[at].add(name_of_jump(node))
    return lines


def _branch(node, number, values):
    """A number that changes where a node may jump."""
    with np.errstate(all="ignore"):
        match node.function:
            case "remainder" | "fmod":
                return np.floor(np.divide(*operands_of(node, values)))
            case "arctan2":
                return np.where(operands_of(node, values)[1] < 0, np.sign(operands_of(node, values)[0]), 0)
            case "copysign":
                return np.signbit(operands_of(node, values)[1])
            case "divide":
                return np.sign(operands_of(node, values)[0]) + 3 * np.sign(operands_of(node, values)[1])
    return values[number]
