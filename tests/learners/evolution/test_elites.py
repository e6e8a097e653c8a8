"""Maps of elites: the elite of a cell, coverage and QD-score, how children are made, and Mapped."""

import numpy as np
import pytest
from climbing import START, N, sphere

from evorobo import CMAES, GA, Grid, MAPElites, Mapped, NoveltySearch, SettingsError
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.learners.evolution.strategies.collection import Collection

PLANE = Grid(("a", "b"), (4, 5), min_score=-2.0)


def collection_of(scores, measures):
    """A collection in which each genome is its number."""
    weights = np.arange(len(scores), dtype=float)[:, None]
    return Collection(weights, np.array(scores, float), np.array(measures, float))


def turn(running, rng, evaluate=lambda rows: (sphere(rows), rows[:, 4:6])):
    with seeded_globals(rng):
        population = running.generate(Individual)
    for individual, score, measured in zip(population, *evaluate(np.array(population)), strict=True):
        individual.fitness.values, individual.measures = (float(score),), measured
    running.update(population)
    return np.array(population)


# ---- the grid


def test_a_cell_takes_the_higher_score_and_of_equal_ones_the_first():
    elites = PLANE.start(1)
    # cells are 0.25 by 0.2: the first three share one, the fourth has another
    elites.add(collection_of([1, 3, 3, -5], [[0.1, 0.1], [0.2, 0.1], [0.2, 0.15], [0.3, 0.1]]))
    np.testing.assert_array_equal(elites.elites.weights[:, 0], [1, 3])
    np.testing.assert_array_equal(elites.elites.measures, [[0.2, 0.1], [0.3, 0.1]])
    elites.add(collection_of([3, -4], [[0.0, 0.0], [0.4, 0.1]]))
    np.testing.assert_array_equal(elites.elites.weights[:, 0], [1, 1])
    np.testing.assert_array_equal(elites.elites.scores, [3, -4])


def test_what_lies_beyond_a_range_is_in_the_outermost_cell():
    elites = PLANE.start(1)
    measures = np.array([[-3.0, -0.1], [0.0, 0.0], [1.0, 1.0], [9.0, 1.5], [0.25, 0.2], [0.2499, 0.1999]])
    np.testing.assert_array_equal(elites.index_of(measures), [0, 0, 19, 19, 6, 0])


def test_coverage_and_qd_score_agree_with_values_by_hand():
    """Three of twenty cells; 1 - -2 and 0.5 - -2, and nothing for an elite below the lowest score."""
    elites = PLANE.start(1)
    assert elites.info() == {"coverage": 0.0, "qd_score": 0.0}
    elites.add(collection_of([1, 0.5, -7, 0], [[0.1, 0.1], [0.3, 0.1], [0.9, 0.9], [0.1, 0.1]]))
    assert elites.info() == {"coverage": 3 / 20, "qd_score": 3 + 2.5}


def test_neither_coverage_nor_qd_score_ever_falls():
    rng, elites, before = np.random.default_rng(0), PLANE.start(1), (0.0, 0.0)
    for _ in range(50):
        elites.add(collection_of(rng.normal(size=7), rng.uniform(size=(7, 2))))
        info = elites.info()
        assert info["coverage"] >= before[0]
        assert info["qd_score"] >= before[1]
        before = info["coverage"], info["qd_score"]


