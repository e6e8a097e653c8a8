"""Verdicts: significant, undecided or impossible to decide, with their numbers and sentences."""

import csv
import io

import numpy as np
import pytest

from evorobo.report.analysis.verdicts import apply_holm_correction, compare_scores, to_csv, verdicts
from evorobo.report.statistics import effect_size, holm_correction, probability_of_improvement, runs_needed, welch_test
from evorobo.tasks.base import MetricInfo

RETURN, LOSS = MetricInfo("return"), MetricInfo("RMSE", higher_is_better=False)
HIGH, LOW = [20.0, 21, 22, 23, 24], [10.0, 11, 12, 13, 14]
NEAR = [19.0, 21.5, 20.5, 23.0, 21.0]


def only(verdicts):
    (verdict,) = verdicts
    return verdict


def test_a_verdict_holds_the_statistics_of_its_pair():
    results = compare_scores({"ga": LOW, "cma-es": HIGH, "near": NEAR}, RETURN, "reach")
    assert [(verdict.first, verdict.second) for verdict in results] == [
        ("cma-es", "near"),
        ("cma-es", "ga"),
        ("near", "ga"),
    ]
    corrected_p = holm_correction([welch_test(HIGH, NEAR), welch_test(HIGH, LOW), welch_test(NEAR, LOW)])
    assert [verdict.corrected_p for verdict in results] == pytest.approx(list(corrected_p))
    first = results[0]
    p = probability_of_improvement(HIGH, NEAR)
    assert (first.probability, first.low, first.high) == (p.value, p.low, p.high)
    assert (first.mean_first, first.mean_second, first.n_first, first.task) == (22, 21, 5, "reach")
    assert first.effect_size == pytest.approx(effect_size(HIGH, NEAR))
    assert first.additional_runs == runs_needed(first.effect_size, 0.05 / 3) - 5


def test_a_significant_verdict_has_its_numbers_in_the_sentence():
    verdict = only(compare_scores({"backprop": LOW, "cma-es": HIGH}, RETURN))
    assert verdict.significant
    # all 25 pairs are won; t = 10 / sqrt(2.5 / 5 + 2.5 / 5) = 10 on 8 degrees of freedom
    assert verdict.to_sentence() == (
        "cma-es ends above backprop: mean 22.00 against 12.00 (P = 1.00, interval 0.64 to 1.00, n = 5 v 5, "
        "Holm-corrected p < 0.0001)."
    )
    assert verdict.to_sentence("when both have spent 1M FLOPs").startswith(
        "cma-es is above backprop when both have spent 1M FLOPs: mean"
    )


def test_where_lower_is_better_the_lower_wins():
    verdict = only(compare_scores({"backprop": LOW, "cma-es": HIGH}, LOSS))
    assert (verdict.first, verdict.probability) == ("backprop", 1)
    assert verdict.effect_size > 0
    assert verdict.to_sentence().startswith(
        "backprop ends below (lower is better) cma-es: mean 12.00 against 22.00 (P = 1.00,"
    )


def test_an_undecided_verdict_gives_the_number_of_seeds_needed():
    verdict = only(compare_scores({"a": HIGH, "b": NEAR}, RETURN))
    assert not verdict.significant
    more = runs_needed(effect_size(HIGH, NEAR)) - 5
    # of 25 pairs, a wins 1 + 2.5 + 4 + 4.5 + 5
    assert verdict.to_sentence().startswith("a against b is undecided: mean 22.00 against 21.00 (P = 0.68, interval")
    assert verdict.to_sentence().endswith(
        f"; about {more} more seeds of each would be needed for power 0.8 at this effect."
    )


def test_a_tiny_effect_needs_too_many_seeds():
    verdict = only(compare_scores({"a": [0.0, 10, 20], "b": [0.0, 10, 20.01]}, RETURN))
    assert verdict.additional_runs is None
    assert verdict.to_sentence().endswith("the effect is too small for any reasonable number of seeds.")


def test_a_single_run_cannot_be_decided():
    verdict = only(compare_scores({"a": [5.0], "b": LOW}, RETURN))
    assert (verdict.first, np.isnan(verdict.corrected_p), verdict.significant) == ("b", True, False)
    assert verdict.to_sentence() == (
        "b against a cannot be decided: mean 12.00 against 5.00 (n = 5 v 1); run 10 seeds or more of each to decide."
    )


def test_equal_runs_cannot_be_distinguished():
    verdict = only(compare_scores({"a": [500.0] * 4, "b": [500.0] * 4}, RETURN))
    assert verdict.to_sentence() == "a and b do not differ: mean 500.0 against 500.0 (n = 4 v 4)."


def test_constant_runs_are_distinguished_if_there_are_enough():
    assert only(compare_scores({"a": [500.0] * 5, "b": [9.0] * 5}, RETURN)).significant
    assert not only(compare_scores({"a": [500.0] * 3, "b": [9.0] * 3}, RETURN)).significant


def test_a_better_mean_from_a_few_runs_is_not_significant():
    # b wins most pairs, a has the better mean
    few = {"a": [0.0] * 60 + [90.0] * 30, "b": [1.0] * 90}
    verdict = only(compare_scores(few, RETURN))
    assert (verdict.first, verdict.corrected_p < 0.05, verdict.probability < 0.5) == ("a", True, True)
    assert not verdict.significant
    assert "the better mean comes from a few runs, but the other method wins more often" in verdict.to_sentence()


def test_only_the_given_pairs_are_compared_and_corrected_for():
    results = compare_scores({"a": HIGH, "b": LOW, "c": NEAR}, RETURN, pairs=[("b", "a")])
    verdict = only(results)
    assert (verdict.first, verdict.second) == ("a", "b")
    assert verdict.corrected_p == verdict.p_value


def test_the_correction_grows_with_the_number_of_verdicts():
    one = only(compare_scores({"a": HIGH, "b": NEAR}, RETURN))
    both = apply_holm_correction([one, one])
    assert both[0].corrected_p == pytest.approx(min(2 * one.p_value, 1))
    assert both[0].additional_runs > one.additional_runs


def test_the_rate_of_false_positives_among_all_verdicts_is_the_level(rng):
    def has_false_positive():
        return any(
            verdict.significant
            for verdict in compare_scores(dict(zip("abc", rng.normal(size=(3, 10)), strict=True)), RETURN)
        )

    assert np.mean([has_false_positive() for _ in range(200)]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_the_number_of_seeds_needed_gives_the_power(rng):
    effect = 1.2
    n = runs_needed(effect)
    significant = [welch_test(rng.normal(effect, 1, n), rng.normal(0, 1, n)) < 0.05 for _ in range(1000)]
    assert np.mean(significant) == pytest.approx(0.8, abs=0.05)


def test_verdicts_use_finished_runs_only(tiny_table):
    table = tiny_table({"ga": [*LOW, 999.0], "cma-es": HIGH}, failed=1)
    verdict = only(verdicts(table))
    assert (verdict.first, verdict.second, verdict.n_first, verdict.n_second) == ("cma-es", "ga", 4, 5)


def test_the_csv_has_every_number_and_the_sentence():
    results = compare_scores({"a": HIGH, "b": [3.0]}, RETURN, "reach, then grasp")
    (row,) = csv.DictReader(io.StringIO(to_csv(results)))
    assert (row["first"], float(row["mean_first"]), row["p_value"], row["significant"]) == ("a", 22.0, "", "False")
    assert row["sentence"] == results[0].to_sentence()
    assert to_csv([]) == ""


@pytest.fixture
def rng():
    return np.random.default_rng(0)
