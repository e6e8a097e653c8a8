"""Dropout: in training each value is silenced now and then, so that no unit can rely on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.layer import ForwardContext, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "Dropout")
@dataclass(frozen=True)
class Dropout:
    """Each value is set to zero with probability `rate` and the others divided by 1 - rate, so that the expected sum
    stays (Srivastava et al. 2014, section 10, "inverted"). In use, and under evolution, it changes nothing."""

    rate: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise SettingsError(f"a dropout rate lies from 0 up to but not at 1, not at {self.rate!r}.")

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return {}

    def flops(self, n_inputs: int) -> int:
        return 0

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        if not context.training or not self.rate:
            return x, None
        mask = (context.random(x.shape, x.dtype) >= self.rate) / x.dtype.type(1 - self.rate)
        return x * mask, mask

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        return dy if cache is None else dy * cache