def test_a_grid_does_not_depend_on_how_a_population_is_divided():
    rng = np.random.default_rng(1)
    sample = collection_of(rng.normal(size=200), rng.uniform(-0.2, 1.2, (200, 2)))
    at_once, in_parts = PLANE.start(1), PLANE.start(1)
    at_once.add(sample)
    for part in np.array_split(np.arange(200), 13):
        in_parts.add(sample.take(part))
    for one, other in zip(vars(at_once.elites).values(), vars(in_parts.elites).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_grid_is_that_of_pyribs():
    ribs = pytest.importorskip("ribs.archives", reason="pyribs is not installed: pip install ribs")
    rng, elites = np.random.default_rng(2), PLANE.start(1)
    theirs = ribs.GridArchive(solution_dim=1, dims=(4, 5), ranges=[(0, 1), (0, 1)], qd_score_offset=-2.0)
    for _ in range(10):
        sample = collection_of(rng.uniform(-2, 3, 9), rng.uniform(size=(9, 2)))
        elites.add(sample)
        theirs.add(sample.weights, sample.scores, sample.measures)
    data = theirs.data()
    order = np.argsort(data["index"])
    np.testing.assert_array_equal(elites.cell_indices, data["index"][order])
    np.testing.assert_allclose(elites.elites.scores, data["objective"][order])
    np.testing.assert_allclose(elites.elites.measures, data["measures"][order])
    assert elites.info()["coverage"] == float(theirs.stats.coverage)
    assert elites.info()["qd_score"] == pytest.approx(float(theirs.stats.qd_score))


# ---- MAP-Elites


def test_a_child_lies_along_the_line_from_one_elite_to_another():
    settings, rng = MAPElites(PLANE, population_size=6, iso_sigma=1e-9, line_sigma=0.5), np.random.default_rng(0)
    running = settings.start(START.copy(), rng)
    first = turn(running, rng)
    np.testing.assert_array_equal(first[0], START)
    elites = running.collection.weights
    assert len(elites) > 2
    children = turn(running, rng)[:6]
    for child in children:
        near = []
        for x in elites:
            for y in elites:
                line = y - x
                share = (child - x) @ line / (line @ line) if line.any() else 0.0
                near.append(np.abs(child - x - share * line).max())
        assert min(near) < 1e-8


def test_children_have_the_spread_that_their_two_sizes_ask_for():
    """Two elites, far from each other along the first gene: iso in all directions, and along the line between them."""
    settings = MAPElites(Grid(("a",), (2,)), population_size=4000, iso_sigma=0.3, line_sigma=0.2)
    rng = np.random.default_rng(0)
    running = settings.start(np.zeros(N), rng)
    place = np.zeros((4001, N))
    place[0, 0] = 10.0
    running._archive.add(Collection(place[:2], np.zeros(2), np.array([[0.1], [0.9]])))
    children = turn(running, rng, lambda rows: (np.zeros(len(rows)), np.zeros((len(rows), 1))))[:-1]
    assert children[:, 1:].std() == pytest.approx(0.3, rel=0.03)
    # half of all children have two different parents, and their elites are at 0 and at 10
    away = np.minimum(np.abs(children[:, 0]), np.abs(children[:, 0] - 10))
    assert np.square(away).mean() == pytest.approx(0.3**2 + 0.5 * (0.2 * 10) ** 2, rel=0.1)


def test_the_solution_is_the_champion_and_its_old_score_is_dropped():
    running, rng = (
        MAPElites(PLANE, population_size=3).start(START.copy(), np.random.default_rng(0)),
        np.random.default_rng(1),
    )
    first = turn(running, rng, lambda rows: ([0, 5, 0, 1], np.full((4, 2), 0.5)))
    np.testing.assert_array_equal(running.solution, first[1])
    second = turn(running, rng, lambda rows: ([0, 1, 2, -1], np.full((4, 2), 0.5)))
    np.testing.assert_array_equal(second[3], first[1])
    np.testing.assert_array_equal(running.solution, second[2])
    np.testing.assert_array_equal(running.collection.weights, first[[1]])  # the map keeps its first score


def test_map_elites_fills_a_map_that_the_score_alone_does_not():
    """The score draws both genes that are measured to the same corner, where GA's members meet."""
    fine, coverage = Grid(("a", "b"), (20, 20)), {}
    for settings in (MAPElites(fine), Mapped(fine, GA())):
        rng = np.random.default_rng(0)
        running = settings.start(START.copy(), rng)
        for _ in range(50):
            turn(running, rng)
        coverage[settings.name] = running.info()["coverage"]
    assert coverage["map-elites"] > 0.95
    assert coverage["ga"] < 0.7


# ---- a map beside a strategy


@pytest.mark.parametrize("strategy", [CMAES(), GA(), NoveltySearch(("c",))], ids=lambda strategy: strategy.name)
def test_a_map_beside_a_strategy_changes_nothing_of_its_search(strategy):
    """Measures are the genes a, b and c; those of the strategy come first."""
    seen = []
    for settings in (strategy, Mapped(PLANE, strategy)):
        rng = np.random.default_rng(3)
        running = settings.start(START.copy(), rng)
        columns = ["abc".index(name) for name in getattr(settings, "measures", ())]
        generations = [turn(running, rng, lambda rows, k=columns: (sphere(rows), rows[:, k])) for _ in range(5)]
        seen.append((np.concatenate(generations), running.solution))
    np.testing.assert_array_equal(seen[0][0], seen[1][0])
    np.testing.assert_array_equal(seen[0][1], seen[1][1])
    members = seen[1][0]
    best = PLANE.start(N)
    best.add(Collection(members, sphere(members), members[:, :2]))
    np.testing.assert_array_equal(running.collection.weights, best.elites.weights)
    assert running.info()["coverage"] == best.info()["coverage"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Grid(()), "measures must be a tuple of at least 1 item"),
        (lambda: Grid(("x", "y"), (20,)), r"cells must be 2 numbers, one for each measure, not \(20,\)"),
        (lambda: Grid(("x",), (0,)), r"cells\[0\] must be a whole number of at least 1, not 0"),
        (lambda: MAPElites(PLANE, iso_sigma=0.0), "iso_sigma must be a number above 0, not 0.0"),
        (lambda: MAPElites(PLANE, line_sigma=-1.0), "line_sigma must be a number of at least 0, not -1.0"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
