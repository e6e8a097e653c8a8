"""Trials on a Dask cluster: the same curves and events as on one machine, whatever happens to its workers."""

from __future__ import annotations

import gc
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import dask
import numpy as np
import psutil
import pytest
from curves import all_curves
from hostile import Hostile
from scripts import rail
from toys import Bowl, Dies, Slow

from evorobo import SNES, Budget, ControlTask, Evolution, ResultsError, SettingsError, Study
from evorobo.loading import load_script
from evorobo.nets.spec import NetworkSpec
from evorobo.study import running
from evorobo.study.executors.dask import clusters, environment, executor, travel, user_files as files_of_users
from evorobo.study.executors.dask.clusters import ClusterLost, open_cluster
from evorobo.study.executors.dask.executor import DaskExecutor
from evorobo.study.executors.dask.members import MemberExecutor
from evorobo.study.executors.dask.travel import write_files
from evorobo.study.folders import Interrupted, trial_lock, trial_status
from evorobo.study.pauses import read_pauses
from evorobo.study.sharing import run_trials
from evorobo.study.trial import Trial


def trial(task, seed=0, generations=5, n_evals=2):
    return Trial(task, Evolution(SNES(population_size=4)), Budget(generations=generations, n_evals=n_evals), (3,), seed)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster of two processes, which ends without leaving a process or a file."""
    temporary = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(temporary))
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("EVOROBO_TEST_MARK", str(temporary))
        with ExitStack() as resources:
            opened = open_cluster("local:2", resources)
            opened.client.wait_for_workers(2)
            yield opened
    check_nothing_left(temporary)


def check_nothing_left(temporary: Path) -> None:
    deadline = time.monotonic() + 10
    while (left := marked(str(temporary))) or list(temporary.iterdir()):
        assert time.monotonic() < deadline, (left, list(temporary.iterdir()))
        time.sleep(0.05)


def marked(mark):
    """Return the command lines of the running processes with this mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            is_ours = process.pid != os.getpid() and process.environ().get("EVOROBO_TEST_MARK") == mark
            if is_ours and not process.cmdline()[-1].endswith("guard.py"):  # the guard of the tests goes on
                found.append(process.cmdline())
        except psutil.Error:
            continue
    return found


def run(trials, folder, client, step_seconds=None, on_event=lambda event: None):
    """Run trials on a cluster; return the status and the reason of each."""
    events = []

    def note(event):
        events.append(event)
        on_event(event)

    with DaskExecutor(client, step_seconds) as executor:
        run_trials(trials, folder, note, executor)
    return {event.trial: (event.status, event.reason) for event in events if event.status}


def alone(trials, folder):
    for each in trials:
        each.run(folder / each.path)
    return all_curves(folder)


def test_trials_pause_and_go_on_as_without_a_pause(cluster, tmp_path):
    trials = [trial(Bowl(), seed, generations=10) for seed in (0, 1)]
    events = []
    with DaskExecutor(cluster.client) as executor:
        run_trials(trials, tmp_path / "run", events.append, executor, 0.4)
        paused = [event.status for event in events if event.status]
        fractions = [[pause.fraction for pause in read_pauses(tmp_path / "run" / each.path)] for each in trials]
        run_trials(trials, tmp_path / "run", events.append, executor)
    assert (paused, fractions) == (["paused"] * 2, [[0.4]] * 2)
    assert all_curves(tmp_path / "run") == alone(trials, tmp_path / "alone")


@pytest.fixture
def not_shared(monkeypatch):
    """No worker sees a folder of this machine, neither for results nor with code."""
    survey, files = DaskExecutor._survey, files_of_users.user_files

    def blind(self, *arguments):
        surveys = survey(self, *arguments)
        return {worker: {**each, "has_folder": False, "has_files": False} for worker, each in surveys.items()}

    monkeypatch.setattr(DaskExecutor, "_survey", blind)
    monkeypatch.setattr(executor, "user_files", lambda *each, **how: replace(files(*each, **how), home="/nowhere"))
    monkeypatch.setattr(executor, "MIN_SEND_SECONDS", 0.3)


