"""Seeds that are stepped in one batch have the same curves as alone, also when one of them fails."""

import csv
from dataclasses import dataclass

import numpy as np
import pytest
from curves import all_curves
from toys import Bowl, Line

from evorobo import MSE, SGD, Adam, Backprop, Budget, Dropout, EarlyStopping, Evolution, ReduceOnPlateau, Study, Trial
from evorobo.learners.backprop.backprop import BackpropLearner
from evorobo.learners.base import StepResult
from evorobo.settings import to_plain
from evorobo.study import running
from evorobo.study.batching import batch_trials
from evorobo.study.folders import trial_status
from evorobo.study.records import write_record
from evorobo.study.running import run_batch
from evorobo.tasks.base import Examples

TRAINING = Backprop(
    Adam(0.02), batch_size=4, schedule=ReduceOnPlateau(patience=1), early_stopping=EarlyStopping(patience=30)
)


def trials(method=TRAINING, task=None, seeds=5, budget=None):
    budget = budget or Budget(flops=2e5, n_evals=8)
    return [Trial(task or Line(), method, budget, (4, Dropout(0.2)), seed) for seed in range(seeds)]


def run_in_batch(these, folder, stop=bool):
    return run_batch(these, [folder / each.path for each in these], [lambda share: None] * len(these), stop)


@dataclass(frozen=True)
class Steep(Bowl):
    """The targets of some seeds are so large that training diverges."""

    def examples(self, rng):
        x = np.random.default_rng(3).normal(size=(8, 2))
        return Examples(x, x[:, :1] * (1e200 if rng.random() < 0.5 else 1.0), MSE())


@pytest.mark.parametrize("task", [Line(), Bowl()], ids=["one table", "examples of their own"])
def test_a_batch_has_the_same_curves_and_solutions_as_each_trial_alone(tmp_path, task):
    for trial in trials(task=task):
        assert trial.run(tmp_path / "alone" / trial.path) == "finished"
    assert run_in_batch(trials(task=task), tmp_path / "batch") == ["finished"] * 5
    assert all_curves(tmp_path / "batch") == all_curves(tmp_path / "alone")
    for path in (tmp_path / "batch").rglob("genome.npz"):
        assert path.read_bytes() == (tmp_path / "alone" / path.relative_to(tmp_path / "batch")).read_bytes()


def test_a_study_steps_the_seeds_of_backprop_in_one_batch_and_shares_its_time(tmp_path):
    method = Backprop(Adam(0.02), batch_size=4)
    study = Study.grid("toys", tasks=[Line()], methods=[method], seeds=5, budget=Budget(flops=2e5), hidden=(4,))
    results = study.run(tmp_path)
    for trial in study.trials():
        trial.run(tmp_path / "alone" / trial.path)
    assert all_curves(tmp_path / "toys") == all_curves(tmp_path / "alone")
    spent = [run.curve["cpu_seconds"][-1] for run in results.runs]
    assert max(spent) == pytest.approx(min(spent), rel=1e-9)


def test_one_trial_diverges_and_the_others_continue(tmp_path):
    these = trials(Backprop(SGD(0.01)), Steep())
    alone = [trial.run(tmp_path / "alone" / trial.path) for trial in these]
    assert {"finished", "diverged"} == set(alone)
    assert run_in_batch(these, tmp_path / "batch") == alone
    assert all_curves(tmp_path / "batch") == all_curves(tmp_path / "alone")


def test_an_interrupted_batch_continues_to_the_same_curves(tmp_path, monkeypatch):
    run_in_batch(trials(), tmp_path / "straight")
    monkeypatch.setattr(running, "PROGRESS_SECONDS", 0.0)
    for stop_after in (3, 40):
        asked = iter(range(10_000))
        outcomes = run_in_batch(trials(), tmp_path / "halting", lambda: next(asked) > stop_after)  # noqa: B023
        assert outcomes == ["unfinished"] * 5
    monkeypatch.undo()
    trials()[2].run(tmp_path / "halting" / trials()[2].path)  # one of them alone
    assert run_in_batch(trials(), tmp_path / "halting") == ["finished"] * 5
    assert all_curves(tmp_path / "halting") == all_curves(tmp_path / "straight")


