"""Trials in this process or in workers: the same events, and one failure stops no other trial."""

import errno
import json
import os
import re
import signal
import threading
import time

import pytest
from toys import Bowl, Chatty, Dies, Raises, Slow

from evorobo import Backprop, Budget, Evolution, ResultsError, Trial
from evorobo.settings import to_plain
from evorobo.study import checkpoint
from evorobo.study.executors import local
from evorobo.study.executors.local import LocalExecutor
from evorobo.study.executors.serial import SerialExecutor
from evorobo.study.folders import PROGRESS_FILE, TAKEN, Interrupted, trial_lock, trial_status
from evorobo.study.records import write_record

EVOLUTION = Evolution()
BUDGET = Budget(generations=5, n_evals=2)


def trials(*tasks, seeds=(0,), method=EVOLUTION, budget=BUDGET):
    return [Trial(task, method, budget, (3,), seed) for seed in seeds for task in tasks]


def batches_of_one(submitted):
    """Return batches of one trial each."""
    return [[trial] for trial in submitted]


def outcomes(events):
    """Return the status and the reason of each trial."""
    return {event.trial: (event.status, event.reason) for event in events if event.status}


def run_serial(submitted, folder, on_event):
    with SerialExecutor() as executor:
        executor.run(submitted, folder, on_event)


def run_parallel(submitted, folder, on_event, jobs=2, step_seconds=None):
    with LocalExecutor(jobs, step_seconds) as executor:
        executor.run(submitted, folder, on_event)


@pytest.mark.parametrize("run", [run_serial, run_parallel])
def test_each_trial_has_events_at_its_start_and_its_end(tmp_path, run):
    submitted, events = trials(Bowl(), Bowl("dish"), Raises("arm")), []
    run(batches_of_one(submitted), tmp_path, events.append)
    assert outcomes(events) == {
        "bowl/cma-es/seed-0": ("finished", ""),
        "dish/cma-es/seed-0": ("finished", ""),
        "arm/cma-es/seed-0": ("failed", "RuntimeError: the gripper is stuck"),
    }
    for trial in submitted:
        own_events = [event for event in events if event.trial == trial.path]
        assert (own_events[0].status, own_events[0].completed_fraction) == ("", 0.0)
        assert own_events[-1].completed_fraction == 1.0
    assert [trial_status(tmp_path / trial.path) for trial in submitted] == ["finished", "finished", "failed"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("exit", "its worker process died (exit status 7)"),
        ("kill", "its worker process died (SIGKILL, as when memory runs out)"),
    ],
)
def test_a_worker_that_dies_fails_its_trial_only(tmp_path, how, reason):
    submitted, events = trials(Dies("fatal", how), Bowl(), seeds=(0, 1)), []
    run_parallel(batches_of_one(submitted), tmp_path, events.append, 2)
    for seed in (0, 1):
        assert outcomes(events)[f"fatal/cma-es/seed-{seed}"] == ("failed", reason)
        assert outcomes(events)[f"bowl/cma-es/seed-{seed}"] == ("finished", "")
        result = json.loads((tmp_path / f"fatal/cma-es/seed-{seed}/result.json").read_text())
        assert result == {"format": 3, "status": "failed", "reason": reason}


def test_a_trial_that_its_worker_cannot_load_fails_with_a_reason(tmp_path, monkeypatch):
    to_plain, events = local.to_plain, []
    monkeypatch.setattr(
        local, "to_plain", lambda trial: {**to_plain(trial), "task": {"type": "gone.py:Arm", "name": "bowl"}}
    )
    run_parallel(batches_of_one(trials(Bowl())), tmp_path, events.append, 1)
    ended, reason = outcomes(events)["bowl/cma-es/seed-0"]
    assert ended == "failed"
    assert "there is no file" in reason
    assert trial_status(tmp_path / "bowl/cma-es/seed-0") == "failed"


@pytest.mark.parametrize("run", [run_serial, run_parallel])
def test_a_damaged_checkpoint_fails_its_trial_only(tmp_path, run):
    broken, events = tmp_path / "bowl/cma-es/seed-0", []
    write_record(broken / "trial.json", to_plain(*trials(Bowl())))
    (broken / "checkpoint.npz").write_bytes(b"half")
    run(batches_of_one(trials(Bowl(), seeds=(0, 1))), tmp_path, events.append)
    ended, reason = outcomes(events)["bowl/cma-es/seed-0"]
    assert ended == "failed"
    assert "checkpoint.npz is damaged" in reason
    assert outcomes(events)["bowl/cma-es/seed-1"] == ("finished", "")
    assert trial_status(broken) == "failed"