class Killer:
    """Kills the processes of workers: each at a random time after the trials went on since the last one."""

    def __init__(self, client, times, seconds, seed=0):
        self.kills, self._client = 0, client
        self._rng, self._times, self._seconds = random.Random(seed), times, seconds
        self._fractions: dict[str, float] = {}
        self._thread = threading.Thread(target=self._work)
        self._over, self._progress = threading.Event(), threading.Event()

    def note(self, event):
        if event.completed_fraction > self._fractions.get(event.trial, 0.0):
            self._fractions[event.trial] = event.completed_fraction
            self._progress.set()

    def _work(self):
        while self.kills < self._times and not self._over.is_set():
            if not self._progress.wait(0.1) or self._over.wait(self._rng.uniform(0, self._seconds)):
                continue
            pids = sorted(self._client.run(os.getpid, on_error="ignore").values())
            if pids:
                os.kill(self._rng.choice(pids), signal.SIGKILL)
                self.kills += 1
                self._progress.clear()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


def check_kills(tmp_path, client, times, seconds, generations):
    trials = [trial(Slow("slow", 0.01), seed, generations, generations // 15) for seed in range(4)]
    expected = alone([replace(each, task=Bowl("slow")) for each in trials], tmp_path / "alone")
    with Killer(client, times, seconds) as killer:
        outcomes = run(trials, tmp_path / "dask", client, on_event=killer.note)
    assert killer.kills == times
    assert outcomes == {each.path: ("finished", "") for each in trials}
    assert all_curves(tmp_path / "dask") == expected
    names = {path.name for path in (tmp_path / "dask").rglob("*") if path.is_file()}
    assert names == {"curve.csv", "genome.npz", "machine.json", "result.json", "trial.json"}


@pytest.mark.slow
@pytest.mark.reproduction
def test_workers_that_are_killed_cost_nothing_but_time(tmp_path, cluster):
    check_kills(tmp_path, cluster.client, 1, 0.3, 60)


def test_without_a_shared_folder_too(tmp_path, cluster, not_shared):
    check_kills(tmp_path, cluster.client, 1, 0.3, 60)


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.parametrize("where", ["shared", "not shared"])
def test_twenty_kills_at_random_times(tmp_path, cluster, where, request):
    if where == "not shared":
        request.getfixturevalue("not_shared")
    check_kills(tmp_path, cluster.client, 20, 2.0, 1500)


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.parametrize("where", ["shared", "not shared"])
def test_a_study_whose_scheduler_is_killed_goes_on_with_another_cluster(tmp_path, where, request, monkeypatch):
    if where == "not shared":
        request.getfixturevalue("not_shared")
    trials = [trial(Slow("slow", 0.01), seed, 500) for seed in range(4)]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("EVOROBO_TEST_MARK", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 120.0)  # on a busy machine the scheduler starts late
    processes = []

    def launch(*words):
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        paths = os.pathsep.join(filter(None, sys.path))
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, **silent))

    def on_event(event):
        if event.completed_fraction > 0.3:
            processes[0].kill()

    for number in range(2):
        launch("scheduler", "--port", str(port := free_port()), "--no-dashboard", "--host", "127.0.0.1")
        launch(
            "worker",
            f"tcp://127.0.0.1:{port}",
            "--nworkers",
            "2",
            "--nthreads",
            "1",
            "--no-dashboard",
            "--local-directory",
            str(tmp_path / "space"),
        )
        if number == 0:
            with pytest.raises(ClusterLost, match=r"was lost .* Run the same command again"):
                run(trials, tmp_path / "dask", f"tcp://127.0.0.1:{port}", on_event=on_event)
            assert any(trial_status(tmp_path / "dask" / each.path) != "finished" for each in trials)
        else:
            outcomes = run(trials, tmp_path / "dask", f"tcp://127.0.0.1:{port}")
            assert set(outcomes.values()) == {("finished", "")}
        for process in processes:
            process.terminate()
            process.wait()
        processes.clear()
    shutil.rmtree(temporary / "dask-scratch-space", ignore_errors=True)  # of the scheduler that was killed
    check_nothing_left(temporary)
    fast = [replace(each, task=Bowl("slow")) for each in trials]
    assert all_curves(tmp_path / "dask") == alone(fast, tmp_path / "alone")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class KillsItsWorker(Bowl):
    """Ends the process of the Dask worker on whose behalf it runs."""

    def score(self, *args):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)


