"""What every kind of layer answers: its shape, its parameters, its forward and its backward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError


@dataclass(slots=True)
class ForwardContext:
    """One layer's circumstances. The rows of a batch are sequences of `time` steps, sequence after sequence.

    `rng` is the chance of training; several networks trained together have one each. `real (batch,)` is False for rows
    that only fill up sequences which are over; None: all rows are real. `moments` belong to the genome (batch norm's
    running mean and variance) and are updated in training; `state` is what recurrent layers carry on from here, and
    find again in the next pass; None begins at zero and keeps nothing.
    """

    training: bool = False
    rng: np.random.Generator | Sequence[np.random.Generator] | None = None
    n_steps: int = 1
    mask: np.ndarray | None = None
    running_stats: dict[str, Array] = field(default_factory=dict)
    state: dict[str, Array] | None = None

    def random(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Even numbers in [0, 1) of that shape; several networks `(s, ...)` draw each from its own chance."""
        if isinstance(self.rng, np.random.Generator):
            return self.rng.random(shape, dtype)
        if self.rng is None:
            raise SettingsError("a layer that leaves things to chance (dropout) needs a Generator to draw from.")
        return np.stack([rng.random(shape[1:], dtype) for rng in self.rng])


Params: TypeAlias = Mapping[str, Array]
"""The named parameters of one layer, as views into flat weights: `(shape)` for one genome, `(n, shape)` for n."""


@dataclass(frozen=True)
class Parameter:
    """One block of genes: its shape and how it begins."""

    shape: tuple[int, ...]
    init: Callable[[np.random.Generator], Array]


class Layer(Protocol):
    """Frozen settings of one layer; weights come from outside, always with any number of leading axes.

    `x` is `(..., batch, in)` and the answer `(..., batch, out)`; `how` tells whether it is training, by which chance,
    and over how many moments of time (see `How`). `forward` also gives back what `backward` will need; `backward`
    writes the gradient of each parameter into `gradients` (summed over the batch) and returns `dx`; without `inputs`
    nobody asks for it, as at the first layer, and a layer that saves work by it may return anything.
    """

    def width(self, n_inputs: int) -> int: ...
    def parameters(self, n_inputs: int) -> dict[str, Parameter]: ...
    def flops(self, n_inputs: int) -> int: ...
    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]: ...
    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array: ...


@runtime_checkable
class HasRunningStats(Protocol):
    """A layer that also keeps moments of what passes through it: no genes, but kept with them.

    They reach `forward` as `how.moments`, which it updates in training.
    """

    def init_running_stats(self, n_inputs: int) -> dict[str, Array]:
        """How they begin, by name."""

    def set_running_stats(self, x: Array, context: ForwardContext) -> None:
        """Set `how.moments` to those of `x (..., batch, in)`."""

    def freeze(self, params: Params, running_stats: Params) -> tuple[Layer, dict[str, Array]]:
        """A layer without moments, and its parameters, that answers as this one in use."""
