"""Curves of other tools become runs of a study, with the numbers in their files and no others."""

import json

import numpy as np
import pytest
from toys import Bowl

from evorobo import Baseline, Budget, DataError, Evolution, ResultsError, SettingsError, Study, load_results
from evorobo.report.analysis.cautions import cautions
from evorobo.report.analysis.costs import at_cost, shared_cost_column
from evorobo.report.analysis.robustness import load_robustness
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.tables import summary_rows
from evorobo.report.figures.curves import figure
from evorobo.report.formatting import COST_LABELS
from evorobo.report.page.charts import task_charts
from evorobo.report.page.page import render_page
from evorobo.settings import from_plain
from evorobo.study.results import load

EVALUATED = {
    "timesteps": np.array([100, 200]),
    "results": np.array([[1.0, 3.0], [5.0, 9.0]]),
    "ep_lengths": np.ones((2, 2)),
}
MONITOR = '#{"t_start": 1795581638.4, "env_id": "arm"}\nr,l,t\n2.0,10,0.5\n4.0,20,1.5\n9.0,30,2.0\n'
PROGRESS = "time/total_timesteps,rollout/ep_rew_mean,eval/mean_reward\n50,1.5,\n100,2.5,7.0\n150,3.5,\n200,4.5,8.0\n"


def read(path, content=None, **settings):
    """The curve of one file."""
    if content is not None:
        path.write_text(content)
    (curve,) = Baseline("theirs", "bowl", str(path), **settings).curves().values()
    return {name: column.tolist() for name, column in curve.items()}


def a_study(*baselines, name="toys", budget=None):
    budget = budget or Budget(env_steps=150, n_evals=3)
    return Study.grid(
        name, tasks=[Bowl()], methods=[Evolution()], seeds=2, budget=budget, hidden=(2,), baselines=baselines
    )


# ---- reading


def test_evaluations_are_read_with_their_mean_return(tmp_path):
    np.savez(tmp_path / "evaluations.npz", **EVALUATED)
    assert read(tmp_path / "evaluations.npz") == {"env_steps": [100, 200], "test": [2, 7]}


def test_an_ending_in_capitals_is_the_same_ending(tmp_path):
    np.savez(tmp_path / "evaluations.npz", **EVALUATED)
    (tmp_path / "evaluations.npz").rename(tmp_path / "EVALUATIONS.NPZ")
    assert read(tmp_path / "EVALUATIONS.NPZ") == {"env_steps": [100, 200], "test": [2, 7]}


def test_rows_of_a_monitor_file_are_means_of_the_last_episodes_computed_by_hand(tmp_path):
    assert read(tmp_path / "monitor.csv", MONITOR) == {
        "env_steps": [10, 30, 60], "episodes": [1, 2, 3], "wall_seconds": [0.5, 1.5, 2.0], "test": [2, 3, 5],
    }  # fmt: skip


def test_some_rows_of_a_long_monitor_file_are_kept_each_the_mean_of_100_episodes(tmp_path):
    returns = np.random.default_rng(0).normal(size=3000)
    rows = "".join(f"{value!r},7,{number / 8}\n" for number, value in enumerate(returns.tolist()))
    curve = read(tmp_path / "monitor.csv", "#{}\nr,l,t\n" + rows)
    assert 30 < len(curve["test"]) <= 50
    assert curve["env_steps"][-1] == 7 * 3000
    for episode, score in zip(curve["episodes"], curve["test"], strict=True):
        assert score == pytest.approx(returns[max(0, int(episode) - 100) : int(episode)].mean())