@pytest.mark.slow
@pytest.mark.reproduction
def test_a_trial_whose_workers_die_again_and_again_fails(tmp_path, cluster, not_shared):
    cluster.client.cluster.scheduler.allowed_failures = 0
    outcomes = run([trial(KillsItsWorker("deadly")), trial(Bowl())], tmp_path, cluster.client)
    cluster.client.cluster.scheduler.allowed_failures = 3
    assert outcomes["bowl/snes/seed-0"] == ("finished", "")
    status, reason = outcomes["deadly/snes/seed-0"]
    assert status == trial_status(tmp_path / "deadly/snes/seed-0") == "failed"
    assert reason.startswith("its Dask worker died 2 times without a new checkpoint")


def test_failures_look_as_on_one_machine(tmp_path, cluster):
    trials = [trial(Dies("exits")), trial(Dies("killed", "kill")), trial(Bowl())]
    assert run(trials, tmp_path, cluster.client) == {
        "exits/snes/seed-0": ("failed", "its worker process died (exit status 7)"),
        "killed/snes/seed-0": ("failed", "its worker process died (SIGKILL, as when memory runs out)"),
        "bowl/snes/seed-0": ("finished", ""),
    }
    assert trial_status(tmp_path / trial(Dies("exits")).path) == "failed"


@pytest.mark.slow
@pytest.mark.reproduction
def test_a_robot_that_hangs_fails_alone(tmp_path, cluster, not_shared):
    outcomes = run([trial(Hostile("hangs")), trial(Bowl())], tmp_path, cluster.client, step_seconds=15.0)
    assert outcomes["hangs/snes/seed-0"][1].startswith("a step took longer than 15 s, the limit of this run")
    assert outcomes["bowl/snes/seed-0"] == ("finished", "")
    assert trial_status(tmp_path / "hangs/snes/seed-0") == "failed"


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.parametrize("where", ["shared", "not shared"])
def test_ctrl_c_keeps_checkpoints_and_the_study_goes_on_without_the_cluster(tmp_path, cluster, where, request):
    if where == "not shared":
        request.getfixturevalue("not_shared")
    trials = [trial(Slow("slow", 0.02), 0, 100)]
    sent = []

    def on_event(event):
        if event.completed_fraction > 0.05 and not sent:
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run(trials, tmp_path / "dask", cluster.client, on_event=on_event)
    assert time.monotonic() - sent[0] < 6
    assert list((tmp_path / "dask").rglob("checkpoint.npz"))
    assert not list((tmp_path / "dask").rglob("*.lock"))
    fast = [replace(each, task=Bowl("slow")) for each in trials]
    for each in trials:
        assert each.run(tmp_path / "dask" / each.path) == "finished"
    assert all_curves(tmp_path / "dask") == alone(fast, tmp_path / "alone")


@pytest.mark.slow
@pytest.mark.reproduction
def test_a_trial_that_another_run_holds_is_awaited(tmp_path, cluster, not_shared):
    (held, free), events = [trial(Bowl(), seed) for seed in (0, 1)], []
    lock = trial_lock(tmp_path / held.path)
    assert lock.acquire()

    def on_event(event):
        events.append((event.trial, event.status))
        if event.status == "finished":
            lock.release()

    assert run([held, free], tmp_path, cluster.client, on_event=on_event)[held.path] == ("finished", "")
    assert [each for each in events if each[1]] == [
        (held.path, "taken"),
        (free.path, "finished"),
        (held.path, "finished"),
    ]


