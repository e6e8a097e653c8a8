"""Tuning has the same effort for every method, seeds of its own and a cost; it continues after interrupts."""

import json
import re
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from toys import Bowl

from evorobo import SGD, Backprop, Budget, Evolution, ResultsError, SettingsError, Study, tune, tuned
from evorobo.report.analysis.cautions import cautions
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.tuning import to_terminal
from evorobo.study.folders import Interrupted
from evorobo.study.results import read_curve
from evorobo.study.tuning import tuning as tuning_module
from evorobo.study.tuning.tuned import read_tuning, to_flags
from evorobo.tasks.base import COST_COLUMNS

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install 'evorobo[tune]'")

SPACE = ["methods.cma-es.strategy.sigma=0.01..3:log", "methods.backprop.optimizer.learning_rate=1e-4..1:log"]


@dataclass(frozen=True)
class Crooked(Bowl):
    """The test score is the opposite of the validation score, so that its use would be noticed."""

    def test(self, genome):
        return -super().test(genome)

    def validate(self, genome):
        return super().test(genome)


METHODS = (Evolution(), Backprop(SGD(0.1)))


def a_study(*tasks, methods=METHODS, **changes):
    study = Study.grid(
        "toys", tasks=tasks or [Bowl()], methods=methods, seeds=2, budget=Budget(generations=6), hidden=(2,)
    )
    return replace(study, **changes)


