"""Returns of windows of steps, with values for what follows."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array


def td_lambda_targets(rewards: Array, next_values: Array, ended: np.ndarray, discount: float, decay: float) -> Array:
    """The targets `(steps, n)` of TD(lambda) within a window, where lambda is `decay`.

    `next_values` are the values of the observations after each step, 0 after a termination. Where `ended`, and after
    the last step of the window, they stand for all that follows.
    """
    targets = np.empty_like(rewards)
    following = next_values[-1]
    for step in reversed(range(len(rewards))):
        value = next_values[step]
        following = np.where(ended[step], value, (1 - decay) * value + decay * following)
        targets[step] = following = rewards[step] + discount * following
    return targets