@pytest.mark.slow
@pytest.mark.reproduction
def test_the_robots_of_the_user_travel_to_workers_that_do_not_have_them(tmp_path, cluster, not_shared, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = load_script(rail(tmp_path)).study
    study = replace(study, seeds=(0,))
    results = study.run("dask", executor=cluster.client)
    assert [each.status for each in results.runs] == ["finished", "finished"]
    study.run("alone")
    assert all_curves(tmp_path / "dask") == all_curves(tmp_path / "alone")
    for path in (tmp_path / "alone").rglob("trial.json"):
        assert path.read_text() == (tmp_path / "dask" / path.relative_to(tmp_path / "alone")).read_text()


def test_the_files_of_a_trial_are_its_code_and_what_its_settings_name(tmp_path, monkeypatch):
    for name in ("inside", "outside", "inside/data"):
        (tmp_path / name).mkdir()
    script = tmp_path / "inside/own_bowl.py"
    script.write_text(
        "from dataclasses import dataclass\nfrom toys import Bowl\n\n\n"
        "@dataclass(frozen=True)\nclass OwnBowl(Bowl):\n    file: str = 'data'\n"
    )
    (tmp_path / "inside/data/rows.csv").write_text("1,2")
    monkeypatch.chdir(tmp_path / "outside")
    own = trial(load_script(script).OwnBowl())
    assert files_of_users.user_files([own], with_contents=False).are_here()
    with pytest.raises(SettingsError, match=r"own_bowl.py is outside of the current folder .*; start the study from a"):
        files_of_users.user_files([own], with_contents=True)
    monkeypatch.chdir(tmp_path / "inside")
    files = files_of_users.user_files([own], with_contents=True)
    assert files.contents.keys() == {"own_bowl.py", "toys.py", "data/rows.csv"}
    files.unpack(tmp_path / "worker")
    assert (tmp_path / "worker/data/rows.csv").read_text() == "1,2"
    script.write_text("changed")
    assert not files.are_here()
    monkeypatch.setattr(files_of_users, "MAX_BYTES", 5)
    with pytest.raises(SettingsError, match="too much to send to workers"):
        files_of_users.user_files([own], with_contents=True)


def test_another_version_is_refused_and_another_processor_is_a_caution():
    here = environment.environment()
    assert environment.processor_caution(here, {"a": here}) == ""
    environment.check_versions(here, {"a": here})
    other = {"versions": {**here["versions"], "numpy": "1.0"}, "processor": {**here["processor"], "simd": "none"}}
    with pytest.raises(SettingsError, match=r"the Dask worker b has numpy 1\.0, and this machine has .*; install"):
        environment.check_versions(here, {"a": here, "b": other})
    assert "the Dask worker b has another simd (none)" in environment.processor_caution(here, {"a": here, "b": other})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("local:0", "takes a number of workers"),
        ("local:two", "takes a number of workers"),
        ("host:8786", "takes the address of a scheduler"),
        (8786, "executor must be a Dask client or a text"),
        ("gone.toml", "gone.toml cannot be read"),
        ("tcp://127.0.0.1:1", "there is no Dask scheduler at"),
    ],
)
def test_a_cluster_that_cannot_be_opened_is_an_error_in_one_sentence(text, sentence, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.2)
    with ExitStack() as resources, pytest.raises(SettingsError, match=sentence):
        open_cluster(text, resources)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a half-made cluster of the library
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("queue = 'slurms'\njobs = 2", "did you mean 'slurm'"),
        ("queue = 'slurm'", "needs either jobs = N or adapt"),
        ("queue = 'slurm'\njobs = 2\ncores = 3", "unknown key in c.toml 'cores'"),
        ("queue = 'slurm'\njobs = 2\noptions = { cpus = 3 }", "slurm does not accept these options"),
        ("queue", "is no TOML file"),
    ],
)
def test_a_wrong_description_of_a_queue_is_an_error_in_one_sentence(content, sentence, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("c.toml").write_text(content)
    with ExitStack() as resources, pytest.raises(SettingsError, match=sentence):
        open_cluster("c.toml", resources)


def test_queues_leave_the_handler_of_ctrl_c_as_it_is(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "dask_jobqueue"]:
        monkeypatch.delitem(sys.modules, name)
    before = signal.getsignal(signal.SIGINT)
    clusters.import_queues()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a half-made cluster of the library
def test_queues_are_loaded_in_the_main_thread_or_one_sentence_says_so(monkeypatch, tmp_path):
    pytest.importorskip("dask_jobqueue")
    (tmp_path / "c.toml").write_text("queue = 'slurm'\njobs = 2\noptions = { cpus = 3 }")

    def sentence():
        with ExitStack() as resources, pytest.raises(SettingsError) as raised:
            open_cluster(str(tmp_path / "c.toml"), resources)
        return str(raised.value)

    with ThreadPoolExecutor(1) as thread:
        assert "slurm does not accept these options" in thread.submit(sentence).result()  # it is loaded already
        for name in [name for name in sys.modules if name.partition(".")[0] == "dask_jobqueue"]:
            monkeypatch.delitem(sys.modules, name)
        assert "can only be imported in the main thread" in thread.submit(sentence).result()
    gc.collect()  # the half-made cluster, here and not in another test


def test_files_from_workers_stay_in_the_folder_of_their_trial(tmp_path):
    write_files(tmp_path / "seed-0", {"curve.csv": b"a", "checkpoint.npz": b"b"})
    write_files(tmp_path / "seed-0", {"curve.csv": b"c", "result.json": b"d"})
    assert {path.name: path.read_bytes() for path in (tmp_path / "seed-0").iterdir()} == {
        "curve.csv": b"c",
        "result.json": b"d",
    }
    for name in ("../curve.csv", "/etc/passwd", ".hidden", "a/b"):
        with pytest.raises(ResultsError, match="which no trial has"):
            write_files(tmp_path / "seed-0", {name: b"x"})


def test_a_checkpoint_is_collected_while_its_trial_runs(tmp_path, monkeypatch):
    """The study's folder can be continued at any time, and what it has of a curve does not travel again."""
    there, here, one = tmp_path / "there", tmp_path / "here", trial(Bowl(), generations=12, n_evals=6)
    monkeypatch.setattr(running, "PROGRESS_SECONDS", 0.0)
    checkpoints, collected = travel.Checkpoints({"a": there}), []

    def collect(completed_fraction):
        if not checkpoints.has_new():
            return
        with travel.collectable("task", {"a": there}):
            (found,) = travel.collect("task", travel.curve_marks({"a": here})).values()
        assert travel.write_checkpoint(here, found)
        assert (here / "curve.csv").read_bytes() == (there / "curve.csv").read_bytes()
        collected.append((found.curve_start > 0, len(found.curve)))
        shutil.copytree(here, tmp_path / str(len(collected)))

    one.run(there, on_progress=collect)
    assert travel.collect("task", {}) == {}
    assert [is_growth for is_growth, _ in collected] == [False, True, True]
    assert max(size for _, size in collected[1:]) < collected[0][1] / 2  # the first one has the header
    (expected,) = all_curves(there).values()
    for number in (1, 2, 3):
        assert one.run(tmp_path / str(number)) == "finished"
        assert [*all_curves(tmp_path / str(number)).values()] == [expected]


def test_a_curve_that_changed_here_is_not_appended_to(tmp_path):
    write_files(tmp_path, {"curve.csv": b"changed"})
    assert not travel.write_checkpoint(tmp_path, travel.Checkpoint({}, 5, b"more"))
    assert travel.read_files(tmp_path) == {"curve.csv": b"changed"}


def generations(task, population_size):
    method, budget = Evolution(SNES(population_size=population_size)), Budget(generations=2, n_evals=1)
    return Study.grid("spread", tasks=[task], methods=[method], seeds=1, budget=budget, hidden=(6,))


def test_members_that_are_scored_on_a_cluster_give_the_same_curve(tmp_path, cluster):
    task = ControlTask("evorobo/Phototaxis-v0", episodes=2, max_steps=30, validation_episodes=2, test_episodes=2)
    study = generations(task, 7)
    study.run(tmp_path / "alone")
    study.run(tmp_path / "spread", executor=cluster.client, spread="members")
    assert all_curves(tmp_path / "spread") == all_curves(tmp_path / "alone")
    files = [tmp_path / where / "spread/phototaxis/snes/seed-0/trial.json" for where in ("spread", "alone")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.slow
@pytest.mark.reproduction
def test_64_networks_on_half_cheetah_get_the_same_bits_on_a_cluster(tmp_path, cluster):
    task = ControlTask("HalfCheetah-v5", max_steps=200, validation_episodes=1, test_episodes=1)
    study = generations(task, 64)
    study.run(tmp_path / "alone")
    study.run(tmp_path / "spread", executor=cluster.client, spread="members")
    assert all_curves(tmp_path / "spread") == all_curves(tmp_path / "alone")


def test_measures_are_spread_too_and_the_generator_goes_on_as_in_one_call(cluster):
    task = ControlTask("evorobo/Phototaxis-v0", episodes=2, max_steps=20)
    spec, rngs = NetworkSpec.build(2, (4,), 2, "tanh"), [np.random.default_rng(3) for _ in range(2)]
    weights = np.random.default_rng(0).normal(size=(5, spec.n_params))
    names = list(task.measures)[:2]
    here = task.score_with_measures(names, spec, weights, rngs[0], None)
    with MemberExecutor(cluster.client) as executor:
        executor._run = executor._dask.start([task])
        there = executor._score(task, names, spec, weights, rngs[1], None)
    assert np.array_equal(here.values, there.values)
    assert np.array_equal(here.measures, there.measures)
    assert here.cost == there.cost
    assert rngs[0].random() == rngs[1].random()


def test_members_that_cannot_be_scored_apart_are_refused(tmp_path, cluster):
    task = ControlTask("evorobo/Phototaxis-v0", normalize=True, max_steps=5, test_episodes=1, validation_episodes=1)
    with pytest.raises(SettingsError, match="cannot be scored apart from each other"):
        generations(task, 4).run(tmp_path, executor=cluster.client, spread="members")
    with pytest.raises(SettingsError, match="name it with executor="):
        generations(task, 4).run(tmp_path, spread="members")
    with pytest.raises(SettingsError, match="did you mean 'members'"):
        generations(task, 4).run(tmp_path, executor=cluster.client, spread="member")


SUBMIT = """#!/bin/sh
cat ${{1:-/dev/stdin}} > {log}.$$.sh
cat {log}.$$.sh >> {log}.scripts
setsid bash {log}.$$.sh > /dev/null 2>&1 < /dev/null &
echo "{answer}"
echo "$!" >> {log}
"""
CANCEL = """#!/bin/sh
kill -9 -- "-$1"
echo "canceled $1" >> {log}
"""
CLUSTER = """
queue = "{queue}"
jobs = 2

[options]
cores = 1
memory = "1GB"
walltime = "{walltime}"
queue = "compute"
interface = "lo"
local_directory = "{space}"
"""
QUEUES = {
    "slurm": ("sbatch", "scancel", "Submitted batch job $!", "#SBATCH -p compute|#SBATCH --mem=|#SBATCH -t 04:00:00"),
    "pbs": ("qsub", "qdel", "$!.server", "#PBS -q compute|#PBS -l select=1:ncpus=1:mem=|#PBS -l walltime=04:00:00"),
    "lsf": ("bsub", "bkill", "Job <$!> is submitted to queue", "#BSUB -q compute|#BSUB -n 1|#BSUB -M |#BSUB -W 04:00"),
}
"""By batch system: the commands that submit and cancel, what the first one answers, and lines of the job's script."""


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.parametrize("queue", QUEUES)
def test_the_jobs_of_a_queue_run_a_study_and_are_canceled(queue, tmp_path, monkeypatch):
    submit, cancel, answer, expected = QUEUES[queue]
    (tmp_path / "bin").mkdir()
    for name, text in {submit: SUBMIT, cancel: CANCEL}.items():
        (tmp_path / "bin" / name).write_text(text.format(log=tmp_path / "log", answer=answer))
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    walltime = "04:00" if queue == "lsf" else "04:00:00"
    (tmp_path / "cluster.toml").write_text(CLUSTER.format(queue=queue, walltime=walltime, space=tmp_path / "space"))
    trials = [trial(Slow("slow"), seed) for seed in range(4)]
    assert set(run(trials, tmp_path / "dask", str(tmp_path / "cluster.toml")).values()) == {("finished", "")}
    fast = [replace(each, task=Bowl("slow")) for each in trials]
    assert all_curves(tmp_path / "dask") == alone(fast, tmp_path / "alone")
    lines = (tmp_path / "log").read_text().split("\n")[:-1]
    assert len(lines) == 4
    assert sorted(lines[2:]) == sorted(f"canceled {job}" for job in lines[:2])
    scripts = (tmp_path / "log.scripts").read_text()
    assert all(line in scripts for line in expected.split("|")), scripts


@dataclass(frozen=True)
class FullDisk(Bowl):
    """Runs on a machine whose disk takes files of 600 bytes at most, until space was made."""

    marker: str = ""

    def score(self, *args):
        if not Path(self.marker).exists():
            resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return super().score(*args)


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.parametrize("where", ["shared", "not shared"])
def test_trials_on_a_full_disk_fail_and_name_it_and_the_next_run_continues_them(tmp_path, cluster, where, request):
    if where == "not shared":
        request.getfixturevalue("not_shared")
    full = [trial(FullDisk("full", marker=str(tmp_path / "space")), seed, 200, 20) for seed in (0, 1)]
    trials = [*full, *(trial(Bowl(), seed) for seed in range(6))]
    outcomes = run(trials, tmp_path / "dask", cluster.client)
    for each in full:
        status, reason = outcomes[each.path]
        assert status == trial_status(tmp_path / "dask" / each.path) == "failed"
        assert "File too large" in reason
    assert {status for status, _ in outcomes.values()} <= {"finished", "failed"}
    (tmp_path / "space").touch()
    cluster.client.restart()  # the processes that have the limit
    cluster.client.wait_for_workers(2)
    assert set(run(trials, tmp_path / "dask", cluster.client).values()) == {("finished", "")}
    assert all_curves(tmp_path / "dask") == alone(trials, tmp_path / "alone")


@pytest.mark.slow
@pytest.mark.reproduction
def test_a_machine_that_hangs_is_given_up_and_its_trials_go_on_elsewhere(tmp_path, not_shared):
    trials = [trial(Slow("slow", 0.02), seed, 300, 30) for seed in range(3)]
    stopped = []
    with dask.config.set({"distributed.scheduler.worker-ttl": "5s"}), ExitStack() as resources:
        opened = open_cluster("local:2", resources)
        opened.client.wait_for_workers(2)

        def on_event(event):
            if event.completed_fraction > 0.3 and not stopped:
                worker = psutil.Process(min(opened.client.run(os.getpid).values()))
                stopped.extend([worker, *worker.children(recursive=True)])
                for process in stopped:
                    process.suspend()

        outcomes = run(trials, tmp_path / "dask", opened.client, on_event=on_event)
        for process in stopped:
            with suppress(psutil.Error):
                process.kill()
    assert stopped
    assert set(outcomes.values()) == {("finished", "")}
    fast = [replace(each, task=Bowl("slow")) for each in trials]
    assert all_curves(tmp_path / "dask") == alone(fast, tmp_path / "alone")
