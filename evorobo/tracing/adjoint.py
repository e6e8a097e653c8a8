"""The backward pass of a graph as numbers of a script: the derivatives of `PARTIALS`, written down instead of computed.

Compiled kernels are made of it, and operations are counted in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.tracing.arrays import DOUBLE, Number, Operation, traced
from evorobo.tracing.graph import Graph


def trace_adjoint(
    graph: Graph, inputs: Sequence[Number], grad_outputs: Sequence[Number], n_wanted: int
) -> tuple[list[Any], list[Any]]:
    """The outputs of a graph, and the adjoints of its first `n_wanted` inputs from those of its outputs.

    `inputs` and `grad_outputs` are numbers of one script in double precision, which grows by what is computed. One
    sweep from the outputs to the inputs visits each node once; nodes without a slope to a wanted input are left out.
    Results are numbers, or constants.
    """
    values = graph.values([traced([number])[0] for number in inputs])
    adjoints: dict[int, Any] = {}
    for output, grad in zip(graph.outputs, grad_outputs, strict=True):
        if output is not None:
            adjoints[output] = adjoints[output] + grad if output in adjoints else grad
    sloped = graph.reached_by(range(n_wanted), by_slope=True)
    for number in reversed(range(graph.n_inputs, len(graph.nodes))):
        if number not in adjoints or number not in sloped:
            continue
        arriving, node = adjoints.pop(number), graph.nodes[number]
        for operand, source in node.slope_edges:
            if source in sloped:
                part = _times(arriving, graph.partial(values, number, operand))
                adjoints[source] = adjoints[source] + part if source in adjoints else part
    outputs = [
        constant if output is None else values[output].item()
        for output, constant in zip(graph.outputs, graph.constants, strict=True)
    ]
    return outputs, [adjoints.get(number, 0.0) for number in range(n_wanted)]


def _times(adjoint: Number, partial: Any) -> Any:
    """The product of an adjoint and a partial derivative; the compiled `times` gives 0 for a zero adjoint."""
    partial = np.asarray(partial).item()
    if not isinstance(partial, Number):
        return adjoint if partial == 1.0 else -adjoint if partial == -1.0 else adjoint * partial
    script = adjoint.script
    text = f"times({adjoint.name}, {script.cast(partial, DOUBLE)})"
    return script.number(text, DOUBLE, Operation("multiply", (adjoint, partial)))
