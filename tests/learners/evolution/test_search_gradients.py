"""Strategies that feel out a gradient of the score: step by step beside their papers' equations, and to targets."""

import numpy as np
import pytest
from climbing import START, N, bowl, climbed, ellipsoid, generation, give, needed, sphere
from scipy.linalg import expm
from scipy.stats import rankdata

from evorobo import ARS, PGPE, SGD, SNES, XNES, Adam, CanonicalES, ClipUp, OpenAIES, SettingsError
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.fitness_shaping import nes_utilities, recombination_weights


def scored(running, turn):
    """A generation scored at random: genomes, scores, and the genomes once more, best first."""
    population = running.generate(Individual)
    values = np.random.default_rng(100 + turn).normal(size=len(population))
    give(population, values)
    running.update(population)
    return np.array(population), values


# ---- shaping


def test_utilities_are_what_one_gets_by_hand():
    # of four: ln 3 - ln 1, ln 3 - ln 2, 0, 0, that is 1.0986 and .4055 over 1.5041, less a quarter each
    np.testing.assert_allclose(nes_utilities(np.array([1.0, 9, -3, 4])), [-0.25, 0.4804, -0.25, 0.0196], atol=1e-4)


def test_utilities_and_log_weights_keep_their_sums():
    for n in (2, 5, 40):
        assert nes_utilities(np.arange(n)).sum() == pytest.approx(0, abs=1e-12)
        assert recombination_weights(n).sum() == pytest.approx(1)
        assert (np.diff(recombination_weights(n)) < 0).all()


# ---- natural evolution strategies


def paper_utilities(values):
    n = len(values)
    rank = [1 + sum(other > value for other in values) for value in values]
    raw = [max(0, np.log(n / 2 + 1) - np.log(k)) for k in rank]
    return [value / sum(raw) - 1 / n for value in raw]


def test_snes_makes_the_steps_of_its_paper():
    running, rng = SNES(0.5, 8).start(START.copy(), np.random.default_rng(3)), np.random.default_rng(3)
    mu, sigma, eta = START, np.full(N, 0.5), (3 + np.log(N)) / (5 * np.sqrt(N))
    for turn in range(5):
        s = rng.standard_normal((8, N))
        rows, values = scored(running, turn)
        np.testing.assert_allclose(rows, mu + sigma * s, rtol=1e-12)
        u = paper_utilities(values)
        mu = mu + sigma * sum(w * row for w, row in zip(u, s, strict=True))
        sigma = sigma * np.exp(eta / 2 * sum(w * (row**2 - 1) for w, row in zip(u, s, strict=True)))
        np.testing.assert_allclose(running.solution, mu, rtol=1e-12)
        assert running.info()["step_size"] == pytest.approx(sigma.mean())


@pytest.mark.parametrize("population", [4, 30])  # fewer members than weights, and more
def test_xnes_makes_the_steps_of_its_paper(population):
    running, rng = XNES(0.5, population).start(START.copy(), np.random.default_rng(3)), np.random.default_rng(3)
    mu, sigma, shape, eta = START, 0.5, np.eye(N), 3 / 5 * (3 + np.log(N)) / (N * np.sqrt(N))
    for turn in range(6):
        s = rng.standard_normal((population, N))
        rows, values = scored(running, turn)
        np.testing.assert_allclose(rows, [mu + sigma * shape @ row for row in s], rtol=1e-10)
        u = paper_utilities(values)
        g_delta = sum(w * row for w, row in zip(u, s, strict=True))
        g_m = sum(w * (np.outer(row, row) - np.eye(N)) for w, row in zip(u, s, strict=True))
        g_sigma = np.trace(g_m) / N
        mu = mu + sigma * shape @ g_delta
        shape = shape @ expm(eta / 2 * (g_m - g_sigma * np.eye(N)))
        sigma = sigma * np.exp(eta / 2 * g_sigma)
        np.testing.assert_allclose(running.solution, mu, rtol=1e-10)
        assert running.info()["step_size"] == pytest.approx(sigma, rel=1e-10)
        np.testing.assert_allclose(running.state()["distribution"]["shape"], shape, rtol=1e-9, atol=1e-12)
    assert np.linalg.det(running.state()["distribution"]["shape"]) == pytest.approx(1)  # all growth is in sigma


