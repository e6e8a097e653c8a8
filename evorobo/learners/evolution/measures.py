"""Measures of members besides their score: by the task from their behavior, or from their weights alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import unknown
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Scores, Scoring
from evorobo.tasks.capabilities import HasMeasures
from evorobo.tasks.spreading import member_scoring

SIZE = "size"
"""The measure that every task has: the mean absolute weight."""


class MeasureScorer:
    """Scores members together with the measures `names`, in units of their ranges: usual values are from 0 to 1.

    Raises `SettingsError` for a measure that the task does not have.
    """

    def __init__(self, task: Scoring, names: Sequence[str]) -> None:
        known = dict(task.measures) if isinstance(task, HasMeasures) else {}
        known[SIZE] = (0.0, 1.0)
        for name in names:
            if name not in known:
                raise unknown(f"measure of {task.name}", name, known)
        self._task, self.names = task, tuple(names)
        self._ranges = {name: known[name] for name in names}

    def score(
        self, spec: NetworkSpec, weights: Array, rng: np.random.Generator, input_scaler: Scaler | None, genes: Array
    ) -> tuple[Scores, Array]:
        """Return the scores of networks `weights (n, p)` made from `genes (n, q)`, and their measures `(n, k)`.

        A measure that is not finite, of a member that diverged, is 0.
        """
        task_measures = [name for name in self.names if name != SIZE]
        scores = member_scoring(self._task)(self._task, task_measures, spec, weights, rng, input_scaler)
        if not self.names:
            return scores, np.empty((len(weights), 0))
        values = {SIZE: np.abs(genes).mean(1)}
        if scores.measures is not None:
            values |= dict(zip(task_measures, scores.measures.T, strict=True))
        low, high = self.ranges(self.names).T
        measures = np.array([values[name] for name in self.names]).reshape(-1, len(weights)).T
        return scores, np.nan_to_num((measures - low) / (high - low), posinf=0.0, neginf=0.0)

    def ranges(self, names: Sequence[str]) -> Array:
        """Return the usual range of these measures, `(k, 2)`, in the units of the task."""
        return np.array([self._ranges[name] for name in names], dtype=float).reshape(-1, 2)
