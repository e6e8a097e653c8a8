"""Comparisons of studies and tables: which pairs are compared, what is an error, and the exit status."""

from __future__ import annotations

import json

import matplotlib.image
import numpy as np
import pytest

from evorobo import FigureSettings, ResultsError, SettingsError, compare, write_comparison
from evorobo.report.figures import comparison_figure


@pytest.fixture
def study(fakes, tmp_path):
    """`study("monday", {"ga": (seeds, score), ...})`: S-shaped curves up to a score, spent as `steps` says."""

    def make(name, methods, *, tasks=("reach",), steps=1e5, folder=None, about=None):
        folder = tmp_path / (folder or name)
        fakes.write_study(folder, name, {task: about or {} for task in tasks}, list(methods))
        for task in tasks:
            for method, (seeds, score) in methods.items():
                for seed in range(seeds):
                    rows = fakes.learning(seed + len(method), 0, score, n_evals=8, steps=steps)
                    fakes.write_run(folder / f"{task}/{method}/seed-{seed}", rows)
        return folder

    return make


def table(path, score, seeds=10, steps=1e5, column="score"):
    rng = np.random.default_rng(1)
    lines = [f"step,{column},seed"]
    lines += [
        f"{share * steps},{score * share + rng.normal()},{seed}"
        for seed in range(seeds)
        for share in (0.01, 0.1, 0.5, 1)
    ]
    path.write_text("\n".join(lines))
    return path


def pairs(comparison):
    return {frozenset((verdict.first, verdict.second)) for verdict in comparison.verdicts}


def test_all_pairs_of_methods_of_one_study_are_compared(study):
    comparison = compare(study("s", {"a": (10, 5), "bb": (10, 9), "ccc": (10, 9)}))
    assert len(pairs(comparison)) == 3
    assert (comparison.exit_status, comparison.cost_column) == (1, "flops")  # a comes first, and is worse


def test_methods_of_equal_names_are_compared_across_studies(study):
    comparison = compare(
        study("monday", {"ga": (10, 5), "es": (10, 9)}), study("tuesday", {"ga": (12, 9), "es": (10, 9)})
    )
    assert pairs(comparison) == {frozenset(("monday/ga", "tuesday/ga")), frozenset(("monday/es", "tuesday/es"))}
    assert comparison.exit_status == 1
    assert any(
        text.startswith("tuesday/ga ends above monday/ga") and "n = 12 v 10" in text for text in comparison.sentences
    )


def test_the_exit_status_depends_on_which_side_is_first(study):
    monday, tuesday = study("monday", {"ga": (10, 5)}), study("tuesday", {"ga": (12, 9)})
    assert (compare(tuesday, monday).exit_status, compare(monday, tuesday).exit_status) == (0, 1)


def test_methods_of_studies_with_one_name_are_named_by_their_folders(study, tmp_path):
    comparison = compare(study("s", {"ga": (3, 5)}, folder="old"), study("s", {"ga": (3, 9)}, folder="new"))
    assert pairs(comparison) == {frozenset(("old", "new"))}
    assert comparison.table.results.name == "old v new"
    deep = [study("s", {"ga": (3, 5), "es": (3, 1)}, folder=f"{folder}/runs") for folder in ("a/b", "a/c")]
    assert pairs(compare(*deep)) == {frozenset(("b/ga", "c/ga")), frozenset(("b/es", "c/es"))}