def test_rotation_makes_snes_slow_but_not_xnes():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    for strategy, slow in ((XNES(), False), (SNES(), True)):
        straight = np.mean([needed(strategy, ellipsoid, seed, -1e-3, np.ones(4)) for seed in range(3)])
        score = lambda x: ellipsoid(x @ turn.T)  # noqa: E731
        turned = np.mean([needed(strategy, score, seed, -1e-3, turn.T @ np.ones(4), 8000) for seed in range(3)])
        assert bool(turned > 3 * straight) is slow
        assert slow or turned == pytest.approx(straight, rel=0.3)


# ---- PGPE, ARS, the canonical ES


@pytest.mark.parametrize("optimizer", [SGD(0.3), ClipUp(0.3)], ids=["SGD", "ClipUp"])
def test_pgpe_makes_the_steps_of_its_paper(optimizer):
    settings = PGPE(8, 0.2, optimizer, sigma_learning_rate=0.1)
    running, rng = settings.start(START.copy(), np.random.default_rng(3)), np.random.default_rng(3)
    mu, sigma, velocity = START, np.full(N, 0.2), np.zeros(N)
    for turn in range(4):
        d = sigma * rng.standard_normal((4, N))
        rows, values = scored(running, turn)
        np.testing.assert_allclose(rows, [*(mu + d), *(mu - d)], rtol=1e-12)
        r = (rankdata(values) - 1) / 7 - 0.5
        g_mu = sum((r[k] - r[k + 4]) / 2 * d[k] for k in range(4)) / 4
        g_sigma = sum((r[k] + r[k + 4]) / 2 * (d[k] ** 2 - sigma**2) / sigma for k in range(4)) / 4
        if isinstance(optimizer, SGD):
            mu = mu + 0.3 * g_mu
        else:
            velocity = 0.9 * velocity + 0.3 * g_mu / np.linalg.norm(g_mu)
            velocity = velocity * min(1, 0.6 / np.linalg.norm(velocity))
            mu = mu + velocity
        sigma = sigma + 0.1 * g_sigma
        np.testing.assert_allclose(running.solution, mu, rtol=1e-10)
        assert running.info()["step_size"] == pytest.approx(sigma.mean(), rel=1e-12)


def test_no_step_size_of_pgpe_changes_by_more_than_its_share():
    running = PGPE(8, 0.2, sigma_learning_rate=1e3, max_sigma_change=0.2).start(START.copy(), np.random.default_rng(0))
    before = running.state()["sigma"]
    scored(running, 0)
    np.testing.assert_allclose(np.abs(running.state()["sigma"] / before - 1), 0.2)


def test_ars_makes_the_steps_of_its_paper():
    settings = ARS(population_size=12, n_top=2, learning_rate=0.5, noise_std=0.1)
    running, rng = settings.start(START.copy(), np.random.default_rng(3)), np.random.default_rng(3)
    center = START
    for turn in range(4):
        d = rng.standard_normal((6, N))
        rows, values = scored(running, turn)
        np.testing.assert_allclose(rows, [*(center + 0.1 * d), *(center - 0.1 * d)], rtol=1e-12)
        plus, minus = values[:6], values[6:]
        used = sorted(range(6), key=lambda k: -max(plus[k], minus[k]))[:2]
        deviation = np.std([plus[k] for k in used] + [minus[k] for k in used])
        center = center + 0.5 / (2 * deviation) * sum((plus[k] - minus[k]) * d[k] for k in used)
        np.testing.assert_allclose(running.solution, center, rtol=1e-10)


def test_ars_stays_where_all_score_alike():
    running = ARS().start(START.copy(), np.random.default_rng(0))
    population = running.generate(Individual)
    give(population, np.ones(len(population)))
    running.update(population)
    np.testing.assert_array_equal(running.solution, START)