def test_a_checkpoint_of_another_version_is_refused(tmp_path, monkeypatch):
    old, events = tmp_path / "bowl/cma-es/seed-0", []
    write_record(old / "trial.json", to_plain(*trials(Bowl())))
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    checkpoint.save(old / "checkpoint.npz", {"learner": {"strategy": {}}})
    monkeypatch.undo()
    run_serial(batches_of_one(trials(Bowl())), tmp_path, events.append)
    ended, reason = outcomes(events)["bowl/cma-es/seed-0"]
    assert ended == "failed"
    assert re.search(r"checkpoint\.npz has format 1 of an older version of evorobo, and this version reads", reason)
    assert (old / "checkpoint.npz").exists()


def test_the_progress_of_a_trial_that_another_process_runs_stays(tmp_path):
    (trial,) = trials(Bowl())
    folder = tmp_path / trial.path
    write_record(folder / "trial.json", to_plain(trial))
    (folder / PROGRESS_FILE).write_text("0.5")
    lock, events = trial_lock(folder), []
    assert lock.acquire()
    run_parallel([[trial]], tmp_path, events.append)
    lock.release()
    assert [event.status for event in events if event.status] == [TAKEN]
    assert (folder / PROGRESS_FILE).read_text() == "0.5"


def test_a_full_disk_ends_the_study_with_a_reason(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultsError, match=r"cannot write .*: No space left on device\. Free some space"):
        run_serial(batches_of_one(trials(Bowl())), tmp_path, lambda event: None)


def after(seconds, signum):
    """Send a signal to this process a little later."""
    threading.Timer(seconds, os.kill, (os.getpid(), signum)).start()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_one_ctrl_c_keeps_a_checkpoint_in_this_process(tmp_path, signum):
    (trial,) = trials(Slow("slow"), budget=Budget(generations=10_000))
    after(0.5, signum)
    before = signal.getsignal(signum)
    with pytest.raises(Interrupted):
        run_serial([[trial]], tmp_path, lambda event: None)
    assert (tmp_path / trial.path / "checkpoint.npz").exists()
    assert trial_status(tmp_path / trial.path) == "unfinished"
    assert signal.getsignal(signum) is before


def test_a_second_ctrl_c_stops_at_once(tmp_path):
    (trial,) = trials(Slow("slow", seconds=20), budget=Budget(generations=2))
    began = time.monotonic()
    after(0.3, signal.SIGINT)
    after(0.6, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_serial([[trial]], tmp_path, lambda event: None)
    assert time.monotonic() - began < 5


def test_ctrl_c_stops_all_workers_soon_and_each_keeps_its_checkpoint(tmp_path):
    submitted = trials(Slow("one"), Slow("two"), budget=Budget(generations=10_000)) + trials(Bowl("quick"))
    at_work, ended, sent = set(), [], []

    def on_event(event):
        if event.status:
            ended.append(event.trial)
        elif event.completed_fraction:
            at_work.add(event.trial)
        if len(at_work) == 2 and ended and not sent:  # by now the third worker has nothing left to do
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run_parallel(batches_of_one(submitted), tmp_path, on_event, 3)
    assert time.monotonic() - sent[0] < 5
    assert ended == ["quick/cma-es/seed-0"]
    for trial in submitted[:2]:
        assert (tmp_path / trial.path / "checkpoint.npz").exists()
        assert trial_status(tmp_path / trial.path) == "unfinished"


def test_what_robots_print_does_not_mix_with_the_events(tmp_path, capfd):
    events = []
    run_parallel(batches_of_one(trials(Chatty("chatty"))), tmp_path, events.append, 1)
    assert outcomes(events) == {"chatty/cma-es/seed-0": ("finished", "")}
    heard = capfd.readouterr()
    assert "beep" in heard.err
    assert "beep" not in heard.out


def test_backprop_runs_in_workers_too(tmp_path):
    events = []
    run_parallel(batches_of_one(trials(Bowl(), method=Backprop())), tmp_path, events.append, 2)
    assert outcomes(events) == {"bowl/backprop/seed-0": ("finished", "")}
