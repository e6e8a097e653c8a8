"""A script with loops computes the same numbers as its lines, to the last bit."""

import math

import numpy as np
import pytest

from evorobo import ControlTask
from evorobo.nets.compiled import choices
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tracing import loops
from evorobo.tracing.arrays import DOUBLE, Script, traced
from evorobo.tracing.loops import function_body

N = 12
CONSTANTS = np.random.default_rng(0).normal(size=N)
ARRAYS = "state", "action", "draws", "grad_state", "grad_sensors"


def bodies(script, values, patch, rounds=4):
    """The body of a function that writes `values`, with a line for each number and with loops."""
    results = [f"result[{at}] = {script.cast(value, DOUBLE)}" for at, value in enumerate(values)]
    patch.setattr(loops, "MIN_ROUNDS", rounds)
    found = []
    for loops_from in 10**9, 0:
        patch.setattr(loops, "MIN_LINES", loops_from)
        found.append(function_body(script, results, "table"))
    return found


def computed(body, n_results, **arrays):
    """The array `result` that a text fills."""
    head = f"def run({', '.join(arrays)}, result, kept):"
    names = {**vars(choices), "math": np, "np": np, "float64": np.float64, "float32": np.float32}
    exec("\n".join([*body.tables, head, *(f"    {line}" for line in body.lines)]), names)
    result = np.full(n_results, math.nan)
    with np.errstate(all="ignore"):
        names["run"](**arrays, result=result, kept=np.full(body.n_kept, math.nan))
    return result


def check_equal_bits(lines, body, n_results, **arrays):
    found, expected = (computed(text, n_results, **arrays).view(np.uint64) for text in (body, lines))
    np.testing.assert_array_equal(found, expected)


OPERATIONS = [
    lambda a, b: np.sin(a) * b + 1.5,
    lambda a, b: np.where((a > b) & (b < 0.5), a, 0.1 * b),
    lambda a, b: a - b.sum(1)[:, None],
    lambda a, b: np.minimum(a, b) * (a[:, :, None] + b[:, None, :]).max(2),
    lambda a, b: np.stack([a[:, at] if at % 3 else a[:, 0] * b[:, at - 1] for at in range(N)], axis=1),
    lambda a, b: np.stack([a[:, :at].sum(1) for at in range(1, N + 1)], axis=1),
    lambda a, b: np.hypot(a, CONSTANTS).astype(np.float32),
    lambda a, b: np.roll(b, 1, axis=1) * a[:, ::-1].max(1)[:, None],
    lambda a, b: 1.0 * (np.isfinite(a) ^ (b >= a.min(1)[:, None])),
]
"""What robots do with arrays `(1, N)`: elementwise functions, choices, reductions, tables, sums that grow."""


def program(rng, x):
    """Some numbers from the numbers `x (1, N)`, by operations in random order."""
    pool = [x, x[:, ::-1] * CONSTANTS, x[:, rng.integers(0, N, N)].astype(np.float32)]
    for _ in range(15):
        a, b = (pool[at] for at in rng.integers(0, len(pool), 2))
        pool.append(OPERATIONS[rng.integers(len(OPERATIONS))](a, b))
    return np.concatenate(pool[3:], axis=1)[0]


@pytest.mark.parametrize("seed", range(20))
def test_loops_have_the_bits_of_single_lines(seed, monkeypatch):
    rng, script = np.random.default_rng(seed), Script()
    values = program(rng, traced([script.number(f"state[{at}]", DOUBLE) for at in range(N)]))
    lines, body = bodies(script, values, monkeypatch, rounds=2 + 2 * (seed % 2))
    assert len(body.lines) < len(lines.lines)
    check_equal_bits(lines, body, len(values), state=rng.normal(size=N))


@pytest.mark.parametrize("id", ["evorobo/Homing-v0", "evorobo/ObstacleAvoidance-v0"])
def test_the_gradient_of_many_sensors_and_walls_has_the_bits_of_single_lines(id, monkeypatch):
    rng, backward = np.random.default_rng(0), RobotGraph(ControlTask(id).robot).backward
    lines, body = bodies(backward.script, backward.adjoints, monkeypatch)
    assert len(body.lines) < 1200
    assert len(lines.lines) > 4000
    arrays = {name: rng.uniform(-0.2, 0.3, 40) for name in ARRAYS}
    check_equal_bits(lines, body, len(backward.adjoints), **arrays, reward_weight=0.9)


def test_numbers_that_follow_one_another_stay_lines(monkeypatch):
    script = Script()
    x = traced([script.number("state[0]", DOUBLE)])
    for _ in range(20):
        x = np.sin(x) * 0.5
    lines, body = bodies(script, x[0], monkeypatch)
    assert body == lines
