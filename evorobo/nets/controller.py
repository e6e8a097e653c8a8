"""Controller: a population of networks that drives robots, step by step, as fast as NumPy allows."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.fold import freeze_batch_norm
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import forward_pass
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec


class Controller:
    """n genomes `weights (n, p)`, each driving `rows` robots: maps `sensors (n, rows, in)` to `outputs (n, rows, out)`.

    Outputs are computed in double precision. Robots round them to single precision, so rounding errors, which differ
    from processor to processor, almost never reach a robot. The outputs of a genome do not depend on the others, so a
    population can be split in any way. Recurrent layers keep their state from call to call, for each robot; use a new
    controller for each set of episodes. `running_stats (k,)` or `(n, k)` are required for networks with batch
    normalization.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        weights: Array,
        input_scaler: Scaler | None = None,
        running_stats: Array | None = None,
    ) -> None:
        if spec.n_running_stats:
            spec, weights = freeze_batch_norm(spec, weights, running_stats)
        self.spec = spec
        self._scaler = input_scaler
        self._params: list[dict[str, Array]] = [
            {name: np.array(view, np.float64, order="C") for name, view in layer.items()}
            for layer in spec.unpack(np.atleast_2d(weights))
        ]
        self._contexts = [ForwardContext(state={}) for _ in spec.layers]

    def __call__(self, sensors: Array) -> Array:
        x = sensors.astype(np.float64, copy=False)
        scaled = self._scaler.transform(x) if self._scaler else x
        return forward_pass(self.spec, self._params, scaled, self._contexts)[0]

    def keep(self, members: np.ndarray) -> None:
        """Continue with these genomes only, given by numbers or mask."""
        self._params = [{name: array[members] for name, array in layer.items()} for layer in self._params]
        for context in self._contexts:
            context.state = {name: state[members] for name, state in (context.state or {}).items()}
