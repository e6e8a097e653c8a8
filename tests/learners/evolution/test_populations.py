"""Strategies that keep a population: differential evolution, particle swarm, deep GA, steady state, random search."""

import numpy as np
import pytest
from climbing import START, N, climbed, give, sphere

from evorobo import (
    GA,
    Blend,
    DeepGA,
    DifferentialEvolution,
    Gaussian,
    Generational,
    ParticleSwarm,
    Polynomial,
    RandomSearch,
    SettingsError,
    SteadyState,
    Uniform,
)
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals


def start(strategy, seed=0):
    return strategy.start(START.copy(), np.random.default_rng(seed))


def turn(running, values=None, seed=0):
    """A generation with these scores, or scores drawn at random; returns its genomes and its scores."""
    with seeded_globals(np.random.default_rng(seed)):
        population = running.generate(Individual)
    values = np.random.default_rng(100 + seed).normal(size=len(population)) if values is None else values
    give(population, values)
    running.update(population)
    return np.array(population), values


# ---- differential evolution


@pytest.mark.parametrize("reevaluate", [True, False])
def test_differential_evolution_follows_its_scheme(reevaluate):
    """Every trial vector is x_a + F (x_b - x_c) with three members other than x_i, and it wins or is gone."""
    running = start(DifferentialEvolution(6, differential_weight=0.5, crossover_prob=1.0, reevaluate=reevaluate))
    members, scores = turn(running)
    np.testing.assert_array_equal(members[0], START)
    for seed in range(1, 6):
        rows, values = turn(running, seed=seed)
        trials = rows[:6]
        assert len(rows) == (12 if reevaluate else 6)
        for i, trial in enumerate(trials):
            others = [k for k in range(6) if k != i]
            made = [
                members[a] + 0.5 * (members[b] - members[c])
                for a in others
                for b in others
                for c in others
                if len({a, b, c}) == 3
            ]
            assert min(np.abs(np.array(made) - trial).max(1)) < 1e-12
        if reevaluate:
            np.testing.assert_array_equal(rows[6:], members)
            scores = values[6:]
        won = values[:6] >= scores
        members, scores = np.where(won[:, None], trials, members), np.where(won, values[:6], scores)
        np.testing.assert_array_equal(running.solution, members[scores.argmax()])


def test_without_crossover_exactly_one_gene_of_each_member_is_new():
    running = start(DifferentialEvolution(10, crossover_prob=0.0))
    members, _ = turn(running)
    trials = turn(running, seed=1)[0][:10]
    np.testing.assert_array_equal((trials != members).sum(1), 1)


# ---- particle swarm


def test_particles_fly_by_the_equation_of_the_standard():
    settings = ParticleSwarm(5, reevaluate=False)
    running, rng = start(settings, 3), np.random.default_rng(3)
    x = np.concatenate([START[None], START + rng.normal(0, 0.5, (4, N))])
    v = (np.concatenate([START[None], START + rng.normal(0, 0.5, (4, N))]) - x) / 2
    rows, values = turn(running)
    np.testing.assert_array_equal(rows, x)
    best, score = x.copy(), np.array(values)
    for seed in range(1, 6):
        r1, r2 = rng.random((2, 5, N))
        for i in range(5):
            lead = max((i - 1, i, (i + 1) % 5), key=lambda k: score[k])
            v[i] = 0.72984 * (v[i] + 2.05 * r1[i] * (best[i] - x[i]) + 2.05 * r2[i] * (best[lead] - x[i]))
        x = x + v
        rows, values = turn(running, seed=seed)
        np.testing.assert_allclose(rows, x, rtol=1e-4)  # the standard's constants have five digits
        for i in range(5):
            if values[i] > score[i]:
                best[i], score[i] = x[i], values[i]
        np.testing.assert_allclose(running.solution, best[score.argmax()], rtol=1e-4)


