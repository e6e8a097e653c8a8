"""Genealogy: every individual of a run with its parents, as a table for pandas or networkx."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import fitness_values

COLUMNS = ("individual", "generation", "score", "parent", "other_parent")


class Genealogy:
    """The parents of all individuals, which are numbered from 0 in the order in which they were scored.

    Individuals of the first generation have no parent. Mutated and surviving ones have one, crossed ones have two.
    DEAP's `tools.History` records the same tree with a deep copy of every individual. Here each has five numbers, so
    that the table fits into a checkpoint.
    """

    def __init__(self) -> None:
        self._generations: list[Array] = []
        self._individuals, self._generation = 0, 0

    def add(self, population: list[Individual]) -> None:
        """Add a scored generation, and number its members.

        Raises `SettingsError` if the strategy records no parents.
        """
        rows = np.full((len(population), len(COLUMNS)), np.nan)
        rows[:, 0] = self._individuals + np.arange(len(population))
        rows[:, 1], rows[:, 2] = self._generation, fitness_values(population)
        for row, individual in zip(rows, population, strict=True):
            row[3 : 3 + len(individual.parents)] = individual.parents
            individual.number = int(row[0])
        if self._generation and np.isnan(rows[:, 3]).all():
            raise SettingsError(
                "this strategy has no parents and children, so it has no genealogy; use GA(), or genealogy=False."
            )
        self._generations.append(rows)
        self._individuals += len(rows)
        self._generation += 1

    @property
    def table(self) -> str:
        """CSV with `COLUMNS`, one line for each individual; the column of a missing parent is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self._rows.tolist():
            individual, generation, score, *parents = row
            numbers = ("" if parent != parent else int(parent) for parent in parents)
            writer.writerow((int(individual), int(generation), repr(score), *numbers))
        return text.getvalue()

    @property
    def _rows(self) -> Array:
        return np.concatenate([np.empty((0, len(COLUMNS))), *self._generations])

    def state(self) -> dict[str, Any]:
        return {"rows": self._rows, "generation": self._generation}

    def restore(self, state: dict[str, Any]) -> None:
        self._generations, self._individuals = [state["rows"]], len(state["rows"])
        self._generation = int(state["generation"])
