"""From a gradient to a step: the optimizers, each a rule on flat vectors with its state in plain arrays.

`start(weights)` makes the state; `update(weights, gradient, state, factor)` changes `weights` and the state in
place, `factor` being the schedule's share of the learning rate. `(p,)` and `(s, p)`, a network in each row, are both
fine. Defaults and details are PyTorch's, so that trajectories can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Protocol, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.registry import register_component

State: TypeAlias = dict[str, Array]


class Optimizer(Protocol):
    @property
    def learning_rate(self) -> float: ...
    def start(self, weights: Array) -> State: ...
    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None: ...


@dataclass(frozen=True)
class _Rule:
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value >= 0 or (name == "learning_rate" and value == 0):
                raise SettingsError(f"{name} must be a positive number, not {value!r}.")
            if name in ("momentum", "decay", "beta1", "beta2") and value >= 1:
                raise SettingsError(f"{name} must be below 1, not {value!r}, or nothing is ever forgotten.")


@register_component("optimizer", "SGD")
@dataclass(frozen=True)
class SGD(_Rule):
    """Plain gradient descent: w -= rate g (Robbins & Monro 1951)."""

    def start(self, weights: Array) -> State:
        return {}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        weights -= self.learning_rate * factor * gradient


@register_component("optimizer", "Momentum")
@dataclass(frozen=True)
class Momentum(_Rule):
    """The heavy ball: v = m v + g, w -= rate v (Polyak 1964)."""

    momentum: float = 0.9

    def start(self, weights: Array) -> State:
        return {"velocity": np.zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        weights -= self.learning_rate * factor * velocity


@register_component("optimizer", "Nesterov")
@dataclass(frozen=True)
class Nesterov(Momentum):
    """The ball that looks ahead: v = m v + g, w -= rate (g + m v) (Nesterov 1983; Sutskever et al. 2013)."""

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        weights -= self.learning_rate * factor * (gradient + self.momentum * velocity)


@register_component("optimizer", "RMSprop")
@dataclass(frozen=True)
class RMSprop(_Rule):
    """Each weight by the size of its own gradients: w -= rate g / (sqrt(mean g^2) + eps) (Tieleman & Hinton 2012)."""

    decay: float = 0.99
    epsilon: float = 1e-8

    def start(self, weights: Array) -> State:
        return {"square": np.zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        square = state["square"]
        square *= self.decay
        square += (1 - self.decay) * gradient * gradient
        weights -= self.learning_rate * factor * gradient / (np.sqrt(square) + self.epsilon)


@register_component("optimizer", "Adam")
@dataclass(frozen=True)
class Adam(_Rule):
    """Momentum over RMSprop, both freed of their bias to zero (Kingma & Ba 2015, algorithm 1)."""

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def start(self, weights: Array) -> State:
        return {"sum": np.zeros_like(weights), "squares": np.zeros_like(weights), "time": np.zeros(())}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        # the sums are the paper's m / (1 - beta1) and v / (1 - beta2): three passes over the weights less
        total, squares = state["sum"], state["squares"]
        state["time"] += 1
        time = float(state["time"])
        total *= self.beta1
        total += gradient
        squares *= self.beta2
        scratch = gradient * gradient
        squares += scratch
        np.sqrt(squares, out=scratch)
        size = sqrt((1 - self.beta2) / (1 - self.beta2**time))
        scratch += self.epsilon / size
        np.divide(total, scratch, out=scratch)
        scratch *= self.learning_rate * factor * (1 - self.beta1) / (1 - self.beta1**time) / size
        weights -= scratch


@register_component("optimizer", "AdamW")
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay apart from the gradient: w -= rate decay w first (Loshchilov & Hutter 2019, alg. 2)."""

    weight_decay: float = 0.01

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        weights *= 1 - self.learning_rate * factor * self.weight_decay
        super().update(weights, gradient, state, factor)


@register_component("optimizer", "ClipUp")
@dataclass(frozen=True)
class ClipUp(_Rule):
    """The gradient gives the direction alone, and no step is longer than `max_speed` (Toklu et al. 2020, alg. 2).

    v = m v + rate g / |g|, shortened to `max_speed` where it is longer (twice the rate if None), w -= v. A rule for
    each whole vector, not number by number: the rate is a length in weight space.
    """

    learning_rate: float = 0.1
    momentum: float = 0.9
    max_speed: float | None = None

    def __post_init__(self) -> None:
        if self.max_speed is None:
            object.__setattr__(self, "max_speed", 2 * self.learning_rate)
        super().__post_init__()

    def start(self, weights: Array) -> State:
        return {"velocity": np.zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        length = _lengths(gradient)
        velocity += self.learning_rate * factor * gradient / np.where(length > 0, length, 1)
        most = factor * (self.max_speed or 0)
        velocity *= np.minimum(1, most / np.maximum(_lengths(velocity), 1e-300))
        weights -= velocity


def _lengths(vectors: Array) -> Array:
    return np.sqrt(np.square(vectors).sum(-1, keepdims=True))