def test_monitor_files_of_parallel_environments_are_one_run_in_the_order_of_time(tmp_path):
    """Two environments: the second begins 1 s later; its episodes end at 1.2 and 3 s of the first one's clock."""
    (tmp_path / "0.monitor.csv").write_text('#{"t_start": 100.0}\nr,l,t\n1.0,10,1.0\n3.0,10,2.0\n')
    (tmp_path / "1.monitor.csv").write_text('#{"t_start": 101.0}\nr,l,t\n2.0,20,0.2\n6.0,20,2.0\n')
    assert read(tmp_path / "*.monitor.csv") == {
        "env_steps": [10, 30, 40, 60], "episodes": [1, 2, 3, 4],
        "wall_seconds": [1, pytest.approx(1.2), 2, 3], "test": [1, 1.5, 2, 3],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("monitor.csv", MONITOR + MONITOR, "line 6: a second header begins, so two runs lie in one file"),
        ("monitor.csv", MONITOR + "nan,5,3.0\n", "a score that is not a finite number, in its row 4"),
        ("monitor.csv", MONITOR + "1.0,5,0.5\n", "the time t falls in"),
        ("x.csv", "step,score\n1,2\n1,3\n", "steps repeat in .*; give a file for each run"),
        ("x.csv", "step,global_step,score\n1,2,3\n", r'several columns of steps, .*columns=\{"env_steps"'),
        ("x.csv", "step,reward,episodic_return\n1,2,3\n", r'several columns of scores, .*columns=\{"test"'),
    ],
)
def test_runs_that_flowed_together_and_columns_of_one_meaning_are_refused(tmp_path, name, content, sentence):
    with pytest.raises(DataError, match=sentence):
        read(tmp_path / name, content)


@pytest.mark.parametrize(
    ("steps", "scores", "sentence"),
    [
        ([100, 200, 100], [1, 2, 3], "timesteps begin again"),
        ([100, 100], [1, 2], "timesteps begin again"),
        ([100, 200], [1, np.nan], "not a finite number"),
    ],
)
def test_evaluations_of_two_runs_or_without_a_score_are_refused(tmp_path, steps, scores, sentence):
    np.savez(tmp_path / "evaluations.npz", timesteps=np.array(steps), results=np.array(scores, float)[:, None])
    with pytest.raises(DataError, match=sentence):
        read(tmp_path / "evaluations.npz")


def test_a_folder_is_no_file_of_a_baseline(tmp_path):
    with pytest.raises(DataError, match="no file fits"):
        read(tmp_path)


def test_columns_of_a_table_are_named_and_rows_without_a_score_are_left_out(tmp_path):
    names = {"env_steps": "time/total_timesteps", "test": "eval/mean_reward"}
    assert read(tmp_path / "progress.csv", PROGRESS, columns=names) == {"env_steps": [100, 200], "test": [7, 8]}
    names["test"] = "rollout/ep_rew_mean"
    assert read(tmp_path / "progress.csv", columns=names)["test"] == [1.5, 2.5, 3.5, 4.5]


@pytest.mark.parametrize("head", ["step,score", "Total Timesteps,Episodic Return", "global_step,reward"])
def test_columns_with_usual_names_need_not_be_named(tmp_path, head):
    assert read(tmp_path / "theirs.csv", f"{head}\n10,1\n20,2.5\n") == {"env_steps": [10, 20], "test": [1, 2.5]}


def test_a_curve_of_evorobo_is_read_unchanged(tmp_path):
    run = a_study().run(tmp_path).runs[0]
    curve = read(run.folder / "curve.csv")
    for name in ("env_steps", "forward_flops", "cpu_seconds", "test"):
        assert curve[name] == run.curve[name].tolist()


# ---- in a study


@pytest.fixture
def ppo(tmp_path):
    """Three runs of another tool, numbered."""
    for number, better in ((2, 0.0), (9, 1.0), (10, 2.0)):
        (tmp_path / f"ppo-{number}").mkdir()
        np.savez(tmp_path / f"ppo-{number}/evaluations.npz", **{**EVALUATED, "results": EVALUATED["results"] + better})
    return Baseline("ppo", "bowl", str(tmp_path / "ppo-*/evaluations.npz"))


