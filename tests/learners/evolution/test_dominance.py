"""Fronts and crowding distances: those of DEAP's comparison of all pairs, at any number of members."""

import time

import numpy as np
import pytest
from deap import base, tools

from evorobo.learners.evolution.strategies.dominance import crowding_distances, front_numbers


class Member:
    def __init__(self, values):
        self.fitness = type("Fitness", (base.Fitness,), {"weights": (1.0,) * len(values)})(values)


def deaps(objectives):
    """The number of the front of each row, and its crowding distance, by DEAP."""
    members = [Member(tuple(row)) for row in objectives.tolist()]
    position = {id(member): row for row, member in enumerate(members)}
    fronts, distances = np.empty(len(members), int), np.empty(len(members))
    for number, front in enumerate(tools.sortNondominated(members, len(members))):
        tools.emo.assignCrowdingDist(front)
        for member in front:
            fronts[position[id(member)]] = number
            distances[position[id(member)]] = member.fitness.crowding_dist
    return fronts, distances


def points(kind, n, k, rng):
    if kind == "random":
        return rng.normal(size=(n, k))
    if kind == "tied":
        return rng.integers(0, 5, (n, k)).astype(float)
    if kind == "duplicated":
        return rng.normal(size=(n, k))[rng.integers(0, max(1, n // 3), n)]
    if kind == "one front":
        return np.column_stack([np.arange(n), -np.arange(n), *[np.zeros(n)] * (k - 2)]).astype(float)[
            rng.permutation(n)
        ]
    if kind == "one point":
        return np.zeros((n, k))
    return np.repeat(rng.permutation(n)[:, None], k, axis=1).astype(float)  # a chain: a front for each


KINDS = ["random", "tied", "duplicated", "one front", "one point", "chain"]


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3, 17, 120])
def test_fronts_are_those_of_the_comparison_of_all_pairs(kind, n, k):
    for seed in range(3):
        objectives = points(kind, n, k, np.random.default_rng(seed))
        np.testing.assert_array_equal(front_numbers(objectives), deaps(objectives)[0])


@pytest.mark.parametrize("k", [2, 3])
def test_crowding_distances_are_those_of_deap_where_no_values_are_equal(k):
    for seed in range(5):
        objectives = np.random.default_rng(seed).normal(size=(60, k))
        fronts, distances = deaps(objectives)
        np.testing.assert_allclose(crowding_distances(objectives, fronts), distances, rtol=1e-12)


def test_crowding_distances_by_hand():
    """A front (0, 10), (2, 6), (3, 5), (10, 0), and one point behind it.

    (2, 6): (3 - 0) / 10 + (10 - 5) / 10, over two objectives. (3, 5): (10 - 2) / 10 + (6 - 0) / 10, over two.
    """
    objectives = np.array([[0, 10], [2, 6], [3, 5], [10, 0], [-1, -1]], float)
    fronts = front_numbers(objectives)
    np.testing.assert_array_equal(fronts, [0, 0, 0, 0, 1])
    np.testing.assert_allclose(crowding_distances(objectives, fronts), [np.inf, 0.4, 0.7, np.inf, np.inf])


def test_in_a_front_of_equal_points_the_first_and_the_last_are_its_ends():
    objectives = np.ones((4, 2))
    np.testing.assert_array_equal(crowding_distances(objectives, front_numbers(objectives)), [np.inf, 0, 0, np.inf])


def test_signed_zeros_and_infinities_are_ordered_like_other_numbers():
    objectives = np.array([[0.0, 1.0], [-0.0, 1.0], [-np.inf, 2.0], [-np.inf, 1.0]])
    np.testing.assert_array_equal(front_numbers(objectives), [0, 0, 0, 1])


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_thousand_members_are_sorted_in_less_than_a_second(kind):
    objectives = points(kind, 20_000, 2, np.random.default_rng(0))
    start = time.process_time()
    fronts = front_numbers(objectives)
    crowding_distances(objectives, fronts)
    assert time.process_time() - start < 1.0
