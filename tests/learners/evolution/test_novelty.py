"""Novelty search: novelty by brute force, what enters the archive, and what the strategy gets to climb."""

from dataclasses import dataclass

import numpy as np
import pytest
from climbing import START, N

from evorobo import CMAES, GA, NSGA2, NoveltySearch, SettingsError
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.learners.evolution.strategies import novelty
from evorobo.learners.evolution.strategies.novelty import compute_novelty


def turn(running, scores, measures, seed=0):
    """A generation with these scores and measures; returns its members."""
    with seeded_globals(np.random.default_rng(seed)):
        population = running.generate(Individual)
    for individual, score, measured in zip(population, scores, measures, strict=True):
        individual.fitness.values, individual.measures = (float(score),), np.atleast_1d(measured).astype(float)
    running.update(population)
    return population


def start(settings, seed=0):
    return settings.start(START.copy(), np.random.default_rng(seed))


@dataclass(frozen=True)
class Recorder:
    """A strategy of five fixed members that records the fitness it receives."""

    fitness: list
    name: str = "recorder"

    def start(self, weights, rng):
        self.fitness.clear()
        return self

    solution = START

    def generate(self, ind_init):
        return [ind_init(START + number) for number in range(5)]

    def update(self, population):
        self.fitness.append([individual.fitness.values[0] for individual in population])

    def info(self):
        return {}


# ---- novelty


def test_novelty_is_the_mean_distance_to_the_nearest_others():
    """On a line, at 0, 1 and 5, with the archive at 2: the two nearest are 1 and 2, 0 and 2, and 2 and 1."""
    novelty = compute_novelty(np.array([[0.0], [1.0], [5.0]]), np.array([[2.0]]), 2)
    np.testing.assert_allclose(novelty, [(1 + 2) / 2, (1 + 1) / 2, (3 + 4) / 2])


@pytest.mark.parametrize("n_neighbors", [1, 4, 15, 100])
def test_novelty_agrees_with_brute_force(n_neighbors):
    rng = np.random.default_rng(n_neighbors)
    measures, archive = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
    expected = []
    for i, one in enumerate(measures):
        others = [other for j, other in enumerate(measures) if j != i] + list(archive)
        away = sorted(float(np.linalg.norm(one - other)) for other in others)
        expected.append(np.mean(away[:n_neighbors]))
    np.testing.assert_allclose(compute_novelty(measures, archive, n_neighbors), expected, rtol=1e-12)


def test_novelty_of_a_large_population_is_computed_in_parts(monkeypatch):
    rng = np.random.default_rng(3)
    measures, archive = rng.normal(size=(23, 2)), rng.normal(size=(9, 2))
    whole = compute_novelty(measures, archive, 5)
    monkeypatch.setattr(novelty, "MAX_DISTANCES", 5 * archive.size)
    np.testing.assert_array_equal(compute_novelty(measures, archive, 5), whole)


def test_equal_members_have_no_novelty_and_a_single_member_has_none():
    np.testing.assert_array_equal(compute_novelty(np.ones((3, 2)), np.empty((0, 2)), 2), 0)
    np.testing.assert_array_equal(compute_novelty(np.ones((1, 2)), np.empty((0, 2)), 2), 0)


# ---- the search


def test_the_strategy_climbs_novelty_and_does_not_see_the_score():
    recorder = Recorder([])
    running = start(NoveltySearch(("x",), recorder, n_neighbors=2, n_added=5))
    turn(running, [9, -9, 9, -9, 9, 0], [[0], [1], [2], [3], [10], [99]])
    np.testing.assert_allclose(recorder.fitness[0], [1.5, 1, 1, 1.5, 7.5])
    # all five are in the archive now: members with the same measures have distance 0 to it
    turn(running, [0, 0, 0, 0, 0, 0], [[0], [1], [2], [3], [4], [99]])
    np.testing.assert_allclose(recorder.fitness[1], [0.5, 0.5, 0.5, 0.5, 1.0])


