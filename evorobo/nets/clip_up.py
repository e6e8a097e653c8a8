"""ClipUp, an optimizer for evolution strategies: normalized gradients and a bounded step length (Toklu et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import DecayRate, PositiveFloat
from evorobo.nets.optimizers import GradientRule, State
from evorobo.registry import register_component


@register_component("optimizer", "ClipUp")
@dataclass(frozen=True)
@inherit_docs
class ClipUp(GradientRule):
    """ClipUp: momentum on the normalized gradient, with a bounded step length.

    v = m v + rate g / ||g||, shortened to `max_speed` where it is longer, then w -= v. The rule applies to the whole
    vector of a network, not to each number, so the learning rate is a length in weight space.

    Parameters
    ----------
    learning_rate : float, default 0.1
        Length that each gradient adds to the velocity, above 0.
    momentum : float, default 0.9
        Decay rate m of the velocity v, from 0 up to but not including 1.
    max_speed : float, optional
        Largest length of a step, 0 or more. By default twice the learning rate.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Toklu, Liskowski & Srivastava (2020), "ClipUp: a simple and powerful optimizer for distribution-based policy
    evolution", algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import ClipUp
    >>> optimizer, weights = ClipUp(0.1), np.zeros(2)
    >>> optimizer.update(weights, np.array([30.0, 40.0]), optimizer.start(weights))
    >>> weights.round(6)
    array([-0.06, -0.08])
    """

    learning_rate: PositiveFloat = 0.1
    momentum: DecayRate = 0.9
    max_speed: PositiveFloat | None = None

    def __post_init__(self) -> None:
        if self.max_speed is None:
            object.__setattr__(self, "max_speed", 2 * self.learning_rate)

    def start(self, weights: Array) -> State:
        return {"velocity": np.zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        norm = _norms(gradient)
        velocity += self.learning_rate * factor * gradient / np.where(norm > 0, norm, 1)
        limit = factor * (self.max_speed or 0)
        velocity *= np.minimum(1, limit / np.maximum(_norms(velocity), 1e-300))
        weights -= velocity

    def update_flops(self, n_weights: int) -> int:
        return 10 * n_weights  # two norms: 4, v: 5, w: 1


def _norms(vectors: Array) -> Array:
    return np.sqrt(np.square(vectors).sum(-1, keepdims=True))
