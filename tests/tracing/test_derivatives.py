"""Each rule of differentiation agrees with differences away from kinks, and is the written one at kinks."""

import math

import numpy as np
import pytest

from evorobo.tracing.arrays import DOUBLE, Script, traced
from evorobo.tracing.derivatives import PARTIALS, WITHOUT_SLOPE, canonical_name
from evorobo.tracing.graph import Graph
from evorobo.tracing.python_text import MATH, PLAIN

DOMAINS = {
    "arcsin": (-0.9, 0.9),
    "arccos": (-0.9, 0.9),
    "arctanh": (-0.9, 0.9),
    "arccosh": (1.1, 3.0),
    **dict.fromkeys(
        [
            "cbrt",
            "sqrt",
            "log",
            "log1p",
            "log2",
            "log10",
            "power",
            "float_power",
            "divide",
            "reciprocal",
            "remainder",
            "fmod",
        ],
        (0.3, 3.0),
    ),
}
"""The intervals of random operands, where they are not -2 to 2."""
SMOOTH = sorted(PARTIALS.keys() - WITHOUT_SLOPE - {"cast", "with_slope_of"})


def graph_of(function, n_inputs):
    """The graph of a function of columns."""
    script = Script()
    inputs = [script.number(f"x[{at}]", DOUBLE) for at in range(n_inputs)]
    return Graph(inputs, [np.asarray(function(*traced(inputs).T)).ravel()[0]])


def slopes(function, *points):
    """The derivatives of a function at one point."""
    return graph_of(function, len(points)).evaluate(np.array([points], float)).jacobian()[0, 0].tolist()


def numpy_function(name):
    return np.where if name == "where" else getattr(np, name)


def test_every_function_that_can_be_traced_has_a_rule():
    assert {canonical_name(name) for name in [*PLAIN, *MATH, *MATH.values(), "where", "cast"]} <= PARTIALS.keys()


@pytest.mark.parametrize("name", SMOOTH)
def test_rules_agree_with_differences(name):
    function, n_inputs = numpy_function(name), len(PARTIALS[name])
    if name == "clip":
        function = lambda x, low, high: np.clip(x, low, high)  # noqa: E731
    if name == "where":
        function = lambda x, yes, no: np.where(x > 0, yes, no)  # noqa: E731
    low, high = DOMAINS.get(name, (-2.0, 2.0))
    points = np.random.default_rng(0).uniform(low, high, (200, n_inputs))
    graph, width = graph_of(function, n_inputs), 1e-6
    found = graph.evaluate(points).jacobian()[:, 0]
    for column in range(n_inputs):
        step = width * (np.arange(n_inputs) == column)
        up, down = (graph.evaluate(points + sign * step).outputs[:, 0] for sign in (1, -1))
        np.testing.assert_allclose(found[:, column], (up - down) / (2 * width), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "points", "expected"),
    [
        (lambda x: np.clip(x, -1, 1), (1.0,), [1.0]),
        (lambda x: np.clip(x, -1, 1), (-1.0,), [1.0]),
        (lambda x: np.clip(x, -1, 1), (1.1,), [0.0]),
        (lambda x, high: np.clip(x, -1, high), (1.0, 1.0), [1.0, 0.0]),
        (lambda x, high: np.clip(x, -1, high), (1.1, 1.0), [0.0, 1.0]),
        (lambda x, y: np.minimum(x, y), (2.0, 2.0), [0.5, 0.5]),
        (lambda x, y: np.maximum(x, y), (2.0, 2.0), [0.5, 0.5]),
        (lambda x, y: np.fmin(x, y), (2.0, 2.0), [0.5, 0.5]),
        (lambda x, y: np.fmax(x, y), (2.0, np.nan), [1.0, 0.0]),
        (lambda x: np.maximum(x, 0), (0.0,), [0.5]),
        (np.abs, (0.0,), [0.0]),
        (np.fabs, (0.0,), [0.0]),
        (np.hypot, (0.0, 0.0), [0.0, 0.0]),
        (lambda x: x**2, (0.0,), [0.0]),
        (lambda x: x**0, (0.0,), [0.0]),
        (lambda x: x**1.0, (0.0,), [1.0]),
        (np.sign, (0.5,), [0.0]),
        (np.floor, (0.5,), [0.0]),
        (lambda x: x % 1.0, (1.25,), [1.0]),
        (lambda x: (x + np.pi) % (2 * np.pi) - np.pi, (7.0,), [1.0]),
        (lambda x: 1.0 * (x > 0), (0.5,), [0.0]),
        (lambda x: x * (x > 0), (0.5,), [1.0]),
        (lambda x: x.astype(np.float32) * 3.0, (0.1,), [3.0]),
        (lambda x: x.astype(int) * 1.0, (2.5,), [0.0]),
        (lambda x, y: x * y + x, (2.0, 5.0), [6.0, 2.0]),
        (lambda x: x * x * x, (2.0,), [12.0]),
        (np.frompyfunc(math.atan, 1, 1), (1.0,), [0.5]),
    ],
)
def test_rules_at_kinks_and_chains(function, points, expected):
    assert slopes(function, *points) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("function", "point", "expected"),
    [
        (lambda x: np.where(x > 0, np.sqrt(x), 2 * x), -1.0, 2.0),  # the root of a negative number is NaN
        (lambda x: np.where(x > 0, np.log(x), 3 * x), 0.0, 3.0),
        (lambda x: np.where(np.abs(x) > 0, np.sin(x) / x, 1.0 + x), 0.0, 1.0),
        (lambda x: 0.0 * np.sqrt(x) + x, 0.0, 1.0),
    ],
)
def test_a_zero_adjoint_skips_its_branch(function, point, expected):
    assert slopes(function, point) == [expected]


def test_what_is_infinite_stays_infinite():
    assert slopes(np.sqrt, 0.0) == [np.inf]
    assert np.isnan(slopes(lambda x: np.sqrt(x) - np.sqrt(x + 0.0), 0.0)).all()