def test_the_canonical_es_makes_the_steps_of_its_paper():
    settings = CanonicalES(0.3, population_size=7, n_parents=3, sigma_decay=0.5, sigma_floor=0.1)
    running, rng = settings.start(START.copy(), np.random.default_rng(3)), np.random.default_rng(3)
    center, w = START, np.array([np.log(3.5) - np.log(k) for k in (1, 2, 3)])
    for turn, sigma in enumerate((0.3, 0.15, 0.1, 0.1)):
        e = rng.standard_normal((7, N))
        assert running.info()["step_size"] == pytest.approx(sigma)
        rows, values = scored(running, turn)
        np.testing.assert_allclose(rows, center + sigma * e, rtol=1e-12)
        best = np.argsort(-values)[:3]
        center = center + sigma * sum(weight * e[k] for weight, k in zip(w / w.sum(), best, strict=True))
        np.testing.assert_allclose(running.solution, center, rtol=1e-10)


# ---- targets

SCALED = PGPE(20, optimizer=SGD(2.0), sigma_learning_rate=1.0)
SHRINKING = OpenAIES(optimizer=Adam(0.1), weight_decay=0, sigma_decay=0.98, learning_rate_decay=0.98)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("strategy", "score", "evaluations", "target"),
    [
        (SNES(), sphere, 3000, -1e-9),
        (SNES(), ellipsoid, 8000, -1e-9),
        (XNES(), sphere, 10_000, -1e-9),
        (XNES(), ellipsoid, 12_000, -1e-9),
        (SCALED, sphere, 4000, -1e-9),
        (SCALED, ellipsoid, 6000, -1e-9),
        (SHRINKING, sphere, 16_000, -1e-9),
        (SHRINKING, bowl, 16_000, -1e-9),
        (PGPE(20, optimizer=ClipUp(0.02)), sphere, 8000, -0.05),
        (ARS(learning_rate=0.02), sphere, 8000, -0.02),
        (CanonicalES(0.5, sigma_decay=0.98), sphere, 6000, -1e-6),
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", None)),
)
def test_a_landscape_is_climbed(strategy, score, evaluations, target, seed):
    assert climbed(strategy, score, evaluations, seed) > target


def test_strategies_with_a_single_step_size_climb_most_of_an_ellipsoid():
    assert ellipsoid(START) < -1e6
    adam = OpenAIES(sigma=0.05, optimizer=Adam(0.02), weight_decay=0)
    assert climbed(adam, ellipsoid, 12_000, 0) > -1000
    assert climbed(PGPE(20, optimizer=ClipUp(0.02), sigma_learning_rate=0.2), ellipsoid, 12_000, 0) > -100


def test_one_step_size_for_all_weights_does_not_reach_the_end_of_a_long_ridge():
    assert -100 < climbed(SHRINKING, ellipsoid, 40_000, 0) < -1e-2


def test_step_sizes_of_a_natural_strategy_stay_above_their_floor():
    for strategy in (SNES(sigma_floor=0.1), XNES(sigma_floor=0.1), PGPE(sigma_floor=0.1, sigma_learning_rate=1.0)):
        rng = np.random.default_rng(0)
        running = strategy.start(START.copy(), rng)
        for _ in range(200):
            generation(running, sphere, rng)
        assert 0.1 <= running.info()["step_size"] < 0.2


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: PGPE(population_size=7),
            "must be an even whole number of at least 2 or None, not 7",
        ),
        (lambda: PGPE(max_sigma_change=2), "max_sigma_change must be a number from 0 to 1, not 2"),
        (lambda: ARS(population_size=8, n_top=5), "n_top must be at most the number of directions, 4, not 5"),
        (lambda: SNES(learning_rate=0), "learning_rate must be a number above 0, not 0"),
        (lambda: XNES(shape_learning_rate=-1.0), "shape_learning_rate must be a number above 0 or None, not -1.0"),
        (lambda: CanonicalES(population_size=4, n_parents=5), "n_parents must be at most population_size, 4, not 5"),
        (lambda: CanonicalES(sigma_decay=1.5), "sigma_decay must be a number above 0 and at most 1, not 1.5"),
        (lambda: ClipUp(momentum=1.0), "momentum must be a number of at least 0 and below 1, not 1.0"),
    ],
)
def test_invalid_settings_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
