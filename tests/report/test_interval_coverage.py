"""The benchmark of coverage and false positives, in a small and seeded version: nothing is outside its bound."""

import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "interval_coverage.py"


@pytest.fixture(scope="module")
def benchmark():
    return runpy.run_path(str(SCRIPT))


def outside(shares):
    return {key: str(share) for key, share in shares.items() if not share.is_within}


@pytest.mark.slow
def test_the_interval_of_the_iqm_holds_for_all_kinds_of_scores(benchmark):
    assert outside(benchmark["iqm_coverage"](np.random.default_rng(0), 400, (6, 50))) == {}


@pytest.mark.slow
def test_three_and_four_runs_are_too_few(benchmark):
    shares = benchmark["iqm_coverage"](np.random.default_rng(0), 400, (3, 4))
    assert ("normal", "3") in outside(shares)


@pytest.mark.slow
def test_the_interval_of_p_holds_for_unequal_spreads_and_numbers(benchmark):
    assert outside(benchmark["probability_coverage"](np.random.default_rng(0), 400, ((6, 6), (10, 50)))) == {}


def test_the_interval_of_a_success_rate_holds(benchmark):
    assert outside(benchmark["rate_coverage"](np.random.default_rng(0), 1)) == {}


def test_the_band_of_a_performance_profile_holds_over_unequal_tasks(benchmark):
    assert outside(benchmark["profile_coverage"](np.random.default_rng(0), 1)) == {}


@pytest.mark.slow
def test_the_interval_of_a_crossing_holds(benchmark):
    assert outside(benchmark["crossing_coverage"](np.random.default_rng(0), 24)) == {}


@pytest.mark.slow
def test_verdicts_keep_their_level(benchmark):
    assert outside(benchmark["level"](np.random.default_rng(0), 600, ((3, 3), (6, 6), (10, 10), (10, 50)))) == {}


def test_verdicts_of_the_benchmark_are_those_of_the_package(benchmark):
    from evorobo.report.statistics import decision_test, verdict_level

    rng = np.random.default_rng(0)
    x, y = rng.normal(0.8, 2, (60, 8)), rng.normal(0, 1, (60, 10))
    same = [decision_test(a, b) < verdict_level(0) for a, b in zip(x, y, strict=True)]
    is_significant = benchmark["is_significant"](x, y)
    assert 0 < is_significant.sum() < 60
    assert (is_significant <= np.array(same)).all()
    assert (is_significant == same).mean() > 0.95  # but for pairs whose mean and P disagree
