"""A study read while it runs: logs that grow, are cut and are written anew, and the status of each trial."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from evorobo.errors import ResultsError
from evorobo.files import write_atomically
from evorobo.report.analysis.cautions import excluded_runs_caution
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.watch.table import watched_cells
from evorobo.study import monitor as monitor_module
from evorobo.study.folders import trial_lock
from evorobo.study.log import FIRST_COLUMNS
from evorobo.study.monitor import LogReader, StudyMonitor, wait_for_study
from evorobo.study.pauses import Pause, record_pause
from evorobo.study.records import write_record
from evorobo.study.results import load
from evorobo.tasks.base import Cost

HEADER = ",".join(FIRST_COLUMNS) + "\n"


def row(fraction: float, test: float) -> str:
    values = {"forward_flops": 1e6 * fraction, "wall_seconds": 10 * fraction, "test": test}
    return ",".join(str(values.get(name, 0)) for name in FIRST_COLUMNS) + "\n"


@pytest.fixture
def study(tmp_path):
    """The folder of a study of two methods and two seeds, in which nothing has run."""
    write_study(tmp_path, [0, 1])
    return tmp_path


def write_study(folder, seeds):
    about = {"reach": {"metric": {"name": "return"}, "references": {}}}
    settings = {"seeds": seeds, "budget": {"type": "Budget", "flops": 1e6, "n_evals": 5}, "methods": [{}, {}]}
    content = {"name": "demo", "tasks": about, "methods": {"ga": {}, "es": {}}, "settings": settings}
    write_record(folder / "study.json", content)


def trial(study, method="ga", seed=0):
    folder = study / "reach" / method / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def statuses(monitor):
    monitor.update()
    return {f"{one.method}-{one.seed}": one.status for one in monitor.trials}


def test_only_complete_rows_are_read_and_each_only_once(tmp_path):
    path = tmp_path / "curve.csv"
    log = LogReader(path)
    assert not log.update()
    path.write_text(HEADER + row(0, 1.5) + row(0.5, 2)[:9])
    assert log.update()
    assert log.column("test").tolist() == [1.5]
    with path.open("a") as file:
        file.write(row(0.5, 2)[9:])
    assert log.update()
    assert log.column("test").tolist() == [1.5, 2]
    assert not log.update()
    assert np.isnan(log.column("no such column")).all()


@pytest.mark.parametrize("anew", ["a new file", "the same file", "shorter", "with another column"])
def test_a_log_that_is_written_anew_is_read_anew(tmp_path, anew):
    path = tmp_path / "curve.csv"
    path.write_text(HEADER + row(0, 1) + row(0.1, 2) + row(0.2, 3))
    log = LogReader(path)
    log.update()
    text = HEADER + row(0, 1) + row(0.1, 5) + (row(0.2, 6) + row(0.3, 7)) * (anew != "shorter")
    if anew == "with another column":
        text = (
            "\n".join(line + ",9" if number else line + ",sigma" for number, line in enumerate(text.splitlines()))
            + "\n"
        )
    if anew == "the same file":
        path.write_text(text)
    else:
        write_atomically(path, text)
    assert log.update()
    assert log.column("test").tolist() == [1, 5, 6, 7][: 2 if anew == "shorter" else 4]
    path.unlink()
    assert log.update()
    assert log.rows == []


def test_a_damaged_log_is_no_error(tmp_path):
    path = tmp_path / "curve.csv"
    for content in (b"\xff\xfe\n\xff\n", HEADER.encode() + b"1,2\n", HEADER.encode() + b"x," * 10 + b"x\n", b"\n\n\n"):
        path.write_bytes(content)
        log = LogReader(path)
        log.update()
        assert log.rows == []


def test_the_status_of_each_trial_follows_its_files(study):
    monitor = StudyMonitor(study)
    assert set(statuses(monitor).values()) == {"waiting"}
    folder = trial(study)
    lock = trial_lock(folder)
    assert lock.acquire()
    assert statuses(monitor)["ga-0"] == "running"
    (folder / "curve.csv").write_text(HEADER + row(0, 1) + row(0.25, 3))
    monitor.update()
    assert monitor.trials[0].completed_fraction == 0.25
    (folder / "progress").write_text("0.4")
    monitor.update()
    assert monitor.trials[0].completed_fraction == 0.4
    lock.release()
    assert statuses(monitor)["ga-0"] == "interrupted"
    write_record(folder / "result.json", {"status": "failed", "reason": "no memory"})
    assert statuses(monitor)["ga-0"] == "failed"
    assert monitor.trials[0].reason == "no memory"
    (folder / "result.json").unlink()  # the trial runs again
    lock.acquire()
    assert statuses(monitor)["ga-0"] == "running"
    write_record(folder / "result.json", {"status": "finished", "test": 3})
    lock.release()
    assert statuses(monitor) == {"ga-0": "finished", "ga-1": "waiting", "es-0": "waiting", "es-1": "waiting"}
    assert not monitor.has_ended


def test_a_killed_process_runs_nothing_any_longer(study):
    folder = trial(study)
    (folder / "curve.csv").write_text(HEADER + row(0, 1))
    code = "import sys, time; from evorobo.study.folders import trial_lock; from pathlib import Path; "
    code += "lock = trial_lock(Path(sys.argv[1])); print(lock.acquire(), flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "True\n"
    monitor = StudyMonitor(study)
    assert statuses(monitor)["ga-0"] == "running"
    process.kill()
    process.wait()
    process.stdout.close()
    assert (folder / "trial.lock").exists()
    assert statuses(monitor)["ga-0"] == "interrupted"


def test_the_process_of_another_machine_is_alive_while_it_touches_its_lock(study, monkeypatch):
    folder = trial(study)
    (folder / "curve.csv").write_text(HEADER + row(0, 1))
    fields = {"pid": 1, "host": "elsewhere", "mode": "lease", "token": "abc", "duration": 120.0}
    (folder / "trial.lock").write_text("filelock/2\n" + "".join(f"{name}={value}\n" for name, value in fields.items()))
    monitor = StudyMonitor(study)
    assert statuses(monitor)["ga-0"] == "running"
    monkeypatch.setattr("evorobo.study.locks.LEASE_SECONDS", 0.0)
    assert statuses(monitor)["ga-0"] == "interrupted"


def test_seeds_that_are_added_are_found(study):
    monitor = StudyMonitor(study)
    assert len(statuses(monitor)) == 4
    write_study(study, [0, 1, 2])
    assert len(statuses(monitor)) == 6


def test_watching_writes_nothing(study):
    trial(study)
    (study / "reach" / "ga" / "seed-0" / "curve.csv").write_text(HEADER + row(0, 1))
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*")}
    StudyMonitor(study).update()
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*")} == before


def test_files_that_are_damaged_while_it_watches_are_no_error(study):
    monitor = StudyMonitor(study)
    folder = trial(study)
    for name in ("result.json", "progress", "trial.lock", "curve.csv"):
        for content in (b"", b"\xff\xff", b"{", b'{"status": 3, "format": 3}', b"[1]"):
            (folder / name).write_bytes(content)
            monitor.update()
        (folder / name).unlink()
    (study / "study.json").write_text("{")
    monitor.update()
    assert len(monitor.trials) == 4


def test_the_time_left_follows_the_logs(study):
    monitor = StudyMonitor(study)
    assert np.isnan(monitor.remaining_seconds)
    (trial(study) / "curve.csv").write_text(HEADER + row(0, 1) + row(0.5, 3))
    lock = trial_lock(trial(study))
    lock.acquire()
    monitor.update()
    assert monitor.remaining_seconds == pytest.approx(10 * 3.5)  # 10 s for a trial, one process, 3.5 trials
    lock.release()
    monitor.update()
    assert np.isnan(monitor.remaining_seconds)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="holds no study"):
        StudyMonitor(tmp_path)


def test_a_study_of_which_a_part_was_run_is_over_when_nothing_runs_for_a_while(study, monkeypatch):
    monitor = StudyMonitor(study)
    clock = [monitor_module.time.monotonic()]
    monkeypatch.setattr(monitor_module.time, "monotonic", lambda: clock[0])

    def is_over(seconds=31.0):
        clock[0] += seconds
        monitor.update()
        return monitor.is_over

    assert not is_over()  # nothing has begun
    folders = [trial(study, seed=seed) for seed in (0, 1)]
    locks = [trial_lock(folder) for folder in folders]
    for folder, lock in zip(folders, locks, strict=True):
        assert lock.acquire()
        (folder / "curve.csv").write_text(HEADER + row(0, 1))
    assert not is_over()
    write_record(folders[0] / "result.json", {"status": "finished", "test": 1})
    locks[0].release()
    assert not is_over()
    locks[1].release()  # it was killed, and may be continued
    assert not is_over()
    write_record(folders[1] / "result.json", {"status": "failed", "reason": "no memory"})
    assert is_over()
    assert not monitor.has_ended
    lock = trial_lock(trial(study, "es"))
    assert lock.acquire()  # the next trial
    assert not is_over()
    lock.release()
    assert not is_over(5)  # between two trials
    assert is_over()


def test_a_study_that_has_just_been_started_is_waited_for(tmp_path):
    waits = []
    late = tmp_path / "elsewhere" / "late"
    thread = threading.Timer(0.3, write_study_in, [late])
    thread.start()
    wait_for_study(late, lambda: waits.append(late))
    thread.join()
    assert waits == [late]
    assert StudyMonitor(late).results.name == "demo"


def test_other_folders_are_not_waited_for(study):
    def refuse():
        raise AssertionError("it waits")

    for folder in (study, study / "reach" / "ga" / "seed-0", study.parent):
        wait_for_study(folder, refuse)
    waits = []
    wait_for_study(study.parent / "none" / "none", lambda: waits.append(1), seconds=0.0)
    assert waits == [1]


def write_study_in(folder):
    folder.mkdir(parents=True)
    write_study(folder, [0])


def test_a_trial_that_tuning_left_is_paused_until_it_goes_on(study):
    folder = trial(study)
    (folder / "curve.csv").write_text(HEADER + row(0, 1.5))
    (folder / "checkpoint.npz").touch()
    record_pause(folder, Pause(1 / 3, 2.0, Cost()))
    monitor = StudyMonitor(study)
    assert statuses(monitor)["ga-0"] == "paused"
    assert watched_cells(monitor)[0].paused == 1
    (run,) = load(study).runs
    assert (run.status, run.reason) == ("paused", "paused at 0.33 of its budget")
    caution = excluded_runs_caution(StudyTable.from_results(load(study)))
    assert caution == "1 of 1 runs is paused by tuning and not in the averages."
    later = (folder / "pauses.json").stat().st_mtime_ns + 1
    os.utime(folder / "checkpoint.npz", ns=(later, later))  # it went on, and was interrupted
    assert statuses(monitor)["ga-0"] == "interrupted"
    assert load(study).runs[0].status == "unfinished"
    write_record(folder / "result.json", {"status": "finished", "test": 1.5})
    assert statuses(monitor)["ga-0"] == load(study).runs[0].status == "finished"