@pytest.mark.parametrize("strategy", [DifferentialEvolution(6), ParticleSwarm(6)], ids=lambda strategy: strategy.name)
def test_an_old_score_is_dropped_when_its_member_is_scored_again(strategy):
    running = start(strategy)
    first, _ = turn(running, [9.0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(running.solution, first[0])
    rows, _ = turn(running, [-5.0, 1, 1, 1, 1, 1, -9, 2, 0, 0, 0, 0])
    np.testing.assert_array_equal(rows[6], first[0])
    np.testing.assert_array_equal(running.solution, first[1])


# ---- the deep GA


def test_the_elite_of_the_deep_ga_is_the_candidate_with_the_best_two_scores():
    running = start(DeepGA(population_size=6, truncation_size=2, n_candidates=2, sigma=1e-3))
    first, _ = turn(running, [0.0, 5, 4, 1, 2, 3])
    np.testing.assert_array_equal(running.solution, first[1])
    second, _ = turn(running, [1.0, 3, 0, 0, 9, 0])
    np.testing.assert_array_equal(second[:2], first[[1, 2]])
    np.testing.assert_array_equal(running.solution, first[2])  # 4 + 3 beats 5 + 1, and 9 is a first score
    for child in second[2:]:
        assert min(np.abs(child - parent).max() for parent in first[[1, 2]]) < 0.01
    third, _ = turn(running)
    np.testing.assert_array_equal(third[:2], second[[4, 1]])
    parents = [first[2], second[4], second[1]]
    assert all(min(np.abs(child - parent).max() for parent in parents) < 0.01 for child in third[2:])


def test_the_step_size_of_the_deep_ga_decays_to_its_floor():
    running = start(DeepGA(10, 2, 2, sigma=0.4, sigma_decay=0.5, sigma_floor=0.15))
    step_sizes = [(turn(running), running.info()["step_size"])[1] for _ in range(4)]
    assert step_sizes == [0.4, 0.2, 0.15, 0.15]


# ---- the genetic algorithm's other sides


def test_in_a_steady_state_children_take_the_places_of_the_worst():
    running = start(GA(population_size=6, replacement=SteadyState(2, n_elites=1)))
    first, _ = turn(running, [0.0, 5, 4, 1, 2, 3])
    second, _ = turn(running, [4.5, 9, -1], seed=1)
    np.testing.assert_array_equal(second[0], first[1])
    np.testing.assert_array_equal(running.solution, second[1])
    members = {tuple(row) for row in running.state()["genes"]}
    assert members == {tuple(row) for row in (second[1], first[1], first[2], first[5], first[4], first[3])}
    assert sorted(running.state()["scores"]) == [1, 2, 3, 4, 4.5, 9]


def test_uniform_crossover_exchanges_genes():
    running = start(GA(20, Uniform(0.5, prob=1), Gaussian(prob=0), replacement=Generational(0)))
    first, _ = turn(running)
    second, _ = turn(running, seed=1)
    for gene in range(N):
        assert set(second[:, gene]) <= set(first[:, gene])
    assert not {tuple(row) for row in second} <= {tuple(row) for row in first}


def test_polynomial_mutation_is_finer_the_higher_its_index_and_keeps_its_bounds():
    spreads = []
    for index in (1.0, 100.0):
        settings = GA(200, Blend(prob=0), Polynomial(index, gene_prob=1), replacement=Generational(0), limit=2.5)
        running = start(settings)
        first, _ = turn(running)
        second, _ = turn(running, seed=1)
        assert np.abs(second).max() <= 2.5
        nearest = np.abs(second[:, None] - first).max(2).argmin(1)
        spreads.append((second - first[nearest]).std())
    assert spreads[1] < 0.1 * spreads[0]


def test_weights_stay_within_the_limit_of_a_ga():
    running = start(GA(mutation=Gaussian(5.0), limit=1.5))
    for seed in range(5):
        assert np.abs(turn(running, seed=seed)[0]).max() <= 1.5


# ---- random search


def test_random_search_draws_from_where_it_began_and_keeps_its_champion():
    running = start(RandomSearch(population_size=200, init_std=0.3))
    champion = START
    for seed in range(4):
        rows, values = turn(running, seed=seed)
        np.testing.assert_array_equal(rows[0], champion)
        assert (rows[1:] - START).std() == pytest.approx(0.3, rel=0.1)
        champion = rows[np.argmax(values)]
        np.testing.assert_array_equal(running.solution, champion)


# ---- targets


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("strategy", "target"),
    [
        (DifferentialEvolution(reevaluate=False), -1e-3),
        (ParticleSwarm(reevaluate=False), -1e-6),
        (DeepGA(sigma_decay=0.98), -1e-1),
        (GA(mutation=Gaussian(0.1), replacement=SteadyState(4)), -1e-2),
        (GA(crossover=Uniform(0.5), mutation=Polynomial(20, prob=0.8, gene_prob=0.2), limit=3.0), -1e-1),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_sphere_is_climbed(strategy, target, seed):
    assert climbed(strategy, sphere, 10_000, seed) > target


def test_every_strategy_beats_random_search():
    blind = climbed(RandomSearch(), sphere, 2000, 0)
    assert sphere(START) < blind
    for strategy in (DifferentialEvolution(20), ParticleSwarm(), DeepGA(), GA(replacement=SteadyState(4))):
        assert climbed(strategy, sphere, 2000, 0) > blind / 2


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: DifferentialEvolution(3), "population_size must be a whole number of at least 4, not 3"),
        (lambda: DifferentialEvolution(crossover_prob=2), "crossover_prob must be a number from 0 to 1, not 2"),
        (lambda: ParticleSwarm(inertia=1.1), "inertia must be a number from 0 to 1, not 1.1"),
        (
            lambda: DeepGA(population_size=10, truncation_size=10),
            "truncation_size must be less than population_size, 10, not 10",
        ),
        (lambda: RandomSearch(1), "population_size must be a whole number of at least 2, not 1"),
        (lambda: GA(mutation=Polynomial()), "polynomial mutation needs a limit"),
        (lambda: SteadyState(0), "n_children must be a whole number of at least 1, not 0"),
        (lambda: Uniform(2.0), "gene_prob must be a number from 0 to 1, not 2.0"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
