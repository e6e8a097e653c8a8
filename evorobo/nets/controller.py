"""A whole population at the wheel: the fastest way to ask n networks for their motors, tick after tick."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.fold import freeze_batch_norm
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import forward_pass
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec


class Controller:
    """n genomes `(n, p)`, each driving `rows` robots: `sensors (n, rows, in)` to `outputs (n, rows, out)`.

    Weights are laid out once, in single precision by default (tanh is four times faster so). A member answers the
    same whoever drives beside it, so populations can be cut up in any way. Recurrent layers remember from call to
    call, each robot for itself; a new controller remembers nothing, so make one for each set of episodes. `moments`
    `(k,)` or `(n, k)` are those of networks with batch norm.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        weights: Array,
        input_scaler: Scaler | None = None,
        dtype: Any = np.float32,
        running_stats: Array | None = None,
    ) -> None:
        if spec.n_running_stats:
            spec, weights = freeze_batch_norm(spec, weights, running_stats)
        self.spec = spec
        self.dtype = np.dtype(dtype)
        self._inputs = input_scaler and Scaler(input_scaler.mean.astype(dtype), input_scaler.sd.astype(dtype))
        self._views = [
            {name: np.array(view, self.dtype, order="C") for name, view in layer.items()}
            for layer in spec.unpack(np.atleast_2d(weights))
        ]
        self._contexts = [ForwardContext(state={}) for _ in spec.layers]

    def __call__(self, sensors: Array) -> Array:
        x = sensors.astype(self.dtype, copy=False)
        return forward_pass(self.spec, self._views, self._inputs.transform(x) if self._inputs else x, self._contexts)[0]

    def keep(self, members: np.ndarray) -> None:
        """Go on with these members only, by number or mask."""
        self._views = [{name: view[members] for name, view in layer.items()} for layer in self._views]
        for context in self._contexts:
            context.state = {name: state[members] for name, state in (context.state or {}).items()}
