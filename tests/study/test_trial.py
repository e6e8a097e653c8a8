"""A trial has the same curve wherever it runs, and survives interruptions."""

import csv
import json
import re
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from curves import read_result
from toys import Bowl, Line, Raises

from evorobo import (
    CMAES,
    GA,
    SGD,
    Backprop,
    Budget,
    EarlyStopping,
    Evolution,
    Genome,
    OpenAIES,
    ResultsError,
    SelfAdaptiveES,
    SettingsError,
    Study,
    Trial,
)
from evorobo.files import write_atomically
from evorobo.settings import to_plain
from evorobo.study import provenance, running, trial as trial_module
from evorobo.study.checkpoint import load as load_checkpoint
from evorobo.study.folders import Interrupted, trial_status
from evorobo.study.log import TIME_COLUMNS
from evorobo.study.machine import machine_facts
from evorobo.study.records import write_record
from evorobo.study.results import read_curve
from evorobo.study.trial import first_difference
from evorobo.tasks.base import FLOPS_COLUMNS

METHODS = [Backprop(), Evolution(), Evolution(GA()), Evolution(OpenAIES()), Evolution(SelfAdaptiveES())]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda each: each.name)


def a_trial(method=METHODS[1], task=None, budget=None, hidden=(3,), seed=0):
    return Trial(task or Bowl(), method, budget or Budget(flops=1e6, n_evals=6), hidden, seed)


def curve(folder):
    """Return the rows of curve.csv, without the columns of seconds."""
    with (folder / "curve.csv").open(newline="") as file:
        return [{name: cell for name, cell in row.items() if name not in TIME_COLUMNS} for row in csv.DictReader(file)]


class Stop:
    """A `should_stop` that returns True at the n-th call; it is called after every step."""

    def __init__(self, monkeypatch, after):
        monkeypatch.setattr(running, "PROGRESS_SECONDS", 0.0)
        self.left = after

    def __call__(self):
        self.left -= 1
        return self.left < 0


def test_at_one_seed_every_method_starts_from_the_same_genome():
    for seed in (0, 7):
        starts = [a_trial(method, seed=seed).start().genome.weights for method in METHODS]
        for each in starts[1:]:
            np.testing.assert_array_equal(each, starts[0])
    assert not np.array_equal(a_trial(seed=0).start().genome.weights, a_trial(seed=7).start().genome.weights)


@every_method
def test_a_trial_runs_again_from_its_json_to_the_identical_curve(tmp_path, method):
    assert a_trial(method).run(tmp_path / "first") == "finished"
    again = Trial.load(tmp_path / "first" / "trial.json")
    assert again == a_trial(method)
    assert again.run(tmp_path / "again") == "finished"
    assert curve(tmp_path / "again") == curve(tmp_path / "first")
    one, other = (Genome.load(tmp_path / each / "genome.npz") for each in ("first", "again"))
    np.testing.assert_array_equal(one.weights, other.weights)


@every_method
@pytest.mark.parametrize("stops", [1, 4])
def test_an_interrupted_trial_continues_to_the_identical_curve(tmp_path, monkeypatch, method, stops):
    a_trial(method).run(tmp_path / "straight")
    for after in range(1, 1 + stops):
        with pytest.raises(Interrupted, match="can be continued"):
            a_trial(method).run(tmp_path / "halting", should_stop=Stop(monkeypatch, after))
        assert trial_status(tmp_path / "halting") == "unfinished"
    assert a_trial(method).run(tmp_path / "halting") == "finished"
    assert curve(tmp_path / "halting") == curve(tmp_path / "straight")


