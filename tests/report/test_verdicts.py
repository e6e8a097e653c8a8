"""Verdicts: significant, undecided or impossible to decide, with their numbers and sentences."""

import csv
import io
import re

import numpy as np
import pytest
from scipy.stats import norm

from evorobo import SettingsError
from evorobo.report.analysis.verdicts import apply_holm_correction, compare_scores, to_csv, verdicts
from evorobo.report.statistics import (
    additional_runs,
    decision_test,
    effect_size,
    holm_correction,
    probability_of_improvement,
    probability_test,
    welch_test,
)
from evorobo.tasks.base import MetricInfo

RETURN, LOSS = MetricInfo("return"), MetricInfo("RMSE", higher_is_better=False)
HIGH, LOW = [20.0, 20.5, 21, 22, 23, 23.5, 24], [10.0, 10.5, 11, 12, 13, 13.5, 14]
NEAR = [19.0, 21.5, 20.5, 23.0, 21.0, 19.5, 22.5]


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
    corrected_p = holm_correction([decision_test(HIGH, NEAR), decision_test(HIGH, LOW), decision_test(NEAR, LOW)])
    # the first look spends 0.04 of 0.05
    assert [verdict.corrected_p for verdict in results] == pytest.approx(list(corrected_p * 0.05 / 0.04))
    first = results[0]
    p = probability_of_improvement(HIGH, NEAR)
    assert (first.probability, first.low, first.high) == (p.value, p.low, p.high)
    assert (first.mean_first, first.mean_second, first.n_first, first.task) == (22, 21, 7, "reach")
    assert first.effect_size == pytest.approx(effect_size(HIGH, NEAR))
    # with more seeds the verdict is a second look, at a level of 0.008
    assert first.additional_runs == additional_runs(HIGH, NEAR, 0.008 / 3)


