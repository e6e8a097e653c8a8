"""Successive halving: the rungs, what they cost, survivors with the curves of uninterrupted trials, and going on."""

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from toys import Bowl

from evorobo import SGD, Backprop, Budget, Evolution, SettingsError, Study, Trial, tune, tuned
from evorobo.study import running
from evorobo.study.pauses import Pause, read_pauses, record_pause
from evorobo.study.results import read_curve
from evorobo.study.tuning import tuning as tuning_module
from evorobo.study.tuning.rungs import Rung, plan_rungs
from evorobo.study.tuning.tuned import read_tuning
from evorobo.study.tuning.tuning import _run_rung
from evorobo.tasks.base import Cost

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: pip install 'evorobo[tune]'")

SPACE = ["methods.cma-es.strategy.sigma=0.01..3:log", "methods.backprop.optimizer.learning_rate=1e-4..0.1:log"]


def a_study(budget):
    methods = [Evolution(), Backprop(SGD(0.01))]
    return Study.grid("toys", tasks=[Bowl()], methods=methods, seeds=2, budget=budget, hidden=(2,))


def halved(folder, **how):
    settings = {"trials": 9, "halving": 3, "seeds": (7, 8), "results": folder, **how}
    return tune(a_study(Budget(generations=27)), SPACE, **settings)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """9 tries of two methods at two seeds, each trial of 27 generations, without an interrupt."""
    return halved(tmp_path_factory.mktemp("straight"))


def content(path):
    found = json.loads(path.read_text())
    for each in found["methods"].values():
        del each["cost"]["cpu_seconds"], each["cost"]["wall_seconds"]
    return found


def without_seconds(path):
    """Return the columns of a curve with all digits; empty cells are NaN."""
    return {
        name: [repr(value) for value in column.tolist()]
        for name, column in read_curve(path).items()
        if not name.endswith("seconds")
    }


def spent(path, column):
    """Return the cost in a column before the first step, and that of the steps."""
    first, last = read_curve(path)[column].tolist()
    return first, last - first


def folders(path, method, seed=7):
    return [path.parent / f"try-{number:03d}/bowl/{method}/seed-{seed}" for number in range(9)]


# ---- rungs and costs


def test_each_rung_keeps_one_of_three_and_the_last_has_the_whole_budget():
    assert plan_rungs(81, 3, 0.01) == [(81, 1 / 81), (27, 1 / 27), (9, 1 / 9), (3, 1 / 3), (1, 1.0)]
    assert plan_rungs(81, 3) == [(81, 1 / 27), (27, 1 / 9), (9, 1 / 3), (3, 1.0)]
    assert plan_rungs(81, 3, 1 / 9) == [(81, 1 / 9), (27, 1 / 3), (9, 1.0)]
    assert plan_rungs(27, 3) == [(27, 1 / 27), (9, 1 / 9), (3, 1 / 3), (1, 1.0)]
    assert plan_rungs(10, 3) == [(10, 1 / 9), (3, 1 / 3), (1, 1.0)]
    assert plan_rungs(11, 4) == [(11, 1 / 4), (2, 1.0)]
    assert plan_rungs(20, None) == [(20, 1.0)]


@pytest.mark.parametrize("method", ["cma-es", "backprop"])
@pytest.mark.parametrize("seed", [7, 8])
def test_so_many_trials_run_to_each_rung(straight, method, seed):
    pauses = [pause for folder in folders(straight, method, seed) for pause in read_pauses(folder)]
    numbers = [sum(pause.fraction == fraction for pause in pauses) for fraction in (1 / 9, 1 / 3)]
    assert numbers == [9, 3]
    assert sum((folder / "result.json").exists() for folder in folders(straight, method, seed)) == 1


def test_the_cost_is_that_of_the_rungs_and_each_generation_is_paid_once(straight):
    generations = 9 * 3 + 3 * (9 - 3) + 1 * (27 - 9)
    assert generations == 63
    best = read_tuning(straight)["methods"]
    for method, column in (("cma-es", "env_steps"), ("backprop", "samples")):
        before, in_27 = spent(folders(straight, method)[best[method]["try"]] / "curve.csv", column)
        assert best[method]["cost"][column] == 2 * (generations * in_27 / 27 + 9 * before)


def test_methods_cost_equal_flops(tmp_path):
    path = tune(a_study(Budget(flops=1e6)), SPACE, trials=9, halving=3, seeds=(7,), results=tmp_path)
    planned = 1e6 * (9 / 9 + 3 * (1 / 3 - 1 / 9) + 1 * (1 - 1 / 3))
    for each in read_tuning(path)["methods"].values():
        flops = sum(each["cost"][name] for name in ("forward_flops", "backward_flops", "update_flops"))
        assert flops == pytest.approx(planned, rel=0.1)


@pytest.mark.parametrize("method", ["cma-es", "backprop"])
def test_the_best_of_each_rung_continue(straight, method):
    scores = {fraction: {} for fraction in (1 / 9, 1 / 3)}
    for number in range(9):
        pauses = zip(*[read_pauses(folders(straight, method, seed)[number]) for seed in (7, 8)], strict=True)
        for pair in pauses:
            scores[pair[0].fraction][number] = np.mean([pause.validation for pause in pair])
    first, last = scores.values()
    assert set(last) == set(sorted(first, key=first.get)[-3:])
    assert read_tuning(straight)["methods"][method]["try"] == max(last, key=last.get)