def test_going_on_on_another_type_of_processor_is_recorded_and_is_no_error(tmp_path, monkeypatch):
    a_trial().run(tmp_path / "straight")
    machines = [{"blas": "A"}, {"blas": "A", "cores": 64}, {"blas": "B"}, {"blas": "B"}, {"blas": "A", "numpy": "9"}]
    first = machine_facts()
    for number, facts in enumerate(machines):
        now = {**first, **facts}
        monkeypatch.setattr(provenance, "machine_facts", lambda now=now: now)
        if number < len(machines) - 1:
            with pytest.raises(Interrupted):
                a_trial().run(tmp_path / "moved", should_stop=Stop(monkeypatch, 1))
    assert a_trial().run(tmp_path / "moved") == "finished"
    machine, result = (json.loads((tmp_path / "moved" / f"{name}.json").read_text()) for name in ("machine", "result"))
    assert machine["blas"] == "A"
    assert [{**step, "date": ""} for step in machine["continued"]] == [
        {"date": "", "blas": "B"},
        {"date": "", "blas": "A", "numpy": "9"},
    ]
    assert result["continued"] == ["blas A, then B", f"blas B, then A; numpy {np.__version__}, then 9"]
    assert curve(tmp_path / "moved") == curve(tmp_path / "straight")
    assert "continued" not in json.loads((tmp_path / "straight" / "result.json").read_text())


