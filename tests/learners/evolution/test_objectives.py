"""NSGA-II: fronts by hand, DEAP's own example, and scores that are renewed."""

import random

import numpy as np
import pytest
from climbing import START
from deap import base, benchmarks, tools
from deap.benchmarks.tools import hypervolume

from evorobo import NSGA2, Restarts, SettingsError, SimulatedBinary
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals

GENES = 30
MEMBERS, GENERATIONS = 40, 80
"""DEAP's example has 100 and 250, where both reach 120.65; here both still improve, so that errors would show."""


def give(population, scores, measures):
    for individual, score, measured in zip(population, scores, np.atleast_2d(measures), strict=True):
        individual.fitness.values = (float(score),)
        individual.measures = np.atleast_1d(measured)


def turn(running, evaluate, rng):
    """Run a generation; a function maps its genomes to scores and measures."""
    with seeded_globals(rng):
        population = running.generate(Individual)
        give(population, *evaluate(np.array(population)))
        running.update(population)
    return np.array(population)


def zdt1(genes, limit=1.0):
    """Both objectives, to be minimized, of genes from -limit to limit."""
    return np.array([benchmarks.zdt1((row + limit) / (2 * limit)) for row in genes])


def dominates(one, other):
    return (one >= other).all() and (one > other).any()


def ours(seed, reevaluate=False):
    rng = np.random.default_rng(seed)
    settings = NSGA2(("second",), population_size=MEMBERS, limit=1.0, reevaluate=reevaluate)
    running = settings.start(rng.uniform(-1, 1, GENES), rng)
    generations = [turn(running, evaluate, rng) for _ in range(GENERATIONS)]
    front = running.collection
    return np.column_stack([-front.scores, front.measures]), generations[0]


def evaluate(genes):
    values = zdt1(genes)
    return -values[:, 0], values[:, 1:]


class Both(base.Fitness):
    weights = (-1.0, -1.0)


def deaps(seed, first):
    """Its examples/ga/nsga2.py, in a few lines, from a first generation on: the front after so many generations."""
    random.seed(seed)

    def scored(genes):
        one = Individual(np.array(genes))
        one.fitness = Both(benchmarks.zdt1(genes))
        return one

    bounds = {"low": 0.0, "up": 1.0, "eta": 20.0}
    members = tools.selNSGA2([scored((row + 1) / 2) for row in first], MEMBERS)
    for _ in range(GENERATIONS - 1):
        children = [list(parent) for parent in tools.selTournamentDCD(members, MEMBERS)]
        for one, other in zip(children[::2], children[1::2], strict=True):
            if random.random() <= 0.9:
                tools.cxSimulatedBinaryBounded(one, other, **bounds)
            tools.mutPolynomialBounded(one, indpb=1 / GENES, **bounds)
            tools.mutPolynomialBounded(other, indpb=1 / GENES, **bounds)
        members = tools.selNSGA2(members + [scored(child) for child in children], MEMBERS)
    return np.array([individual.fitness.values for individual in members])


def volume(front):
    """The hypervolume of `front (n, 2)`, to be minimized, below the reference point of DEAP's example."""
    inside = [Individual(np.zeros(1)) for _ in front]
    for one, values in zip(inside, front, strict=True):
        one.fitness = Both(tuple(values))
    return hypervolume(inside, [11.0, 11.0])


def test_the_hypervolume_on_zdt1_is_that_of_deaps_own_example():
    volumes, first = zip(*map(ours, range(4)), strict=True)
    volumes = [volume(front) for front in volumes]
    state = random.getstate()
    try:
        theirs = [volume(deaps(seed, rows)) for seed, rows in enumerate(first)]
    finally:
        random.setstate(state)
    initial = np.mean([volume(zdt1(rows)) for rows in first])
    # they differ by less than a tenth of their progress; the whole true front has 121 - 1/3
    assert np.mean(volumes) == pytest.approx(np.mean(theirs), abs=0.1 * (np.mean(theirs) - initial))
    assert min(*volumes, *theirs) > initial + 0.7 * (121 - 1 / 3 - initial)


def test_no_member_of_a_front_dominates_another():
    front = -ours(0)[0]
    assert len(front) > 10
    assert not any(dominates(one, other) for one in front for other in front)


def start(**settings):
    return NSGA2(("cost",), population_size=4, **settings).start(START.copy(), np.random.default_rng(0))


