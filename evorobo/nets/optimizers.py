"""Optimizers: rules that turn a gradient into a change of the weights.

Weights and gradients have shape `(p,)`, or `(s, p)` for several networks. Defaults and details are those of PyTorch, so
that trajectories can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Protocol, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import DecayRate, NonNegativeFloat, PositiveFloat
from evorobo.registry import register_component

State: TypeAlias = dict[str, Array]
"""State of an optimizer: arrays by name."""


class Optimizer(Protocol):
    """Interface of an optimizer: frozen settings. Its state is a dict of arrays.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from evorobo import Optimizer
    >>> @dataclass(frozen=True)
    ... class SignSGD(Optimizer):
    ...     learning_rate: float = 0.01
    ...     def start(self, weights):
    ...         return {}
    ...     def update(self, weights, gradient, state, factor=1.0):
    ...         weights -= self.learning_rate * factor * np.sign(gradient)
    >>> weights = np.zeros(2)
    >>> SignSGD().update(weights, np.array([5.0, -0.1]), {})
    >>> weights
    array([-0.01,  0.01])
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

    @property
    def learning_rate(self) -> float:
        """Step size before the schedule's factor."""

    def start(self, weights: Array) -> State:
        """Return the initial state.

        Parameters
        ----------
        weights : array of shape (p,) or (s, p)
            Weights that will be updated.

        Returns
        -------
        dict of str to array
            The state for `update`.
        """

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        """Change the weights and the state in place by one step.

        Parameters
        ----------
        weights : array of shape (p,) or (s, p)
            Weights. They are changed.
        gradient : array of shape (p,) or (s, p)
            Gradient of the loss with respect to the weights.
        state : dict of str to array
            State from `start`. It is changed.
        factor : float, default 1.0
            Factor of the learning rate, from the schedule.
        """

    def update_flops(self, n_weights: int) -> int:
        """Return the floating-point operations of `update` for one network.

        Parameters
        ----------
        n_weights : int
            Number of weights.

        Returns
        -------
        int
            Operations; by default 2 for each weight, as for gradient descent.
        """
        return 2 * n_weights


@dataclass(frozen=True)
class GradientRule(Optimizer):
    """Base of the optimizers of this package: one learning rate."""

    learning_rate: PositiveFloat = 0.01


@register_component("optimizer", "SGD")
@dataclass(frozen=True)
@inherit_docs
class SGD(GradientRule):
    """Stochastic gradient descent: w -= rate g.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Step size, above 0.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Robbins & Monro (1951), "A stochastic approximation method".

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import SGD
    >>> optimizer, weights = SGD(0.1), np.array([1.0, 2.0])
    >>> optimizer.update(weights, np.array([5.0, 0.0]), optimizer.start(weights))
    >>> weights
    array([0.5, 2. ])
    """

    def start(self, weights: Array) -> State:
        return {}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        weights -= self.learning_rate * factor * gradient


