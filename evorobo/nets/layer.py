"""Interface of a layer: shape, parameters, forward pass and backward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError

FREE_METHODS = ("parameters", "flops", "backward_flops")
"""Methods that a derived layer may override and still compute what its parent does: initial weights and counts."""


@dataclass(slots=True)
class ForwardContext:
    """Context of a forward pass: training flag, random generator, sequence length, running statistics, recurrent state.

    The rows of a batch are sequences of `n_steps` time steps, one sequence after another. Several networks that are
    trained together have one generator each. `mask (batch,)` is False for padding; None means that all rows are real.
    `starts (sequences, n_steps)` is True where a new episode begins within a sequence: recurrent layers reset there.
    `running_stats` belong to the genome; training updates them. `state` is what recurrent layers start from and update;
    None starts at zero and keeps nothing.
    """

    training: bool = False
    rng: np.random.Generator | Sequence[np.random.Generator] | None = None
    n_steps: int = 1
    mask: np.ndarray | None = None
    starts: np.ndarray | None = None
    running_stats: dict[str, Array] = field(default_factory=dict)
    state: dict[str, Array] | None = None

    def random(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Sample uniformly from [0, 1) in that shape. Several networks `(s, ...)` each use their own generator."""
        if isinstance(self.rng, np.random.Generator):
            return self.rng.random(shape, dtype)
        if self.rng is None:
            raise SettingsError("a layer that samples random numbers in training (dropout) needs a Generator.")
        return np.stack([rng.random(shape[1:], dtype) for rng in self.rng])


Params: TypeAlias = Mapping[str, Array]
"""The named parameters of one layer, as views into flat weights: `(shape)` for one genome, `(n, shape)` for n."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a layer: its shape, and the function that initializes it.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    init : callable
        Maps a `numpy.random.Generator` to the initial array.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Parameter
    >>> Parameter((3,), lambda rng: np.zeros(3)).init(np.random.default_rng(0))
    array([0., 0., 0.])
    """

    shape: tuple[int, ...]
    init: Callable[[np.random.Generator], Array]


class Layer(Protocol):
    """Interface of a layer: frozen settings. Weights are arguments, with any number of leading axes for networks.

    Examples
    --------
    A layer with one gain per unit:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from evorobo import Layer, NetworkSpec, Parameter
    >>> @dataclass(frozen=True)
    ... class Gain(Layer):
    ...     def width(self, n_inputs):
    ...         return n_inputs
    ...     def parameters(self, n_inputs):
    ...         return {"gain": Parameter((n_inputs,), lambda rng: np.ones(n_inputs))}
    ...     def flops(self, n_inputs):
    ...         return n_inputs
    ...     def forward(self, params, x, context):
    ...         return params["gain"][..., None, :] * x, x
    ...     def backward(self, params, cache, dy, gradients, needs_input_grad=True):
    ...         gradients["gain"][...] = (dy * cache).sum(-2)
    ...         return params["gain"][..., None, :] * dy
    >>> NetworkSpec.build(2, (8, Gain()), 1).n_params
    41
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

    def width(self, n_inputs: int) -> int:
        """Return the number of outputs.

        Parameters
        ----------
        n_inputs : int
            Number of inputs.

        Returns
        -------
        int
            Number of outputs.
        """

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        """Return the parameters by name, in the order in which they lie in the genome.

        Parameters
        ----------
        n_inputs : int
            Number of inputs.

        Returns
        -------
        dict of str to Parameter
            Shape and initialization of each parameter.
        """

    def flops(self, n_inputs: int) -> int:
        """Return the cost of the forward pass.

        Parameters
        ----------
        n_inputs : int
            Number of inputs.

        Returns
        -------
        int
            Floating-point operations per row.
        """

    def backward_flops(self, n_inputs: int, needs_input_grad: bool = True) -> int:
        """Return the cost of the backward pass.

        Parameters
        ----------
        n_inputs : int
            Number of inputs.
        needs_input_grad : bool, default True
            False for the first layer, whose inputs need no gradient.

        Returns
        -------
        int
            Floating-point operations per row. By default as many as forward for the gradient of the parameters, and as
            many again for the gradient of the inputs.
        """
        return self.flops(n_inputs) * (2 if needs_input_grad else 1)

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        """Compute the outputs.

        Parameters
        ----------
        params : mapping of str to array
            Parameters of this layer, with leading axes for several networks.
        x : array of shape (..., batch, n_inputs)
            Inputs. They must not be changed.
        context : ForwardContext
            Training flag, random generator, sequence length, running statistics and recurrent state.

        Returns
        -------
        outputs : array of shape (..., batch, n_outputs)
            Outputs.
        cache : object
            What `backward` needs from this pass.
        """

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        """Compute the gradients of the parameters and of the inputs.

        Parameters
        ----------
        params : mapping of str to array
            Parameters of this layer.
        cache : object
            What `forward` returned.
        dy : array of shape (..., batch, n_outputs)
            Gradient of the loss with respect to the outputs. It may be overwritten.
        gradients : mapping of str to array
            Arrays into which the gradients are written, summed over the batch.
        needs_input_grad : bool, default True
            False for the first layer, which may then return any array.

        Returns
        -------
        array of shape (..., batch, n_inputs)
            Gradient of the loss with respect to the inputs.
        """


@runtime_checkable
class HasRunningStats(Protocol):
    """A layer with running statistics of its inputs, stored beside the weights.

    They reach `forward` as `context.running_stats`, which it updates in training.
    """

    def init_running_stats(self, n_inputs: int) -> dict[str, Array]:
        """Return the initial running statistics.

        Parameters
        ----------
        n_inputs : int
            Number of inputs.

        Returns
        -------
        dict of str to array
            Initial values by name.
        """

    def set_running_stats(self, x: Array, context: ForwardContext) -> None:
        """Set `context.running_stats` to the statistics of a batch.

        Parameters
        ----------
        x : array of shape (..., batch, n_inputs)
            Inputs of this layer.
        context : ForwardContext
            Holds the mask and the arrays to write to.
        """

    def freeze(self, params: Params, running_stats: Params) -> tuple[Layer, dict[str, Array]]:
        """Return an equivalent layer without running statistics.

        Parameters
        ----------
        params : mapping of str to array
            Parameters of this layer.
        running_stats : mapping of str to array
            Running statistics of this layer.

        Returns
        -------
        layer : Layer
            A layer with the same outputs outside training.
        params : dict of str to array
            Its parameters.
        """