def test_with_a_novelty_weight_it_climbs_a_mean_of_ranks():
    """Novelties 1.5, 1, 1, 1.5, 7.5 have ranks 2.5, .5, .5, 2.5, 4 of 4, scores 5, 4, 3, 2, 1 have 4, 3, 2, 1, 0."""
    recorder = Recorder([])
    running = start(NoveltySearch(("x",), recorder, n_neighbors=2, novelty_weight=0.75))
    turn(running, [5, 4, 3, 2, 1, 0], [[0], [1], [2], [3], [10], [99]])
    novelty_ranks, score_ranks = np.array([2.5, 0.5, 0.5, 2.5, 4]) / 4 - 0.5, np.array([4, 3, 2, 1, 0]) / 4 - 0.5
    np.testing.assert_allclose(recorder.fitness[0], 0.75 * novelty_ranks + 0.25 * score_ranks)


def test_the_population_keeps_its_scores_outside_the_strategy():
    running = start(NoveltySearch(("x",), GA(6)))
    population = turn(running, range(7), np.arange(7)[:, None])
    assert [individual.fitness.values[0] for individual in population] == list(range(7))


def test_random_members_enter_the_archive_up_to_its_size():
    settings = NoveltySearch(("x", "y"), Recorder([]), n_added=2, max_archive_size=5)
    running, sizes = start(settings), []
    for seed in range(4):
        measures = np.random.default_rng(seed).uniform(size=(6, 2))
        before = {tuple(row) for row in running.collection.measures}
        turn(running, np.arange(6), measures, seed)
        archive_now = running.collection
        assert {tuple(row) for row in archive_now.measures} <= before | {tuple(row) for row in measures[:5]}
        sizes.append(len(archive_now))
        assert running.info()["archive"] == len(archive_now)
    assert sizes == [2, 4, 5, 5]


def test_an_archive_has_the_genomes_and_scores_that_go_with_its_measures():
    running = start(NoveltySearch(("x",), Recorder([]), n_added=3))
    turn(running, [10, 11, 12, 13, 14, 15], np.arange(6)[:, None])
    archive_now = running.collection
    np.testing.assert_array_equal(archive_now.scores, 10 + archive_now.measures[:, 0])
    np.testing.assert_array_equal(archive_now.weights, START + archive_now.measures)


def test_the_solution_is_the_best_by_score_and_an_old_score_is_dropped():
    running = start(NoveltySearch(("x",), Recorder([])))
    first = turn(running, [0, 0, 7, 0, 0, 5], np.zeros((6, 1)))
    np.testing.assert_array_equal(running.solution, first[2])
    second = turn(running, [1, 2, 0, 3, 0, -4], np.zeros((6, 1)))
    np.testing.assert_array_equal(second[5], first[2])
    np.testing.assert_array_equal(running.solution, second[3])


@pytest.mark.parametrize("strategy", [GA(), CMAES(population_size=40)], ids=lambda strategy: strategy.name)
def test_novelty_search_spreads_where_the_score_has_a_single_peak(strategy):
    """The measures are two genes; the score is highest where both are 0."""
    spreads = []
    for share in (1.0, 0.0):
        rng = np.random.default_rng(0)
        running = NoveltySearch(("a", "b"), strategy, novelty_weight=share).start(START.copy(), rng)
        for _ in range(40):
            with seeded_globals(rng):
                population = running.generate(Individual)
            for individual in population:
                individual.measures = np.asarray(individual)[:2]
                individual.fitness.values = (-float(np.square(individual).sum()),)
            running.update(population)
        spreads.append(running.collection.measures[-30:].std())
    assert len(START) == N
    assert spreads[0] > 5 * spreads[1]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: NoveltySearch(()), "measures must be a tuple of at least 1 item, each a text"),
        (lambda: NoveltySearch(("x",), NSGA2()), "nsga-ii does not climb a score"),
        (lambda: NoveltySearch(("x",), n_neighbors=0), "n_neighbors must be a whole number of at least 1, not 0"),
        (lambda: NoveltySearch(("x",), novelty_weight=1.5), "novelty_weight must be a number from 0 to 1, not 1.5"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
