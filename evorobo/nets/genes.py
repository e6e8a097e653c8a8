"""The gene map: which number of the flat genome is which weight of the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evorobo.errors import unknown


class Gene(NamedTuple):
    """One weight: in which layer (0 is the first), of which parameter, at which place in it."""

    layer: int
    parameter: str
    place: tuple[int, ...]

    def __str__(self) -> str:
        return f"layer {self.layer} {self.parameter}[{', '.join(map(str, self.place))}]"


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
        place = np.unravel_index(number - block.start, block.shape)
        return Gene(block.layer, block.parameter, tuple(int(at) for at in place))

    def __iter__(self) -> Iterator[Gene]:
        return (self[number] for number in range(len(self)))

    def index(self, layer: int, parameter: str, *place: int) -> int:
        """The number of one weight: `spec.genes.index(0, "weight", 3, 5)` joins input 3 to unit 5 of layer 0."""
        block = self.block(layer, parameter)
        return block.start + int(np.ravel_multi_index(place, block.shape))

    def block(self, layer: int, parameter: str) -> Block:
        """The genes of one whole parameter; `slice(block.start, block.stop)` cuts them out of a genome."""
        for block in self.blocks:
            if (block.layer, block.parameter) == (layer, parameter):
                return block
        raise unknown("parameter", f"{layer}.{parameter}", [f"{b.layer}.{b.parameter}" for b in self.blocks])