def test_a_trial_killed_after_an_eval_restarts_from_its_checkpoint(tmp_path, monkeypatch):
    a_trial().run(tmp_path / "straight")
    keep = running.RunningTrial.save_checkpoint

    def killed(self):
        if self.n_evals == 4:
            raise KeyboardInterrupt  # the row of this eval is on disk, its checkpoint is not
        keep(self)

    monkeypatch.setattr(running.RunningTrial, "save_checkpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        a_trial().run(tmp_path / "killed")
    monkeypatch.undo()
    kept = load_checkpoint(tmp_path / "killed" / "checkpoint.npz")
    assert kept["log"]["n_rows"] < len(curve(tmp_path / "killed"))
    a_trial().run(tmp_path / "killed")
    assert curve(tmp_path / "killed") == curve(tmp_path / "straight")


def test_a_finished_trial_is_not_repeated(tmp_path):
    a_trial().run(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert a_trial().run(tmp_path) == "finished"
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_finished_trial_leaves_its_settings_machine_curve_genome_and_result(tmp_path):
    a_trial().run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curve.csv",
        "genome.npz",
        "machine.json",
        "result.json",
        "trial.json",
    ]
    result = read_result(tmp_path)
    assert result == {"format": 3, "status": "finished", "test": float(curve(tmp_path)[-1]["test"])}
    assert Bowl().test(Genome.load(tmp_path / "genome.npz")) == result["test"]
    machine = json.loads((tmp_path / "machine.json").read_text())
    assert machine["numpy"] == np.__version__


def test_a_folder_of_other_settings_is_refused_with_the_field_and_both_values(tmp_path):
    a_trial(Evolution(CMAES(sigma=0.3))).run(tmp_path)
    sentence = r"holds a run of other settings \(method\.strategy\.sigma is 0\.3 there and 0\.5 here\).*--results"
    with pytest.raises(ResultsError, match=sentence):
        a_trial(Evolution(CMAES(sigma=0.5))).run(tmp_path)


@pytest.mark.parametrize(
    ("there", "here", "words"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b is 1 there and 2 here"),
        ({"a": [1]}, {"a": [1, 2]}, "a is [1] there and [1, 2] here"),
        ({"a": 1}, {"a": 1, "c": None}, "c is null there and null here"),
        ({"a": {"x": 1}}, {"a": None}, 'a is {"x": 1} there and null here'),
        (5, "five", 'settings is 5 there and "five" here'),
    ],
)
def test_the_first_different_field_is_named(there, here, words):
    assert first_difference(there, here) == words


def test_an_error_in_an_environment_fails_its_trial_which_runs_again_later(tmp_path, monkeypatch):
    trial = a_trial(task=Raises())
    for _ in range(2):
        assert trial.run(tmp_path) == "failed"
        result = json.loads((tmp_path / "result.json").read_text())
        assert result["reason"] == "RuntimeError: the gripper is stuck"
        assert "toys.py" in "".join(result["traceback"])
    assert len(curve(tmp_path)) == 1  # the eval before the first step
    monkeypatch.setattr(Raises, "score", Bowl.score)
    assert trial.run(tmp_path) == "finished"
    assert json.loads((tmp_path / "result.json").read_text())["status"] == "finished"


def test_training_that_diverges_keeps_its_log_the_last_finite_genome_and_a_cure(tmp_path):
    trial = a_trial(Backprop(SGD(1e6)), Line(), Budget(flops=1e6))
    assert trial.run(tmp_path) == trial_status(tmp_path) == "diverged"
    reason = json.loads((tmp_path / "result.json").read_text())["reason"]
    assert re.match(r"training diverged: loss \S+ and gradient norm \S+ in step \d+ ", reason)
    assert "Try a learning rate below 1e+06" in reason
    kept = Genome.load(tmp_path / "genome.npz")
    assert np.isfinite(kept.weights).all()
    shown = Line().examples(None)
    assert np.isfinite(shown.loss.value(kept(shown.inputs), shown.targets))
    assert len(curve(tmp_path)) > 1
    assert not (tmp_path / "checkpoint.npz").exists()


def test_evolution_that_diverges_keeps_the_last_finite_genome_too(tmp_path):
    trial = a_trial(Evolution(OpenAIES(optimizer=SGD(1e300))), budget=Budget(generations=1000))
    with np.errstate(all="ignore"):
        assert trial.run(tmp_path) == "diverged"
    assert np.isfinite(Genome.load(tmp_path / "genome.npz").weights).all()


def test_a_learner_that_is_done_ends_its_trial_with_an_eval(tmp_path):
    trial = a_trial(
        Backprop(SGD(0.1), early_stopping=EarlyStopping(patience=4)), Line(), Budget(samples=1e5, n_evals=5)
    )
    watched = []
    assert trial.run(tmp_path, watched.append) == "finished"
    result, rows = read_result(tmp_path), curve(tmp_path)
    assert result == {"format": 3, "status": "finished", "test": float(rows[-1]["test"]), "stopped_early": True}
    assert int(rows[-1]["samples"]) < 1e5
    genome = Genome.load(tmp_path / "genome.npz")
    assert Line().validate(genome) == float(rows[-1]["validation"])

    learner, steps = trial.start(), 0
    while not learner.done:
        learner.step(0.0)
        steps += 1
    assert int(rows[-1]["generations"]) == steps


@pytest.mark.parametrize("stops", [1, 5])
def test_a_trial_interrupted_during_its_patience_stops_at_the_same_step(tmp_path, monkeypatch, stops):
    trial = a_trial(Backprop(early_stopping=EarlyStopping(patience=30)), Line(), Budget(samples=1e5, n_evals=5))
    trial.run(tmp_path / "straight")
    for after in range(1, 1 + stops):
        with pytest.raises(Interrupted):
            trial.run(tmp_path / "halting", should_stop=Stop(monkeypatch, after))
    assert trial.run(tmp_path / "halting") == "finished"
    assert curve(tmp_path / "halting") == curve(tmp_path / "straight")
    assert read_result(tmp_path / "halting") == read_result(tmp_path / "straight")


def test_a_budget_that_a_method_never_spends_is_refused_at_once(tmp_path):
    assert a_trial(Backprop(), Line(), Budget(env_steps=1000)).run(tmp_path) == "failed"
    reason = json.loads((tmp_path / "result.json").read_text())["reason"]
    assert reason == (
        "backprop spends none of env_steps on bowl, so this budget never ends; "
        "add a limit that it does spend, for example flops=1e9."
    )


def test_a_teacher_that_costs_the_whole_budget_is_refused(tmp_path):
    assert a_trial(Backprop(), budget=Budget(env_steps=32, flops=1e6)).run(tmp_path) == "failed"
    reason = json.loads((tmp_path / "result.json").read_text())["reason"]
    assert "the demonstrations of bowl for backprop cost the whole budget of env_steps=32, flops=1e+06" in reason


def test_the_cost_of_the_teacher_is_in_every_row(tmp_path):
    a_trial(Backprop()).run(tmp_path / "backprop")
    a_trial().run(tmp_path / "evolution")
    taught, evolved = curve(tmp_path / "backprop"), curve(tmp_path / "evolution")
    assert {row["env_steps"] for row in taught} == {"32"}
    assert evolved[0]["env_steps"] == "0"
    assert {row["samples"] for row in (taught[0], evolved[0])} == {"0"}


@every_method
def test_evals_come_at_the_start_and_then_evenly_on_a_logarithmic_scale(tmp_path, method):
    a_trial(method, budget=Budget(flops=3e6, n_evals=5)).run(tmp_path)
    columns = read_curve(tmp_path / "curve.csv")
    flops = sum(columns[name] for name in FLOPS_COLUMNS)
    wanted = 3e6 * np.geomspace(0.01, 1, 5)
    steps = np.diff(flops) / np.diff(columns["generations"])
    assert flops[0] == 0
    assert len(flops) == 6
    assert (flops[1:] >= wanted).all()
    assert (flops[1:] < wanted + 1.01 * steps.max()).all()  # an eval waits for the end of its step


def test_a_step_that_passes_several_evals_is_evaluated_once(tmp_path):
    a_trial(Evolution(CMAES(population_size=500)), budget=Budget(env_steps=1000, n_evals=9)).run(tmp_path)
    assert [row["env_steps"] for row in curve(tmp_path)] == ["0", "500", "1000"]


def test_the_last_row_is_the_solution_at_the_end_of_the_budget(tmp_path):
    a_trial(budget=Budget(generations=7, n_evals=3)).run(tmp_path)
    rows = curve(tmp_path)
    assert rows[-1]["generations"] == "7"
    assert float(rows[-1]["test"]) == Bowl().test(Genome.load(tmp_path / "genome.npz"))


def test_with_several_limits_the_first_one_reached_ends_the_trial(tmp_path):
    a_trial(budget=Budget(generations=3, flops=1e9)).run(tmp_path / "a")
    a_trial(budget=Budget(generations=1000, env_steps=30)).run(tmp_path / "b")
    assert curve(tmp_path / "a")[-1]["generations"] == "3"
    assert 30 <= int(curve(tmp_path / "b")[-1]["env_steps"]) < 60


def test_seconds_are_those_of_learning_and_not_of_evals(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=0.0)

    @dataclass(frozen=True)
    class Timed(Bowl):
        def score(self, *arguments):
            clock.now += 2.0
            return super().score(*arguments)

        def test(self, genome):
            clock.now += 100.0
            return super().test(genome)

    monkeypatch.setattr(running.time, "process_time", lambda: clock.now)
    for module in (trial_module, running):
        monkeypatch.setattr(module, "to_plain", lambda trial: {})
    a_trial(task=Timed(), budget=Budget(generations=5, n_evals=5)).run(tmp_path)
    assert read_curve(tmp_path / "curve.csv")["cpu_seconds"].tolist()[-1] == 10.0


def test_progress_is_reported_in_fractions_of_the_budget(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PROGRESS_SECONDS", 0.0)
    fractions = []
    a_trial(budget=Budget(generations=4)).run(tmp_path, fractions.append)
    assert fractions == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_progress_of_a_continued_trial_begins_where_it_was_interrupted(tmp_path, monkeypatch):
    fractions = []
    trial = a_trial(budget=Budget(generations=4))
    with pytest.raises(Interrupted):
        trial.run(tmp_path, should_stop=Stop(monkeypatch, 1))
    trial.run(tmp_path, fractions.append)
    assert fractions == [0.5, 0.75, 1.0]
    trial.run(tmp_path, fractions.append)  # it is finished, and nothing runs
    assert fractions == [0.5, 0.75, 1.0]


def test_the_first_progress_is_reported_before_the_first_step(tmp_path):
    fractions = []  # all steps together take less than PROGRESS_SECONDS
    a_trial(budget=Budget(generations=1)).run(tmp_path, fractions.append)
    assert fractions[0] == 0.0


def test_more_budget_gives_no_worse_solution(tmp_path):
    a_trial(budget=Budget(env_steps=3000)).run(tmp_path)
    tests = read_curve(tmp_path / "curve.csv")["test"]
    assert tests[0] < -10
    assert tests[-1] > -1e-6


@pytest.mark.parametrize("seed", [-1, 1.5, "one"])
def test_a_seed_is_a_whole_number_from_zero(seed):
    with pytest.raises(SettingsError, match="seed must be a whole number from 0 to"):
        a_trial(seed=seed)


@pytest.mark.parametrize("name", ["trial.json", "result.json", "checkpoint.npz"])
def test_a_damaged_file_is_refused_with_a_cure(tmp_path, monkeypatch, name):
    with pytest.raises(Interrupted):
        a_trial().run(tmp_path, should_stop=Stop(monkeypatch, 3))
    (tmp_path / name).write_text('{"half": ')
    with pytest.raises(ResultsError, match=rf"{name} is damaged .*delete"):
        a_trial().run(tmp_path)


def with_checkpoint(folder, monkeypatch, task=None):
    """Run a trial in `folder` as if it were killed in the middle."""
    with pytest.raises(Interrupted):
        a_trial(task=task).run(folder, should_stop=Stop(monkeypatch, 3))
    assert (folder / "checkpoint.npz").exists()


def fail(folder):
    write_record(folder / "result.json", {"status": "failed", "reason": "its worker process died (SIGKILL)"})


def changed(monkeypatch, name="task_code_sha256"):
    """Change the code, data or teacher of all trials, as their fingerprints show it."""
    before = provenance.fingerprints
    for module in (provenance, trial_module):
        monkeypatch.setattr(module, "fingerprints", lambda trial: before(trial) | {name: "other"})


@pytest.mark.parametrize("name", ["task_code_sha256", "learning_code_sha256", "data_sha256", "teacher_sha256"])
def test_a_failed_trial_whose_code_or_data_changed_starts_over(tmp_path, monkeypatch, name):
    a_trial().run(tmp_path / "straight")
    with_checkpoint(tmp_path / "killed", monkeypatch)
    fail(tmp_path / "killed")
    changed(monkeypatch, name)
    steps = []
    monkeypatch.setattr(running.RunningTrial, "_resume", lambda *_: steps.append("resumed"))
    assert a_trial().run(tmp_path / "killed") == "finished"
    assert not steps
    assert curve(tmp_path / "killed") == curve(tmp_path / "straight")
    assert json.loads((tmp_path / "killed/machine.json").read_text())[name] == "other"


def test_a_failed_trial_whose_process_died_continues(tmp_path, monkeypatch):
    a_trial().run(tmp_path / "straight")
    with_checkpoint(tmp_path / "killed", monkeypatch)
    fail(tmp_path / "killed")
    resume, steps = running.RunningTrial._resume, []
    monkeypatch.setattr(running.RunningTrial, "_resume", lambda *state: (steps.append("resumed"), resume(*state)))
    assert a_trial().run(tmp_path / "killed") == "finished"
    assert steps == ["resumed"]
    assert curve(tmp_path / "killed") == curve(tmp_path / "straight")


def test_an_unfinished_trial_whose_code_changed_is_refused_and_kept(tmp_path, monkeypatch):
    with_checkpoint(tmp_path, monkeypatch)
    changed(monkeypatch)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ResultsError, match="holds a run of code that has changed since"):
        a_trial().run(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("lost", ["machine.json", "trial.json and machine.json of another"])
def test_a_checkpoint_of_another_trial_is_never_used(tmp_path, monkeypatch, lost):
    if lost == "machine.json":  # nothing beside the checkpoint says which code it belongs to
        with_checkpoint(tmp_path, monkeypatch)
        (tmp_path / lost).unlink()
        changed(monkeypatch)
    else:  # a checkpoint that was copied here
        with_checkpoint(tmp_path, monkeypatch)
        with_checkpoint(tmp_path / "other", monkeypatch, task=Bowl("dish"))
        (tmp_path / "other/checkpoint.npz").replace(tmp_path / "checkpoint.npz")
    sentence = (
        r"checkpoint\.npz was saved by a trial of other settings, data or code; delete it and this trial starts over"
    )
    with pytest.raises(ResultsError, match=sentence):
        a_trial().run(tmp_path)
    (tmp_path / "checkpoint.npz").unlink()
    assert a_trial().run(tmp_path) == "finished"


@pytest.mark.parametrize("name", ["curve.csv", "checkpoint.npz", "genome.npz", "notes.txt", "diary", "result.json"])
def test_a_folder_with_files_but_without_settings_is_refused(tmp_path, name):
    if name == "result.json":
        write_record(tmp_path / name, {"status": "finished", "test": 1.0})
    else:
        (tmp_path / name).mkdir() if name == "diary" else (tmp_path / name).write_text("mine")
    with pytest.raises(
        ResultsError, match=r"holds files but no trial\.json, so their settings are unknown\. Keep it and"
    ):
        a_trial().run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    study = Study.grid("x", tasks=[Bowl()], methods=[Evolution()], seeds=1, budget=Budget(flops=3e4), hidden=(3,))
    place = tmp_path / "x/bowl/cma-es/seed-7"
    place.mkdir(parents=True)
    (tmp_path / name).rename(place / name)
    with pytest.raises(ResultsError, match=r"seed-7 holds files but no trial\.json"):
        study.run(tmp_path)


def test_what_killed_writes_left_is_removed_when_the_trial_begins_and_nothing_else(tmp_path, monkeypatch):
    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", killed)
        patch.setattr("pathlib.Path.unlink", lambda *_, **__: None)  # a killed process removes nothing
        with pytest.raises(SystemExit):
            write_atomically(tmp_path / "checkpoint.npz", b"half")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".checkpoint.npz.")
    kept = [".curve.csv", "curve.csv.12345678.tmp", ".notes.tmp", ".a.123456789.tmp", ".a.ABCDEFGH.tmp"]
    (tmp_path / "progress").write_text("0.5")
    (tmp_path / ".b.12345678.tmp").mkdir()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/.a.12345678.tmp").write_text("below")
    write_record(tmp_path / "trial.json", to_plain(a_trial()))
    for name in kept:
        (tmp_path / name).write_text("mine")
    a_trial().run(tmp_path)
    assert not left.exists()
    assert not (tmp_path / "progress").exists()
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {*kept, ".b.12345678.tmp", "deep/.a.12345678.tmp"} < names


@pytest.mark.parametrize("at", ["save_checkpoint", "_evaluate", "_end_if_over"])
def test_a_trial_that_another_process_has_taken_over_writes_nothing_more(tmp_path, monkeypatch, at):
    method, before = getattr(running.RunningTrial, at), {}

    def lose(self, *arguments):
        if self.generations == 4 and not before:
            (tmp_path / "trial.lock").unlink()
            write_record(tmp_path / "trial.lock", {"of": "another process"})
            before.update({path.name: path.read_bytes() for path in tmp_path.iterdir()})
        return method(self, *arguments)

    monkeypatch.setattr(running.RunningTrial, at, lose)
    with pytest.raises(ResultsError, match="another process runs the trial"):
        a_trial(budget=Budget(generations=4, n_evals=2)).run(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("content", ["", "[]", '{"type": "Budget", "flops": 5}'])
def test_a_file_that_is_not_a_trial_is_refused(tmp_path, content):
    (tmp_path / "trial.json").write_text(content)
    with pytest.raises(ResultsError, match=r"is damaged|holds no trial"):
        Trial.load(tmp_path / "trial.json")


def test_the_path_of_a_trial_is_its_task_its_method_and_its_seed():
    assert a_trial(seed=12).path == "bowl/cma-es/seed-12"
    assert replace(a_trial(), task=Bowl("dish")).path == "dish/cma-es/seed-0"
