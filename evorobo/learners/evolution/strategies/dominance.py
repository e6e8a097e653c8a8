"""Non-dominated fronts and crowding distances, in n log n steps for two objectives (Deb et al. 2002)."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from evorobo.arrays import Array


def front_numbers(objectives: Array) -> np.ndarray:
    """The number of the front `(n,)` of each row of `objectives (n, k)`, all to be maximized; 0 is the best front.

    A row dominates another that is nowhere better and somewhere worse. The number of a row's front is the length of the
    longest chain of rows that dominate one another and it. Equal rows are in one front.
    """
    ascending, which = np.unique(objectives, axis=0, return_inverse=True)
    descending = ascending[::-1]  # no row is dominated by a later one
    numbers = _two_objectives(descending) if objectives.shape[1] == 2 else _several_objectives(descending)
    return numbers[::-1][which.reshape(-1)]


def _two_objectives(rows: Array) -> np.ndarray:
    """The front of a row is the first whose best second objective so far is lower: one binary search for each row."""
    numbers = np.empty(len(rows), int)
    negated_best: list[float] = []  # minus the best second objective of each front, in ascending order
    for row, value in enumerate(rows[:, 1].tolist()):
        front = bisect_right(negated_best, -value)
        negated_best[front : front + 1] = [-value]
        numbers[row] = front
    return numbers


def _several_objectives(rows: Array) -> np.ndarray:
    """The front of a row comes after the last front of all earlier rows that dominate it: n squared comparisons."""
    numbers = np.zeros(len(rows), int)
    for row in range(1, len(rows)):
        dominating = (rows[:row] >= rows[row]).all(1)
        numbers[row] = np.max(numbers[:row], where=dominating, initial=-1) + 1
    return numbers


def crowding_distances(objectives: Array, fronts: np.ndarray) -> Array:
    """The crowding distance `(n,)` of each row of `objectives (n, k)` within its front.

    It is the mean gap between the two neighbors along each objective, in units of the range of the front; infinite at
    both ends. Of equal values the earlier row comes first.
    """
    n, k = objectives.shape
    distances = np.zeros(n)
    for values in objectives.T:
        order = np.lexsort((values, fronts))
        ordered, numbers = values[order], fronts[order]
        first = np.r_[True, numbers[1:] != numbers[:-1]]
        last = np.r_[first[1:], True]
        ranges = (ordered[last] - ordered[first])[np.cumsum(first) - 1]
        gaps = np.zeros(n)
        inside = ~(first | last) & (ranges > 0)
        neighbors = np.flatnonzero(inside)
        gaps[inside] = (ordered[neighbors + 1] - ordered[neighbors - 1]) / (k * ranges[inside])
        gaps[first | last] = np.inf
        distances[order] += gaps
    return distances
