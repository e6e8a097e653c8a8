"""The shape of a network, apart from its weights: layers in a row and one flat genome for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, unknown
from evorobo.nets.dense import Dense
from evorobo.nets.layer import HasRunningStats, Layer
from evorobo.nets.output import Output
from evorobo.nets.recurrent import Recurrent
from evorobo.registry import register_component


class Gene(NamedTuple):
    """One weight: in which layer (0 is the first), of which parameter, at which place in it."""

    layer: int
    parameter: str
    position: tuple[int, ...]

    def __str__(self) -> str:
        return f"layer {self.layer} {self.parameter}[{', '.join(map(str, self.position))}]"


@dataclass(frozen=True)
class Block:
    """One parameter of one layer, genes `start` up to `stop`."""

    layer: int
    parameter: str
    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        return self.start + int(np.prod(self.shape, dtype=int))


@dataclass(frozen=True)
class GeneMap:
    """A sequence of `Gene`, one for each number of the genome; `index` finds the number of a weight."""

    blocks: tuple[Block, ...]

    def __len__(self) -> int:
        return self.blocks[-1].stop if self.blocks else 0

    def __getitem__(self, number: int) -> Gene:
        number = range(len(self))[number]  # negative numbers count from the end, others raise IndexError
        block = next(each for each in self.blocks if number < each.stop)
        position = np.unravel_index(number - block.start, block.shape)
        return Gene(block.layer, block.parameter, tuple(int(at) for at in position))

    def __iter__(self) -> Iterator[Gene]:
        return (self[number] for number in range(len(self)))

    def index(self, layer: int, parameter: str, *position: int) -> int:
        """The number of one weight: `spec.genes.index(0, "weight", 3, 5)` joins input 3 to unit 5 of layer 0."""
        block = self.block(layer, parameter)
        return block.start + int(np.ravel_multi_index(position, block.shape))

    def block(self, layer: int, parameter: str) -> Block:
        """The genes of one whole parameter; `slice(block.start, block.stop)` cuts them out of a genome."""
        for block in self.blocks:
            if (block.layer, block.parameter) == (layer, parameter):
                return block
        raise unknown("parameter", f"{layer}.{parameter}", [f"{b.layer}.{b.parameter}" for b in self.blocks])


Hidden: TypeAlias = int | Layer | Output
"""What users write between the inputs and outputs of a task: numbers of units, layers, and perhaps an `Output`."""


@register_component("settings", "NetworkSpec")
@dataclass(frozen=True)
class NetworkSpec:
    """Layers one after the other. Their parameters lie end to end in one flat vector of `n_params` genes."""

    n_inputs: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if self.n_inputs < 1 or not self.layers:
            raise SettingsError(f"a network needs inputs and layers, not {self.n_inputs} and {self.layers}.")

    @classmethod
    def build(cls, n_inputs: int, hidden: Iterable[Hidden], n_outputs: int, output: str = "identity") -> NetworkSpec:
        """From the users' shorthand: `hidden=(16, 16)` means `Dense(16, "tanh")` twice, then the output layer, which an
        `Output` at the end describes."""
        layers: list[Layer] = []
        end = Output()
        for number, each in enumerate(hidden := tuple(hidden), start=1):
            if not isinstance(each, Output):
                layers.append(Dense(each) if isinstance(each, int) else each)
            elif number < len(hidden):
                raise SettingsError(f"{each} is the last layer of a network; write it at the end of {hidden}.")
            else:
                end = each
        return cls(n_inputs, (*layers, end.layer(n_outputs, output)))

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Numbers of values between the layers, from the inputs to the outputs: one more than there are layers."""
        widths = [self.n_inputs]
        for layer in self.layers:
            widths.append(layer.width(widths[-1]))
        return tuple(widths)

    @property
    def n_outputs(self) -> int:
        return self.widths[-1]

    @property
    def n_params(self) -> int:
        return len(self.genes)

    @cached_property
    def genes(self) -> GeneMap:
        """Which gene is which weight."""
        return _end_to_end(
            (number, name, parameter.shape)
            for number, (layer, width) in enumerate(zip(self.layers, self.widths, strict=False))
            for name, parameter in layer.parameters(width).items()
        )

    @cached_property
    def n_running_stats(self) -> int:
        return len(self.running_stats_map)

    @cached_property
    def running_stats_map(self) -> GeneMap:
        """Which moment is which: what layers such as `BatchNorm` keep, in a flat vector beside the genes."""
        return _end_to_end(
            (number, name, moment.shape) for number, begun in self._begun.items() for name, moment in begun.items()
        )

    @cached_property
    def forward_flops(self) -> int:
        """Floating-point operations of one input row on its way forward (multiplications and additions of weights)."""
        return sum(layer.flops(width) for layer, width in zip(self.layers, self.widths, strict=False))

    @property
    def recurrent(self) -> bool:
        """Whether any layer remembers, so that the order of its inputs in time matters."""
        return any(isinstance(layer, Recurrent) for layer in self.layers)

    @property
    def backward_flops(self) -> int:
        """Of one row on its way back: once for the weights, once for the inputs of each layer."""
        return 2 * self.forward_flops

    def init(self, rng: np.random.Generator) -> Array:
        """Fresh weights `(n_params,)`, each parameter as its layer begins it."""
        parts = [
            np.ravel(parameter.init(rng))
            for layer, width in zip(self.layers, self.widths, strict=False)
            for parameter in layer.parameters(width).values()
        ]
        return np.concatenate(parts)

    def init_running_stats(self) -> Array:
        """Moments `(n_moments,)` before anything was measured."""
        begun = [moment.ravel() for layer in self._begun.values() for moment in layer.values()]
        return np.concatenate([np.zeros(0), *begun])

    @property
    def _begun(self) -> dict[int, dict[str, Array]]:
        """By number of their layer."""
        layers = enumerate(zip(self.layers, self.widths, strict=False))
        return {
            number: layer.init_running_stats(width)
            for number, (layer, width) in layers
            if isinstance(layer, HasRunningStats)
        }

    def unpack(self, weights: Array) -> list[dict[str, Array]]:
        """Named views into `weights (..., n_params)`, one dict for each layer: writing to them changes the genome."""
        if weights.shape[-1] != self.n_params:
            raise SettingsError(
                f"this network has {self.n_params} weights, the genome {weights.shape[-1]}; "
                f"layers are {' -> '.join(map(str, self.widths))} wide."
            )
        return self._views(weights, self.genes)

    def pack(self, params: Sequence[Mapping[str, Array]]) -> Array:
        """Weights `(..., n_params)` from named arrays, one dict for each layer: what `unpack` takes apart."""
        parts = []
        for block in self.genes.blocks:
            view = params[block.layer][block.parameter]
            parts.append(view.reshape((*view.shape[: view.ndim - len(block.shape)], -1)))
        return np.concatenate(parts, axis=-1)

    def unpack_running_stats(self, running_stats: Array | None) -> list[dict[str, Array]]:
        """Named views into `moments (..., n_moments)`, one dict for each layer; None will do where there are none."""
        found = 0 if running_stats is None else running_stats.shape[-1]
        if found != self.n_running_stats:
            raise SettingsError(
                f"this network keeps {self.n_running_stats} moments beside its weights, and was given {found}; take those of "
                "the genome (genome.running_stats), or spec.init_running_stats()."
            )
        return (
            [{} for _ in self.layers] if running_stats is None else self._views(running_stats, self.running_stats_map)
        )

    def _views(self, flat: Array, places: GeneMap) -> list[dict[str, Array]]:
        params: list[dict[str, Array]] = [{} for _ in self.layers]
        for block in places.blocks:
            view = flat[..., block.start : block.stop].reshape((*flat.shape[:-1], *block.shape))
            params[block.layer][block.parameter] = view
        return params


def _end_to_end(shapes: Iterable[tuple[int, str, tuple[int, ...]]]) -> GeneMap:
    """Arrays of these layers, names and shapes, one behind the other in a flat vector."""
    blocks: list[Block] = []
    for layer, name, shape in shapes:
        blocks.append(Block(layer, name, shape, blocks[-1].stop if blocks else 0))
    return GeneMap(tuple(blocks))