@register_component("optimizer", "Momentum")
@dataclass(frozen=True)
@inherit_docs
class Momentum(GradientRule):
    """Gradient descent with momentum: v = m v + g, w -= rate v.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Step size, above 0.
    momentum : float, default 0.9
        Decay rate m of the velocity v, from 0 up to but not including 1.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Polyak (1964), "Some methods of speeding up the convergence of iteration methods".

    Examples
    --------
    >>> from evorobo import Backprop, Momentum
    >>> Backprop(Momentum(0.05)).optimizer
    Momentum(learning_rate=0.05, momentum=0.9)
    """

    momentum: DecayRate = 0.9

    def start(self, weights: Array) -> State:
        return {"velocity": np.zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        weights -= self.learning_rate * factor * velocity

    def update_flops(self, n_weights: int) -> int:
        return 4 * n_weights  # v: 2, w: 2


@register_component("optimizer", "Nesterov")
@dataclass(frozen=True)
@inherit_docs
class Nesterov(Momentum):
    """Gradient descent with Nesterov momentum: v = m v + g, w -= rate (g + m v).

    Parameters
    ----------
    learning_rate : float, default 0.01
        Step size, above 0.
    momentum : float, default 0.9
        Decay rate m of the velocity v, from 0 up to but not including 1.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Nesterov (1983), "A method of solving a convex programming problem with convergence rate O(1/k^2)"; Sutskever et
    al. (2013), "On the importance of initialization and momentum in deep learning".

    Examples
    --------
    >>> from evorobo import Backprop, Nesterov
    >>> Backprop(Nesterov(0.05)).optimizer
    Nesterov(learning_rate=0.05, momentum=0.9)
    """

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        weights -= self.learning_rate * factor * (gradient + self.momentum * velocity)

    def update_flops(self, n_weights: int) -> int:
        return 6 * n_weights  # v: 2, g + m v: 2, w: 2


@register_component("optimizer", "RMSprop")
@dataclass(frozen=True)
@inherit_docs
class RMSprop(GradientRule):
    """RMSprop: each step is divided by the typical size of that weight's gradient, sqrt(mean g^2) + epsilon.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Step size, above 0.
    decay : float, default 0.99
        Decay rate of the mean of squared gradients, from 0 up to but not including 1.
    epsilon : float, default 1e-8
        Added to the divisor, 0 or more.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Tieleman & Hinton (2012), "Lecture 6.5: rmsprop".

    Examples
    --------
    >>> from evorobo import Backprop, RMSprop
    >>> Backprop(RMSprop(0.001)).optimizer.decay
    0.99
    """

    decay: DecayRate = 0.99
    epsilon: NonNegativeFloat = 1e-8

    def start(self, weights: Array) -> State:
        return {"square": np.zeros_like(weights)}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        square = state["square"]
        square *= self.decay
        square += (1 - self.decay) * gradient * gradient
        weights -= self.learning_rate * factor * gradient / (np.sqrt(square) + self.epsilon)

    def update_flops(self, n_weights: int) -> int:
        return 9 * n_weights  # mean square: 4, root and divisor: 2, w: 3


@register_component("optimizer", "Adam")
@dataclass(frozen=True)
@inherit_docs
class Adam(GradientRule):
    """Adam: momentum divided by the typical size of each weight's gradient, both corrected for their bias to zero.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Step size, above 0.
    beta1 : float, default 0.9
        Decay rate of the mean gradient, from 0 up to but not including 1.
    beta2 : float, default 0.999
        Decay rate of the mean squared gradient, from 0 up to but not including 1.
    epsilon : float, default 1e-8
        Added to the divisor, 0 or more.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Adam
    >>> optimizer, weights = Adam(0.1), np.zeros(2)
    >>> optimizer.update(weights, np.array([3.0, -0.01]), optimizer.start(weights))
    >>> weights.round(6)  # the first step has the size of the learning rate
    array([-0.1,  0.1])
    """

    learning_rate: PositiveFloat = 0.001
    beta1: DecayRate = 0.9
    beta2: DecayRate = 0.999
    epsilon: NonNegativeFloat = 1e-8

    def start(self, weights: Array) -> State:
        return {"sum": np.zeros_like(weights), "squares": np.zeros_like(weights), "t": np.zeros(())}

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        # the sums are the paper's m / (1 - beta1) and v / (1 - beta2): this saves three passes over the weights
        total, squares = state["sum"], state["squares"]
        state["t"] += 1
        t = float(state["t"])
        total *= self.beta1
        total += gradient
        squares *= self.beta2
        scratch = gradient * gradient
        squares += scratch
        np.sqrt(squares, out=scratch)
        size = sqrt((1 - self.beta2) / (1 - self.beta2**t))
        scratch += self.epsilon / size
        np.divide(total, scratch, out=scratch)
        scratch *= self.learning_rate * factor * (1 - self.beta1) / (1 - self.beta1**t) / size
        weights -= scratch

    def update_flops(self, n_weights: int) -> int:
        return 10 * n_weights  # sums: 2 and 3, root and divisor: 2, w: 3


@register_component("optimizer", "AdamW")
@dataclass(frozen=True)
@inherit_docs
class AdamW(Adam):
    """Adam with decoupled weight decay: w -= rate weight_decay w before each step of Adam.

    As in PyTorch, the decay applies to all weights, biases included.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Step size, above 0.
    beta1 : float, default 0.9
        Decay rate of the mean gradient, from 0 up to but not including 1.
    beta2 : float, default 0.999
        Decay rate of the mean squared gradient, from 0 up to but not including 1.
    epsilon : float, default 1e-8
        Added to the divisor, 0 or more.
    weight_decay : float, default 0.01
        Strength of the decay, 0 or more.

    Raises
    ------
    SettingsError
        If a value is out of its range.

    References
    ----------
    Loshchilov & Hutter (2019), "Decoupled weight decay regularization", algorithm 2.

    Examples
    --------
    >>> from evorobo import AdamW, Backprop
    >>> Backprop(AdamW(weight_decay=0.1)).optimizer.weight_decay
    0.1
    """

    weight_decay: NonNegativeFloat = 0.01

    def update(self, weights: Array, gradient: Array, state: State, factor: float = 1.0) -> None:
        weights *= 1 - self.learning_rate * factor * self.weight_decay
        super().update(weights, gradient, state, factor)

    def update_flops(self, n_weights: int) -> int:
        return super().update_flops(n_weights) + n_weights  # the decay
