"""Controller: a population of networks that drives robots, step by step, as fast as NumPy allows."""

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
    """n genomes `weights (n, p)`, each driving `rows` robots: maps `sensors (n, rows, in)` to `outputs (n, rows, out)`.

    Weights are copied once, in single precision by default, which makes tanh four times faster. The outputs of a genome
    do not depend on the others, so a population can be split in any way. Recurrent layers keep their state from call to
    call, for each robot; use a new controller for each set of episodes. `running_stats (k,)` or `(n, k)` are required
    for networks with batch normalization.
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
        self._scaler = input_scaler and Scaler(input_scaler.mean.astype(dtype), input_scaler.sd.astype(dtype))
        self._params = [
            {name: np.array(view, self.dtype, order="C") for name, view in layer.items()}
            for layer in spec.unpack(np.atleast_2d(weights))
        ]
        self._contexts = [ForwardContext(state={}) for _ in spec.layers]

    def __call__(self, sensors: Array) -> Array:
        x = sensors.astype(self.dtype, copy=False)
        return forward_pass(self.spec, self._params, self._scaler.transform(x) if self._scaler else x, self._contexts)[
            0
        ]

    def keep(self, members: np.ndarray) -> None:
        """Continue with these genomes only, given by numbers or mask."""
        self._params = [{name: array[members] for name, array in layer.items()} for layer in self._params]
        for context in self._contexts:
            context.state = {name: state[members] for name, state in (context.state or {}).items()}
