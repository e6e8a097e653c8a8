"""Members that are replaced one by one: each has a challenger, and the better of the two stays (DE, particle swarm)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values


class Incumbents:
    """Members `(n, p)` with scores `(n,)`; none before the first generation has been scored.

    `wins(challenger_scores, scores)` says who is replaced: `np.greater_equal`, or `np.greater`. With `reevaluate` the
    members are scored again beside their challengers; otherwise they keep their scores.
    """

    def __init__(self, first: Array, wins: Callable[[Array, Array], np.ndarray], reevaluate: bool) -> None:
        self._first, self._wins, self._reevaluate = first, wins, reevaluate
        self.members: Array = np.empty((0, len(first)))
        self.scores: Array = np.empty(0)

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def best(self) -> Array:
        """The member with the highest score; the starting genome before there are any."""
        return np.array(self.members[self.scores.argmax()] if len(self) else self._first)

    def with_challengers(self, challengers: Array) -> Array:
        """The rows to score: the challengers `(n, p)`, then the members if they are scored again."""
        return np.concatenate([challengers, self.members]) if self._reevaluate and len(self) else challengers

    def update(self, population: list[Individual]) -> None:
        """Replace the members that lose against their challengers, once all are scored."""
        n, scores = len(self) or len(population), fitness_values(population)
        challengers = np.array(population[:n], dtype=np.float64)
        if not len(self):
            self.members, self.scores = challengers, scores
            return
        previous = scores[n:] if self._reevaluate else self.scores
        won = self._wins(scores[:n], previous)
        self.members = np.where(won[:, None], challengers, self.members)
        self.scores = np.where(won, scores[:n], previous)

    def state(self) -> dict[str, Any]:
        return {"members": self.members, "scores": self.scores}

    def restore(self, state: dict[str, Any]) -> None:
        self.members, self.scores = state["members"], state["scores"]
