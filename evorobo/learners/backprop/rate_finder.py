"""Learning rate finder: a short training whose learning rate grows until training diverges (Smith 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_integer
from evorobo.errors import LearningError, SettingsError
from evorobo.learners.backprop.backprop import Backprop
from evorobo.nets.schedules import Exponential
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.tasks.base import Cost, Task

SMOOTHING = 0.9


@dataclass(frozen=True, eq=False)
class RateSweep:
    """Result of `learning_rate_finder`. It ends before the last rate if training diverged.

    Parameters
    ----------
    rates : array of shape (steps,)
        Learning rates.
    losses : array of shape (steps,)
        Loss of each mini-batch before its step.
    smoothed : array of shape (steps,)
        Exponential moving average of the losses.
    cost : Cost
        Cost of the sweep. It is not part of the cost of any trial.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Cost, RateSweep
    >>> losses = np.array([2.0, 1.0, 9.0])
    >>> RateSweep(np.array([0.01, 0.1, 1.0]), losses, losses, Cost()).suggestion
    0.01
    """

    rates: Array
    losses: Array
    smoothed: Array
    cost: Cost

    @property
    def suggestion(self) -> float:
        """A tenth of the rate with the lowest smoothed loss (Howard & Gugger 2020, ch. 5)."""
        return float(self.rates[self.smoothed.argmin()]) / 10


def learning_rate_finder(
    task: Task,
    hidden: Sequence[Hidden],
    method: Backprop,
    rng: np.random.Generator,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 200,
) -> RateSweep:
    """Train a new network with a growing learning rate and suggest a rate to train with.

    This is the learning rate range test. The rate grows from `low` to `high` in equal steps on a logarithmic scale, one
    mini-batch per step. The method's own learning rate, schedule and early stopping are ignored.

    Parameters
    ----------
    task : Task
        What to learn; it must have labeled examples.
    hidden : sequence of int, Layer or Output
        Hidden layers, as in `NetworkSpec.build`.
    method : Backprop
        How to train.
    rng : numpy.random.Generator
        Source of random numbers.
    low : float, default 1e-6
        First learning rate, above 0.
    high : float, default 10.0
        Last learning rate, above `low`.
    steps : int, default 200
        Number of mini-batches, at least 2.

    Returns
    -------
    RateSweep
        Rates and losses; its `suggestion` is a rate to train with.

    Raises
    ------
    SettingsError
        If a value is out of its range.
    LearningError
        If training diverges at the first rate.

    References
    ----------
    Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Backprop, DatasetTask, learning_rate_finder
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> task = DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")
    >>> sweep = learning_rate_finder(task, (8,), Backprop(batch_size=16), np.random.default_rng(0), steps=50)
    >>> 1e-4 < sweep.suggestion < 1
    True
    """
    if not 0 < low < high < np.inf:
        raise SettingsError(f"learning rates must satisfy 0 < low < high, not low={low} and high={high}.")
    check_integer(2, steps=steps)
    rates = np.geomspace(low, high, steps)
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    optimizer = replace(method.optimizer, learning_rate=low)  # type: ignore[type-var]
    sweep = replace(method, optimizer=optimizer, schedule=Exponential(high / low), early_stopping=None)
    learner = sweep.start(task, spec, rng)
    losses: list[float] = []
    for step in range(steps):
        try:
            learner.step(step / (steps - 1))
        except LearningError:
            if not losses:
                raise
            break
        losses.append(learner.loss)
    return RateSweep(rates[: len(losses)], np.array(losses), _smooth(losses), learner.cost)


def _smooth(losses: Sequence[float]) -> Array:
    """Return the exponential moving average, corrected for its bias to zero as in Adam."""
    smoothed, mean = np.empty(len(losses)), 0.0
    for step, loss in enumerate(losses):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed[step] = mean / (1 - SMOOTHING ** (step + 1))
    return smoothed
