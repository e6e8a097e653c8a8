"""CMA-ES, separable and (1+1)-CMA-ES: step by step beside DEAP and the equations of their papers."""

import numpy as np
import pytest
from climbing import START, N, climbed, ellipsoid, generation, give, needed, sphere
from deap import cma

from evorobo import CMAES, OnePlusOneCMAES, SepCMAES, SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.cma_common import CMAConstants


def test_plain_cma_es_learns_what_deaps_learns_from_the_same_populations():
    rng = np.random.default_rng(7)
    ours = CMAES(sigma=0.4, population_size=12, active=False).start(START.copy(), rng)
    c = CMAConstants.compute(N, 12, active=False)
    rates = {"cs": c.c_sigma, "damps": c.d_sigma, "ccum": c.c_c, "ccov1": c.c_1, "ccovmu": c.c_mu}
    theirs = cma.Strategy(centroid=START, sigma=0.4, lambda_=12, **rates)
    for _ in range(40):
        population = generation(ours, ellipsoid, rng)
        theirs.update(list(population))
        np.testing.assert_allclose(ours.solution, theirs.centroid, rtol=1e-9)
        assert ours.info()["step_size"] == pytest.approx(theirs.sigma, rel=1e-9)
        np.testing.assert_allclose(ours.state()["covariance"]["matrix"], theirs.C, rtol=1e-7, atol=1e-12)
        assert ours.info()["condition"] == pytest.approx(theirs.diagD[-1] ** 2 / theirs.diagD[0] ** 2, rel=1e-6)


def test_the_constants_are_those_of_the_tutorial():
    # lambda = 4: raw weights ln 2.5 - ln i, that is .9163, .2231, -.1823, -.4700; n = 1, worked by hand
    c = CMAConstants.compute(1, 4, active=True)
    np.testing.assert_allclose(c.recombination_weights[:2], [0.80416, 0.19584], atol=1e-4)
    assert c.mu_eff == pytest.approx(1.1394**2 / (0.9163**2 + 0.2231**2), rel=1e-3)
    assert c.c_1 == pytest.approx(2 / (2.3**2 + c.mu_eff))
    assert c.c_mu == pytest.approx(2 * (0.25 + c.mu_eff + 1 / c.mu_eff - 2) / (9 + c.mu_eff))
    # of the bounds 1 + c_1 / c_mu, 1 + 2 * 1.674 / (mu_eff + 2) and (1 - c_1 - c_mu) / (n c_mu) the second is least
    assert -c.recombination_weights[2:].sum() == pytest.approx(1 + 2 * 1.674 / (c.mu_eff + 2), rel=1e-3)
    assert c.recombination_weights[2] / c.recombination_weights[3] == pytest.approx(0.1823 / 0.4700, rel=1e-3)


def tutorial(mean, sigma, rows, c, paths, covariance, root):
    """One update of Hansen 2016 (eq. 39 to 47) on `rows`, best first; `root` is C^(-1/2) as it was last worked out."""
    n = len(mean)
    y = (rows - mean) / sigma
    step = sum(w * row for w, row in zip(c.recombination_weights[: c.mu], y, strict=False))
    p_sigma, p_c, turn = paths
    p_sigma = (1 - c.c_sigma) * p_sigma + np.sqrt(c.c_sigma * (2 - c.c_sigma) * c.mu_eff) * root @ step
    length, chi = np.linalg.norm(p_sigma), np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))
    h = length / np.sqrt(1 - (1 - c.c_sigma) ** (2 * turn)) < (1.4 + 2 / (n + 1)) * chi
    p_c = (1 - c.c_c) * p_c + h * np.sqrt(c.c_c * (2 - c.c_c) * c.mu_eff) * step
    covariance = (
        (1 + (1 - h) * c.c_1 * c.c_c * (2 - c.c_c) - c.c_1 - c.c_mu * c.recombination_weights.sum()) * covariance
        + c.c_1 * np.outer(p_c, p_c)
        + c.c_mu
        * sum(
            w * (1 if w >= 0 else n / np.linalg.norm(root @ row) ** 2) * np.outer(row, row)
            for w, row in zip(c.recombination_weights, y, strict=True)
        )
    )
    new_sigma = sigma * np.exp(c.c_sigma / c.d_sigma * (length / chi - 1))
    return mean + sigma * step, new_sigma, (p_sigma, p_c, turn + 1), covariance


def follow_the_tutorial(running, constants, score, turns, keep=lambda matrix: matrix):
    """Beside the strategy, its equations; `keep` is what the strategy keeps of its covariance matrix."""
    n = len(running.solution)
    rng = np.random.default_rng(1)
    mean, sigma, paths, covariance = running.solution, 0.5, (np.zeros(n), np.zeros(n), 1), np.eye(n)
    values, vectors = np.linalg.eigh(covariance)
    for _ in range(turns):
        population = generation(running, score, rng)
        rows = np.array(sorted(population, key=lambda individual: -individual.fitness.values[0]))
        root = (vectors / np.sqrt(values)) @ vectors.T
        mean, sigma, paths, covariance = tutorial(mean, sigma, rows, constants, paths, covariance, root)
        covariance = keep(covariance)
        np.testing.assert_allclose(running.solution, mean, rtol=1e-7, atol=1e-12)
        assert running.info()["step_size"] == pytest.approx(sigma, rel=1e-8)
        if not running.state()["covariance"].get("n_pending"):
            values, vectors = np.linalg.eigh(covariance)
            assert running.info()["condition"] == pytest.approx(values[-1] / values[0], rel=1e-5)