def test_a_significant_verdict_has_its_numbers_in_the_sentence():
    verdict = only(compare_scores({"backprop": LOW, "cma-es": HIGH}, RETURN))
    assert verdict.significant
    # all 49 pairs are won; of the tests of mean and of P, that of P has the larger p
    p = 1.25 * probability_test(HIGH, LOW)
    assert verdict.to_sentence() == (
        f"cma-es ends above backprop: mean 22.00 against 12.00 (P = 1.00, null 1/2, interval {verdict.low:.2f} to "
        f"1.00, n = 7 v 7, corrected p = {p:.2g})."
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
    assert verdict.to_sentence().startswith("a against b is undecided: mean 22.00 against 21.00 (P = 0.")
    assert verdict.to_sentence().endswith(
        f"About {verdict.additional_runs} more seeds of each would be needed for power 0.8 at this effect."
    )
    assert verdict.additional_runs > 1


def test_a_tiny_effect_needs_too_many_seeds():
    verdict = only(compare_scores({"a": [0.0, 10, 20], "b": [0.0, 10, 20.01]}, RETURN))
    assert verdict.additional_runs is None
    assert verdict.to_sentence().endswith("The effect is too small for any reasonable number of seeds.")


def test_a_single_run_cannot_be_decided():
    verdict = only(compare_scores({"a": [5.0], "b": LOW}, RETURN))
    assert (verdict.first, np.isnan(verdict.corrected_p), verdict.significant) == ("b", True, False)
    assert verdict.to_sentence() == (
        "b against a cannot be decided: mean 12.00 against 5.000 (n = 7 v 1); run 10 seeds or more of each to decide."
    )


def test_equal_runs_cannot_be_distinguished():
    verdict = only(compare_scores({"a": [500.0] * 4, "b": [500.0] * 4}, RETURN))
    assert verdict.to_sentence().startswith("a and b do not differ: mean 500.0 against 500.0 (n = 4 v 4).")


@pytest.mark.parametrize(("n", "share"), [(4, "53%"), (10, "26%"), (19, "15%")])
def test_what_equal_scores_of_few_runs_leave_unknown_is_said(n, share):
    # Hanley & Lippman-Hand 1983: (1 - share)^n = 0.05
    text = only(compare_scores({"a": [500.0] * n, "b": np.arange(n) * 20.0}, RETURN)).to_sentence()
    assert f"All {n} runs of a score 500.0, but up to {share} of further runs may score otherwise" in text


def test_equal_scores_of_many_runs_need_no_remark():
    text = only(compare_scores({"a": [500.0] * 20, "b": np.arange(20) * 20.0}, RETURN)).to_sentence()
    assert "further runs" not in text


def test_constant_runs_are_distinguished_if_there_are_enough():
    assert only(compare_scores({"a": [500.0] * 6, "b": [9.0] * 6}, RETURN)).significant
    few = only(compare_scores({"a": [500.0] * 5, "b": [9.0] * 5}, RETURN))
    assert not few.significant
    assert "Fewer than 6 runs of a method decide nothing. About " in few.to_sentence()


def test_each_mean_has_the_decimals_of_its_own_size():
    def means(a, b):
        return only(compare_scores({"a": [a] * 6, "b": [b] * 6}, RETURN)).to_sentence().split(" (")[0].split("mean ")[1]

    assert means(95.09, 0.0031) == "95.09 against 0.003100"
    assert means(12345.0, 2.5) == "12345 against 2.500"
    assert means(1.0001, 1.0) == "1.0001 against 1"
    assert means(3e-9, 1e-9) == "3e-09 against 1e-09"


def test_a_nan_is_an_error():
    for bad in (np.nan, np.inf):
        with pytest.raises(SettingsError, match="a score of a is NaN or infinitely good; leave out runs"):
            compare_scores({"a": [1.0, bad], "b": LOW}, RETURN)
    with pytest.raises(SettingsError, match="a score of a is NaN or infinitely good"):
        compare_scores({"a": [1.0, -np.inf], "b": LOW}, LOSS)


def test_a_better_mean_from_a_few_runs_is_not_significant():
    # b wins most pairs, a has the better mean
    few = {"a": [0.0] * 60 + [90.0] * 30, "b": [1.0] * 90}
    verdict = only(compare_scores(few, RETURN))
    assert (verdict.first, welch_test(few["a"], few["b"]) < 0.05, verdict.probability < 0.5) == ("a", True, True)
    assert not verdict.significant
    assert "A few runs make the better mean, and the other method wins more often." in verdict.to_sentence()


def test_only_the_given_pairs_are_compared_and_corrected_for():
    results = compare_scores({"a": HIGH, "b": LOW, "c": NEAR}, RETURN, pairs=[("b", "a")])
    verdict = only(results)
    assert (verdict.first, verdict.second) == ("a", "b")
    assert verdict.corrected_p == pytest.approx(1.25 * verdict.p_value)


def test_the_correction_grows_with_the_number_of_verdicts():
    one = only(compare_scores({"a": HIGH, "b": NEAR}, RETURN))
    both = apply_holm_correction([one, one])
    assert both[0].corrected_p == pytest.approx(min(2 * 1.25 * one.p_value, 1))


def test_each_look_with_more_seeds_has_less_of_the_level_left():
    scores = {"a": HIGH, "b": NEAR}
    p = [only(compare_scores(scores, RETURN, n_verdicts_before=looks)).corrected_p for looks in range(3)]
    assert p == pytest.approx([min(decision_test(HIGH, NEAR) * 0.05 / level, 1) for level in (0.04, 0.008, 0.0016)])


def test_looking_again_after_adding_the_seeds_asked_for_keeps_the_level(rng):
    def is_false_positive():
        x, y = rng.normal(size=(2, 10))
        first = only(compare_scores({"a": x, "b": y}, RETURN))
        more = min(first.additional_runs or 40, 40)
        if first.significant or more is None:
            return first.significant
        x, y = np.append(x, rng.normal(size=more)), np.append(y, rng.normal(size=more))
        return only(compare_scores({"a": x, "b": y}, RETURN, n_verdicts_before=1)).significant

    assert np.mean([is_false_positive() for _ in range(400)]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_the_rate_of_false_positives_among_all_verdicts_is_the_level(rng):
    def has_false_positive():
        return any(
            verdict.significant
            for verdict in compare_scores(dict(zip("abc", rng.normal(size=(3, 10)), strict=True)), RETURN)
        )

    assert np.mean([has_false_positive() for _ in range(200)]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_a_failed_run_withholds_the_verdict_and_is_named(tiny_table):
    table = tiny_table({"ga": [*LOW, 999.0], "cma-es": [*HIGH, 30.0], "es": [*NEAR, 21.0]}, failed=1)
    (run,) = table.cells["reach-grasp", "ga"].failed
    (run.folder / "trial.json").write_text("{}")
    for verdict in verdicts(table):
        assert not verdict.significant
        assert np.isnan(verdict.corrected_p)
        assert (
            f"{verdict.first} against {verdict.second} is withheld: seed 7 of {verdict.first} failed."
            in verdict.to_sentence()
        )
    text = next(verdict.to_sentence() for verdict in verdicts(table) if "ga" in (verdict.first, verdict.second))
    path = run.folder / "trial.json"
    assert f"Run it again: evorobo run {path} --results {run.folder.parents[2]}" in text


def test_a_failed_run_of_one_method_leaves_the_verdict_on_others(fakes, tmp_path):
    fakes.write_study(tmp_path, "s", {"reach": {}}, ["a", "b", "c"])
    for method, scores in (("a", HIGH), ("b", LOW), ("c", NEAR)):
        for seed, score in enumerate(scores):
            status = "failed" if method == "c" and seed == 0 else "finished"
            fakes.write_run(tmp_path / f"reach/{method}/seed-{seed}", [{"env_steps": 9, "test": score}], status)
    by_pair = {(v.first, v.second): v for v in verdicts(fakes.load_table(tmp_path))}
    assert by_pair["a", "b"].significant
    assert by_pair["a", "b"].corrected_p == pytest.approx(1.25 * decision_test(HIGH, LOW))  # withheld ones do not count
    assert by_pair["a", "c"].withheld == by_pair["c", "b"].withheld == "seed 0 of c failed. Run the study again."


def explosive():
    """Method a explodes in 4 of 30 runs and is a little better in the others."""
    b = norm.ppf((np.arange(30) + 0.5) / 30)
    a = b + 0.75
    a[::8] = -np.inf
    return {"a": a, "b": b}


def test_a_diverged_run_is_the_worst_and_the_mean_is_not_defined():
    scores = explosive()
    verdict = only(compare_scores(scores, RETURN))
    assert (verdict.n_first, verdict.n_second) == (30, 30)
    assert np.isnan(verdict.mean_first if verdict.first == "a" else verdict.mean_second)
    wins = np.mean((scores["a"][:, None] > scores["b"]) + 0.5 * (scores["a"][:, None] == scores["b"]))
    assert verdict.probability == pytest.approx(max(wins, 1 - wins))
    assert verdict.p_value == float(probability_test(scores["a"], scores["b"]))
    text = verdict.to_sentence()
    assert "4 runs of a diverged and count as the worst; no mean is defined." in text
    assert "mean nan" not in text


def test_where_diverged_runs_decide_the_sentence_says_so():
    scores = explosive()
    without = only(compare_scores({"a": scores["a"][np.isfinite(scores["a"])], "b": scores["b"]}, RETURN))
    verdict = only(compare_scores(scores, RETURN))
    assert (without.significant, verdict.significant) == (True, False)
    assert "This decides: without diverged runs the verdict is another one." in verdict.to_sentence()
    harmless = {"a": [*HIGH, *HIGH, -np.inf], "b": [*LOW, *LOW, 11]}
    assert only(compare_scores(harmless, RETURN)).significant
    assert "This decides" not in only(compare_scores(harmless, RETURN)).to_sentence()


def test_a_method_that_always_diverges_is_below():
    verdict = only(compare_scores({"a": [-np.inf] * 8, "b": LOW}, RETURN))
    assert (verdict.first, verdict.significant, verdict.probability) == ("b", True, 1)
    lower = only(compare_scores({"a": [np.inf] * 8, "b": LOW}, LOSS))
    assert (lower.first, lower.significant) == ("b", True)
    assert lower.to_sentence().startswith("b ends below (lower is better) a: P = 1.00 (null 1/2, interval")


def test_diverged_runs_of_a_study_count(tiny_table):
    table = tiny_table({"ga": [*HIGH, 0.0], "cma-es": [*NEAR, 0.0]}, diverged=1)
    verdict = only(verdicts(table))
    assert (verdict.n_first, verdict.n_second) == (8, 8)
    assert verdict.to_sentence().count("diverged") == 1
    cell = table.cells["reach-grasp", "ga"]
    assert np.isnan(cell.mean)
    assert cell.iqm == pytest.approx(np.mean(sorted(HIGH)[1:5]))  # the diverged and the lowest, and the two highest go


def test_sentences_have_at_most_35_words():
    for scores in ({"a": HIGH, "b": NEAR}, explosive(), {"a": [500.0] * 9, "b": LOW}, {"a": [1.0], "b": LOW}):
        text = only(compare_scores(scores, RETURN)).to_sentence("when both have spent 20k env steps")
        assert max(len(sentence.split()) for sentence in re.split(r"(?<=[.)])\s+(?=[A-Z0-9])", text)) <= 35


def test_the_csv_has_every_number_and_the_sentence():
    results = compare_scores({"a": HIGH, "b": [3.0]}, RETURN, "reach, then grasp")
    (row,) = csv.DictReader(io.StringIO(to_csv(results)))
    assert (row["first"], float(row["mean_first"]), row["p_value"], row["significant"]) == ("a", 22.0, "", "False")
    assert row["sentence"] == results[0].to_sentence()
    assert to_csv([]) == ""


@pytest.fixture
def rng():
    return np.random.default_rng(0)
