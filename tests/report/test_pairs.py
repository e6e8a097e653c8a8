"""Two methods: P(X > Y), its interval and Cohen's d, by counting, algebra and simulation."""

import numpy as np
import pytest
from scipy.special import logit
from scipy.stats import binomtest, brunnermunzel, mannwhitneyu, norm, t

from evorobo.report.statistics import (
    effect_size,
    mean_probability_of_improvement,
    probability_of_improvement,
    probability_test,
)
from evorobo.report.statistics.pairs import (
    extreme_interval,
    newcombe_interval,
    placement_interval,
    placements,
    probability_interval,
)

X, Y = [70.1, 68.3, 73.6, 60.5, 71.9, 69.4, 72.2], [66.8, 44.8, 73.3, 61.3, 68.0]


def test_p_is_the_share_of_pairs_won_with_half_of_the_ties():
    # 3 beats both; 2 ties with 2 and beats 1; 1 ties with 1 and loses: (2 + 1.5 + 0.5) / 6
    assert probability_of_improvement([1, 2, 3], [1, 2]).value == pytest.approx(4 / 6, abs=1e-12)
    assert probability_of_improvement(X, Y).value == pytest.approx(26 / 35, abs=1e-12)  # statsmodels: 0.742857...


def test_p_is_mann_whitneys_u_over_all_pairs(rng):
    x, y = rng.integers(0, 6, 9), rng.integers(1, 7, 14)
    expected = mannwhitneyu(x, y).statistic / (9 * 14)
    assert probability_of_improvement(x, y).value == pytest.approx(expected, abs=1e-12)


def test_p_of_swapped_methods_is_the_complement():
    p, q = probability_of_improvement(X, Y), probability_of_improvement(Y, X)
    assert (p.value, p.low, p.high) == pytest.approx((1 - q.value, 1 - q.high, 1 - q.low), abs=1e-9)


@pytest.mark.parametrize(("x", "y"), [(X, Y), (range(10, 20), range(10)), ([1, 2], [1.5, 3, 4])])
def test_the_interval_solves_newcombes_equation(x, y):
    # (p - P)^2 n m (2 - p)(1 + p) = z^2 p (1 - p) [(2 - p)(1 + p) + k (1 - p)(1 + p) + k p (2 - p)]
    x, y = np.array(x, float), np.array(y, float)
    probability, bounds = probability_of_improvement(x, y), newcombe_interval(placements(x, y))
    p, n, m = np.poly1d([1, 0]), len(x), len(y)
    k, z = (n + m) / 2 - 1, norm.ppf(0.975)
    right = p * (1 - p) * ((2 - p) * (1 + p) + k * (1 - p) * (1 + p) + k * p * (2 - p))
    roots = ((p - probability.value) ** 2 * n * m * (2 - p) * (1 + p) - z**2 * right).roots
    inside = sorted(root.real for root in roots if abs(root.imag) < 1e-9 and -1e-9 < root.real < 1 + 1e-9)
    assert bounds == pytest.approx((inside[0], inside[-1]), abs=1e-9)
    assert probability.low <= bounds[0] + 1e-12 < bounds[1] <= probability.high + 1e-12


def test_the_interval_has_a_width_even_where_all_runs_are_better():
    probability = probability_of_improvement(range(10, 20), range(10))
    assert (probability.value, probability.high) == (1, 1)
    assert 0.7 < probability.low < 0.9