# ---- survivors


@pytest.mark.parametrize("method", ["cma-es", "backprop"])
def test_survivors_have_the_curves_of_uninterrupted_trials(straight, tmp_path, method):
    for seed in (7, 8):
        (survivor,) = [folder for folder in folders(straight, method, seed) if (folder / "result.json").exists()]
        assert len(read_pauses(survivor)) == 2
        assert Trial.load(survivor / "trial.json").run(tmp_path / str(seed)) == "finished"
        assert without_seconds(tmp_path / str(seed) / "curve.csv") == without_seconds(survivor / "curve.csv")
        assert (tmp_path / str(seed) / "genome.npz").read_bytes() == (survivor / "genome.npz").read_bytes()


def test_where_all_survivors_fail_the_next_ones_run():
    ranking = [SimpleNamespace(number=number, score=None) for number in (4, 2, 9, 1, 5)]

    class Search:
        running = ()
        best = property(lambda self: next((each for each in self.running if each.score is not None), None))

        def next_rung(self):
            self.running = []
            return ranking

    ran = []

    def run(tries, rung):
        for each in tries:
            ran.append(each.number)
            each.score = 1.0 if each.number == 1 else None

    search = Search()
    _run_rung([search], Rung(2, 1.0), run)
    assert ran == [2, 4, 1, 9]
    assert search.best.number == 1


# ---- the same from anywhere


def test_trials_that_continue_run_side_by_side(tmp_path, monkeypatch):
    batches, run = [], tuning_module.run_trials
    monkeypatch.setattr(
        tuning_module, "run_trials", lambda trials, *rest: (batches.append(len(trials)), run(trials, *rest))
    )
    halved(tmp_path)
    assert batches == [4] * 9 + [12, 4]  # two methods and two seeds at a time, then of three tries, then of one


def test_two_workers_find_the_same_as_one_process(straight, tmp_path):
    assert content(halved(tmp_path, jobs=2)) == content(straight)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("number", [5, 45])
def test_after_sigkill_the_same_call_goes_on_to_the_same_settings(straight, tmp_path, monkeypatch, number):
    calls = []

    def record(folder, pause):
        calls.append(folder)
        if len(calls) == number:  # the checkpoint is there and the record of the pause is not
            os.kill(os.getpid(), signal.SIGKILL)
        record_pause(folder, pause)

    child = os.fork()
    if not child:
        monkeypatch.setattr(running, "record_pause", record)
        halved(tmp_path)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert content(halved(tmp_path)) == content(straight)


def test_a_search_that_has_ended_runs_nothing_again(straight):
    before = {path: path.stat().st_mtime_ns for path in straight.parent.rglob("seed-*/*")}
    assert halved(straight.parents[2]) == straight
    assert {path: path.stat().st_mtime_ns for path in straight.parent.rglob("seed-*/*")} == before


def test_a_trial_that_starts_over_forgets_its_pauses(tmp_path):
    record_pause(tmp_path, Pause(0.1, 1.0, Cost(samples=3)))
    assert read_pauses(tmp_path) == [Pause(0.1, 1.0, Cost(samples=3))]
    Trial(Bowl(), Backprop(SGD(0.01)), Budget(generations=2), (2,), 0).run(tmp_path / "trial")
    assert read_pauses(tmp_path / "trial") == []


# ---- the file, and wrong values


def test_the_plan_is_a_folder_of_its_own_and_in_the_file(straight):
    assert straight.parts[-3:] == ("toys-tuning", "halving-3-of-9-from-0.111", "bowl.json")
    found = read_tuning(straight)
    assert (found["trials"], found["halving"]) == (9, 3)
    assert tuned(a_study(Budget(generations=27)), straight).tuning["cma-es"]["trials"] == 9


def test_halving_of_one_method_only_is_unequal_effort(straight, tmp_path):
    found, study = json.loads(straight.read_text()), a_study(Budget(generations=27))
    for method, halving in (("cma-es", 3), ("backprop", None)):
        one = {**found, "halving": halving, "methods": {method: found["methods"][method]}}
        (tmp_path / f"{method}.json").write_text(json.dumps(one))
    with pytest.raises(
        SettingsError, match=r"halving of tuning: 3 in .* and None in .*; tune all methods with the same"
    ):
        tuned(study, tmp_path / "cma-es.json", tmp_path / "backprop.json")


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"halving": 1}, "halving must be a whole number of at least 2, not 1"),
        ({"halving": 3, "min_fraction": 0.4}, "min_fraction=0.4 is above 1/3"),
        ({"halving": 3, "min_fraction": 0}, "min_fraction must be a number between 0 and 1, not 0"),
        ({"halving": 2.5}, "halving must be a whole number of at least 2, not 2.5"),
        ({"halving": 4, "trials": 3}, "halving=4 keeps one of 4 trials, and 3 are too few for that; give at least 4"),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(tmp_path, how, sentence):
    with pytest.raises(SettingsError, match=sentence):
        halved(tmp_path, **how)
    assert not list(Path(tmp_path).iterdir())
