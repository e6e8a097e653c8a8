"""Several runs in one folder: each trial is run by one of them, and settings are never mixed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from curves import all_curves, without_times
from scripts import launch
from toys import Bowl, Slow

from evorobo import Budget, Evolution, ResultsError, Study, Trial
from evorobo.settings import to_plain
from evorobo.study import sharing
from evorobo.study.executors.choice import make_executor
from evorobo.study.folders import Interrupted, trial_lock, trial_status
from evorobo.study.records import write_record
from evorobo.study.results import read_curve
from evorobo.study.sharing import run_trials

HELPERS = Path(__file__).parents[1] / "helpers"
SCRIPT = '''
"""A study of six trials; the first eval of each is noted. It begins when the file `go` appears."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from toys import Slow

from evorobo import Backprop, Budget, Callback, EvoroboError, Evolution, Study


@dataclass(frozen=True)
class Note(Callback):
    def on_eval(self, state):
        if state.generations == 0:
            with open("begun.txt", "a") as file:
                file.write("/".join(state.folder.parts[-3:]) + "\\n")


generations, jobs = map(int, sys.argv[1:] or (1, 1))
study = Study.grid(
    "shared",
    tasks=[Slow("slow", 0.002)],
    methods=[Evolution(), Backprop()],
    seeds=3,
    budget=Budget(generations=generations, n_evals=3),
    hidden=(3,),
    callbacks=[Note()],
)
if __name__ == "__main__":
    while not Path("go").exists():
        time.sleep(0.001)
    try:
        study.run(jobs=jobs)
        print("done")
    except EvoroboError as error:
        print(error)
