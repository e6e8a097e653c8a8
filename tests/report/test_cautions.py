"""Cautions appear where the data do not support a claim, and only there."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evorobo.report.analysis.cautions import cautions, tuned_seeds_caution
from evorobo.report.analysis.result_files import read_results
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import verdicts
from evorobo.study.results import load

TEN = list(np.linspace(0.1, 0.9, 10))


def test_ten_runs_at_equal_costs_need_no_caution(tiny_table):
    assert cautions(tiny_table({"ga": TEN, "cma-es": TEN})) == []


def test_few_runs_have_a_caution_and_excluded_runs_are_counted(tiny_table):
    texts = cautions(tiny_table({"ga": [1, 2, 3, -9, -8, 50]}, failed=1, diverged=1, unfinished=1))
    assert texts[0].startswith(
        "1 of 6 runs failed and is left out; verdicts are withheld. 1 of 6 runs diverged: the worst"
    )
    assert texts[1].startswith("With only 4 runs the intervals are too narrow:")
    assert "contains the true value in about 88% of cases" in texts[1]


@pytest.mark.parametrize(("success", "failure"), [(1, 0), (500, 0), (-3.5, -20.25)])
def test_success_rates_are_given_for_scores_of_two_values(tiny_table, success, failure):
    (text,) = cautions(tiny_table({"ga": [success] * 7 + [failure] * 3, "cma-es": [success] * 10}))
    assert f"take two values, {success:g} and {failure:g}. An interquartile mean hides the rarer one" in text
    # Clopper & Pearson 1934
    assert "ga 7 of 10 (interval 0.35 to 0.93), cma-es 10 of 10 (interval 0.69 to 1.00)" in text


def test_where_lower_is_better_the_lower_value_is_success(tiny_table):
    scores = {"ga": [0] * 7 + [1] * 3, "cma-es": [1] * 10}
    (text,) = cautions(tiny_table(scores, metric={"name": "crash", "higher_is_better": False}))
    assert "ga 7 of 10" in text
    assert "cma-es 0 of 10" in text


@pytest.mark.parametrize("scores", [{"a": [0] * 10, "b": [0] * 10}, {"a": [3.25], "b": [4.5]}, {"a": TEN}])
def test_scores_of_one_value_or_of_many_are_no_success_rates(tiny_table, scores):
    assert not any("take two values" in text for text in cautions(tiny_table(scores)))


def test_a_diverged_run_is_no_success(tiny_table):
    texts = cautions(tiny_table({"ga": [1] * 7 + [0] * 2 + [1], "cma-es": [1, 0] * 4 + [1, 1]}, diverged=1))
    assert any("ga 7 of 10" in text for text in texts)


def test_earlier_looks_are_named(tiny_table):
    table = tiny_table({"ga": TEN, "cma-es": TEN})
    table = StudyTable.from_results(replace(table.results, earlier_verdicts=(6, 8)))
    (text,) = cautions(table)
    assert text.startswith("Verdicts were made before with 6 and 8 seeds. The corrected p allows for this")
    once = verdicts(StudyTable.from_results(replace(table.results, earlier_verdicts=())))
    assert verdicts(table)[0].corrected_p == min(once[0].corrected_p * 25, 1)


def with_settings(folder, **settings):
    about = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps({**about, "settings": settings}))
    return StudyTable.from_results(load(folder))


def test_unequal_costs_in_the_units_of_the_budget_have_a_caution_with_advice(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"reach": {}}, ["ga", "cma-es"])
    for seed in range(10):
        for method, steps in (("ga", 100), ("cma-es", 250)):
            rows = [{"test": 0}, {"env_steps": steps, "test": TEN[seed]}]
            fakes.write_run(tmp_path / f"reach/{method}/seed-{seed}", rows)
    (text,) = cautions(with_settings(tmp_path, budget={"env_steps": 250}))
    assert text == (
        "Unequal costs on reach: cma-es spent 250 env steps, ga spent 100. "
        "To compare at an equal cost, use evorobo compare ... --at env_steps=100."
    )
    assert cautions(with_settings(tmp_path, budget={"flops": 9})) == []


def test_methods_with_equal_curves_in_all_seeds_are_named_as_one(fakes, tmp_path):
    methods = {"cma-es": 0, "ipop-cma-es": 0, "bipop-cma-es": 0, "ga": 1, "always 9": None, "never 9": None}
    fakes.write_study(tmp_path, "race", {"reach": {}}, list(methods))
    for seed in range(10):
        for method, shift in methods.items():
            scores = [9.0] * 4 if shift is None else [0, seed + 1, seed + 2 + shift * (seed == 9), 20 + seed]
            rows = [{"test": score} for score in scores]
            fakes.write_run(tmp_path / f"reach/{method}/seed-{seed}", rows)
    (text,) = cautions(StudyTable.from_results(load(tmp_path)))
    assert text.startswith("Equal curves on reach in all seeds: cma-es, ipop-cma-es, bipop-cma-es. ")
    assert text.endswith("count it 3 times.")


def test_seeds_that_were_used_for_tuning_are_named(tiny_study, tmp_path):
    tiny_study({"ga": TEN})
    (text,) = cautions(with_settings(tmp_path, tuning_seeds=[2, 5, 77]))
    assert text.startswith(
        "Settings were tuned on seeds that are used here (2, 5), so the scores of tuned methods are too optimistic."
    )
    assert tuned_seeds_caution(with_settings(tmp_path, tuning_seeds=[77]).results) == ""


def test_scores_that_never_fall_have_a_caution_in_tables_of_other_tools_only(fakes, tmp_path):
    lines = ["step,score,seed"] + [f"{step},{step // 2},{seed}" for seed in range(10) for step in range(1, 20)]
    (tmp_path / "best.csv").write_text("\n".join(lines))
    (text,) = cautions(StudyTable.from_results(read_results(tmp_path / "best.csv")))
    assert "No run of best on" in text
    assert "Score champions again on new episodes before you compare." in text
    fakes.write_study(tmp_path, "ours", {"reach": {}}, ["ga"])
    for seed in range(10):
        fakes.write_run(tmp_path / f"reach/ga/seed-{seed}", [{"env_steps": n, "test": n / 7} for n in range(20)])
    assert cautions(fakes.load_table(tmp_path)) == []


def test_runs_that_went_on_on_another_type_of_processor_have_a_caution(tiny_table):
    table = tiny_table({"ga": TEN, "cma-es": TEN})
    runs = table.results.runs
    moved = [replace(run, continued=("blas A, then B",)) if run.seed in (3, 4) else run for run in runs]
    (text,) = cautions(StudyTable.from_results(replace(table.results, runs=moved)))
    which = f"ga on {runs[0].task}, seed 3 and 3 more (blas A, then B)"
    assert text.startswith(f"Continued on another type of processor or with other package versions: {which}.")


def test_saturated_motors_at_the_end_of_a_gradient_have_a_caution(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["gradient", "free", "ga"])
    for seed in range(3):
        for method, more in (
            ("gradient", {"saturated": 0.5, "saturated_0_push": 0.2, "saturated_1_turn": 0.97 - 0.4 * (seed == 0)}),
            ("free", {"saturated": 0.2, "saturated_0_push": 0.2, "saturated_1_turn": 0.2}),
            ("ga", {}),
        ):
            rows = [{"env_steps": steps, "test": TEN[seed] * steps, **more} for steps in (0, 10)]
            fakes.write_run(tmp_path / f"run/{method}/seed-{seed}", rows)
    (text,) = [text for text in cautions(fakes.load_table(tmp_path)) if text.startswith("Hardly any slope")]
    assert text.startswith(
        "Hardly any slope left on run: at the end of gradient, motor 1 (turn) is saturated in 97% of the steps "
        "(2 of 3 runs). A motor near its limit"
    )


def test_few_updates_of_training_have_a_caution(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"reach": {}}, ["backprop", "patient", "ga"])
    for seed in range(10):
        for method, updates in (("backprop", 12), ("patient", 100), ("ga", 5)):
            steps = {} if method == "ga" else {"epoch": 3}
            rows = [{"test": 0, "generations": 0, **steps}, {"test": TEN[seed], "generations": updates, **steps}]
            fakes.write_run(tmp_path / f"reach/{method}/seed-{seed}", rows)
    (text,) = cautions(StudyTable.from_results(load(tmp_path)))
    assert text == (
        "Few updates of the weights on reach: backprop took 12 updates. Fewer than 100 hardly move them from their "
        "first values, so this compares budgets, not methods. Set a smaller batch_size (for recurrent networks, "
        "smaller bptt_steps as well) or a larger budget."
    )