def test_of_a_crowded_front_the_ends_and_the_least_crowded_survive():
    """Scores 0, 1, 2, 3, 10 at costs 0, 1, 2, 3, 10 are all in one front: a higher score has a higher cost.

    Crowding distances: infinite at the ends, (2 + 2) / 10 for 1 and 2, (8 + 8) / 10 for 3.
    The fourth place goes to the first of the two that are equally crowded.
    """
    running = start(reevaluate=False)
    first = turn(running, lambda rows: ([0, 10, 3, 1], [[0], [10], [3], [1]]), np.random.default_rng(1))
    second = turn(running, lambda rows: ([2, -9, -9, -9], [[2], [20], [20], [20]]), np.random.default_rng(2))
    parents = {tuple(row) for row in running.state()["genes"]}
    candidates = [first[0], first[1], first[2], first[3], second[0]]
    assert parents <= {tuple(row) for row in candidates}
    assert {tuple(first[0]), tuple(first[1]), tuple(first[2])} < parents
    np.testing.assert_array_equal(running.solution, first[1])


def test_dominating_members_survive_however_crowded_they_are():
    running = start(reevaluate=False)
    turn(running, lambda rows: ([0, 1, 2, 3], [[0], [1], [2], [3]]), np.random.default_rng(1))
    second = turn(running, lambda rows: ([4, 5, 6, 7], [[-4], [-3], [-2], [-1]]), np.random.default_rng(2))
    np.testing.assert_array_equal(sorted(map(tuple, running.state()["genes"])), sorted(map(tuple, second)))
    assert running.info()["front"] == 4


def test_parents_are_scored_again_and_an_old_score_is_dropped():
    running = start(reevaluate=True)
    first = turn(running, lambda rows: ([9, 1, 1, 1], [[0], [0], [0], [0]]), np.random.default_rng(1))
    np.testing.assert_array_equal(running.solution, first[0])
    second = turn(running, lambda rows: (np.r_[2, 0, 0, 0, np.full(4, -5)], np.zeros((8, 1))), np.random.default_rng(2))
    assert {tuple(row) for row in second[4:]} == {tuple(row) for row in first}
    np.testing.assert_array_equal(running.solution, second[0])


def test_a_measure_to_maximize_is_better_the_higher_it_is():
    running = NSGA2((), ("distance",), population_size=4).start(START.copy(), np.random.default_rng(0))
    first = turn(running, lambda rows: ([1, 1, 1, 1], [[0], [3], [2], [1]]), np.random.default_rng(1))
    np.testing.assert_array_equal(running.collection.weights, first[[1]])
    np.testing.assert_array_equal(running.collection.measures, [[3.0]])


def test_the_hypervolume_in_the_log_agrees_with_a_value_by_hand():
    """Scores 1, 2 and 4 at costs 0.2, 0.5 and 0.9, down to score 0 and cost 1: rectangles of (1 - cost) by score.

    0.1 * 4 + (0.5 - 0.1) * 2 + (0.8 - 0.5) * 1 = 1.5; the fourth, of score 1 at cost 0.8, adds nothing.
    """
    running = start(min_score=0.0)
    turn(running, lambda rows: ([1, 2, 4, 1], [[0.2], [0.5], [0.9], [0.8]]), np.random.default_rng(1))
    assert running.info() == {"front": 3.0, "hypervolume": pytest.approx(1.5)}


def test_weights_stay_within_the_limit():
    running, rng = (
        NSGA2(limit=1.5, init_std=2.0).start(START.copy(), np.random.default_rng(0)),
        np.random.default_rng(1),
    )
    for _ in range(5):
        rows = turn(running, lambda rows: (rng.normal(size=len(rows)), rng.normal(size=(len(rows), 1))), rng)
        assert np.abs(rows).max() <= 1.5


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: NSGA2(population_size=30),
            "population_size must be a whole number of at least 4 that is a multiple of 4",
        ),
        (lambda: NSGA2(()), "needs a second objective; name a measure"),
        (lambda: SimulatedBinary(eta=0), "eta must be a number above 0, not 0"),
        (lambda: NSGA2(mutation=20.0), r"mutation must be an object such as Polynomial\(\), not 20.0"),
        (lambda: Restarts(NSGA2()), "nsga-ii does not climb the score alone"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
