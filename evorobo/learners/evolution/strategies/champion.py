"""The best so far of a search whose members are not chosen by their scores alone: it is the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import select_best


class Champion:
    """Scored again in every generation, as one member more, so that no lucky score rules for ever."""

    def __init__(self, weights: Array) -> None:
        self.weights = weights.copy()

    def add(self, others: list[Individual], ind_init: Callable[[Array], Individual]) -> list[Individual]:
        """The generation with the champion as its last member."""
        return [*others, ind_init(self.weights)]

    def remove(self, population: list[Individual]) -> list[Individual]:
        """The others, once all are scored; whoever beats the champion is the champion."""
        *others, champion = population
        self.weights = np.array(select_best([champion, *others], 1)[0], dtype=np.float64)
        return others

    def state(self) -> dict[str, Any]:
        return {"weights": self.weights}

    def restore(self, state: dict[str, Any]) -> None:
        self.weights = state["weights"]
