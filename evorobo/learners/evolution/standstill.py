"""When a search stands still: nothing better comes, or its steps have become too small to find anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.learners.evolution.strategy import at_least, positive, within
from evorobo.nets.activations import Array


@dataclass(frozen=True)
class Standstill:
    """A search of p weights, n to a generation, is over when one of these holds (Hansen 2009, section 3):

    - the best scores of the last 10 + 30 p / n generations differ by no more than `tolerance`;
    - over `window` generations (120 + 30 p / n if None) neither the best nor the median score of the last third is
      higher than that of the first, in the median of the third;
    - its step size has fallen below `least_step` times the first one, or its `condition` has passed `most_condition`.
    """

    tolerance: float = 1e-12
    window: int | None = None
    least_step: float = 1e-12
    most_condition: float = 1e14

    def __post_init__(self) -> None:
        at_least(3, window=self.window)
        within(0, np.inf, tolerance=self.tolerance, least_step=self.least_step)
        positive(most_condition=self.most_condition)

    def start(self) -> History:
        return History(self)


class History:
    """The best and the median score of the last generations `(k, 2)`; `over` when they show that a search has ended."""

    def __init__(self, settings: Standstill) -> None:
        self._settings = settings
        self._scores = np.empty((0, 2))
        self._first_step, self.over = 0.0, False

    def watch(self, values: Array, p: int, info: dict[str, float]) -> None:
        """Take in a generation's scores `values (n,)` and what the strategy tells, on `p` weights."""
        settings, wait = self._settings, 30 * p // len(values)
        window, flat = settings.window or 120 + wait, 10 + wait
        latest = [values.max(), np.median(values)]
        self._scores = np.concatenate([self._scores[-max(window, flat) + 1 :], [latest]])
        step = info.get("step_size", np.inf)
        self._first_step = self._first_step or min(step, 1e300)
        best = self._scores[-flat:, 0]
        self.over = (
            step < settings.least_step * self._first_step
            or info.get("condition", 0.0) > settings.most_condition
            or (len(best) == flat and float(np.ptp(best)) <= settings.tolerance)
            or (len(self._scores) >= window and self._no_better(self._scores[-window:]))
        )

    @staticmethod
    def _no_better(scores: Array) -> bool:
        third = max(1, len(scores) // 3)
        return bool((np.median(scores[-third:], axis=0) <= np.median(scores[:third], axis=0)).all())

    def state(self) -> dict[str, Any]:
        return {"scores": self._scores, "first_step": self._first_step, "over": self.over}

    def restore(self, state: dict[str, Any]) -> None:
        self._scores, self._first_step = state["scores"], float(state["first_step"])
        self.over = bool(state["over"])
