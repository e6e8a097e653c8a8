"""How a layer is passed: for training or for use, by which chance, and what it remembers from pass to pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evorobo.nets.activations import Array


@dataclass(slots=True)
class How:
    """One layer's circumstances. The rows of a batch are sequences of `time` steps, sequence after sequence.

    `real (batch,)` is False for rows that only fill up sequences which are over; None: all rows are real. `moments`
    belong to the genome (batch norm's running mean and variance) and are updated in training; `state` is what
    recurrent layers carry on from here, and find again in the next pass; None begins at zero and keeps nothing.
    """

    training: bool = False
    rng: np.random.Generator | None = None
    time: int = 1
    real: np.ndarray | None = None
    moments: dict[str, Array] = field(default_factory=dict)
    state: dict[str, Array] | None = None
