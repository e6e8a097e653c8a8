"""The best member so far of a search that does not select by score alone; it is the solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import select_best


class Champion:
    """The best member so far. It is scored again in every generation, so that one lucky score does not last."""

    def __init__(self, weights: Array) -> None:
        self.weights = weights.copy()

    def add(self, others: list[Individual], ind_init: Callable[[Array], Individual]) -> list[Individual]:
        """Return the generation with the champion as its last member."""
        return [*others, ind_init(self.weights)]

    def remove(self, population: list[Individual]) -> list[Individual]:
        """Return the scored generation without the champion, which the best of the others replaces if it is better."""
        *others, champion = population
        self.weights = np.array(select_best([champion, *others], 1)[0], dtype=np.float64)
        return others

    def state(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def restore(self, state: dict[str, Any]) -> None:
        self.weights = state["weights"]
