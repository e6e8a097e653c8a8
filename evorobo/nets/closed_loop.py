"""Networks in a closed loop: forward passes step by step, kept for the backward passes from the last step to the first.

In a closed loop each input depends on earlier outputs, through the robot. The passes of an episode can therefore not be
one batch, as in `passes`; recurrent layers get the gradient of their state from the step after.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import is_overridden
from evorobo.errors import SettingsError
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import forward_pass, shared_context
from evorobo.nets.recurrent import Recurrent, States
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec, layer_backward_flops


class ClosedLoopNetwork:
    """n genomes `weights (n, p)`, each with `rows` robots: maps `sensors (n, rows, in)` to `outputs (n, rows, out)`.

    Outputs are those of `Controller`, in double precision. Layers compute as outside training: batch normalization uses
    its running statistics, which the controller folds into weights, and dropout changes nothing.
    `gradient (n, p)` is the sum of all backward passes so far. A new object is needed for each set of episodes.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        weights: Array,
        input_scaler: Scaler | None = None,
        running_stats: Array | None = None,
    ) -> None:
        for layer in spec.layers:
            if isinstance(layer, Recurrent) and is_overridden(layer, Recurrent.backward):
                raise SettingsError(
                    f"{type(layer).__name__} has its own backward(), which passes no gradient to the step before; "
                    "define step_backward() instead."
                )
        self._spec, self._scaler = spec, input_scaler
        self._params: list[dict[str, Array]] = [
            {name: np.array(view, np.float64, order="C") for name, view in layer.items()}
            for layer in spec.unpack(weights)
        ]
        contexts = shared_context(spec, ForwardContext(), running_stats)
        # each layer has a state of its own
        self._contexts = [ForwardContext(state={}, running_stats=context.running_stats) for context in contexts]
        self._passes: list[list[Any]] = []
        self._grad_states: list[States] = [{} for _ in spec.layers]
        self.gradient, self._step_gradient = np.zeros(weights.shape), np.empty(weights.shape)
        self._step_views = spec.unpack(self._step_gradient)

    def forward(self, sensors: Array) -> Array:
        """Compute the outputs of the next step."""
        x: Array = sensors.astype(np.float64)  # a copy, as layers keep their inputs
        if self._scaler:
            x = self._scaler.transform(x)
        outputs, caches = forward_pass(self._spec, self._params, x, self._contexts)
        self._passes.append(caches)
        return outputs

    def backward(self, dy: Array) -> Array:
        """Return the gradient of the sensors of the last step that was not passed back yet, from that of its outputs.

        The gradient of the weights is added to `gradient`.
        """
        caches = self._passes.pop()
        self._step_gradient[...] = 0
        for number in reversed(range(len(self._spec.layers))):
            layer, params, grads = self._spec.layers[number], self._params[number], self._step_views[number]
            if isinstance(layer, Recurrent):
                dy, self._grad_states[number] = layer.backward_from(
                    params, caches[number], dy, self._grad_states[number], grads
                )
            else:
                dy = layer.backward(params, caches[number], dy, grads)
        self.gradient += self._step_gradient
        return dy / self._scaler.sd if self._scaler else dy

    def cut(self) -> None:
        """Drop the gradient of the recurrent states, so that none passes to earlier steps."""
        self._grad_states = [{} for _ in self._spec.layers]


def closed_loop_flops(spec: NetworkSpec) -> int:
    """Return the cost of a backward pass per row, with the gradient of the sensors, which passes on to the robot."""
    return sum(layer_backward_flops(layer, width, True) for layer, width in zip(spec.layers, spec.widths, strict=False))
