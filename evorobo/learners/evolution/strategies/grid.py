"""A grid over what members do, with the best that was ever met in each of its cells (Mouret & Clune 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least
from evorobo.errors import SettingsError
from evorobo.learners.archive import cell_indices
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.registry import register_component


@register_component("settings", "Grid")
@dataclass(frozen=True)
class Grid:
    """`Grid(("x", "y"), (20, 20))` divides the ranges of these `measures` into so many `cells`, 20 each if None.

    What lies beyond a range counts for the outermost cell. `min_score` is the score from which the QD-score counts.

    It is a grid of our own and not one of pyribs, as all that is wanted of it is an index and a maximum, state that is
    plain arrays, and no draw from a generator other than ours; where pyribs is installed the tests compare the two.
    """

    measures: tuple[str, ...]
    cells: tuple[int, ...] | None = None
    min_score: float = 0.0

    def __post_init__(self) -> None:
        if not self.measures:
            raise SettingsError('a grid over what? Name measures, for example ("x", "y").')
        if len(self.shape) != len(self.measures):
            raise SettingsError(f"{len(self.measures)} measures need as many numbers of cells, not {self.cells}.")
        for number in self.shape:
            check_at_least(1, cells=number)

    @property
    def shape(self) -> tuple[int, ...]:
        """The cells along each measure."""
        return (20,) * len(self.measures) if self.cells is None else self.cells

    def start(self, p: int) -> GridArchive:
        """An empty grid for genomes of `p` weights."""
        return GridArchive(self, p)


class GridArchive:
    """The elites of the cells that are not empty, by cell: `cells (n,)` in rising order, and what is kept of each."""

    def __init__(self, grid: Grid, p: int) -> None:
        self._grid, self._shape = grid, grid.shape
        self.cell_indices = np.empty(0, int)
        self.elites = Collection.empty(p, len(self._shape))

    def add(self, told: Collection) -> None:
        """Take in whoever scores higher than the elite of its cell; of equals the earlier stays."""
        cells = np.r_[self.cell_indices, self.index_of(told.measures)]
        everybody = self.elites + told
        order = np.lexsort((np.arange(len(cells)), -everybody.scores, cells))
        self.cell_indices, first = np.unique(cells[order], return_index=True)
        self.elites = everybody.take(order[first])

    def index_of(self, measures: Array) -> np.ndarray:
        """The number of the cell `(n,)` in which `measures (n, k)` lie, the last measure running fastest."""
        return np.ravel_multi_index(tuple(cell_indices(measures, self._shape).T), self._shape)

    def info(self) -> dict[str, float]:
        """`coverage`, the share of cells that have an elite, and `qd_score`, by how much all elites together exceed the
        lowest score, where they do (Pugh, Soros & Stanley 2016)."""
        above = np.maximum(self.elites.scores - self._grid.min_score, 0.0)
        return {"coverage": len(self.cell_indices) / int(np.prod(self._shape)), "qd_score": float(above.sum())}

    def state(self) -> dict[str, Any]:
        return self.elites.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.elites = Collection(**state)
        self.cell_indices = self.index_of(self.elites.measures)