def test_active_cma_es_follows_the_tutorial():
    running = CMAES().start(START.copy(), np.random.default_rng(1))
    follow_the_tutorial(running, CMAConstants.compute(N, 10, active=True), ellipsoid, 40)


def test_a_decomposition_put_off_loses_nothing_of_the_generations_in_between():
    n = 300
    running = CMAES(population_size=8).start(np.ones(n), np.random.default_rng(1))
    waits = []
    follow = CMAConstants.compute(n, 8, active=True)
    follow_the_tutorial(
        running, follow, lambda x: waits.append(running.state()["covariance"]["n_pending"]) or ellipsoid(x), 12
    )
    assert max(waits) >= 3  # several generations went by between two decompositions


def test_separable_cma_es_is_cma_es_that_keeps_the_diagonal_and_learns_faster():
    running = SepCMAES().start(START.copy(), np.random.default_rng(1))
    constants = CMAConstants.compute(N, 10, active=True, learning_rate_factor=(N + 2) / 3)
    full = CMAConstants.compute(N, 10, active=True)
    assert constants.c_1 == pytest.approx(4 * full.c_1)
    assert constants.c_mu == pytest.approx(4 * full.c_mu)
    follow_the_tutorial(running, constants, ellipsoid, 40, keep=lambda matrix: np.diag(np.diag(matrix)))


def test_rotation_makes_separable_cma_es_slow():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    straight = needed(SepCMAES(), ellipsoid, 0, -1e-6, np.ones(4))
    turned = needed(SepCMAES(), lambda x: ellipsoid(x @ turn.T), 0, -1e-6, np.ones(4), most=20 * straight)
    assert turned > 5 * straight


@pytest.mark.parametrize("strategy", [CMAES, SepCMAES, OnePlusOneCMAES])
def test_no_step_size_falls_below_its_floor(strategy):
    rng = np.random.default_rng(0)
    free, held = (strategy(sigma_floor=floor).start(START.copy(), rng) for floor in (0.0, 0.1))
    for _ in range(600):
        generation(free, sphere, rng)
        generation(held, sphere, rng)
    assert free.info()["step_size"] < 0.01
    assert held.info()["step_size"] == pytest.approx(0.1, rel=0.5)
    assert held.info()["step_size"] >= 0.1


# ---- (1+1)-CMA-ES


def test_one_plus_one_keeps_a_factor_of_the_matrix_of_its_paper():
    """Igel, Suttorp & Hansen 2006, algorithms 2 and 4: C = (1 - c) C + c (p p' + [stalled] c_c (2 - c_c) C)."""
    rng, mirror = np.random.default_rng(5), np.random.default_rng(5)
    running = OnePlusOneCMAES(0.5, reevaluate=False).start(START.copy(), rng)
    c_c, c_cov, p_target = 2 / (N + 2), 2 / (N**2 + 6), 2 / 11
    parent, sigma, success, path, covariance = START, 0.5, p_target, np.zeros(N), np.eye(N)
    score, stalled = None, []
    for _ in range(300):
        z = mirror.standard_normal(N)
        factor = running.state()["factor"].copy()
        np.testing.assert_allclose(factor @ factor.T, covariance, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(factor @ running.state()["inverse"], np.eye(N), atol=1e-8)
        population = running.generate(Individual)
        np.testing.assert_allclose(population[0], parent + sigma * factor @ z, rtol=1e-8, atol=1e-12)
        give(population, ellipsoid(np.array(population)))
        running.update(population)
        score = ellipsoid(parent) if score is None else score
        won = ellipsoid(parent + sigma * factor @ z) >= score
        old = sigma
        success = 11 / 12 * success + won / 12
        sigma *= np.exp((success - p_target / (1 - p_target) * (1 - success)) / (1 + N / 2))
        if won:
            parent = parent + old * factor @ z
            score = ellipsoid(parent)
            stalled.append(success >= 0.44)
            path = (1 - c_c) * path + (not stalled[-1]) * np.sqrt(c_c * (2 - c_c)) * factor @ z
            stalled_part = c_c * (2 - c_c) * covariance if stalled[-1] else 0
            covariance = (1 - c_cov) * covariance + c_cov * (np.outer(path, path) + stalled_part)
        np.testing.assert_allclose(running.solution, parent, rtol=1e-8, atol=1e-12)
        assert running.info()["step_size"] == pytest.approx(sigma, rel=1e-8)
    assert len(stalled) > 20


def test_a_parent_that_is_scored_again_loses_its_old_score():
    running = OnePlusOneCMAES().start(START.copy(), np.random.default_rng(0))
    for child, parent, wins in ((1.0, 0.0, True), (-5.0, -9.0, True), (3.0, 4.0, False)):
        population = running.generate(Individual)
        give(population, [child, parent])
        running.update(population)
        assert np.array_equal(running.solution, population[0]) is wins


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("strategy", "evaluations", "target"),
    [(SepCMAES(), 6000, -1e-9), (CMAES(active=False), 8000, -1e-9), (OnePlusOneCMAES(reevaluate=False), 10_000, -1e-9)],
    ids=["sep-cma-es", "plain cma-es", "one-plus-one"],
)
def test_a_ridge_a_thousand_times_longer_than_wide_is_climbed(strategy, evaluations, target, seed):
    assert climbed(strategy, ellipsoid, evaluations, seed) > target


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CMAES(sigma_floor=-1), "sigma_floor must be a number of at least 0, not -1"),
        (lambda: SepCMAES(population_size=2), "population_size must be a whole number of at least 4 or None, not 2"),
        (lambda: OnePlusOneCMAES(sigma=0), "sigma must be a number above 0, not 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