def test_each_comparison_has_a_folder_of_its_own(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    comparison = compare(study("monday", {"ga": (10, 5)}), study("tuesday", {"ga": (12, 9)}))
    assert {name for pair in pairs(comparison) for name in pair} == {"monday", "tuesday"}
    settings = FigureSettings(width="1 column")
    files = write_comparison(comparison, settings=settings, figure="paper.pdf")
    assert [str(file) for file in files[:3]] == [
        "paper.pdf",
        "paper.txt",
        "results/compare/monday-v-tuesday/compare.txt",
    ]
    with pytest.raises(SettingsError, match="names no known format"):
        write_comparison(comparison, figure="paper.doc")


def test_a_single_method_is_compared_with_all_methods_of_another_study(study):
    s, t = study("s", {"ga": (3, 5)}), study("t", {"es": (3, 9), "backprop": (3, 9)})
    assert pairs(compare(s / "reach/ga", t)) == {frozenset(("ga", "es")), frozenset(("ga", "backprop"))}


def test_a_third_path_is_compared_with_the_first_only(study):
    comparison = compare(study("r", {"a": (3, 5)}), study("s", {"b": (3, 5)}), study("t", {"c": (3, 9)}))
    assert pairs(comparison) == {frozenset("ab"), frozenset("ac")}


def test_a_table_takes_task_and_direction_from_the_study_with_a_caution(study, tmp_path):
    s = study("s", {"ga": (10, 5)}, about={"metric": {"name": "RMSE", "higher_is_better": False}})
    comparison = compare(s, table(tmp_path / "theirs.csv", 9))
    (verdict,) = comparison.verdicts
    assert (verdict.first, verdict.task, comparison.cost_column) == ("ga", "reach", "env_steps")
    assert comparison.cautions[-1] == (
        f"{tmp_path}/theirs.csv does not say how its scores were measured. They are assumed to be RMSE as in {s}, of "
        "solutions that were scored again."
    )


def test_two_tables_compare_by_their_column(tmp_path):
    one, two = table(tmp_path / "one.csv", 5), table(tmp_path / "two.csv", 9)
    assert (compare(one, two).exit_status, compare(one, two, lower_is_better=True).exit_status) == (1, 0)
    caution = "The direction of score is unknown. Higher is assumed to be better; else use --lower-is-better."
    assert caution in compare(one, two).cautions
    assert caution not in compare(one, two, lower_is_better=True).cautions


def test_at_a_cost_the_scores_are_those_at_that_cost(study):
    s = study("s", {"a": (10, 5), "bb": (10, 9)})
    comparison = compare(s, at="env_steps=2e4")
    assert all(run.curve["env_steps"][-1] <= 2e4 for run in comparison.final.results.runs)
    assert "when both have spent 20k env steps" in comparison.sentences[0]
    assert comparison.rows[0]["mean"] < compare(s).rows[0]["mean"]


def test_unequal_costs_are_also_compared_at_the_highest_common_cost(study):
    comparison = compare(study("s", {"a": (10, 9)}, steps=1e5), study("t", {"b": (10, 9)}, steps=4e5))
    ((cost, verdict),) = comparison.at_equal_cost
    assert (cost, verdict.first) == (2200e5, "a")
    assert comparison.sentences[-1].startswith("a is above b when both have spent 220M FLOPs: mean")
    assert compare(study("u", {"a": (10, 9)}), study("v", {"b": (10, 9)})).at_equal_cost == []


def test_a_cost_that_one_side_never_spent_has_a_caution(study):
    comparison = compare(
        study("s", {"a": (10, 9)}, steps=1e5), study("t", {"b": (10, 9)}, steps=4e5), at="env_steps=3e5"
    )
    assert any(
        "Some runs ended before 300k env steps: a on reach at 100k. Their final scores are used." in text
        for text in comparison.cautions
    )


def test_tasks_with_different_settings_have_a_caution(study):
    places = []
    for name, episodes in (("s", 4), ("t", 8)):
        folder = study(name, {"ga": (3, 5)})
        text = (folder / "study.json").read_text()
        settings = f'"settings": {{"tasks": [{{"episodes": {episodes}}}]}}'
        (folder / "study.json").write_text(text.replace('"settings": {}', settings))
        places.append(folder)
    caution = "reach has different settings: episodes is 4 there and 8 here (there: {}, here: {})."
    assert caution.format(*places) in compare(*places).cautions


@pytest.mark.parametrize("field", ["task_code_sha256", "data_sha256"])
def test_a_task_with_other_code_or_data_under_the_same_settings_has_a_caution(study, field):
    def make(name, fingerprint):
        folder = study(name, {"ga": (3, 5)})
        text = (folder / "study.json").read_text()
        (folder / "study.json").write_text(text.replace('"settings": {}', '"settings": {"tasks": [{"episodes": 4}]}'))
        for seed in folder.glob("reach/ga/seed-*"):
            (seed / "machine.json").write_text(json.dumps({field: fingerprint}))
        return folder

    s, t, u = make("s", "12ab"), make("t", "34cd"), make("u", "12ab")
    caution = (
        f"reach has the same settings but other code or data in {s} than in {t}, so a difference may come from the task"
    )
    assert any(text.startswith(caution) for text in compare(s, t).cautions)
    assert not any("other code" in text for text in compare(s, u).cautions)


def test_tuning_seeds_of_either_study_have_a_caution(study):
    s, t = study("s", {"ga": (3, 5)}), study("t", {"es": (3, 9)})
    text = (t / "study.json").read_text()
    (t / "study.json").write_text(text.replace('"settings": {}', '"settings": {"tuning_seeds": [1]}'))
    assert any("seeds that are used here (1)" in text for text in compare(s, t).cautions)


def test_training_scores_have_a_caution(study):
    comparison = compare(study("s", {"a": (3, 5), "b": (3, 9)}), metric="train")
    assert "Champions are not scored again" in comparison.cautions[-1]


def test_one_run_a_side_cannot_be_compared(study):
    assert compare(study("s", {"a": (1, 5)}), study("t", {"b": (1, 9)})).exit_status == 2


def test_results_that_are_not_comparable_raise(study, tmp_path):
    s = study("s", {"a": (2, 5), "b": (2, 5)})
    other_task = study("t", {"a": (2, 5)}, tasks=("grasp",))
    other_metric = study("u", {"a": (2, 5)}, about={"metric": {"name": "accuracy"}})
    with pytest.raises(ResultsError, match=r"the results have no common task.*s has reach; .*t has grasp"):
        compare(s, other_task)
    with pytest.raises(ResultsError, match=r"scores on reach are 'return' in .*s and 'accuracy' in .*u"):
        compare(s, other_metric)
    with pytest.raises(ResultsError, match=r"have no common method; give the folder of one method"):
        compare(s, study("v", {"c": (2, 5), "d": (2, 5)}))
    with pytest.raises(ResultsError, match="holds only one method; give another"):
        compare(other_task)
    with pytest.raises(SettingsError, match="a path is given twice"):
        compare(s, s)
    with pytest.raises(ResultsError, match=r"does not name its task, which may be any of reach, grasp"):
        compare(study("w", {"a": (2, 5)}, tasks=("reach", "grasp")), table(tmp_path / "x.csv", 1))
    with pytest.raises(
        ResultsError, match=r"x\.csv does not report forward_flops; choose one of its columns, env_steps, test"
    ):
        compare(s, tmp_path / "x.csv", at="flops=10")


def test_a_study_without_finished_runs_raises(tiny_study, tmp_path):
    tiny_study({"ga": [1], "es": [2]}, unfinished=1)
    with pytest.raises(ResultsError, match="fewer than two methods have finished runs on reach"):
        compare(tmp_path)


def test_a_comparison_is_written_as_figure_text_and_tables(study, tmp_path):
    comparison = compare(study("s", {"a": (10, 5), "bb": (10, 9)}))
    written = write_comparison(comparison, tmp_path / "out")
    assert [path.name for path in written] == ["compare.png", "compare.txt", "compare.csv", "verdicts.csv"]
    assert written[1].read_text() == f"{comparison}\n"
    assert comparison.sentences[0] in str(comparison)
    assert matplotlib.image.imread(written[0]).shape[1] > 1000


def test_the_figure_shows_curves_scores_at_the_cost_and_probabilities(study):
    comparison = compare(study("s", {"a": (10, 5), "bb": (10, 9)}), at="env_steps=2e4")
    curves, scores, probabilities = comparison_figure.figure(comparison).axes
    lines = {line.get_label(): line for axes in (curves, scores, probabilities) for line in axes.lines}
    assert lines["_cost"].get_xdata()[0] == 2e4
    assert lines["_a runs"].get_ydata() == pytest.approx(
        [run.score for run in comparison.final.cells["reach", "a"].runs]
    )
    verdict = comparison.verdicts[0]
    assert lines[f"_{verdict.first}"].get_xdata()[0] == verdict.probability
    assert [text.get_text() for text in probabilities.texts] == [f"{verdict.first} v {verdict.second}"]


def test_many_pairs_are_listed_beside_curves_of_the_usual_height(study):
    comparison = compare(study("s", {name: (3, k) for k, name in enumerate("abcdefg")}))
    drawn = comparison_figure.figure(comparison)
    drawn.draw_without_rendering()
    curves, scores, probabilities = drawn.axes
    names = [label.get_text() for label in probabilities.get_yticklabels()]
    assert names == [f"{one.first} v {one.second}" for one in comparison.verdicts]
    heights = [axes.get_window_extent().height / drawn.dpi for axes in (curves, scores, probabilities)]
    assert max(heights[:2]) <= 2 <= heights[2]


def test_the_figure_marks_the_crossover_of_a_single_pair(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["slow", "fast"])
    for seed in range(8):
        for method, scores in (("slow", (0, 1, 2, 9, 9)), ("fast", (0, 5, 5, 5, 5))):
            rows = [{"env_steps": n, "test": score + seed / 50} for n, score in enumerate(scores, 1)]
            fakes.write_run(tmp_path / f"run/{method}/seed-{seed}", rows)
    comparison = compare(tmp_path)
    assert "slow stays ahead of fast from 4 env steps on (interval 3 to 4)." in comparison.sentences[0]
    drawn = comparison_figure.figure(comparison)
    assert "_crossing" in [patch.get_label() for patch in drawn.axes[0].patches]
    assert any("Gray band" in text.get_text() for text in drawn.texts)
