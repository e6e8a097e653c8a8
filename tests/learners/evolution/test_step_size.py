"""Step sizes that shrink, and floors beneath those that adapt."""

from functools import partial

import numpy as np
import pytest
from climbing import START, generation, sphere

from evorobo import (
    GA,
    SGD,
    Blend,
    CanonicalES,
    DeepGA,
    Gaussian,
    Generational,
    OpenAIES,
    SelfAdaptiveES,
    SettingsError,
    SteadyState,
    Tournament,
)


def genetic(replacement=None, **mutation):
    return GA(mutation=Gaussian(**mutation), replacement=replacement or Generational())


every_shrinking = pytest.mark.parametrize(
    "strategy",
    [OpenAIES, CanonicalES, genetic, partial(genetic, SteadyState()), DeepGA],
    ids=["openai-es", "canonical-es", "ga", "steady-ga", "deep-ga"],
)


def flat(x):
    return np.zeros(len(x))


@every_shrinking
def test_a_step_size_shrinks_by_its_factor_in_each_generation_down_to_its_floor(strategy):
    settings, rng = strategy(sigma=0.8, sigma_decay=0.5, sigma_floor=0.15), np.random.default_rng(0)
    running, step_sizes = settings.start(START.copy(), rng), [0.8]
    for _ in range(5):
        generation(running, sphere, rng)
        step_sizes.append(running.info()["step_size"])
    first = step_sizes.index(0.4)  # the first generation of a genetic algorithm is not mutated
    assert step_sizes == ([0.8] * first + [0.4, 0.2, 0.15, 0.15, 0.15])[:6]


def test_pairs_step_as_far_as_the_step_size_in_the_log():
    running = OpenAIES(4000, 0.8, sigma_decay=0.5).start(np.zeros(3), np.random.default_rng(0))
    for sigma in (0.8, 0.4, 0.2):  # equal scores do not move the center
        assert running.info()["step_size"] == sigma
        assert np.std(generation(running, flat, np.random.default_rng(1))) == pytest.approx(sigma, rel=0.05)


def test_the_rate_of_openai_es_shrinks_by_its_factor_in_each_generation():
    settings = OpenAIES(4, optimizer=SGD(1.0), weight_decay=0.5, learning_rate_decay=0.5)
    rng = np.random.default_rng(0)
    running = settings.start(np.ones(3), rng)
    centers = [running.solution]
    for _ in range(4):
        generation(running, flat, rng)
        centers.append(running.solution)
    # with equal scores half a weight decays, then a quarter, an eighth, ...
    np.testing.assert_allclose(centers, np.outer(np.cumprod([1, 1 / 2, 3 / 4, 7 / 8, 15 / 16]), np.ones(3)))


def test_mutations_add_up_to_the_variances_of_their_step_sizes():
    settings = GA(
        4000,
        crossover=Blend(prob=0),
        mutation=Gaussian(0.8, prob=1, gene_prob=1, sigma_decay=0.5),
        selection=Tournament(1),
        replacement=Generational(0),
        init_std=1e-9,
    )
    rng = np.random.default_rng(0)
    running = settings.start(np.zeros(3), rng)
    variances = [np.var(generation(running, flat, rng)) for _ in range(4)]
    # parents are random: each generation adds its own variance, .8^2, .4^2, .2^2
    assert variances == pytest.approx([0, 0.64, 0.80, 0.84], rel=0.1, abs=1e-6)


@pytest.mark.parametrize("per_gene", [False, True])
def test_no_inherited_step_size_falls_below_its_floor(per_gene):
    rng = np.random.default_rng(0)
    running = SelfAdaptiveES(population_size=8, n_parents=2, per_gene=per_gene, sigma_floor=0.1).start(
        START.copy(), rng
    )
    least = []
    for _ in range(300):
        generation(running, sphere, rng)
        least.append(running.state()["sigmas"].min())
    assert min(least) == 0.1  # it has come down to the floor, and no further


@every_shrinking
def test_an_invalid_step_size_is_refused(strategy):
    for wrong, sentence in (
        ({"sigma": -1.0}, "sigma must be a number above 0, not -1.0"),
        ({"sigma_decay": 1.5}, "sigma_decay must be a number above 0 and at most 1, not 1.5"),
        ({"sigma_floor": -0.1}, "sigma_floor must be a number of at least 0, not -0.1"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            strategy(**wrong)
