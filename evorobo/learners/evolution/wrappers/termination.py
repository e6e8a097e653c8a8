"""When a search has ended: it no longer improves, its step size is tiny, or its shape is degenerate (Hansen 2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import Limits, NonNegativeFloat, PositiveFloat
from evorobo.registry import register_component


@register_component("settings", "TerminationCriteria")
@dataclass(frozen=True)
class TerminationCriteria:
    """Criteria that end a search, so that `Restarts` starts the next one. One of them is enough.

    Below, p is the number of weights and n the number of members of a generation.

    Parameters
    ----------
    tolerance : float, default 1e-12
        The search ends when the best scores of the last 10 + 30 p / n generations differ by at most this; at least 0.
    window : int or None, default None
        Number of generations, at least 3; None is 120 + 30 p / n. The search ends when neither the best nor the median
        score has risen: the median over the last third of the window is at most that over the first third.
    min_step_ratio : float, default 1e-12
        The search ends when its step size falls below this share of the first one; at least 0.
    max_condition : float, default 1e14
        The search ends when the condition number of its covariance matrix exceeds this; above 0.

    References
    ----------
    Hansen, N. (2009). Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed. GECCO, section 3.

    Examples
    --------
    >>> from evorobo import CMAES, Restarts, TerminationCriteria
    >>> Restarts(CMAES(), termination=TerminationCriteria(window=50)).termination.window
    50
    """

    tolerance: NonNegativeFloat = 1e-12
    window: Annotated[int, Limits(ge=3)] | None = None
    min_step_ratio: NonNegativeFloat = 1e-12
    max_condition: PositiveFloat = 1e14

    def start(self) -> TerminationMonitor:
        """Start monitoring a search.

        Returns
        -------
        TerminationMonitor
            The monitor; `terminated` is True once a criterion holds.
        """
        return TerminationMonitor(self)


class TerminationMonitor:
    """The best and the median score of the last generations `(k, 2)`, and whether a criterion holds."""

    def __init__(self, settings: TerminationCriteria) -> None:
        self._settings = settings
        self._scores = np.empty((0, 2))
        self._first_step, self.terminated = 0.0, False

    def update(self, values: Array, p: int, info: dict[str, float]) -> None:
        """Add a generation: its scores `values (n,)`, the number of weights, and the log of the strategy."""
        settings, extra = self._settings, 30 * p // len(values)
        window, flat = settings.window or 120 + extra, 10 + extra
        latest = [values.max(), np.median(values)]
        self._scores = np.concatenate([self._scores[-max(window, flat) + 1 :], [latest]])
        step = info.get("step_size", np.inf)
        self._first_step = self._first_step or min(step, 1e300)
        best = self._scores[-flat:, 0]
        self.terminated = (
            step < settings.min_step_ratio * self._first_step
            or info.get("condition", 0.0) > settings.max_condition
            or (len(best) == flat and float(np.ptp(best)) <= settings.tolerance)
            or (len(self._scores) >= window and self._stagnates(self._scores[-window:]))
        )

    @staticmethod
    def _stagnates(scores: Array) -> bool:
        third = max(1, len(scores) // 3)
        return bool((np.median(scores[-third:], axis=0) <= np.median(scores[:third], axis=0)).all())

    def state(self) -> dict[str, Any]:
        return {"scores": self._scores, "first_step": self._first_step, "terminated": self.terminated}

    def restore(self, state: dict[str, Any]) -> None:
        self._scores, self._first_step = state["scores"], float(state["first_step"])
        self.terminated = bool(state["terminated"])
