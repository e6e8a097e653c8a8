"""Bounds around any strategy: genomes are folded at the limits, inside of them nothing changes."""

import numpy as np
import pytest
from climbing import START, climbed, generation, give, sphere

from evorobo import (
    CMAES,
    Bounded,
    DifferentialEvolution,
    Grid,
    MAPElites,
    OpenAIES,
    Restarts,
    SelfAdaptiveES,
    SettingsError,
)
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.wrappers.bounded import reflect

every_inner = pytest.mark.parametrize(
    "strategy",
    [CMAES(), OpenAIES(sigma=0.5), SelfAdaptiveES(plus=True), DifferentialEvolution(), Restarts(CMAES())],
    ids=lambda strategy: strategy.name,
)


def test_a_weight_beyond_the_limit_is_reflected_by_the_same_distance():
    reflected = reflect(np.array([0.0, 1.9, 2.0, 2.5, -2.5, 6.0, 7.0, -9.0]), 2.0)
    #        reflected at 2 after .5, at -2 after .5, at 2 and -2, at 2 and -2 and on, at -2 and 2 and on
    np.testing.assert_allclose(reflected, [0.0, 1.9, 2.0, 1.5, -1.5, -2.0, -1.0, -1.0])


def test_within_the_limits_not_a_bit_is_changed():
    inside = np.random.default_rng(0).uniform(-0.3, 0.3, 1000)
    np.testing.assert_array_equal(reflect(inside, 0.3), inside)


def test_folding_is_continuous():
    line = np.linspace(-20, 20, 100_001)
    assert np.abs(np.diff(reflect(line, 1.7))).max() < 1.01 * (line[1] - line[0])
    assert np.abs(reflect(line, 1.7)).max() <= 1.7


@every_inner
def test_bounds_that_are_never_reached_change_nothing(strategy):
    runs = []
    for settings in (strategy, Bounded(strategy, 1e6)):
        rng = np.random.default_rng(0)
        running = settings.start(START.copy(), rng)
        runs.append([np.array(generation(running, sphere, rng)) for _ in range(20)])
    for free, bounded in zip(*runs, strict=True):
        np.testing.assert_array_equal(bounded, free)


@every_inner
def test_no_weight_is_ever_scored_or_answered_beyond_its_limit(strategy):
    rng = np.random.default_rng(0)
    running = Bounded(strategy, 0.5).start(START.copy(), rng)
    for _ in range(40):
        assert np.abs(generation(running, lambda x: x.sum(1), rng)).max() <= 0.5
        assert np.abs(running.solution).max() <= 0.5


@pytest.mark.parametrize("seed", range(3))
def test_the_best_corner_is_reached_if_the_maximum_lies_beyond_it(seed):
    score = lambda x: -np.square(x - 5).sum(-1)  # noqa: E731
    assert climbed(Bounded(CMAES(), 2.0), score, 4000, seed) == pytest.approx(-10 * 9, abs=1e-3)


def test_the_strategy_learns_from_what_it_proposed_and_not_from_where_that_was_folded_to():
    settings, one, other = CMAES(sigma=5.0), np.random.default_rng(0), np.random.default_rng(0)
    free, bounded = settings.start(START.copy(), one), Bounded(settings, 0.1).start(START.copy(), other)
    for _ in range(5):
        for running in (free, bounded):
            population = running.generate(Individual)
            give(population, np.arange(len(population)))
            running.update(population)
    np.testing.assert_array_equal(bounded.solution, reflect(free.solution, 0.1))


def test_what_cannot_be_bounded_is_refused():
    with pytest.raises(SettingsError, match="limit must be a number above 0, not 0"):
        Bounded(CMAES(), 0)
    with pytest.raises(SettingsError, match="MAPElites uses measures, which Bounded does not pass on"):
        Bounded(MAPElites(Grid(("size",))))
