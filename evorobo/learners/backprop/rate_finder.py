"""Which learning rate? A short training whose rate grows from step to step until learning runs away (Smith 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import LearningError, SettingsError
from evorobo.learners.backprop.backprop import Backprop
from evorobo.nets.layer import Layer
from evorobo.nets.schedules import Exponential
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task

SMOOTHING = 0.9


@dataclass(frozen=True, eq=False)
class RateSweep:
    """The `rates (steps,)` that were tried, each batch's loss before its step, the same smoothed, and what it cost.

    It ends before the last rate where training ran away. No trial's bill has the `cost` on it.
    """

    rates: Array
    losses: Array
    smoothed: Array
    cost: Cost

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss was lowest: bold and safe (Howard & Gugger 2020, ch. 5)."""
        return float(self.rates[self.smoothed.argmin()]) / 10


def learning_rate_finder(
    task: Task,
    hidden: Sequence[int | Layer],
    method: Backprop,
    rng: np.random.Generator,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 200,
) -> RateSweep:
    """Train a fresh network by `method` for `steps` batches, the rate growing evenly on a logarithmic scale from `low`
    to `high`; `.suggestion` is a rate to train with (Smith 2017, section 3.3, the learning rate range test).

    The method's own rate and schedule do not matter, and it is not stopped early.
    """
    if not 0 < low < high < np.inf:
        raise SettingsError(f"the rates to try go from a low to a high one above 0, not from {low} to {high}.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 2:
        raise SettingsError(f"a sweep needs at least 2 steps, not {steps!r}.")
    rates = np.geomspace(low, high, steps)
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    slowly = replace(method.optimizer, learning_rate=low)  # type: ignore[type-var]
    learner = replace(method, optimizer=slowly, schedule=Exponential(high / low), early_stopping=None).start(
        task, spec, rng
    )
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
    """The exponential moving average, freed of its bias to zero as in Adam."""
    smoothed, mean = np.empty(len(losses)), 0.0
    for step, loss in enumerate(losses):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        smoothed[step] = mean / (1 - SMOOTHING ** (step + 1))
    return smoothed
