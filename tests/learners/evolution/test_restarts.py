"""Restarts: when a search has ended, which search comes next, and which solution is returned."""

import numpy as np
import pytest
from climbing import START, generation, give, needed, sphere

from evorobo import BIPOP, CMAES, GA, IPOP, OnePlusOneCMAES, OpenAIES, Restarts, SettingsError, TerminationCriteria
from evorobo.learners.evolution.deap_bridge import Individual

# ---- when a search has ended


def watched(settings, scores, p=10, info=None):
    """After how many generations of eight members a search is over; None if it is not."""
    history = settings.start()
    for turn, score in enumerate(scores, 1):
        history.update(np.linspace(score - 1, score, 8), p, info(turn) if info else {})
        if history.terminated:
            return turn
    return None


def test_a_search_whose_best_scores_are_all_alike_is_over_after_its_patience():
    # 10 + 30 * 10 / 8 generations
    assert watched(TerminationCriteria(), [1.0] * 100) == 10 + 37
    assert watched(TerminationCriteria(), [1.0 + 1e-13 * (k % 2) for k in range(100)]) == 47
    assert watched(TerminationCriteria(), [1.0 + 1e-11 * (k % 2) for k in range(100)]) is None
    assert watched(TerminationCriteria(tolerance=1e-10), [1.0 + 1e-11 * (k % 2) for k in range(100)]) == 47


def test_a_search_that_gets_better_is_not_over():
    assert watched(TerminationCriteria(), np.arange(1000) * 1e-6) is None


def test_a_search_that_trembles_without_getting_better_is_over_after_the_window():
    tremble = np.random.default_rng(0).normal(size=2000)
    assert 120 + 37 <= watched(TerminationCriteria(), tremble) < 400
    assert 30 <= watched(TerminationCriteria(window=30), tremble) < 100
    assert watched(TerminationCriteria(), tremble + 0.05 * np.arange(2000)) is None


def test_too_small_a_step_or_too_narrow_a_valley_ends_a_search():
    better = np.arange(100.0)
    assert watched(TerminationCriteria(min_step_ratio=1e-3), better, info=lambda turn: {"step_size": 0.5**turn}) == 11
    assert watched(TerminationCriteria(), better, info=lambda turn: {"condition": 10.0**turn}) == 15


def test_a_monitor_continues_after_a_checkpoint():
    one, other = TerminationCriteria().start(), TerminationCriteria().start()
    for turn in range(40):
        one.update(np.full(8, 1.0), 10, {"step_size": 1.0 / (turn + 1)})
    other.restore(one.state())
    for _ in range(7):
        assert not one.terminated
        for history in (one, other):
            history.update(np.full(8, 1.0), 10, {"step_size": 0.01})
        assert one.terminated == other.terminated
    assert other.terminated


# ---- what the next search is

IMPATIENT = TerminationCriteria(window=3, tolerance=1e9)
"""Whatever happens, a search is over as soon as its patience is."""


def populations(settings, evaluations):
    """The sizes of the generations of each search, in their order, within so many evaluations."""
    rng = np.random.default_rng(0)
    running, searches = settings.start(START.copy(), rng), {}
    while evaluations > 0:
        number = running.info()["restarts"]
        size = len(generation(running, sphere, rng))
        searches.setdefault(number, []).append(size)
        evaluations -= size
    return list(searches.values())


def test_under_ipop_each_search_has_twice_the_population():
    searches = populations(Restarts(CMAES(population_size=6), termination=IMPATIENT), 6000)
    # later searches also score the previous solution and their own
    assert [sizes[-1] for sizes in searches][:4] == [6, 12 + 2, 24 + 2, 48 + 2]


def test_under_bipop_small_and_large_searches_use_about_equal_evaluations():
    searches = populations(Restarts(CMAES(population_size=6), BIPOP(), termination=IMPATIENT), 30_000)
    assert [sizes[-1] for sizes in searches][:2] == [6, 12 + 2]
    spent, top = {"large": 0, "small": 0}, 12
    for sizes in searches[2:-1]:
        large = sizes[-1] - 2 == 2 * top
        top = 2 * top if large else top
        spent["large" if large else "small"] += sum(sizes)
    assert top >= 48
    assert 0.2 < spent["small"] / spent["large"] < 2


def test_pairs_stay_pairs_at_every_restart():
    settings = Restarts(OpenAIES(population_size=6), BIPOP(), termination=IMPATIENT)
    assert all(size % 2 == 0 for sizes in populations(settings, 10_000) for size in sizes)


def test_searches_begin_in_different_places():
    rng = np.random.default_rng(0)
    running = Restarts(CMAES(), init_std=1.0, termination=IMPATIENT).start(START.copy(), rng)
    origins = {}
    while len(origins) < 5:
        generation(running, sphere, rng)
        state = running.state()
        origins[state["n_restarts"]] = state["origin"]
    np.testing.assert_array_equal(origins[0], START)
    steps = np.array([origins[k] - START for k in range(1, 5)])
    assert len({tuple(step) for step in steps}) == 4
    assert steps.std() == pytest.approx(1.0, rel=0.35)


def test_the_solution_is_the_better_of_the_previous_and_the_present_one():
    rng = np.random.default_rng(0)
    running = Restarts(CMAES(), termination=IMPATIENT).start(START.copy(), rng)
    while not running.info()["restarts"]:
        generation(running, sphere, rng)
    previous = running.solution
    population = running.generate(Individual)
    np.testing.assert_array_equal(population[-2], previous)
    np.testing.assert_array_equal(population[-1], running.state()["origin"])
    give(population, [0.0] * (len(population) - 2) + [1.0, 2.0])
    running.update(population)
    assert not np.array_equal(running.solution, previous)
    population = running.generate(Individual)
    give(population, [0.0] * (len(population) - 2) + [2.0, 1.0])
    running.update(population)
    np.testing.assert_array_equal(running.solution, previous)


def rastrigin(x):
    """Rastrigin's function, with many local optima (used by Auger & Hansen 2005)."""
    return -(10 * x.shape[-1] + (np.square(x) - 10 * np.cos(2 * np.pi * x)).sum(-1))


@pytest.mark.parametrize("scheme", [IPOP(), BIPOP()], ids=lambda scheme: scheme.name)
def test_restarts_find_the_best_of_many_optima_where_one_search_does_not(scheme):
    start = np.full(5, 3.2)
    assert needed(CMAES(sigma=2.0), rastrigin, 0, -1e-6, start, 20_000) == np.inf
    assert needed(Restarts(CMAES(sigma=2.0), scheme, init_std=2.0), rastrigin, 0, -1e-6, start, 60_000) < np.inf


def test_the_name_of_restarts_has_the_scheme_and_the_strategy():
    assert Restarts().name == "ipop-cma-es"
    assert Restarts(GA(), BIPOP()).name == "bipop-ga"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Restarts(CMAES(), "bipop"), r"scheme must be an object such as IPOP\(\), not 'bipop'"),
        (lambda: Restarts(OnePlusOneCMAES()), "OnePlusOneCMAES has no population to enlarge"),
        (lambda: Restarts(scheme=IPOP(0)), "factor must be a whole number of at least 1, not 0"),
        (lambda: TerminationCriteria(window=2), "window must be a whole number of at least 3 or None, not 2"),
        (lambda: TerminationCriteria(tolerance=-1), "tolerance must be a number of at least 0, not -1"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
