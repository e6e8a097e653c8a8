"""Floating-point operations of traced numbers, by a fixed table."""

from __future__ import annotations

from evorobo.tracing.derivatives import WITHOUT_SLOPE
from evorobo.tracing.graph import Graph

FREE = WITHOUT_SLOPE | frozenset(
    (
        *("cast", "where", "with_slope_of", "clip", "minimum", "maximum", "fmin", "fmax"),
        *("negative", "positive", "conjugate", "absolute", "fabs", "copysign"),
    )
)
"""The functions of NumPy that count no operation: comparisons, logic, choices, roundings, and changes of sign. Each of
the others counts one: additions, multiplications, divisions, and elementary functions such as `sin`."""


def graph_flops(graph: Graph) -> int:
    """The operations that compute the outputs of a graph from its inputs; equal numbers are computed once."""
    return sum(node.kind.kind == "f" and node.function not in FREE for node in graph.nodes[graph.n_inputs :])
