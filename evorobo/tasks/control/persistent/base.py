"""The interface of environments in rows, which each kind of simulator implements."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from evorobo.arrays import Array


class RowStep(NamedTuple):
    """What a step of all rows returns: `observations (n, k)`, and `rewards`, `terminated` and `truncated`, all `(n,)`.

    Observations are those after the step, also where the episode has ended. `terminated` is an end that the environment
    defines, `truncated` a limit of time.
    """

    observations: Array
    rewards: Array
    terminated: np.ndarray
    truncated: np.ndarray


class EnvRows(Protocol):
    """n environments of one kind. The episode of a row depends on its seed and on its actions only.

    Actions are those of the decoder (see `evorobo.tasks.control.spaces.Decoder`), as simulators take them.
    """

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        """Begin the episodes of these seeds in these rows, and return the first observations `(len(rows), k)`.

        The first call has all rows.
        """

    def step(self, actions: np.ndarray) -> RowStep:
        """Step all rows. A row that has ended is restarted before the next step."""
