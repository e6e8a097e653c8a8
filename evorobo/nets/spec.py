"""NetworkSpec: the shape of a network, and the order of its weights in the flat genome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, NamedTuple, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, unknown
from evorobo.fields import Example, Limits, PositiveInt
from evorobo.nets.dense import Dense
from evorobo.nets.layer import HasRunningStats, Layer
from evorobo.nets.output import Output
from evorobo.nets.recurrent import Recurrent
from evorobo.registry import register_component


class Gene(NamedTuple):
    """One weight: number of the layer (0 is the first), name of the parameter, position in it."""

    layer: int
    parameter: str
    position: tuple[int, ...]

    def __str__(self) -> str:
        return f"layer {self.layer} {self.parameter}[{', '.join(map(str, self.position))}]"


@dataclass(frozen=True)
class Block:
    """One parameter of one layer: genes `start` up to but not including `stop`."""

    layer: int
    parameter: str
    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        return self.start + int(np.prod(self.shape, dtype=int))


@dataclass(frozen=True)
class GeneMap:
    """A sequence of `Gene`, one for each number of the genome. `index` returns the number of a weight."""

    blocks: tuple[Block, ...]

    def __len__(self) -> int:
        return self.blocks[-1].stop if self.blocks else 0

    def __getitem__(self, number: int) -> Gene:
        number = range(len(self))[number]  # negative numbers count from the end, others raise IndexError
        block = next(block for block in self.blocks if number < block.stop)
        position = np.unravel_index(number - block.start, block.shape)
        return Gene(block.layer, block.parameter, tuple(map(int, position)))

    def __iter__(self) -> Iterator[Gene]:
        return (self[number] for number in range(len(self)))

    def index(self, layer: int, parameter: str, *position: int) -> int:
        """Return the number of one weight. `index(0, "weight", 3, 5)` connects input 3 to unit 5 of layer 0."""
        block = self.block(layer, parameter)
        return block.start + int(np.ravel_multi_index(position, block.shape))

    def block(self, layer: int, parameter: str) -> Block:
        """Return the genes of one parameter. `slice(block.start, block.stop)` selects them from a genome."""
        for block in self.blocks:
            if (block.layer, block.parameter) == (layer, parameter):
                return block
        raise unknown("parameter", f"{layer}.{parameter}", [f"{b.layer}.{b.parameter}" for b in self.blocks])


MAX_WEIGHTS = 100_000_000
"""Maximum number of weights of a network: 0.8 GB in double precision, of which learning holds several copies."""

Hidden: TypeAlias = PositiveInt | Annotated[Layer, Example("Dense(8)")] | Output
"""What users write between the inputs and outputs of a task: numbers of units, layers, and an `Output` at the end."""


@register_component("settings", "NetworkSpec")
@dataclass(frozen=True)
class NetworkSpec:
    """Shape of a feedforward or recurrent network: layers, one after another.

    The parameters of all layers lie one after another in one flat vector of `n_params` weights, the genome.

    Parameters
    ----------
    n_inputs : int
        Number of inputs, at least 1.
    layers : tuple of Layer
        Layers from the first hidden layer to the output layer, at least one.

    Raises
    ------
    SettingsError
        If there are no inputs or no layers.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import NetworkSpec
    >>> spec = NetworkSpec.build(n_inputs=4, hidden=(8,), n_outputs=2)
    >>> spec.widths, spec.n_params
    ((4, 8, 2), 58)
    >>> weights = spec.init(np.random.default_rng(0))
    >>> str(spec.genes[40])
    'layer 1 weight[0, 0]'
    """

    n_inputs: PositiveInt
    layers: Annotated[tuple[Annotated[Layer, Example("Dense(8)")], ...], Limits(min_length=1)]

    @classmethod
    def build(cls, n_inputs: int, hidden: Iterable[Hidden], n_outputs: int, output: str = "identity") -> NetworkSpec:
        """Return a network from a short description of its hidden layers.

        Parameters
        ----------
        n_inputs : int
            Number of inputs.
        hidden : iterable of int, Layer or Output
            Hidden layers. A number n means ``Dense(n, "tanh")``. An `Output` at the end describes the output layer.
        n_outputs : int
            Number of outputs.
        output : str, default "identity"
            Name of the activation function of the output layer.

        Returns
        -------
        NetworkSpec
            The network.

        Raises
        ------
        SettingsError
            If an `Output` is not at the end, or if a layer is invalid.
        """
        layers: list[Layer] = []
        output_settings = Output()
        for number, entry in enumerate(hidden := tuple(hidden), start=1):
            if not isinstance(entry, Output):
                layers.append(Dense(entry) if isinstance(entry, int) else entry)
            elif number < len(hidden):
                raise SettingsError(f"{entry} describes the last layer of a network; write it at the end of {hidden}.")
            else:
                output_settings = entry
        return cls(n_inputs, (*layers, output_settings.layer(n_outputs, output)))

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Numbers of inputs, of units of each layer, and of outputs: one more than there are layers."""
        widths = [self.n_inputs]
        for layer in self.layers:
            widths.append(layer.width(widths[-1]))
        return tuple(widths)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.widths[-1]

    @property
    def n_params(self) -> int:
        """Number of weights of the genome."""
        return len(self.genes)

    @cached_property
    def genes(self) -> GeneMap:
        """Layer, parameter and position of each weight of the genome."""
        return _gene_map(
            (number, name, parameter.shape)
            for number, (layer, width) in enumerate(zip(self.layers, self.widths, strict=False))
            for name, parameter in layer.parameters(width).items()
        )

    @cached_property
    def n_running_stats(self) -> int:
        """Number of running statistics, stored beside the weights; 0 without batch normalization."""
        return len(self.running_stats_map)

    @cached_property
    def running_stats_map(self) -> GeneMap:
        """Layer, name and position of each running statistic."""
        return _gene_map(
            (number, name, array.shape)
            for number, arrays in self._initial_stats.items()
            for name, array in arrays.items()
        )

    @cached_property
    def forward_flops(self) -> int:
        """Cost of the forward pass, in floating-point operations per row."""
        return sum(layer.flops(width) for layer, width in zip(self.layers, self.widths, strict=False))

    @cached_property
    def backward_flops(self) -> int:
        """Cost of the backward pass, in floating-point operations per row, without the inputs' gradient."""
        layers = enumerate(zip(self.layers, self.widths, strict=False))
        return sum(layer_backward_flops(layer, width, number > 0) for number, (layer, width) in layers)

    @property
    def recurrent(self) -> bool:
        """Whether any layer has a state, so that the order of its inputs matters."""
        return any(isinstance(layer, Recurrent) for layer in self.layers)

    def init(self, rng: np.random.Generator) -> Array:
        """Sample initial weights.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        array of shape (n_params,)
            Weights, each parameter as its layer initializes it.
        """
        parts = [
            np.ravel(parameter.init(rng))
            for layer, width in zip(self.layers, self.widths, strict=False)
            for parameter in layer.parameters(width).values()
        ]
        return np.concatenate(parts)

    def init_running_stats(self) -> Array:
        """Return the initial running statistics.

        Returns
        -------
        array of shape (n_running_stats,)
            Means of 0 and variances of 1.
        """
        arrays = [array.ravel() for layer in self._initial_stats.values() for array in layer.values()]
        return np.concatenate([np.zeros(0), *arrays])

    @property
    def _initial_stats(self) -> dict[int, dict[str, Array]]:
        """Initial running statistics by number of the layer and by name."""
        _ = self.genes  # raises for a network that is too large, before memory is taken
        layers = enumerate(zip(self.layers, self.widths, strict=False))
        return {
            number: layer.init_running_stats(width)
            for number, (layer, width) in layers
            if isinstance(layer, HasRunningStats)
        }

    def unpack(self, weights: Array) -> list[dict[str, Array]]:
        """Return named views into flat weights. Writing to them changes the genome.

        Parameters
        ----------
        weights : array of shape (..., n_params)
            Flat weights.

        Returns
        -------
        list of dict of str to array
            One dict per layer: arrays of shape ``(..., *shape)`` by name of the parameter.

        Raises
        ------
        SettingsError
            If the number of weights does not fit the network.
        """
        if weights.shape[-1] != self.n_params:
            raise SettingsError(
                f"this network has {self.n_params} weights, the genome {weights.shape[-1]}; "
                f"layers are {' -> '.join(map(str, self.widths))} wide."
            )
        return self._views(weights, self.genes)

    def pack(self, params: Sequence[Mapping[str, Array]]) -> Array:
        """Return flat weights from named arrays, the inverse of `unpack`.

        Parameters
        ----------
        params : sequence of mapping of str to array
            One mapping per layer: arrays of shape ``(..., *shape)`` by name of the parameter.

        Returns
        -------
        array of shape (..., n_params)
            Flat weights.
        """
        parts = []
        for block in self.genes.blocks:
            array = params[block.layer][block.parameter]
            parts.append(array.reshape((*array.shape[: array.ndim - len(block.shape)], -1)))
        return np.concatenate(parts, axis=-1)

    def unpack_running_stats(self, running_stats: Array | None) -> list[dict[str, Array]]:
        """Return named views into flat running statistics.

        Parameters
        ----------
        running_stats : array of shape (..., n_running_stats) or None
            Flat running statistics. None is valid for networks without any.

        Returns
        -------
        list of dict of str to array
            One dict per layer: arrays by name.

        Raises
        ------
        SettingsError
            If their number does not fit the network.
        """
        count = 0 if running_stats is None else running_stats.shape[-1]
        if count != self.n_running_stats:
            raise SettingsError(
                f"this network has {self.n_running_stats} running statistics, but {count} were given; use those of the "
                "genome (genome.running_stats), or spec.init_running_stats()."
            )
        if running_stats is None:
            return [{} for _ in self.layers]
        return self._views(running_stats, self.running_stats_map)

    def _views(self, flat: Array, gene_map: GeneMap) -> list[dict[str, Array]]:
        params: list[dict[str, Array]] = [{} for _ in self.layers]
        for block in gene_map.blocks:
            view = flat[..., block.start : block.stop].reshape((*flat.shape[:-1], *block.shape))
            params[block.layer][block.parameter] = view
        return params


def layer_backward_flops(layer: Layer, n_inputs: int, needs_input_grad: bool) -> int:
    """Return the cost that a layer gives, or the usual one for a layer that does not derive from `Layer`."""
    if hasattr(layer, "backward_flops"):
        return layer.backward_flops(n_inputs, needs_input_grad)
    return Layer.backward_flops(layer, n_inputs, needs_input_grad)


def _gene_map(shapes: Iterable[tuple[int, str, tuple[int, ...]]]) -> GeneMap:
    """Return the map of arrays that lie one after another, from number of the layer, name and shape of each."""
    blocks: list[Block] = []
    for layer, name, shape in shapes:
        blocks.append(Block(layer, name, shape, blocks[-1].stop if blocks else 0))
        if blocks[-1].stop > MAX_WEIGHTS:
            raise SettingsError(
                f"a network of {blocks[-1].stop:,} weights or more is too large, and at most {MAX_WEIGHTS:,} are "
                "accepted; use fewer units."
            )
    return GeneMap(tuple(blocks))
