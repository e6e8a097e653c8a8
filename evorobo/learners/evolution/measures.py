"""What is measured of each member beside its score: by the task that watches it, or from its weights alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import unknown
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Scores, Scoring
from evorobo.tasks.capabilities import HasMeasures

SIZE = "size"
"""The measure that every task has: the mean absolute weight."""


class MeasureScorer:
    """Scores a task with the measures `names`, told in units of their ranges: 0 to 1 is what is usual.

    Raises `SettingsError` for a measure that nobody can tell.
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
        """What the task says of networks `weights (n, p)` that have grown from `genes (n, q)`; measures `(n, k)`.

        What cannot be measured, of a member that ran away, counts as 0.
        """
        watched = [name for name in self.names if name != SIZE]
        if watched and isinstance(self._task, HasMeasures):
            earned = self._task.score_with_measures(watched, spec, weights, rng, input_scaler)
        else:
            earned = self._task.score(spec, weights, rng, input_scaler)
        if not self.names:
            return earned, np.empty((len(weights), 0))
        found = {SIZE: np.abs(genes).mean(1)}
        if earned.measures is not None:
            found |= dict(zip(watched, earned.measures.T, strict=True))
        low, high = self.ranges(self.names).T
        told = np.array([found[name] for name in self.names]).reshape(-1, len(weights)).T
        return earned, np.nan_to_num((told - low) / (high - low), posinf=0.0, neginf=0.0)

    def ranges(self, names: Sequence[str]) -> Array:
        """Between which numbers these measures usually lie, `(k, 2)`, in the task's own units."""
        return np.array([self._ranges[name] for name in names], dtype=float).reshape(-1, 2)