def content(path):
    """Return the content of a tuning file, without seconds."""
    found = json.loads(path.read_text())
    for each in found["methods"].values():
        del each["cost"]["cpu_seconds"], each["cost"]["wall_seconds"]
    return found


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The toy study, tuned in this process without an interrupt."""
    return tune(a_study(), SPACE, trials=5, seeds=(7, 8), results=tmp_path_factory.mktemp("straight"))


def curves(path, method):
    return [read_curve(each) for each in sorted(path.parent.glob(f"try-*/bowl/{method}/seed-*/curve.csv"))]


def test_every_method_has_as_many_tries_with_the_same_budget_on_the_tuning_seeds(straight):
    assert straight.name == "bowl.json"
    for method in ("cma-es", "backprop"):
        trials = [json.loads(each.read_text()) for each in straight.parent.glob(f"try-*/bowl/{method}/*/trial.json")]
        assert sorted(trial["seed"] for trial in trials) == [7] * 5 + [8] * 5
        assert {json.dumps(trial["budget"]) for trial in trials} == {json.dumps(trials[0]["budget"])}
        assert all(curve["generations"][-1] == 6 for curve in curves(straight, method))


def test_the_first_try_has_the_settings_of_the_study_and_the_others_lie_in_the_range(straight):
    sigmas = [
        json.loads(each.read_text())["method"]["strategy"]["sigma"]
        for each in sorted(straight.parent.glob("try-*/bowl/cma-es/seed-7/trial.json"))
    ]
    assert sigmas[0] == Evolution().strategy.sigma
    assert len(set(sigmas)) == 5
    assert all(0.01 <= sigma <= 3 for sigma in sigmas)


def test_a_setting_outside_its_range_is_not_tried(tmp_path):
    path = tune(a_study(), ["methods.cma-es.strategy.sigma=1..3", SPACE[1]], trials=2, seeds=(7,), results=tmp_path)
    assert all(
        json.loads(each.read_text())["method"]["strategy"]["sigma"] >= 1
        for each in path.parent.glob("try-*/bowl/cma-es/seed-7/trial.json")
    )


def test_the_best_try_has_the_best_mean_validation_score(straight):
    found = read_tuning(straight)
    for method in ("cma-es", "backprop"):
        ends = np.array([curve["validation"][-1] for curve in curves(straight, method)]).reshape(5, 2).mean(1)
        best = found["methods"][method]
        assert best["try"] == ends.argmax()
        assert best["validation"] == pytest.approx(ends.max())
        ((path, value),) = best["settings"].items()
        tried = json.loads((straight.parent / f"try-{best['try']:03d}/bowl/{method}/seed-7/trial.json").read_text())[
            "method"
        ]
        for part in path.split(".")[2:]:
            tried = tried[part]
        assert tried == value


def test_the_test_score_is_not_used(tmp_path, straight):
    path = tune(a_study(Crooked()), SPACE, trials=5, seeds=(7, 8), results=tmp_path)
    for method, each in content(path)["methods"].items():
        assert each["settings"] == content(straight)["methods"][method]["settings"]


def test_the_cost_is_the_sum_of_all_trials(straight):
    found = read_tuning(straight)
    for method in ("cma-es", "backprop"):
        for name in COST_COLUMNS:
            assert found["methods"][method]["cost"][name] == pytest.approx(
                sum(curve[name][-1] for curve in curves(straight, method))
            )


def test_two_workers_find_the_same_as_one_process(tmp_path, straight):
    assert content(tune(a_study(), SPACE, trials=5, seeds=(7, 8), results=tmp_path, jobs=2)) == content(straight)


def test_an_interrupted_search_continues_to_the_same_settings(tmp_path, straight, monkeypatch):
    run, calls = tuning_module.run_trials, []

    def interrupted(trials, folder, on_event, *how):
        calls.append(folder)
        if len(calls) == 3:
            run(trials[:1], folder, on_event, *how)
            raise Interrupted("interrupted")
        run(trials, folder, on_event, *how)

    monkeypatch.setattr(tuning_module, "run_trials", interrupted)
    with pytest.raises(Interrupted):
        tune(a_study(), SPACE, trials=5, seeds=(7, 8), results=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("genome.npz")}
    path = tune(a_study(), SPACE, trials=5, seeds=(7, 8), results=tmp_path)
    assert content(path) == content(straight)
    assert len(before) == 9
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_more_tries_continue_from_finished_ones(tmp_path, straight):
    tune(a_study(), SPACE, trials=2, seeds=(7, 8), results=tmp_path)
    assert content(tune(a_study(), SPACE, trials=5, seeds=(7, 8), results=tmp_path)) == content(straight)


def test_settings_that_diverge_have_no_score_and_count_as_cost(tmp_path):
    wild = ["methods.backprop.optimizer.learning_rate=1e-3..1e9:log"]
    study = a_study(methods=(Backprop(SGD(1e-3)),), budget=Budget(generations=40))
    path = tune(study, wild, trials=6, seeds=(7,), results=tmp_path)
    (found,) = read_tuning(path)["methods"].values()
    ended = [json.loads(each.read_text())["status"] for each in path.parent.glob("try-*/bowl/*/seed-7/result.json")]
    assert found["failed"] == ended.count("diverged") > 0
    assert next(iter(found["settings"].values())) < 10
    assert found["cost"]["samples"] == sum(curve["samples"][-1] for curve in curves(path, "backprop"))


# ---- the study with the settings found


def test_a_tuned_study_has_the_settings_and_its_reports_state_the_cost(tmp_path, straight):
    study = tuned(a_study(), straight)
    found = read_tuning(straight)["methods"]
    assert study.methods[0].strategy.sigma == found["cma-es"]["settings"]["methods.cma-es.strategy.sigma"]
    assert study.methods[1].optimizer.learning_rate == next(iter(found["backprop"]["settings"].values()))
    assert study.tuning_seeds == (7, 8)
    sentences = cautions(StudyTable.from_results(study.run(tmp_path)))
    steps = found["cma-es"]["cost"]["env_steps"]
    (cost_line,) = [
        each for each in sentences if each.startswith("Each method was tuned with 5 settings at 2 separate seeds")
    ]
    assert f"cma-es {steps} env steps" in cost_line
    assert not any("tuned on seeds that are used" in each for each in sentences)


def test_tuned_settings_are_no_worse_on_the_tuning_seeds_than_those_before(straight):
    first = {
        method: [curve["validation"][-1] for curve in curves(straight, method)[:2]] for method in ("cma-es", "backprop")
    }
    for method, each in read_tuning(straight)["methods"].items():
        assert each["validation"] >= np.mean(first[method])


def test_the_table_and_the_flags_show_the_settings_found(straight):
    found = read_tuning(straight)
    sigma = found["methods"]["cma-es"]["settings"]["methods.cma-es.strategy.sigma"]
    table = to_terminal(found)
    assert re.search(rf"cma-es +-\S+ +\d +strategy\.sigma={sigma}", table)
    assert "cost of tuning" in table
    assert to_flags(found).startswith(f"--set methods.cma-es.strategy.sigma={sigma} --set methods.backprop.opt")


# ---- errors


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"seeds": (1, 5)},
            "seeds 1 are the study's own, and results on tuning seeds look too good; tune on other seeds",
        ),
        ({"seeds": ()}, "seeds must be a tuple of at least 1 item"),
        ({"trials": 0}, "trials must be a whole number of at least 1"),
        ({"task": "bow"}, "unknown task 'bow'; did you mean 'bowl'"),
        ({"space": SPACE[:1]}, "backprop would be compared untuned"),
    ],
)
def test_misleading_settings_are_refused_before_anything_runs(tmp_path, asked, sentence):
    settings = {"space": SPACE, "seeds": (7,), **asked}
    with pytest.raises(SettingsError, match=sentence):
        tune(a_study(), results=tmp_path, **settings)
    assert not list(tmp_path.iterdir())


def test_one_task_of_several_must_be_named(tmp_path):
    study = a_study(Bowl(), Bowl("dish"))
    with pytest.raises(SettingsError, match="one task at a time; name it with task= or --task: bowl, dish"):
        tune(study, SPACE, results=tmp_path)
    path = tune(study, SPACE, trials=1, seeds=(7,), task="dish", results=tmp_path)
    assert path == tmp_path / "toys-tuning" / "dish.json"


@dataclass(frozen=True)
class Blind(Bowl):
    """A bowl without validation rows."""

    def validate(self, genome):
        return float("nan")


def test_without_validation_rows_nothing_is_tuned(tmp_path):
    with pytest.raises(SettingsError, match="bowl has no validation rows to tune by; split some off"):
        tune(a_study(Blind()), SPACE, trials=1, seeds=(7,), results=tmp_path)


def test_a_method_that_fails_with_all_settings_is_reported_with_the_last_reason(tmp_path):
    study = a_study()
    space = [SPACE[0], "methods.backprop.batch_size=-3..-1"]
    with pytest.raises(
        ResultsError,
        match="backprop failed with all of 2 settings: Backprop: batch_size must be a whole number of",
    ):
        tune(study, space, trials=2, seeds=(7,), results=tmp_path)


def test_tries_of_other_settings_in_the_folder_are_refused(tmp_path):
    tune(a_study(), SPACE, trials=1, seeds=(7,), results=tmp_path)
    with pytest.raises(
        ResultsError, match=r"holds a run of other settings \(budget\.generations is 6 there and 7 here\)"
    ):
        tune(a_study(budget=Budget(generations=7)), SPACE, trials=1, seeds=(7,), results=tmp_path)


def test_settings_of_other_methods_are_refused(straight):
    study = a_study(methods=(Evolution(), Evolution(name="other")))
    with pytest.raises(SettingsError, match=r"tuned cma-es, backprop, and the study compares cma-es, other; tune all"):
        tuned(study, straight)


@pytest.mark.parametrize(
    "text", [None, "{", "[]", '{"format": 3, "methods": {"a": {}}}', '{"format": 3, "methods": {}}']
)
def test_a_file_that_is_not_of_tuning_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    with pytest.raises(ResultsError, match=r"x\.json is not a file of evorobo tune") as caught:
        tuned(a_study(), tmp_path / "x.json")
    assert "Error(" not in str(caught.value)
    assert str(caught.value).count("x.json") == 1


def test_without_optuna_the_cure_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SettingsError, match=r"tuning needs Optuna: pip install 'evorobo\[tune\]'"):
        tune(a_study(), SPACE, seeds=(7,), results=tmp_path)
