"""The last layer of a network, as far as it is the user's to choose: its width and its bend are the task's."""

from __future__ import annotations

from dataclasses import dataclass

from evorobo.nets.dense import Dense
from evorobo.nets.initializers import initializer_key
from evorobo.registry import register_component


@register_component("settings", "Output")
@dataclass(frozen=True)
class Output:
    """At the end of `hidden`, it says how the output layer begins (`init`, see `Dense`) and whether it has biases:
    `hidden=(Dense(6, bias=False), Output(bias=False))`. Left out, the output layer is `Dense` as it comes."""

    bias: bool = True
    init: str | None = None

    def __post_init__(self) -> None:
        if self.init is not None:
            object.__setattr__(self, "init", initializer_key(self.init))

    def layer(self, n_outputs: int, activation: str) -> Dense:
        """The layer for a task of so many outputs and that activation."""
        return Dense(n_outputs, activation, self.init, self.bias)
