"""Graph of traced numbers: their values and their derivatives for many rows of inputs at once, in double precision."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tracing.arrays import Number
from evorobo.tracing.derivatives import JUMPING, PARTIALS, POLES, WITHOUT_SLOPE, Partial, canonical_name


@dataclass(frozen=True, eq=False)
class Node:
    """One number of a graph: the function that computes it and its operands.

    `sources` holds the node of each operand, or None for a constant. The first nodes of a graph are its inputs, without
    a function.
    """

    name: str
    function: str
    operands: tuple[Any, ...]
    sources: tuple[int | None, ...]
    kind: np.dtype[Any]
    place: str

    def partial(self, operand: int) -> Partial | None:
        """The partial derivative for one operand; None if no slope passes."""
        if self.kind.kind != "f" or not self.function:
            return None
        partial: Partial | None = PARTIALS[self.function][operand]
        return partial

    @property
    def slope_edges(self) -> Iterable[tuple[int, int]]:
        """The operands, by number, through which a slope can pass, each with its node."""
        return [
            (operand, source)
            for operand, source in enumerate(self.sources)
            if source is not None and self.partial(operand) is not None
        ]


class Graph:
    """The numbers `outputs`, some of which may be constants, as functions of the numbers `inputs`.

    Values are computed in double precision: roundings to single precision are left out, and derivatives pass them
    unchanged.
    """

    def __init__(self, inputs: Sequence[Number], outputs: Sequence[Any]) -> None:
        numbers = _reachable(inputs, outputs)
        index = {number.name: at for at, number in enumerate(numbers)}
        self.nodes = [_node(number, index, is_input=at < len(inputs)) for at, number in enumerate(numbers)]
        self.n_inputs = len(inputs)
        self.outputs = [index[_uncast(value).name] if isinstance(value, Number) else None for value in outputs]
        self.constants = [0.0 if isinstance(value, Number) else float(value) for value in outputs]

    def evaluate(self, inputs: Array) -> Evaluation:
        """The values of all numbers for inputs `(rows, n_inputs)`."""
        return Evaluation(self, self.values(list(np.ascontiguousarray(inputs.T, float))), len(inputs))

    def values(
        self,
        inputs: Sequence[Any],
        forced: Mapping[int, tuple[np.ndarray, Any]] | None = None,
        only: Container[int] | None = None,
    ) -> list[Any]:
        """The values of all nodes for one array for each input, of numbers or of unknown numbers.

        `forced` gives other values to some nodes, each with a mask of the rows in which it has them. Nodes that are not
        in `only` are left out, as None.
        """
        values, forced = list(inputs), forced or {}
        with np.errstate(all="ignore"):
            for number, node in enumerate(self.nodes[self.n_inputs :], self.n_inputs):
                value = None
                if only is None or number in only:
                    value = _compute(node, operands_of(node, values))
                    if number in forced:
                        rows, other = forced[number]
                        value = np.where(rows, other, value)
                values.append(value)
        return values

    def partial(self, values: Sequence[Any], node: int, operand: int) -> Any:
        """The partial derivative of a node for one of its operands, an array or one number; it may be infinite."""
        partial = self.nodes[node].partial(operand)
        assert partial is not None
        return partial(values[node], *operands_of(self.nodes[node], values))

    def reached_by(self, starts: Iterable[int], *, by_slope: bool) -> set[int]:
        """The nodes that depend on some of the nodes `starts`, which are included; by slopes only, or in any way."""
        reached = set(starts)
        for number, node in enumerate(self.nodes):
            sources = [source for _, source in node.slope_edges] if by_slope else node.sources
            if not reached.isdisjoint(source for source in sources if source is not None):
                reached.add(number)
        return reached

    def leading_to(self, ends: Iterable[int]) -> set[int]:
        """The nodes on which some of the nodes `ends` depend in any way, these included."""
        leading = set(ends)
        for number in reversed(range(len(self.nodes))):
            if number in leading:
                leading |= {source for source in self.nodes[number].sources if source is not None}
        return leading

    @cached_property
    def sweeps(self) -> list[list[tuple[int, list[tuple[int, int]]]]]:
        """For each output, the nodes to visit from it back to the inputs, each with its slope edges."""
        edges = [list(node.slope_edges) for node in self.nodes]
        sweeps = []
        for output in self.outputs:
            leading = set() if output is None else {output}
            visits = []
            for number in reversed(range(len(self.nodes))):
                if number in leading and edges[number]:
                    visits.append((number, edges[number]))
                    leading |= {source for _, source in edges[number]}
            sweeps.append(visits)
        return sweeps


class Evaluation:
    """The values of a graph for some rows, and their derivatives. A partial derivative is computed at first use."""

    def __init__(self, graph: Graph, values: list[Any], n_rows: int) -> None:
        self._graph, self._values, self._n_rows = graph, values, n_rows
        self._partials: dict[tuple[int, int], Any] = {}

    @property
    def outputs(self) -> Array:
        """The outputs `(rows, n_outputs)`."""
        columns = [
            constant if node is None else self._values[node]
            for node, constant in zip(self._graph.outputs, self._graph.constants, strict=True)
        ]
        return np.stack([np.broadcast_to(column, self._n_rows) for column in columns], axis=1).astype(float)

    def backward(self, adjoint: Array) -> Array:
        """The adjoint of the inputs `(rows, n_inputs)` from that of the outputs `(rows, n_outputs)`."""
        return sum(
            (self._sweep(output, adjoint[:, output]) for output in range(adjoint.shape[1])),
            np.zeros((self._n_rows, self._graph.n_inputs)),
        )

    def jacobian(self, inputs: slice = slice(None)) -> Array:
        """The derivatives `(rows, n_outputs, k)` of all outputs with respect to the `k` selected inputs."""
        ones = np.ones(self._n_rows)
        rows = [self._sweep(output, ones)[:, inputs] for output in range(len(self._graph.outputs))]
        return np.stack(rows, axis=1)

    def partial(self, node: int, operand: int) -> Any:
        """The partial derivative of a node for one of its operands, `(rows,)` or one number; it may be infinite."""
        key = node, operand
        if key not in self._partials:
            self._partials[key] = self._graph.partial(self._values, node, operand)
        return self._partials[key]

    def _sweep(self, output: int, adjoint: Array) -> Array:
        """The adjoint of the inputs from that of one output."""
        result = np.zeros((self._n_rows, self._graph.n_inputs))
        start = self._graph.outputs[output]
        if start is None:
            return result
        adjoints: dict[int, Array] = {start: adjoint}
        with np.errstate(all="ignore"):
            for node, edges in self._graph.sweeps[output]:
                arriving = adjoints.pop(node)
                for operand, source in edges:
                    part = times(arriving, self.partial(node, operand))
                    adjoints[source] = adjoints[source] + part if source in adjoints else part
        for node, arrived in adjoints.items():
            if node < self._graph.n_inputs:
                result[:, node] = arrived
        return result


def times(adjoint: Array, partial: Any) -> Array:
    """The product of an adjoint and a partial derivative; a zero adjoint gives 0, even times infinity or NaN."""
    with np.errstate(all="ignore"):
        product = adjoint * partial
        if np.isfinite(product.sum()):
            return product
    return np.where(adjoint == 0, 0.0, product)


def _reachable(inputs: Sequence[Number], outputs: Sequence[Any]) -> list[Number]:
    """The inputs, followed by all other numbers from which the outputs are computed, operands first."""
    found = {number.name: number for number in inputs}
    later: dict[str, Number] = {}
    waiting = [_uncast(value) for value in outputs if isinstance(value, Number)]
    while waiting:
        number = waiting.pop()
        if number.name in found or number.name in later:
            continue
        later[number.name] = number
        if number.operation is not None:
            waiting += [_uncast(operand) for operand in number.operation.operands if isinstance(operand, Number)]
    # a script numbers its names in the order of computation
    return [*inputs, *sorted(later.values(), key=lambda number: int(number.name[1:]))]


def _uncast(number: Number) -> Number:
    """The number before a cast that changed nothing, which has the same name."""
    while number.operation is not None and number.operation.name == "cast":
        (operand,) = number.operation.operands
        if operand.name != number.name:
            break
        number = operand
    return number


def _node(number: Number, index: dict[str, int], is_input: bool) -> Node:
    operation = number.operation
    if is_input or operation is None:
        return Node(number.name, "", (), (), number.dtype, "")
    sources = tuple(
        index[_uncast(operand).name] if isinstance(operand, Number) else None for operand in operation.operands
    )
    function = canonical_name(operation.name)
    return Node(number.name, function, operation.operands, sources, number.dtype, operation.place)


def operands_of(node: Node, values: Sequence[Any]) -> list[Any]:
    """The operands of a node, of the values of all nodes."""
    return [
        operand if source is None else values[source]
        for operand, source in zip(node.operands, node.sources, strict=True)
    ]


def _compute(node: Node, operands: list[Any]) -> Any:
    match node.function:
        case "cast":
            return operands[0].astype(float if node.kind.kind == "f" else node.kind)
        case "with_slope_of":
            return operands[0]
    return getattr(np, node.function)(*operands)


def jumps(node: Node) -> bool:
    """Whether a number can jump where its operands change smoothly."""
    if node.function == "cast":
        return node.kind.kind != "f"
    if node.function in ("divide", "reciprocal"):
        return node.sources[-1] is not None
    return node.function in WITHOUT_SLOPE or node.function in JUMPING or node.function in POLES
