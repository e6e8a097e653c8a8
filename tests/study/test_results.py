"""A study is read back from its folder, with runs of every status."""

import numpy as np
import pytest

from evorobo import ResultsError
from evorobo.study.records import write_record
from evorobo.study.results import load, read_curve
from evorobo.tasks.base import MetricInfo


@pytest.fixture
def folder(tmp_path):
    """A study of one task and two methods, without any runs."""
    task = {"metric": {"name": "RMSE", "unit": "m", "higher_is_better": False}, "references": {"random": 2.5}}
    plain = {"name": "reach", "tasks": {"arm": task}, "methods": {"ga": {}, "backprop": {}}, "settings": {"seeds": 3}}
    write_record(tmp_path / "study.json", plain)
    return tmp_path


def put(folder, method, seed, curve=None, result=None):
    trial = folder / "arm" / method / f"seed-{seed}"
    trial.mkdir(parents=True)
    if curve is not None:
        (trial / "curve.csv").write_text(curve)
    if result is not None:
        write_record(trial / "result.json", result)
    return trial


CURVE = "env_steps,wall_seconds,train,test\n0,0.0,,3.0\n100,1.5,0.25,1.0\n"


def test_results_hold_tasks_methods_metrics_and_references(folder):
    results = load(folder)
    assert (results.name, results.tasks, results.methods) == ("reach", ["arm"], ["ga", "backprop"])
    assert results.metrics == {"arm": MetricInfo("RMSE", "m", higher_is_better=False)}
    assert results.references == {"arm": {"random": 2.5}}
    assert results.settings == {"seeds": 3}
    assert results.runs == []


def test_a_finished_run_has_its_log_as_columns_and_the_last_test_as_score(folder):
    put(folder, "ga", 0, CURVE, {"status": "finished"})
    (run,) = load(folder).runs
    assert (run.task, run.method, run.seed, run.status, run.reason, run.score) == ("arm", "ga", 0, "finished", "", 1.0)
    assert run.curve["env_steps"].tolist() == [0, 100]
    assert np.isnan(run.curve["train"][0])
    assert run.curve["train"][1] == 0.25


def test_a_run_without_a_result_is_unfinished(folder):
    put(folder, "ga", 0, CURVE)
    (run,) = load(folder).runs
    assert (run.status, run.score) == ("unfinished", 1.0)


def test_a_failed_run_has_a_reason(folder):
    put(folder, "ga", 0, CURVE, {"status": "failed", "reason": "The weights became NaN."})
    (run,) = load(folder).runs
    assert (run.status, run.reason) == ("failed", "The weights became NaN.")


def test_a_run_before_its_first_eval_has_no_score(folder):
    put(folder, "ga", 0)
    put(folder, "ga", 1, "env_steps,test\n")
    results = load(folder)
    assert len(results.runs) == 2
    assert all(np.isnan(run.score) for run in results.runs)
    assert [run.seed for run in results.runs_of("arm", "ga")] == [1]


def test_runs_come_in_the_order_of_the_settings_and_seeds_by_number(folder):
    for method, seed in (("backprop", 0), ("ga", 10), ("ga", 9)):
        put(folder, method, seed, CURVE, {"status": "finished"})
    results = load(folder)
    assert [(run.method, run.seed) for run in results.runs] == [("ga", 9), ("ga", 10), ("backprop", 0)]


@pytest.mark.parametrize(
    "damage", ["", "env_steps,test\n1,2\n3\n", "env_steps,test\n1,oops\n", "env_steps,test\n1,2,3\n"]
)
def test_a_damaged_log_is_named_with_a_cure(folder, damage):
    trial = put(folder, "ga", 0, damage)
    with pytest.raises(ResultsError, match=r"curve\.csv is damaged .*; delete its folder and run the study again"):
        read_curve(trial / "curve.csv")
    with pytest.raises(ResultsError, match="seed-0"):
        load(folder)


@pytest.mark.parametrize("log", [None, "env_steps,test\n", "garbage,1\n"])
def test_a_finished_run_without_scores_is_reported_as_damaged(folder, log):
    put(folder, "ga", 0, log, {"status": "finished"})
    with pytest.raises(ResultsError, match=r"curve\.csv is damaged \(no test scores\); delete its folder"):
        load(folder)


def test_a_damaged_study_or_result_is_named(folder):
    trial = put(folder, "ga", 0, CURVE)
    (trial / "result.json").write_text("{")
    with pytest.raises(ResultsError, match=r"result\.json is damaged"):
        load(folder)
    (folder / "study.json").write_text("[")
    with pytest.raises(ResultsError, match=r"study\.json is damaged"):
        load(folder)


def test_a_folder_without_a_study_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ResultsError, match="holds no study; give a folder that an experiment wrote"):
        load(tmp_path / "nowhere")
