"""Who descends from whom: every individual of a run with its parents, as a table for pandas or networkx."""

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
    """Numbers individuals from 0 on, in the order in which they were scored. Who was not bred has no parent, who was
    mutated or lives on has one, who was crossed has two.

    DEAP's `tools.History` keeps the same tree, with a deep copy of every individual; this is five numbers for each, so
    that it fits into a checkpoint.
    """

    def __init__(self) -> None:
        self._generations: list[Array] = []
        self._individuals, self._generation = 0, 0

    def add(self, population: list[Individual]) -> None:
        """Take in a scored generation, and number its members.

        Raises `SettingsError` where a strategy tells nobody's parents.
        """
        rows = np.full((len(population), len(COLUMNS)), np.nan)
        rows[:, 0] = self._individuals + np.arange(len(population))
        rows[:, 1], rows[:, 2] = self._generation, fitness_values(population)
        for row, individual in zip(rows, population, strict=True):
            row[3 : 3 + len(individual.parents)] = individual.parents
            individual.number = int(row[0])
        if self._generation and np.isnan(rows[:, 3]).all():
            raise SettingsError("this strategy does not breed, so there is no genealogy to keep; GA() has one.")
        self._generations.append(rows)
        self._individuals += len(rows)
        self._generation += 1

    @property
    def table(self) -> str:
        """CSV with `COLUMNS`, a line for each individual; empty where there is no parent."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self._rows.tolist():
            individual, generation, score, *parents = row
            told = ("" if parent != parent else int(parent) for parent in parents)
            writer.writerow((int(individual), int(generation), repr(score), *told))
        return text.getvalue()

    @property
    def _rows(self) -> Array:
        return np.concatenate([np.empty((0, len(COLUMNS))), *self._generations])

    def state(self) -> dict[str, Any]:
        return {"rows": self._rows, "generation": self._generation}

    def restore(self, state: dict[str, Any]) -> None:
        self._generations, self._individuals = [state["rows"]], len(state["rows"])
        self._generation = int(state["generation"])