def test_a_trial_with_a_damaged_checkpoint_fails_alone(tmp_path):
    these = trials()
    write_record(tmp_path / these[1].path / "trial.json", to_plain(these[1]))
    (tmp_path / these[1].path / "checkpoint.npz").write_bytes(b"half")
    ended = run_in_batch(these, tmp_path)
    assert ended[:1] + ended[2:] == ["finished"] * 4
    assert "checkpoint.npz is damaged" in str(ended[1])


def test_an_error_of_the_whole_batch_fails_each_trial_with_a_reason(tmp_path):
    @dataclass(frozen=True)
    class Broken(MSE):
        def value_and_gradient(self, outputs, targets, sample_weight=None):
            raise RuntimeError("no more luck")

    method = Backprop(loss=Broken())
    running_trials = [Trial(Line(), method, Budget(flops=2e5), (4,), seed) for seed in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "to_plain", lambda trial: {})
        assert run_in_batch(running_trials, tmp_path) == ["failed"] * 2
    assert all("no more luck" in (tmp_path / t.path / "result.json").read_text() for t in running_trials)


def test_a_finished_trial_of_a_batch_is_not_run_again(tmp_path):
    these = trials()
    these[0].run(tmp_path / these[0].path)
    before = (tmp_path / these[0].path / "curve.csv").stat().st_mtime_ns
    run_in_batch(these, tmp_path)
    assert (tmp_path / these[0].path / "curve.csv").stat().st_mtime_ns == before
    assert {trial_status(tmp_path / each.path) for each in these} == {"finished"}


def test_batches_are_the_seeds_of_one_task_and_method_divided_among_the_jobs():
    backprop, evolution = trials(), trials(Evolution())
    mixed = [trial for pair in zip(backprop, evolution, strict=True) for trial in pair]

    def sizes(jobs):
        return [(batch[0].method.name, [trial.seed for trial in batch]) for batch in batch_trials(mixed, jobs)]

    alone = [("cma-es", [seed]) for seed in range(5)]
    assert sorted(sizes(1)) == sorted([("backprop", [0, 1, 2, 3, 4]), *alone])
    assert sorted(sizes(2)) == sorted([("backprop", [0, 1, 2]), ("backprop", [3, 4]), *alone])
    assert sizes(1)[:2] == [("backprop", [0, 1, 2, 3, 4]), ("cma-es", [0])]  # in the order of their first


def test_trials_with_a_time_budget_are_not_batched():
    these = trials(budget=Budget(cpu_seconds=1.0))
    assert batch_trials(these, 1) == [[trial] for trial in these]


def test_the_costs_of_a_batch_are_complete(tmp_path):
    run_in_batch(trials(), tmp_path)
    for path in tmp_path.rglob("curve.csv"):
        with path.open(newline="") as file:
            last = list(csv.DictReader(file))[-1]
        assert float(last["cpu_seconds"]) > 0
        assert int(last["samples"]) > 0


class CountingLearner(BackpropLearner):
    """A user's learner: its step has a log column of its own."""

    def step(self, budget_fraction):
        result = super().step(budget_fraction)
        return StepResult(result.score, {**result.info, "own": 1.0})


@dataclass(frozen=True)
class Counting(Backprop):
    def start(self, task, spec, rng):
        return CountingLearner(self, task, spec, rng)


def test_learners_of_a_derived_method_take_their_own_steps(tmp_path):
    budget = Budget(generations=4, n_evals=2)
    study = Study.grid("own", tasks=[Line()], methods=[Counting(batch_size=4)], seeds=3, budget=budget, hidden=(4,))
    runs = study.run(tmp_path).runs
    assert [run.curve["own"][-1] for run in runs] == [1.0] * 3
    assert [len(batch) for batch in batch_trials(study.trials(), 1)] == [1, 1, 1]
