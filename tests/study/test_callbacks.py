"""Callbacks receive everything but the test score, and stop a trial at the same step in every process."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from curves import all_curves, read_result, without_times
from toys import Bowl, Line, Raises

from evorobo import (
    SGD,
    Backprop,
    Budget,
    Callback,
    Evolution,
    Genome,
    SettingsError,
    Stagnation,
    StopAt,
    StopWhen,
    Study,
    Trial,
)
from evorobo.study import running
from evorobo.study.folders import Interrupted
from evorobo.study.results import read_curve
from evorobo.tasks.base import FLOPS_COLUMNS, MetricInfo


@dataclass(frozen=True)
class Diary(Callback):
    """Write all calls into the folder of the trial."""

    def on_eval(self, state):
        self._write(state, "look", sorted(state.evals[-1]))

    def on_generation(self, state, result):
        self._write(state, "generation", result.score)

    def on_finish(self, state, status):
        self._write(state, "finish", status)
        assert np.array_equal(Genome.load(state.folder / "genome.npz").weights, state.genome.weights)

    def _write(self, state, event, what):
        with (state.folder / "diary.jsonl").open("a") as file:
            file.write(json.dumps([event, state.generations, state.cost.flops, len(state.evals), what]) + "\n")


@dataclass(frozen=True)
class After(Callback):
    """Stop after a number of generations."""

    generations: int

    def on_generation(self, state, result):
        return f"{state.generations} are enough" if state.generations >= self.generations else None


@dataclass(frozen=True)
class Enough(Callback):
    """Stop as soon as a weight of the genome is above a limit."""

    limit: float

    def on_generation(self, state, result):
        highest = state.genome.weights.max()
        return f"a weight of {highest:.3f}" if highest > self.limit else None


@dataclass(frozen=True)
class Clumsy(Callback):
    """Raise an error at one of the events."""

    event: str

    def on_eval(self, state):
        return self._break("on_eval")

    def on_generation(self, state, result):
        return self._break("on_generation")

    def on_finish(self, state, status):
        self._break("on_finish")

    def _break(self, event):
        return {}["nothing there"] if self.event == event else None


@dataclass(frozen=True)
class Says(Callback):
    """Return an invalid value."""

    def on_eval(self, state):
        return True


METHODS = (Evolution(), Backprop())


def a_trial(*callbacks, method=METHODS[0], task=None, budget=None, seed=0):
    return Trial(task or Bowl(), method, budget or Budget(flops=1e6, n_evals=6), (3,), seed, callbacks)


def a_study(*callbacks, methods=METHODS):
    budget = Budget(flops=4e5, n_evals=4)
    return Study.grid("toys", tasks=[Bowl()], methods=methods, seeds=3, budget=budget, hidden=(3,), callbacks=callbacks)


def diary(folder):
    return [json.loads(line) for line in (folder / "diary.jsonl").read_text().splitlines()]


# ---- what they receive


@pytest.mark.parametrize("method", METHODS, ids=lambda each: each.name)
def test_they_are_called_at_every_eval_every_step_and_the_end_and_change_no_number(tmp_path, method):
    a_trial(Diary(), method=method).run(tmp_path / "heard")
    a_trial(method=method).run(tmp_path / "alone")
    assert without_times(tmp_path / "heard/curve.csv") == without_times(tmp_path / "alone/curve.csv")

    curve, heard = read_curve(tmp_path / "heard/curve.csv"), diary(tmp_path / "heard")
    looks = [each for each in heard if each[0] == "look"]
    assert [each[1] for each in looks] == curve["generations"].tolist()
    assert [each[2] for each in looks] == sum(curve[name] for name in FLOPS_COLUMNS).tolist()
    assert [each[3] for each in looks] == list(range(1, len(looks) + 1))
    steps = [each for each in heard if each[0] == "generation"]
    assert [each[1] for each in steps] == list(range(1, int(curve["generations"][-1]) + 1))
    trained = {each[1]: each[4] for each in steps}
    assert [trained[number] for number in curve["generations"][1:]] == curve["train"][1:].tolist()
    assert [each for each in heard if each[0] == "finish"] == [heard[-1]]
    assert heard[-1][4] == "finished"


def test_callbacks_do_not_receive_the_test_score(tmp_path):
    a_trial(Diary()).run(tmp_path)
    columns = [set(each[4]) for each in diary(tmp_path) if each[0] == "look"]
    assert all({"validation", "env_steps", "generations"} <= each for each in columns)
    assert not any("test" in each for each in columns)


def test_on_finish_is_called_for_a_diverged_trial(tmp_path):
    assert (
        a_trial(Diary(), method=Backprop(SGD(1e6)), task=Line(), budget=Budget(flops=1e6)).run(tmp_path) == "diverged"
    )
    assert diary(tmp_path)[-1][0::4] == ["finish", "diverged"]


# ---- stopping


def test_a_stopped_trial_ends_with_an_eval_and_names_the_callback_that_stopped_it(tmp_path):
    assert a_trial(After(7), Diary()).run(tmp_path) == "finished"
    curve = read_curve(tmp_path / "curve.csv")
    assert curve["generations"][-1] == 7
    told = {"format": 3, "status": "finished", "test": curve["test"][-1], "stopped_early": True}
    assert read_result(tmp_path) == {**told, "reason": "stopped by After: 7 are enough", "stopped_by": ["After"]}
    assert Bowl().test(Genome.load(tmp_path / "genome.npz")) == curve["test"][-1]
    assert not (tmp_path / "checkpoint.npz").exists()


def test_a_stop_at_the_end_of_the_budget_changes_nothing(tmp_path):
    a_trial(After(5), budget=Budget(generations=5, n_evals=2)).run(tmp_path)
    assert read_result(tmp_path).keys() == {"format", "status", "test"}


def test_two_callbacks_that_stop_at_one_step_are_both_named(tmp_path):
    a_trial(After(3), After(2), budget=Budget(generations=9)).run(tmp_path)
    assert read_result(tmp_path)["reason"] == "stopped by After: 2 are enough"
    a_trial(After(2), After(2), budget=Budget(generations=9)).run(tmp_path / "both")
    assert read_result(tmp_path / "both")["reason"] == "; ".join(["stopped by After: 2 are enough"] * 2)
    assert read_result(tmp_path / "both")["stopped_by"] == ["After", "After"]


@pytest.mark.parametrize("callback", [Enough(1.0), Stagnation(2, 1e9)], ids=lambda each: type(each).__name__)
def test_workers_and_batches_stop_where_a_trial_alone_stops(tmp_path, callback):
    study = a_study(callback)
    study.run(tmp_path / "here")
    study.run(tmp_path / "there", jobs=2)
    for trial in study.trials():
        trial.run(tmp_path / "alone/toys" / trial.path)
    alone = all_curves(tmp_path / "alone")
    assert all_curves(tmp_path / "here") == all_curves(tmp_path / "there") == alone
    reasons = {
        path.parent.relative_to(tmp_path / "alone"): read_result(path.parent).get("reason")
        for path in (tmp_path / "alone").rglob("result.json")
    }
    assert any(reasons.values())
    for path, reason in reasons.items():
        assert read_result(tmp_path / "there" / path).get("reason") == reason


@pytest.mark.parametrize("method", METHODS, ids=lambda each: each.name)
@pytest.mark.parametrize("callback", [After(6), Stagnation(4, 1e9)], ids=lambda each: type(each).__name__)
def test_an_interrupted_trial_is_stopped_at_the_same_step(tmp_path, monkeypatch, callback, method):
    a_trial(callback, method=method).run(tmp_path / "straight")
    assert "reason" in read_result(tmp_path / "straight")
    monkeypatch.setattr(running, "PROGRESS_SECONDS", 0.0)
    halts = 0
    while True:
        try:
            a_trial(callback, method=method).run(tmp_path / "halting", should_stop=iter([False, True]).__next__)
            break
        except Interrupted:
            halts += 1
    assert halts > 1
    assert without_times(tmp_path / "halting/curve.csv") == without_times(tmp_path / "straight/curve.csv")
    assert read_result(tmp_path / "halting") == read_result(tmp_path / "straight")


def test_a_trial_killed_when_it_was_stopped_stays_stopped(tmp_path, monkeypatch):
    a_trial(StopAt(-30.0)).run(tmp_path / "straight")
    monkeypatch.setattr(
        running.RunningTrial,
        "_end_if_over",
        lambda self: (_ for _ in ()).throw(KeyboardInterrupt) if self.stops else None,
    )
    with pytest.raises(KeyboardInterrupt):
        a_trial(StopAt(-30.0)).run(tmp_path / "killed")
    monkeypatch.undo()
    a_trial(StopAt(-30.0)).run(tmp_path / "killed")
    assert without_times(tmp_path / "killed/curve.csv") == without_times(tmp_path / "straight/curve.csv")
    assert read_result(tmp_path / "killed") == read_result(tmp_path / "straight")


def test_a_trial_with_callbacks_runs_again_from_its_json(tmp_path):
    a_trial(After(4), StopAt(0.0)).run(tmp_path / "first")
    again = Trial.load(tmp_path / "first/trial.json")
    assert again == a_trial(After(4), StopAt(0.0))
    again.run(tmp_path / "again")
    assert without_times(tmp_path / "again/curve.csv") == without_times(tmp_path / "first/curve.csv")


# ---- callbacks of evorobo


def test_stop_at_stops_at_the_first_eval_that_reaches_the_score(tmp_path):
    a_trial().run(tmp_path / "whole")
    whole = read_curve(tmp_path / "whole/curve.csv")
    a_trial(StopAt(-2.0)).run(tmp_path / "stopped")
    stopped = read_curve(tmp_path / "stopped/curve.csv")
    first = int(np.argmax(whole["validation"] >= -2.0))
    assert 0 < first < len(whole["validation"]) - 1
    for column in ("env_steps", "validation", "test"):
        assert stopped[column].tolist() == whole[column][: first + 1].tolist()
    assert read_result(tmp_path / "stopped")["reason"].endswith("reached -2")


@dataclass(frozen=True)
class Error(Bowl):
    """A bowl whose metric is an error."""

    metric_info = MetricInfo("error", higher_is_better=False)

    def test(self, genome):
        return -super().test(genome)


def test_where_lower_is_better_a_score_is_reached_from_above(tmp_path):
    a_trial(StopAt(1.0), task=Error()).run(tmp_path)
    validation = read_curve(tmp_path / "curve.csv")["validation"]
    assert (validation[:-1] > 1).all()
    assert validation[-1] <= 1


def far_out(task, genome):
    """An exam: some weight is above 0.9."""
    return isinstance(task, Bowl) and genome.weights.max() > 0.9


def test_stop_when_stops_at_the_first_generation_with_a_solution_that_passes(tmp_path):
    a_trial(StopWhen(far_out)).run(tmp_path / "exam")
    a_trial(Enough(0.9)).run(tmp_path / "rule")
    assert far_out(Bowl(), Genome.load(tmp_path / "exam/genome.npz"))
    assert read_result(tmp_path / "exam")["reason"] == "stopped by StopWhen: the solution passed far_out"
    assert without_times(tmp_path / "exam/curve.csv") == without_times(tmp_path / "rule/curve.csv")
    assert Trial.load(tmp_path / "exam/trial.json") == a_trial(StopWhen(far_out))


def test_an_exam_must_be_a_function():
    with pytest.raises(SettingsError, match="StopWhen: exam must be a function, not 1000"):
        StopWhen(1000)


def state_with(*scores, higher=True):
    task = SimpleNamespace(name="arm", metric_info=MetricInfo("return", higher_is_better=higher))
    return SimpleNamespace(trial=SimpleNamespace(task=task), evals=[{"validation": score} for score in scores])


@pytest.mark.parametrize(
    ("scores", "stops"),
    [
        ((1, 2, 3), False),
        ((5, 3, 4), True),  # two evals after the best
        ((5, 3), False),
        ((5, 3, 6), False),
        ((5, 5.4, 5.5), True),  # better, but by no more than .5
        ((5, 5.4, 5.6), False),
        ((-9, np.nan, np.nan), True),  # solutions that overflow are no gain
    ],
)
def test_stagnation_is_no_gain_in_the_last_evals(scores, stops):
    rule = Stagnation(patience=2, min_delta=0.5)
    assert bool(rule.on_eval(state_with(*scores))) == stops
    assert bool(rule.on_eval(state_with(*(-score for score in scores), higher=False))) == stops


@pytest.mark.parametrize("rule", [StopAt(1.0), Stagnation()])
def test_without_validation_rows_a_stopping_rule_is_refused(rule):
    with pytest.raises(SettingsError, match=r"arm has no validation rows to stop by; split some off"):
        rule.on_eval(state_with(np.nan))


# ---- errors


@pytest.mark.parametrize("event", ["on_eval", "on_generation", "on_finish"])
def test_an_error_in_a_callback_fails_its_trial_with_a_reason(tmp_path, event):
    assert a_trial(Clumsy(event)).run(tmp_path) == "failed"
    assert read_result(tmp_path)["reason"] == f"the callback Clumsy.{event} failed: KeyError: 'nothing there'"
    assert "test_callbacks.py" in "".join(read_result(tmp_path)["traceback"])


def test_an_error_in_on_finish_replaces_the_reason_of_a_failure(tmp_path):
    assert a_trial(Clumsy("on_finish"), task=Raises()).run(tmp_path) == "failed"
    assert "Clumsy.on_finish failed" in read_result(tmp_path)["reason"]
    assert "the gripper is stuck" in "".join(read_result(tmp_path)["traceback"])


def test_a_callback_returns_a_text_or_none(tmp_path):
    assert a_trial(Says()).run(tmp_path) == "failed"
    assert (
        read_result(tmp_path)["reason"]
        == "Says.on_eval returned True; return None to continue, or a text that says why to stop."
    )


@pytest.mark.parametrize(
    ("callback", "cure"),
    [
        (After, "<class .*After'>; write it with brackets"),
        (print, "<built-in function print>"),
        ("After", "'After'"),
    ],
)
def test_an_object_that_is_not_a_callback_is_refused(callback, cure):
    for make in (a_study, a_trial):
        with pytest.raises(
            SettingsError,
            match=rf"an object such as StopAt.*, of a class derived from evorobo\.Callback, not {cure}",
        ):
            make(callback)


class Bare(Callback):
    """A callback that is not a dataclass."""


@pytest.mark.parametrize(
    ("callback", "cure"),
    [
        (
            lambda state: None,
            r"callbacks\[0\] must be an object such as StopAt\(475\.0\), of a class derived from evorobo\.Callback",
        ),
        (Bare(), r"the callback Bare is not a dataclass; put @dataclass\(frozen=True\) above its class"),
    ],
)
def test_an_invalid_callback_is_refused_with_a_cure(callback, cure):
    with pytest.raises(SettingsError, match=cure):
        a_study(callback)


@pytest.mark.parametrize("settings", [{"patience": 0}, {"patience": 1.5}, {"min_delta": -1}, {"min_delta": np.nan}])
def test_patience_is_a_number_of_evals(settings):
    with pytest.raises(SettingsError, match=f"{next(iter(settings))} must be"):
        Stagnation(**settings)


def test_a_study_reports_which_runs_were_stopped(tmp_path: Path, capsys):
    results = a_study(After(2), methods=METHODS[:1]).run(tmp_path)
    assert {run.reason for run in results.runs} == {"stopped by After: 2 are enough"}
    assert "stopped by After: 2 are enough" in capsys.readouterr().out