def test_a_baseline_has_a_run_for_each_file_in_the_order_of_their_numbers(ppo, tmp_path):
    results = a_study(ppo).run(tmp_path / "results")
    assert results.methods == ["cma-es", "ppo"]
    theirs = [run for run in results.runs if run.method == "ppo"]
    assert [(run.seed, run.status, run.score) for run in theirs] == [
        (0, "finished", 7),
        (1, "finished", 8),
        (2, "finished", 9),
    ]
    assert theirs[0].curve["env_steps"].tolist() == [100, 200]
    assert np.isnan(theirs[0].curve["forward_flops"]).all()
    source = json.loads((theirs[2].folder / "result.json").read_text())["read_from"]
    assert source.endswith("ppo-10/evaluations.npz")
    ours = [run for run in results.runs if run.method == "cma-es"]
    alone = a_study().run(tmp_path / "alone").runs
    assert [run.score for run in ours] == [run.score for run in alone]


def test_a_baseline_is_in_table_figure_and_frame_and_its_origin_is_noted(ppo, tmp_path):
    results = a_study(ppo).run(tmp_path / "results")
    table = StudyTable.from_results(results)
    row = next(row for row in summary_rows(table) if row["method"] == "ppo")
    assert (row["n"], row["mean"], row["env_steps"]) == (3, 8, 200)
    assert np.isnan(row["flops"])
    flops, steps, finals = figure(table).axes
    assert flops.get_xlabel().splitlines()[-1] == "ppo does not report it"
    assert next(line for line in steps.lines if line.get_label() == "_ppo 2").get_ydata().tolist() == [4, 9]
    assert [label.get_text() for label in finals.get_xticklabels()] == ["cma-es", "ppo"]
    told = "Read from files of other tools: ppo"
    assert told in " ".join(text.get_text() for text in figure(table).texts)
    assert any(told in caution for caution in cautions(table))
    assert not any("nan" in caution for caution in cautions(table))
    pytest.importorskip("pandas", reason="pandas is not installed: pip install 'evorobo[pandas]'")
    assert load_results(results.folder).query("method == 'ppo'").groupby("seed").test.last().tolist() == [7, 8, 9]


def test_a_baseline_is_in_the_report_without_a_network(ppo, tmp_path):
    results = a_study(ppo).run(tmp_path / "results")
    charts = task_charts(StudyTable.from_results(results), "bowl")["methods"]
    assert charts["ppo"]["unreported"] == [name for name in COST_LABELS if name != "env_steps"]
    assert charts["cma-es"]["unreported"] == []
    html = render_page(results, run_robustness=True)
    assert "Read from files of other tools" in html
    assert "method ppo" in html
    assert {row.method for row in load_robustness(results.folder)} == {"cma-es"}


def test_costs_are_compared_in_a_column_that_all_runs_have(ppo, tmp_path):
    table = StudyTable.from_results(a_study(ppo).run(tmp_path / "results"))
    assert shared_cost_column(table, "bowl") == "env_steps"
    at = at_cost(table, "env_steps", 120.0)
    assert at.cells_of("bowl")["ppo"].scores.tolist() == [2, 3, 4]
    with pytest.raises(ResultsError, match="ppo on bowl does not report its FLOPs; choose another cost"):
        at_cost(table, "flops", 1e3)


def test_changed_files_are_read_again(ppo, tmp_path):
    a_study(ppo).run(tmp_path / "results")
    np.savez(tmp_path / "ppo-2/evaluations.npz", timesteps=np.array([500]), results=np.array([[4.0]]))
    results = a_study(ppo).run(tmp_path / "results")
    assert next(run for run in results.runs if run.method == "ppo").curve["env_steps"].tolist() == [500]


def test_a_baseline_is_a_setting(ppo, tmp_path):
    settings = load(a_study(ppo).run(tmp_path / "results").folder).settings
    assert from_plain(settings).baselines == (ppo,)


# ---- invalid baselines