def test_the_placements_are_those_of_brunner_and_munzel():
    # each run of x beats 1, 1, 0.5 and each of y beats 0, 0, 0.5 of the other side: counted by hand for 3 v 3 runs
    pair = placements(np.array([5.0, 4.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    shares, lost = [1, 1, 1.5 / 3], [0, 0.5 / 3, 1 / 3]
    assert pair.value == pytest.approx(np.mean(shares))
    assert pair.variance_first == pytest.approx(np.var(shares, ddof=1))
    assert pair.variance_second == pytest.approx(np.var(lost, ddof=1))


def test_the_test_of_p_is_that_of_brunner_and_munzel_where_it_is_the_larger(rng):
    x, y = 9 * rng.normal(size=12), rng.normal(0.3, 1, 8)
    pair, theirs = placements(x, y), brunnermunzel(x, y)
    assert probability_test(x, y) >= theirs.pvalue - 1e-12
    assert 2 * t.sf(abs(pair.value - 0.5) / np.sqrt(pair.variance), pair.degrees) == pytest.approx(theirs.pvalue)


def test_the_interval_from_placements_is_symmetric_in_the_logit():
    pair = placements(np.array(X), np.array(Y))
    low, high = placement_interval(pair)
    assert logit(high) + logit(low) == pytest.approx(2 * logit(pair.value))
    error = np.sqrt(pair.variance) / (pair.value * (1 - pair.value))
    assert (logit(high) - logit(low)) / 2 == pytest.approx(t.ppf(0.975, pair.degrees) * error)


@pytest.mark.parametrize(("shift", "sd", "n", "m"), [(0, 1, 10, 10), (1, 1, 5, 12), (2, 1, 10, 10), (1, 4, 5, 20)])
def test_the_interval_of_p_has_its_coverage(rng, shift, sd, n, m):
    truth, hits = norm.cdf(shift / np.sqrt(1 + sd**2)), 0
    for _ in range(1000):
        probability = probability_of_improvement(rng.normal(shift, sd, n), rng.normal(0, 1, m))
        hits += probability.low <= truth <= probability.high
    assert hits / 1000 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 1000)


def test_near_one_the_interval_is_wilsons_with_the_largest_variance():
    # Birnbaum & Klose 1957: the variance of P is at most P (1 - P) / min(n, m)
    theirs = binomtest(10, 10).proportion_ci(0.95, "wilson")
    assert probability_of_improvement(range(10, 20), range(-20, 0)).low == pytest.approx(theirs.low)
    pair = placements(np.arange(10.0), np.arange(-2.0, 8.0))  # far from 0 and 1 it is the value alone
    assert extreme_interval(pair) == (pair.value, pair.value)


def test_below_six_runs_a_half_is_inside_where_all_pairs_are_won():
    # Clopper & Pearson 1934; all 5 runs lie above the other side's median with probability 1/32
    for low_side in (range(-5, 0), range(-20, 0)):
        probability = probability_of_improvement(range(10, 15), low_side)
        assert probability.low == pytest.approx(0.025 ** (1 / 5))
        assert (probability.value, probability.high) == (1, 1)
    assert probability_of_improvement(range(10, 16), range(-6, 0)).low > 0.5


def test_the_interval_covers_a_half_between_two_modes(rng):
    # the runs of x lie in two modes around those of y, so P is 1/2, and 0 or 1 in 1 of 16 pairs of samples
    x = 100.0 * rng.choice([-1, 1], (4000, 5)) + rng.normal(size=(4000, 5))
    low, high = probability_interval(placements(x, rng.normal(size=(4000, 20))))
    assert np.mean((low <= 0.5) & (high >= 0.5)) >= 0.94


def test_the_interval_has_its_coverage_where_few_runs_scatter_more(rng):
    # P = Phi(3 / sqrt(1 + 3^2)) with 10 runs of spread 3 and 50 of spread 1; Newcombe's interval alone has 0.9
    truth, pair = norm.cdf(3 / np.sqrt(10)), placements(rng.normal(3, 3, (4000, 10)), rng.normal(0, 1, (4000, 50)))
    low, high = probability_interval(pair)
    assert np.mean((low <= truth) & (truth <= high)) >= 0.95


def test_diverged_runs_lose_against_all_others_and_tie_with_each_other():
    # of 6 pairs: 2 beats both, minus infinity ties with minus infinity
    assert probability_of_improvement([2.0, -np.inf, 3.0], [1.0, -np.inf]).value == pytest.approx((4 + 0.5) / 6)
    assert probability_test([-np.inf] * 9, list(range(9))) < 0.001


def test_over_tasks_p_is_the_mean_of_the_tasks(rng):
    first, second = [rng.normal(1, 1, n) for n in (5, 8, 3)], [rng.normal(0, 1, n) for n in (6, 4, 9)]
    by_task = [np.mean([[a > b for b in y] for a in x]) for x, y in zip(first, second, strict=True)]
    assert mean_probability_of_improvement(first, second).value == pytest.approx(np.mean(by_task), abs=1e-12)


def test_a_single_task_keeps_its_interval_and_more_tasks_narrow_it():
    single = probability_of_improvement(X, Y)
    assert vars(mean_probability_of_improvement([X], [Y])) == pytest.approx(vars(single))
    four = mean_probability_of_improvement([X] * 4, [Y] * 4)
    # four equal tasks halve the distances
    assert (four.low, four.high) == pytest.approx(
        (single.value - (single.value - single.low) / 2, single.value + (single.high - single.value) / 2), abs=1e-12
    )


def test_over_tasks_the_interval_is_close_to_the_stratified_bootstrap(rng):
    first, second = [rng.normal(0.5, 1, 8) for _ in range(4)], [rng.normal(0, 1, 8) for _ in range(4)]
    probability, draws = mean_probability_of_improvement(first, second), []
    for _ in range(1500):
        drawn = [(rng.choice(x, 8), rng.choice(y, 8)) for x, y in zip(first, second, strict=True)]
        draws.append(np.mean([np.mean(x[:, None] > y) for x, y in drawn]))
    assert (probability.low, probability.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.05)


def test_over_tasks_the_interval_has_its_coverage(rng):
    shifts, hits = (0.0, 0.8, 2.5), 0
    truth = np.mean([norm.cdf(shift / np.sqrt(2)) for shift in shifts])
    for _ in range(400):
        first, second = [rng.normal(shift, 1, 6) for shift in shifts], [rng.normal(0, 1, 7) for _ in shifts]
        probability = mean_probability_of_improvement(first, second)
        hits += probability.low <= truth <= probability.high
    assert hits / 400 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_one_run_has_a_probability_without_an_interval():
    probability = probability_of_improvement([2.0], [1.0, 3.0])
    assert probability.value == 0.5
    assert np.isnan([probability.low, probability.high]).all()
    assert np.isnan(mean_probability_of_improvement([[1, 2]], [[1]]).low)


def test_cohens_d_by_hand():
    # means 4 and 1, variances 4 and 1: 3 / sqrt(2.5)
    assert effect_size([2, 4, 6], [0, 1, 2]) == pytest.approx(3 / np.sqrt(2.5), abs=1e-12)
    assert effect_size([5, 5], [5, 5]) == 0
    assert effect_size([5, 5], [6, 6]) == -np.inf
    assert np.isnan(effect_size([1], [1, 2]))


@pytest.fixture
def rng():
    return np.random.default_rng(0)
