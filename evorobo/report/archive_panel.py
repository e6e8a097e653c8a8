"""One archive as a picture: a map of elites, a front, or a cloud of what was done."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from evorobo.learners.archive import Archive, places

SHADES = "YlOrBr"
"""Light to dark for low to high scores; lines in other colours can be seen on it."""


def draw_archive(axes: Axes, archive: Archive, norm: Normalize, colour: str) -> bool:
    """A map's cells over its first two measures, shaded by the score of their elites (of further measures the best).

    Other archives: members by their first two measures, shaded likewise; with one measure by that and by score, in
    `colour`. Returns whether scores are shades.
    """
    axes.set_xlabel(archive.names[0])
    if len(archive.names) == 1:
        order = np.argsort(archive.measures[:, 0])
        axes.plot(
            archive.measures[order, 0], archive.scores[order], color=colour, lw=0.8, marker="o", ms=3.5, mec="white",
            mew=0.4,
        )  # fmt: skip
        axes.set_ylabel("training score")
        return False
    axes.set_ylabel(archive.names[1])
    (left, right), (bottom, top) = archive.ranges[:2]
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.grid(visible=False)
    if archive.cells:
        axes.imshow(
            _shaded(archive), SHADES, norm, origin="lower", extent=(left, right, bottom, top), aspect="auto",
            interpolation="nearest",
        )  # fmt: skip
    else:
        x, y = archive.measures[:, :2].T
        order = np.argsort(archive.scores, kind="stable")
        axes.scatter(x[order], y[order], 6, archive.scores[order], cmap=SHADES, norm=norm, lw=0)
    return True


def _shaded(archive: Archive) -> np.ndarray:
    """The best score in each cell of the first two measures, as rows of a picture `(cells of y, cells of x)`."""
    shares = (archive.measures - archive.ranges[:, 0]) / np.ptp(archive.ranges, axis=1)
    column, row = places(shares, archive.cells)[:, :2].T
    picture = np.full(archive.cells[1::-1], -np.inf)
    np.maximum.at(picture, (row, column), archive.scores)
    return np.ma.masked_invalid(picture)