@pytest.mark.parametrize(
    ("content", "settings", "sentence"),
    [
        ("a,b\n1,2\n", {}, r'has the columns a, b; name those of the baseline theirs: columns=\{"env_'),
        ("env_steps,points\n1,2\n", {}, "has the columns env_steps, points; name those of the baseline"),
        (
            PROGRESS,
            {"columns": {"test": "eval/mean", "env_steps": "time/total_timesteps"}},
            "did you mean 'eval/mean_reward'",
        ),
        ("env_steps,test\n10,1\n5,2\n", {}, "env_steps falls in .*, but costs only grow; give a file for each run"),
        ("env_steps,test\n10,\n", {}, "holds no score in its column 'test'"),
        ("env_steps,test\n10,1\nmany,2\n", {}, "line 3, column 'env_steps': 'many' is not a number; correct the cell"),
        ("#{}\nr,l,t\n", {}, "holds no episode yet"),
        ("#{}\nr,l\n1,2\n", {}, r"is not a complete monitor\.csv of Stable-Baselines3"),
        ("#{}\nr,l,t\n1,2,3\n4,5\n", {}, r"is not a complete monitor\.csv of Stable-Baselines3"),
    ],
)
def test_a_file_without_a_curve_is_refused_with_a_cure(tmp_path, content, settings, sentence):
    with pytest.raises(DataError, match=sentence):
        read(tmp_path / "x.csv", content, **settings)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"timesteps": np.arange(3)}, "give a file of an EvalCallback"),
        ({"timesteps": np.arange(3), "results": np.ones((2, 5))}, "give a file of an EvalCallback"),
        ({"timesteps": np.arange(0), "results": np.ones((0, 5))}, "holds no evaluation yet"),
    ],
)
def test_arrays_without_evaluations_are_refused(tmp_path, arrays, sentence):
    np.savez(tmp_path / "evaluations.npz", **arrays)
    with pytest.raises(DataError, match=sentence):
        read(tmp_path / "evaluations.npz")


def test_a_pattern_without_files_is_reported_before_anything_runs(tmp_path):
    with pytest.raises(
        DataError, match=r"no file fits .*nowhere-\*\.csv of the baseline ppo; give a path, or a pattern"
    ):
        a_study(Baseline("ppo", "bowl", str(tmp_path / "nowhere-*.csv"))).run(tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("baseline", "sentence"),
    [
        (Baseline("cma-es", "bowl", "x.csv"), "two methods are called 'cma-es'"),
        (Baseline("ppo", "bow", "x.csv"), "unknown task 'bow'; did you mean 'bowl'"),
        (Baseline("p/po", "bowl", "x.csv"), "'p/po' is invalid as the name of a folder"),
        ("x.csv", "baselines\\[0\\] must be an object such as Baseline\\(name=..., task=..., files=...\\)"),
    ],
)
def test_an_invalid_baseline_is_refused(baseline, sentence):
    with pytest.raises(SettingsError, match=sentence):
        a_study(baseline)


def test_an_unknown_column_of_evorobo_is_answered_with_the_nearest():
    with pytest.raises(SettingsError, match="unknown column of evorobo 'env_step'; did you mean 'env_steps'"):
        Baseline("ppo", "bowl", "x.csv", columns={"env_step": "timesteps"})


def test_other_runs_are_never_overwritten(ppo, tmp_path):
    a_study(ppo).run(tmp_path / "results")
    (tmp_path / "ppo-10/evaluations.npz").unlink()
    with pytest.raises(ResultsError, match=r"seed-2 holds a run that is none of .*; move or delete .*bowl/ppo"):
        a_study(ppo).run(tmp_path / "results")
    a_study().run(tmp_path / "ours")
    with pytest.raises(ResultsError, match="seed-0 holds a run that is none of"):
        Study.grid(
            "toys", tasks=[Bowl()], methods=[Evolution(name="other")], seeds=2, budget=Budget(generations=2),
            baselines=[Baseline("cma-es", "bowl", ppo.files)],
        ).run(tmp_path / "ours")  # fmt: skip
