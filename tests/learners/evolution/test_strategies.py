"""Each strategy by itself: against the equations of its paper, against DEAP, and down to a target."""

import numpy as np
import pytest
from climbing import START, N, climbed, ellipsoid, give, needed, sphere
from scipy.stats import rankdata, special_ortho_group

from evorobo import (
    CMAES,
    GA,
    SGD,
    Adam,
    Blend,
    Gaussian,
    Generational,
    OpenAIES,
    SelfAdaptiveES,
    SettingsError,
    Tournament,
)
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.learners.evolution.strategies.base import default_population_size
from evorobo.learners.evolution.strategies.openai_es import centered_ranks

# ---- targets; the worst of the seeds 0 to 9 is at least ten times closer than required


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("strategy", "evaluations", "target"),
    [
        (CMAES(), 2000, -1e-9),
        (OpenAIES(sigma=0.1, optimizer=Adam(0.03), weight_decay=0), 8000, -1e-2),
        (SelfAdaptiveES(population_size=40, n_parents=10), 8000, -1e-6),
        (SelfAdaptiveES(population_size=40, n_parents=10, plus=True), 8000, -1e-6),
        (GA(mutation=Gaussian(0.1)), 8000, -1e-2),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_sphere_is_climbed(strategy, evaluations, target, seed):
    assert sphere(START) < -11
    assert climbed(strategy, sphere, evaluations, seed) > target


@pytest.mark.parametrize("seed", range(3))
def test_cma_es_climbs_a_ridge_a_thousand_times_longer_than_wide(seed):
    assert climbed(CMAES(), ellipsoid, 10_000, seed) > -1e-6


def test_rotation_does_not_make_cma_es_slower():
    turn = special_ortho_group.rvs(N, random_state=3)
    straight = [needed(CMAES(), ellipsoid, seed, -1e-6) for seed in range(4)]
    turned = [needed(CMAES(), lambda x: ellipsoid(x @ turn.T), seed, -1e-6, turn.T @ START) for seed in range(4)]
    assert np.mean(turned) == pytest.approx(np.mean(straight), rel=0.25)


# ---- CMA-ES


def test_cma_es_leaves_the_population_in_its_order():
    running = CMAES().start(START.copy(), np.random.default_rng(0))
    population = running.generate(Individual)
    give(population, range(len(population)))
    before = list(population)
    running.update(population)
    assert all(one is other for one, other in zip(population, before, strict=True))


def test_the_default_population_size_is_four_plus_three_times_the_logarithm():
    assert [default_population_size(p) for p in (1, 10, 100, 1000)] == [4, 10, 17, 24]
    running = CMAES().start(np.zeros(100), np.random.default_rng(0))
    assert len(running.generate(Individual)) == 17


# ---- OpenAI-ES


def test_centered_ranks_agree_with_values_by_hand():
    # ranks 1, 3, 0, 2 of four: thirds, less a half
    np.testing.assert_allclose(centered_ranks(np.array([5.0, 9, -2, 7])), [-1 / 6, 1 / 2, -1 / 2, 1 / 6])
    # the two 5 share the ranks 1 and 2
    np.testing.assert_allclose(centered_ranks(np.array([5.0, 9, 5, -2])), [0, 1 / 2, 0, -1 / 2], atol=1e-15)
    np.testing.assert_allclose(centered_ranks(np.full(4, 3.0)), np.zeros(4), atol=1e-15)


def test_centered_ranks_depend_on_the_order_of_scores_only():
    scores = np.array([1.0, 2, 3, 4])
    np.testing.assert_array_equal(centered_ranks(scores), centered_ranks(np.exp(10 * scores)))


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", [SGD(0.3), Adam(0.3)], ids=["SGD", "Adam"])
def test_openai_es_makes_the_step_of_its_paper(optimizer, decay):
    n, sigma = 8, 0.2
    running = OpenAIES(n, sigma, optimizer, decay).start(START.copy(), np.random.default_rng(3))
    population = running.generate(Individual)

    half = np.random.default_rng(3).standard_normal((n // 2, N))
    noise = np.concatenate([half, -half])
    np.testing.assert_allclose(population, START + sigma * noise, rtol=1e-14)

    scores = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    give(population, scores)
    running.update(population)
    shaped = (rankdata(scores) - 1) / (n - 1) - 0.5
    gradient = sum(rank * row for rank, row in zip(shaped, noise, strict=True)) / (n * sigma) - decay * START
    # Adam's first step is the rate times g / (|g| + epsilon)
    step = 0.3 * (gradient if isinstance(optimizer, SGD) else gradient / (np.abs(gradient) + 1e-8))
    np.testing.assert_allclose(running.solution, START + step, rtol=1e-10)


# ---- self-adaptive evolution strategies


@pytest.mark.parametrize("per_gene", [False, True])
@pytest.mark.parametrize("plus", [False, True])
def test_a_self_adaptive_generation_follows_its_equations(plus, per_gene):
    n, children, parents = N, 6, 2
    settings = SelfAdaptiveES(0.5, children, parents, plus, per_gene)
    running, rng = settings.start(START.copy(), np.random.default_rng(3)), np.random.default_rng(3)
    genes, sigmas = START[None], np.full((1, n if per_gene else 1), 0.5)
    for turn in range(3):
        tau = rng.standard_normal((children, 1)) / np.sqrt(2 * n)
        if per_gene:
            tau = tau + rng.standard_normal((children, n)) / np.sqrt(2 * np.sqrt(n))
        new_sigmas = np.mean(sigmas, 0) * np.exp(tau)
        new_genes = np.mean(genes, 0) + new_sigmas * rng.standard_normal((children, n))
        if plus:
            new_genes, new_sigmas = np.vstack([new_genes, genes]), np.vstack([new_sigmas, sigmas])
        scores = np.random.default_rng(turn).normal(size=len(new_genes))
        chosen = np.argsort(scores)[::-1][:parents]
        genes, sigmas = new_genes[chosen], new_sigmas[chosen]

        population = running.generate(Individual)
        np.testing.assert_allclose(population, new_genes, rtol=1e-13)
        give(population, scores)
        running.update(population)
        np.testing.assert_allclose(running.solution, genes.mean(0), rtol=1e-13)
        assert running.info()["step_size"] == pytest.approx(sigmas.mean())


def test_under_plus_parents_compete_again_with_a_new_score():
    settings = SelfAdaptiveES(population_size=6, n_parents=2, plus=True)
    running = settings.start(START.copy(), np.random.default_rng(0))
    first = running.generate(Individual)
    assert len(first) == 6 + 1
    give(first, range(7))
    running.update(first)
    second = running.generate(Individual)
    assert len(second) == 6 + 2
    np.testing.assert_array_equal(second[6:], [first[6], first[5]])
    assert not any(individual.fitness.valid for individual in second)
    # a parent whose new score is low does not survive
    give(second, [5, 4, 3, 2, 1, 0, -1, -2])
    running.update(second)
    np.testing.assert_array_equal(running.solution, np.mean([second[0], second[1]], axis=0))


def test_under_comma_selection_parents_do_not_survive():
    running = SelfAdaptiveES(population_size=6, n_parents=2).start(START.copy(), np.random.default_rng(0))
    first = running.generate(Individual)
    give(first, range(6))
    running.update(first)
    second = {tuple(row) for row in running.generate(Individual)}
    assert second.isdisjoint(tuple(row) for row in first)


# ---- the genetic algorithm


def bred(settings, turns=2, seed=0):
    """Generations of one run, each scored at random."""
    rng, generations = np.random.default_rng(seed), []
    running = settings.start(START.copy(), rng)
    for turn in range(turns):
        with seeded_globals(rng):
            population = running.generate(Individual)
        fresh = [individual.fitness.valid for individual in population]
        give(population, np.random.default_rng(turn).normal(size=len(population)))
        running.update(population)
        generations.append((population, fresh))
    return generations


def rows(population):
    return {tuple(row) for row in population}


def test_the_first_generation_lies_around_the_start_which_is_its_first_member():
    ((population, _),) = bred(GA(population_size=400, init_std=0.7), turns=1)
    np.testing.assert_array_equal(population[0], START)
    steps = np.array(population[1:]) - START
    assert steps.std() == pytest.approx(0.7, rel=0.05)
    assert steps.mean() == pytest.approx(0, abs=0.05)


def test_the_elite_lives_on_unchanged_and_is_scored_again():
    (first, _), (second, scored) = bred(GA(replacement=Generational(3)))
    best = sorted(first, key=lambda individual: individual.fitness, reverse=True)[:3]
    np.testing.assert_array_equal(second[:3], best)
    assert not any(scored)


def test_the_solution_is_the_best_of_the_last_generation():
    running = GA().start(START.copy(), np.random.default_rng(0))
    population = running.generate(Individual)
    give(population, np.arange(len(population)) % 7)
    running.update(population)
    np.testing.assert_array_equal(running.solution, population[6])


def test_without_crossover_and_mutation_children_are_their_parents():
    (first, _), (second, _) = bred(GA(crossover=Blend(prob=0), mutation=Gaussian(prob=0)))
    assert rows(second) < rows(first)


@pytest.mark.parametrize("mutation", [Gaussian(prob=1, gene_prob=0), Gaussian(prob=0, gene_prob=1)])
def test_a_mutation_of_no_gene_or_no_member_changes_nothing(mutation):
    (first, _), (second, _) = bred(GA(crossover=Blend(prob=0), mutation=mutation))
    assert rows(second) <= rows(first)


def test_a_certain_mutation_changes_every_gene_of_every_child_by_its_sigma():
    settings = GA(
        population_size=200,
        crossover=Blend(prob=0),
        mutation=Gaussian(1e-3, prob=1, gene_prob=1),
        selection=Tournament(200),
        replacement=Generational(1),
    )
    (first, _), (second, _) = bred(settings)
    champion = max(first, key=lambda individual: individual.fitness)
    close = [row for row in second[1:] if np.abs(row - champion).max() < 0.01]
    assert len(close) > 100  # most tournaments are won by the champion
    steps = np.array(close) - champion
    assert (steps != 0).all()
    assert steps.std() == pytest.approx(1e-3, rel=0.1)


def test_a_certain_crossover_blends_each_pair_and_keeps_its_mean():
    # probabilities just below 1 and just above 0, so that both draw the same random numbers
    plain, crossed = (
        bred(GA(crossover=Blend(0, prob=prob), mutation=Gaussian(prob=0)))[1][0] for prob in (1e-9, 1 - 1e-9)
    )
    for one, other in zip(crossed[2::2], crossed[3::2], strict=True):
        pair = next(
            (a, b)
            for a in plain[2:]
            for b in plain[2:]
            if np.allclose(np.add(a, b), np.add(one, other), rtol=1e-9, atol=1e-12)
        )
        low, high = np.minimum(*pair) - 1e-12, np.maximum(*pair) + 1e-12
        assert ((low <= one) & (one <= high)).all()


def test_a_very_large_tournament_selects_the_best_only():
    (first, _), (second, _) = bred(
        GA(population_size=30, selection=Tournament(300), crossover=Blend(prob=0), mutation=Gaussian(prob=0))
    )
    champion = max(first, key=lambda individual: individual.fitness)
    assert rows(second[2:]) == {tuple(champion)}


# ---- settings


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CMAES(sigma=0), "sigma must be a number above 0, not 0"),
        (lambda: CMAES(sigma=float("nan")), "sigma must be a finite number above 0, not nan"),
        (lambda: CMAES(sigma="wide"), "sigma must be a number above 0, not 'wide'"),
        (lambda: CMAES(population_size=3), "population_size must be a whole number of at least 4 or None, not 3"),
        (lambda: CMAES(population_size=10.5), "population_size must be a whole number of at least 4 or None, not 10.5"),
        (
            lambda: CMAES(population_size="many"),
            "population_size must be a whole number of at least 4 or None, not 'many'",
        ),
        (
            lambda: OpenAIES(population_size=21),
            "population_size must be an even whole number of at least 2, not 21",
        ),
        (lambda: OpenAIES(weight_decay=-1), "weight_decay must be a number of at least 0, not -1"),
        (
            lambda: SelfAdaptiveES(population_size=8, n_parents=8),
            "n_parents must be less than population_size, 8, not 8",
        ),
        (lambda: SelfAdaptiveES(n_parents=0), "n_parents must be a whole number of at least 1 or None, not 0"),
        (lambda: GA(replacement=Generational(40)), "n_elites=40 is too large for a population of 40"),
        (lambda: Blend(prob=1.5), "prob must be a number from 0 to 1, not 1.5"),
        (lambda: GA(crossover=0.9), r"crossover must be an object such as Blend\(\), not 0.9"),
        (lambda: GA(mutation=Gaussian), r"mutation must be an object such as Gaussian\(\), not <class"),
        (lambda: Gaussian(gene_prob=-0.1), "gene_prob must be a number from 0 to 1, not -0.1"),
        (lambda: Tournament(0), "size must be a whole number of at least 1, not 0"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()


def test_parents_without_children_to_select_from_are_refused_when_the_population_is_known():
    with pytest.raises(SettingsError, match="n_parents must be less than population_size, 10, not 10"):
        SelfAdaptiveES(n_parents=10).start(START.copy(), np.random.default_rng(0))
    SelfAdaptiveES(n_parents=10, plus=True).start(START.copy(), np.random.default_rng(0))
