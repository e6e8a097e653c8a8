"""Robots that harm their process: their trial fails in one sentence, the others go on, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from hostile import Hostile
from toys import Bowl

from evorobo import SNES, Budget, Evolution, SettingsError, Study
from evorobo.study.executors.local import LocalExecutor
from evorobo.study.trial import Trial

FAILURES = {
    "leaves": "its worker process died (exit status 0)",
    "exits": "its worker process died (exit status 7)",
    "crashes": "its worker process died (SIGSEGV)",
    "killed": "its worker process died (SIGKILL, as when memory runs out)",
    "memory": "MemoryError: Unable to allocate",
    "reads": "user code reads the keyboard or stops in a debugger",
    "debugger": "BdbQuit:  (user code reads the keyboard or stops in a debugger",
    "closes": "user code closed file descriptors that it had not opened",
}
HARMLESS = ["pool", "open_pool", "vector", "thread", "sleeper", "wanders", "deaf"]
BUDGET = Budget(generations=2, n_evals=1)


def trial(task, budget=BUDGET):
    return Trial(task, Evolution(SNES(population_size=4)), budget, (3,), 0)


def outcomes(trials, folder, jobs=2, step_seconds=None):
    """Run trials in workers; return the status and the reason of each by the name of its task."""
    events = []
    with LocalExecutor(jobs, step_seconds) as executor:
        executor.run([[each] for each in trials], folder, events.append)
    return {event.trial.split("/")[0]: (event.status, event.reason) for event in events if event.status}


@pytest.fixture
def nothing_left(tmp_path_factory, monkeypatch):
    """Check that after the test no process is left that it started, and no temporary file."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("EVOROBO_TEST_MARK", str(temporary))
    yield
    assert not list(temporary.iterdir())
    deadline = time.monotonic() + 5
    while left := marked(str(temporary)):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def marked(mark):
    """Return the command lines of the running processes with this mark in their environment, but for guards."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("EVOROBO_TEST_MARK") == mark:
                found.append(process.cmdline())
        except psutil.Error:
            continue
    return [words for words in found if words and not any(word.endswith("guard.py") for word in words)]


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_each_robot_fails_alone_or_works_and_the_others_go_on(tmp_path):
    trials = [trial(task) for name in [*FAILURES, *HARMLESS] for task in (Hostile(name), Bowl(f"after {name}"))]
    ended = outcomes(trials, tmp_path)
    for name, reason in FAILURES.items():
        status, text = ended[name]
        assert (status, reason in text) == ("failed", True), (name, text)
    fine = [*HARMLESS, *(f"after {name}" for name in [*FAILURES, *HARMLESS])]
    assert {name: ended[name] for name in fine} == dict.fromkeys(fine, ("finished", ""))
    assert (tmp_path / "wanders/snes/seed-0/genome.npz").exists()
    assert not list(tmp_path.rglob("progress"))


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("name", ["exits", "closes", "memory"])
def test_one_robot_fails_alone(tmp_path, name):
    ended = outcomes([trial(Hostile(name)), trial(Bowl())], tmp_path, jobs=1)
    assert ended["bowl"] == ("finished", "")
    assert ended[name][0] == "failed"
    assert FAILURES[name] in ended[name][1]


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("name", ["hangs", "hangs_in_c"])
def test_a_robot_that_hangs_fails_after_the_limit_that_is_named(tmp_path, name):
    ended = outcomes([trial(Hostile(name)), trial(Bowl())], tmp_path, step_seconds=6)
    assert ended["bowl"] == ("finished", "")
    assert ended[name] == (
        "failed",
        "a step took longer than 6 s, the limit of this run (--step-timeout, step_seconds), and was ended; fix what "
        "hangs, or raise the limit.",
    )


def test_the_limit_is_no_setting_of_the_trial_and_is_checked(tmp_path):
    study = Study.grid("limit", tasks=[Bowl()], methods=[Evolution()], seeds=1, budget=BUDGET, hidden=(3,))
    for wrong in (0, -1, float("nan"), float("inf"), True, "5"):
        with pytest.raises(SettingsError, match="step_seconds must be a number of seconds above 0"):
            study.run(tmp_path, step_seconds=wrong)
    study.run(tmp_path / "limited", step_seconds=60)
    study.run(tmp_path / "free")
    for file in ("trial.json", "genome.npz"):
        one, other = (tmp_path / where / "limit/bowl/cma-es/seed-0" / file for where in ("limited", "free"))
        assert one.read_bytes() == other.read_bytes()


SCRIPT = """
import sys
sys.path.insert(0, HELPERS)
from hostile import Hostile
from toys import Bowl, Slow
import evorobo as er

study = er.Study.grid(
    "hostile",
    tasks=[Hostile(sys.argv.pop(1)), Slow("slow")],
    methods=[er.Evolution()],
    seeds=1,
    budget=er.Budget(generations=100_000, n_evals=1000),
    hidden=(3,),
)
if __name__ == "__main__":
    er.main(study)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("signum", "name"),
    [
        (signal.SIGINT, "hangs_in_c"),
        pytest.param(signal.SIGKILL, "vector", marks=pytest.mark.reproduction),
        pytest.param(signal.SIGINT, "vector", marks=pytest.mark.reproduction),
        pytest.param(signal.SIGKILL, "hangs_in_c", marks=pytest.mark.reproduction),
    ],
)
def test_a_signal_to_the_study_ends_everything_within_five_seconds(tmp_path, name, signum):
    (tmp_path / "script.py").write_text(SCRIPT.replace("HELPERS", repr(str(Path(__file__).parents[1] / "helpers"))))
    environment = {**os.environ, "TMPDIR": tempfile.gettempdir()}
    study = subprocess.Popen(
        [sys.executable, "script.py", name, "--jobs", "2"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    checkpoint = tmp_path / "results/hostile/slow/cma-es/seed-0/checkpoint.npz"
    deadline = time.monotonic() + 60
    while not (checkpoint.exists() and (tmp_path / f"results/hostile/{name}/cma-es/seed-0/curve.csv").exists()):
        assert time.monotonic() < deadline
        assert study.poll() is None, study.stderr.read()
        time.sleep(0.05)
    sent = time.monotonic()
    study.send_signal(signum)
    study.communicate(timeout=30)
    assert study.returncode == (130 if signum == signal.SIGINT else -signal.SIGKILL)
    assert time.monotonic() - sent < 5.5
    assert checkpoint.exists()
    while list(Path(tempfile.gettempdir()).iterdir()) and time.monotonic() - sent < 10:
        time.sleep(0.05)


def test_a_study_whose_robot_ends_its_process_at_once_runs_the_others(tmp_path):
    study = Study.grid(
        "mixed", tasks=[Hostile("exits"), Bowl()], methods=[Evolution()], seeds=1, budget=BUDGET, hidden=(3,)
    )
    results = study.run(tmp_path, jobs=2)
    assert {run.task: run.status for run in results.runs} == {"exits": "failed", "bowl": "finished"}
