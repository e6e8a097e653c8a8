"""A grid over measures of behavior, with the best genome found in each cell (Mouret & Clune 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.fields import Limits, PositiveInt
from evorobo.learners.archive import cell_indices
from evorobo.learners.evolution.strategies.collection import Collection
from evorobo.registry import register_component


@register_component("settings", "Grid")
@dataclass(frozen=True)
class Grid:
    """Grid over the ranges of measures, the map of `MAPElites` and `Mapped`.

    A value outside the range of its measure belongs to the outermost cell.

    Parameters
    ----------
    measures : tuple of str
        Names of the measures, one for each dimension of the grid.
    cells : tuple of int or None, default None
        Number of cells along each measure, at least 1; None is 20 each.
    min_score : float, default 0.0
        The score from which the QD-score counts: it is the sum of all elites' scores above this one.

    References
    ----------
    Mouret, J.-B. and Clune, J. (2015). Illuminating search spaces by mapping elites. arXiv 1504.04909.
    Pugh, J. K., Soros, L. B. and Stanley, K. O. (2016). Quality diversity: a new frontier for evolutionary computation.
    Frontiers in Robotics and AI 3 (QD-score).

    Examples
    --------
    >>> from evorobo import Grid
    >>> Grid(("x", "y"), (20, 10)).shape
    (20, 10)
    """

    measures: Annotated[tuple[str, ...], Limits(min_length=1)]
    cells: tuple[PositiveInt, ...] | None = None
    min_score: float = 0.0

    def __post_init__(self) -> None:
        if len(self.shape) != len(self.measures):
            raise SettingsError(f"cells must be {len(self.measures)} numbers, one for each measure, not {self.cells}.")

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of cells along each measure."""
        return (20,) * len(self.measures) if self.cells is None else self.cells

    def start(self, p: int) -> GridArchive:
        """Start an empty grid.

        Parameters
        ----------
        p : int
            Number of weights of a genome.

        Returns
        -------
        GridArchive
            The grid with its elites.
        """
        return GridArchive(self, p)


class GridArchive:
    """The elites of all cells that have one, in the order of their `cell_indices (n,)`."""

    def __init__(self, grid: Grid, p: int) -> None:
        self._grid, self._shape = grid, grid.shape
        self.cell_indices = np.empty(0, int)
        self.elites = Collection.empty(p, len(self._shape))

    def add(self, members: Collection) -> None:
        """Replace the elites that score lower than a member in their cell; of equal ones the earlier stays."""
        cells = np.r_[self.cell_indices, self.index_of(members.measures)]
        candidates = self.elites + members
        order = np.lexsort((np.arange(len(cells)), -candidates.scores, cells))
        self.cell_indices, first = np.unique(cells[order], return_index=True)
        self.elites = candidates.take(order[first])

    def index_of(self, measures: Array) -> np.ndarray:
        """Return the index `(n,)` of the cell of `measures (n, k)`; the last measure varies fastest."""
        return np.ravel_multi_index(tuple(cell_indices(measures, self._shape).T), self._shape)

    def info(self) -> dict[str, float]:
        """Return `coverage`, the share of cells with an elite, and `qd_score` (Pugh, Soros & Stanley 2016)."""
        above = np.maximum(self.elites.scores - self._grid.min_score, 0.0)
        return {"coverage": len(self.cell_indices) / int(np.prod(self._shape)), "qd_score": float(above.sum())}

    def state(self) -> dict[str, Any]:
        return self.elites.state()

    def restore(self, state: dict[str, Any]) -> None:
        self.elites = Collection(**state)
        self.cell_indices = self.index_of(self.elites.measures)
