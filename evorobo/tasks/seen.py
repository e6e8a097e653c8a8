"""What all robots of a population have observed, summed up while they are driven."""

from __future__ import annotations

import numpy as np

from evorobo.nets.activations import Array
from evorobo.nets.scaling import Moments


class Seen:
    """A watcher (see `Watcher`) that keeps the `moments` of everybody's `k` sensors."""

    def __init__(self, k: int) -> None:
        self.moments = Moments.none(k)

    def __call__(self, robots: np.ndarray, observations: Array, actions: np.ndarray | None) -> None:
        self.moments = self.moments + Moments.of(observations)
