"""The shape of a network, apart from its weights: layers in a row and one flat genome for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.activations import Array
from evorobo.nets.dense import Dense
from evorobo.nets.genes import Block, GeneMap
from evorobo.nets.layer import Layer
from evorobo.nets.recurrent import Recurrent


@dataclass(frozen=True)
class NetworkSpec:
    """Layers one after the other. Their parameters lie end to end in one flat vector of `n_params` genes."""

    n_inputs: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if self.n_inputs < 1 or not self.layers:
            raise SettingsError(f"a network needs inputs and layers, not {self.n_inputs} and {self.layers}.")

    @classmethod
    def build(
        cls, n_inputs: int, hidden: Iterable[int | Layer], n_outputs: int, output: str = "identity"
    ) -> NetworkSpec:
        """From the users' shorthand: `hidden=(16, 16)` means `Dense(16, "tanh")` twice, then the output layer."""
        layers = tuple(Dense(each) if isinstance(each, int) else each for each in hidden)
        return cls(n_inputs, (*layers, Dense(n_outputs, output)))

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
        blocks: list[Block] = []
        for number, (layer, width) in enumerate(zip(self.layers, self.widths, strict=False)):
            for name, parameter in layer.parameters(width).items():
                blocks.append(Block(number, name, parameter.shape, blocks[-1].stop if blocks else 0))
        return GeneMap(tuple(blocks))

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
            np.ravel(parameter.begin(rng))
            for layer, width in zip(self.layers, self.widths, strict=False)
            for parameter in layer.parameters(width).values()
        ]
        return np.concatenate(parts)

    def unpack(self, weights: Array) -> list[dict[str, Array]]:
        """Named views into `weights (..., n_params)`, one dict for each layer: writing to them changes the genome."""
        if weights.shape[-1] != self.n_params:
            raise SettingsError(
                f"this network has {self.n_params} weights, the genome {weights.shape[-1]}; "
                f"layers are {' -> '.join(map(str, self.widths))} wide."
            )
        views: list[dict[str, Array]] = [{} for _ in self.layers]
        for block in self.genes.blocks:
            view = weights[..., block.start : block.stop].reshape((*weights.shape[:-1], *block.shape))
            views[block.layer][block.parameter] = view
        return views