'''
TRIALS = {f"slow/{method}/seed-{seed}" for method in ("cma-es", "backprop") for seed in range(3)}


def run_both(folder: Path, *words: tuple[int, int]) -> list[str]:
    """Run the script with these words, all beginning at once; return what each printed."""
    folder.mkdir()
    (folder / "study.py").write_text(SCRIPT)
    processes = [launch("study.py", *each, folder=folder) for each in words]
    time.sleep(0.3)
    (folder / "go").touch()
    texts = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        texts.append(out)
    assert not list((folder / "results").rglob("*.lock*"))
    assert not list((folder / "results").rglob("*.tmp"))
    return texts


def check_equal_runs(folder: Path, times: int) -> None:
    alone = None
    for number in range(times):
        here = folder / f"equal-{number}"
        jobs = 1 + number % 2
        for text in run_both(here, (10, 1), (10, jobs)):
            assert text.endswith("done\n")
        assert Counter((here / "begun.txt").read_text().split()) == dict.fromkeys(TRIALS, 1), "run by one run each"
        curves = all_curves(here / "results/shared")
        assert curves.keys() == TRIALS
        alone = alone or curves
        assert curves == alone


def check_other_runs(folder: Path, times: int) -> None:
    for number in range(times):
        here = folder / f"other-{number}"
        texts = run_both(here, (10, 1), (11, 1 + number % 2))
        assert sorted(text.endswith("done\n") for text in texts) == [False, True]
        (refusal,) = (text for text in texts if not text.endswith("done\n"))
        assert "holds a run of other settings (budget.generations is 1" in refusal
        generations = 10 if texts[0].endswith("done\n") else 11
        for path in TRIALS:
            trial = here / "results/shared" / path
            settings = json.loads((trial / "trial.json").read_text())
            assert settings["budget"]["generations"] == generations
            assert trial_status(trial) == "finished"
            assert read_curve(trial / "curve.csv")["generations"][-1] == generations


@pytest.fixture(autouse=True)
def toys_for_scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(HELPERS))
    monkeypatch.setenv("PYTHONPATH", ":".join([str(HELPERS), *filter(None, sys.path)]))


def test_two_equal_runs_that_begin_at_once_share_the_trials(tmp_path):
    check_equal_runs(tmp_path, 2)


def test_of_two_runs_with_other_settings_that_begin_at_once_one_is_refused(tmp_path):
    check_other_runs(tmp_path, 2)


@pytest.mark.slow
@pytest.mark.reproduction
def test_twenty_times_two_equal_runs_share_the_trials(tmp_path):
    check_equal_runs(tmp_path, 20)


@pytest.mark.slow
@pytest.mark.reproduction
def test_twenty_times_one_of_two_runs_with_other_settings_is_refused(tmp_path):
    check_other_runs(tmp_path, 20)


def a_trial(task=None, seed=0, generations=5):
    return Trial(task or Bowl(), Evolution(), Budget(generations=generations, n_evals=4), (3,), seed)


def run_here(trials, folder, on_event, jobs=1):
    """Run trials in this process, or in two workers."""
    with make_executor(jobs, len(trials)) as executor:
        run_trials(trials, folder, on_event, executor)


def in_background(trial, folder):
    """A process that runs `trial` in `folder`, once its first checkpoint is written."""
    write_record(folder.parent / "job.json", to_plain(trial))
    code = (
        "import sys; from pathlib import Path; from evorobo import Trial; "
        f"Trial.load(Path({str(folder.parent / 'job.json')!r}), trust=True).run({str(folder)!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    while not (folder / "checkpoint.npz").exists():
        assert process.poll() is None
        time.sleep(0.01)
    return process


def test_a_trial_that_another_process_runs_is_awaited(tmp_path):
    trial, events = a_trial(Slow("slow", 0.02), generations=60), []
    process = in_background(trial, tmp_path / trial.path)
    with pytest.raises(ResultsError, match=r"another process runs the trial in .*; wait for its end"):
        trial.run(tmp_path / trial.path)
    run_here([trial, a_trial()], tmp_path, events.append)
    assert process.wait() == 0
    assert [(event.trial, event.status) for event in events if event.status] == [
        (trial.path, "taken"),
        (a_trial().path, "finished"),
        (trial.path, "finished"),
    ]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=[pytest.mark.slow, pytest.mark.reproduction])])
def test_a_trial_whose_other_process_dies_continues_here_to_the_same_curve(tmp_path, jobs):
    trial, events = a_trial(Slow("slow", 0.02), generations=400), []
    a_trial(Bowl("slow"), generations=400).run(tmp_path / "alone")
    process = in_background(trial, tmp_path / trial.path)

    def on_event(event):
        events.append(event)
        if event.status == "taken":
            process.send_signal(signal.SIGKILL)
            process.wait()

    run_here([trial], tmp_path, on_event, jobs)
    assert [event.status for event in events if event.status] == ["taken", "finished"]
    assert without_times(tmp_path / trial.path / "curve.csv") == without_times(tmp_path / "alone/curve.csv")
    assert sorted(path.name for path in (tmp_path / trial.path).iterdir()) == sorted(
        path.name for path in (tmp_path / "alone").iterdir()
    )


def test_ctrl_c_ends_the_wait_for_another_process(tmp_path, monkeypatch):
    def interrupted(seconds):
        raise KeyboardInterrupt

    lock = trial_lock(tmp_path / a_trial().path)
    assert lock.acquire()
    monkeypatch.setattr(sharing.time, "sleep", interrupted)
    with pytest.raises(Interrupted):
        run_here([a_trial()], tmp_path, lambda event: None)
    lock.release()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_refused_trial_changes_nothing_in_the_folder_and_ends_the_run_with_its_reason(tmp_path, jobs):
    a_trial().run(tmp_path / a_trial().path)
    before = {path: path.read_bytes() for path in (tmp_path / a_trial().path).iterdir()}
    with pytest.raises(ResultsError, match="holds a run of other settings"):
        run_here([a_trial(generations=6), a_trial(seed=1)], tmp_path, lambda event: None, jobs)
    assert {path: path.read_bytes() for path in (tmp_path / a_trial().path).iterdir()} == before
    assert trial_status(tmp_path / a_trial(seed=1).path) == "finished"


def test_a_run_claims_each_task_and_method_before_its_first_trial(tmp_path, monkeypatch):
    study = Study.grid(
        "toys", tasks=[Bowl(), Bowl("dish")], methods=[Evolution()], seeds=[3, 4], budget=Budget(generations=2)
    )
    monkeypatch.setattr("evorobo.study.study.run_trials", lambda *_: None)
    study.run(tmp_path)
    claimed = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("trial.json"))
    assert claimed == ["toys/bowl/cma-es/seed-3/trial.json", "toys/dish/cma-es/seed-3/trial.json"]
    replace(study, seeds=(4, 5)).run(tmp_path)
    assert len(list(tmp_path.rglob("trial.json"))) == 2
    for other in (replace(study, budget=Budget(generations=3)), replace(study, hidden=(5,))):
        with pytest.raises(ResultsError, match="holds a run of other settings"):
            replace(other, seeds=(9,)).run(tmp_path)


def test_a_claim_that_another_run_made_after_the_first_check_is_respected(tmp_path, monkeypatch):
    study = Study.grid("toys", tasks=[Bowl()], methods=[Evolution()], seeds=2, budget=Budget(generations=2))
    other = replace(study, budget=Budget(generations=3))

    claim = Study._claim

    def meanwhile(self, *arguments):
        monkeypatch.undo()
        other.run(tmp_path)
        claim(self, *arguments)

    monkeypatch.setattr(Study, "_claim", meanwhile)
    with pytest.raises(ResultsError, match=r"generations is 3 there and 2 here"):
        study.run(tmp_path)
    assert {trial_status(tmp_path / "toys" / trial.path) for trial in other.trials()} == {"finished"}
