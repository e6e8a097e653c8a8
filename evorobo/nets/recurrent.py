"""Base class of recurrent layers: forward pass and backpropagation through time (Werbos 1990)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.nets.initializers import glorot
from evorobo.nets.layer import ForwardContext, Layer, Parameter, Params

States: TypeAlias = dict[str, Array]


@inherit_docs
class Recurrent(Layer):
    """A layer whose `step` maps the drive of one time step and the previous states to an output and new states.

    The drive `x W + b` of all time steps is computed in one product. Then the layer steps through time, forward by
    `step` and backward by `step_backward`. States have shape `(..., rows, units)`, are named in `state_names` and start
    at zero.
    """

    units: int
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        """Compute one time step.

        Parameters
        ----------
        params : mapping of str to array
            Parameters of this layer.
        drive : array of shape (..., rows, k)
            Inputs times weights plus biases of this time step.
        states : dict of str to array
            States of the previous time step.

        Returns
        -------
        outputs : array of shape (..., rows, units)
            Outputs.
        states : dict of str to array
            New states.
        cache : object
            What `step_backward` needs.
        """
        raise NotImplementedError

    def step_backward(
        self, params: Params, cache: Any, dy: Array, grad_states: States, gradients: Params
    ) -> tuple[Array, States]:
        """Compute the gradients of one time step.

        Parameters
        ----------
        params : mapping of str to array
            Parameters of this layer.
        cache : object
            What `step` returned.
        dy : array of shape (..., rows, units)
            Gradient with respect to the outputs.
        grad_states : dict of str to array
            Gradients with respect to the new states.
        gradients : mapping of str to array
            Arrays to which the gradients of the parameters that `step` used are added.

        Returns
        -------
        ddrive : array of shape (..., rows, k)
            Gradient with respect to the drive.
        grad_states : dict of str to array
            Gradients with respect to the previous states.
        """
        raise NotImplementedError

    def width(self, n_inputs: int) -> int:
        return self.units

    def backward_flops(self, n_inputs: int, needs_input_grad: bool = True) -> int:
        drive_width = self.parameters(n_inputs)["weight"].shape[1]
        return 2 * self.flops(n_inputs) - (0 if needs_input_grad else 2 * n_inputs * drive_width)

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        drive = np.matmul(x, params["weight"])
        if "bias" in params:
            drive += params["bias"][..., None, :]
        lead, rows = drive.shape[:-2], drive.shape[-2] // context.n_steps
        drive = drive.reshape(*lead, rows, context.n_steps, drive.shape[-1])
        states = context.state or {name: np.zeros((*lead, rows, self.units), drive.dtype) for name in self.state_names}
        outputs = np.empty((*lead, rows, context.n_steps, self.units), drive.dtype)
        caches = []
        resets = _resets(context)
        for t in range(context.n_steps):
            if t in resets:
                states = {name: np.where(resets[t], 0.0, state) for name, state in states.items()}
            outputs[..., t, :], states, cache = self.step(params, drive[..., t, :], states)
            caches.append(cache)
        if context.state is not None:
            context.state.update(states)
        return outputs.reshape(*lead, rows * context.n_steps, self.units), (x, caches, resets)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        return self.backward_from(params, cache, dy, {}, gradients, needs_input_grad)[0]

    def backward_from(
        self,
        params: Params,
        cache: Any,
        dy: Array,
        grad_states: States,
        gradients: Params,
        needs_input_grad: bool = True,
    ) -> tuple[Array, States]:
        """Compute the gradients of a pass whose last states were used further.

        Parameters
        ----------
        params : mapping of str to array
            Parameters of this layer.
        cache : object
            What `forward` returned.
        dy : array of shape (..., batch, units)
            Gradient with respect to the outputs.
        grad_states : dict of str to array
            Gradients with respect to the last states; empty if these are zero.
        gradients : mapping of str to array
            Arrays into which the gradients are written, summed over the batch.
        needs_input_grad : bool, default True
            False for the first layer, which may then return any array.

        Returns
        -------
        dx : array of shape (..., batch, n_inputs)
            Gradient with respect to the inputs.
        grad_states : dict of str to array
            Gradients with respect to the first states.
        """
        x, caches, resets = cache
        lead, n_steps = dy.shape[:-2], len(caches)
        dy = dy.reshape(*lead, -1, n_steps, self.units)
        for gradient in gradients.values():
            gradient[...] = 0
        zeros = {name: np.zeros((*dy.shape[:-2], self.units), dy.dtype) for name in self.state_names}
        grad_states = {**zeros, **grad_states}
        ddrives: list[Array] = [dy] * n_steps
        for t in reversed(range(n_steps)):
            ddrives[t], grad_states = self.step_backward(params, caches[t], dy[..., t, :], grad_states, gradients)
            if t in resets:
                grad_states = {name: np.where(resets[t], 0.0, state) for name, state in grad_states.items()}
        ddrive = np.stack(ddrives, axis=-2)
        ddrive = ddrive.reshape(*lead, -1, ddrive.shape[-1])
        gradients["weight"][...] = np.matmul(x.swapaxes(-1, -2), ddrive)
        if "bias" in gradients:
            gradients["bias"][...] = ddrive.sum(-2)
        dx = np.matmul(ddrive, params["weight"].swapaxes(-1, -2)) if needs_input_grad else ddrive
        return dx, grad_states


def _resets(context: ForwardContext) -> dict[int, np.ndarray]:
    """Return, for each time step in which episodes begin, which sequences `(sequences, 1)` are reset before it."""
    if context.starts is None:
        return {}
    return {int(t): context.starts[:, t, None] for t in np.flatnonzero(context.starts.any(axis=0))}


def transpose(matrix: Array) -> Array:
    """Return the transpose of each matrix `(..., a, b)`."""
    return matrix.swapaxes(-1, -2)


def gated_parameters(n_inputs: int, units: int, gates: int) -> dict[str, Parameter]:
    """Return the parameters of a gated layer: each gate with Glorot weights, biases zero."""

    def matrix(rows: int) -> Parameter:
        return Parameter(
            (rows, gates * units),
            lambda rng: np.concatenate([glorot(rng, rows, units) for _ in range(gates)], axis=1),
        )

    bias = Parameter((gates * units,), lambda rng: np.zeros(gates * units))
    return {"weight": matrix(n_inputs), "recurrent": matrix(units), "bias": bias}


def sigmoid(z: Array) -> Array:
    """Compute the logistic function by tanh, which cannot overflow."""
    return (np.tanh(z / 2) + 1) / 2
