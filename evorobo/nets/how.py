"""How a layer is passed: for training or for use, by which chance, and what it remembers from pass to pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.nets.activations import Array


@dataclass(slots=True)
class How:
    """One layer's circumstances. The rows of a batch are sequences of `time` steps, sequence after sequence.

    `rng` is the chance of training; several networks trained together have one each. `real (batch,)` is False for rows
    that only fill up sequences which are over; None: all rows are real. `moments` belong to the genome (batch norm's
    running mean and variance) and are updated in training; `state` is what recurrent layers carry on from here, and
    find again in the next pass; None begins at zero and keeps nothing.
    """

    training: bool = False
    rng: np.random.Generator | Sequence[np.random.Generator] | None = None
    time: int = 1
    real: np.ndarray | None = None
    moments: dict[str, Array] = field(default_factory=dict)
    state: dict[str, Array] | None = None

    def random(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """Even numbers in [0, 1) of that shape; several networks `(s, ...)` draw each from its own chance."""
        if isinstance(self.rng, np.random.Generator):
            return self.rng.random(shape, dtype)
        if self.rng is None:
            raise SettingsError("a layer that leaves things to chance (dropout) needs a Generator to draw from.")
        return np.stack([rng.random(shape[1:], dtype) for rng in self.rng])
