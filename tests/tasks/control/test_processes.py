"""Environments in several processes: the scores of one process, clear errors, and no process left behind."""

import gc
import os
import signal
import subprocess
import sys
import time

import numpy as np
import odd_environments  # noqa: F401 - registers its ids
import pytest

from evorobo import SNES, Budget, ControlTask, Evolution, NetworkSpec, SettingsError, TaskError, Trial
from evorobo.study.results import read_curve
from evorobo.tasks.control.simulators.processes import ProcessSimulator


def score(task, members=7):
    spec = NetworkSpec.build(task.n_inputs, (5,), task.n_outputs, task.output)
    weights = np.random.default_rng(0).normal(0, 1.5, (members, spec.n_params))
    return task.score(spec, weights, np.random.default_rng(3), None)


def workers(task):
    return [each._process for each in task.env_spec._simulator._workers]


@pytest.mark.parametrize("id", ["odd/Mixed-v0", "odd/Pair-v0"])
def test_scores_are_those_of_one_process_to_the_last_bit(id):
    apart, here = ControlTask(id, episodes=2, processes=3), ControlTask(id, episodes=2)
    for members in (7, 2, 1):  # one member has robots for two processes, and the third has none
        one, other = score(apart, members), score(here, members)
        np.testing.assert_array_equal(one.values, other.values)
        assert one.cost == other.cost
    assert len({each.pid for each in workers(apart)} - {os.getpid()}) == 3


OPTIONS = [[1, 2], (1, 2), {"type": "hard"}, [(1, [2])], {"a": [1]}, np.float32(0.1)]


@pytest.mark.parametrize("option", OPTIONS, ids=repr)
def test_options_have_the_same_types_in_another_process(option):
    apart, here = (ControlTask("odd/Typed-v0", env_kwargs={"option": option}, processes=n) for n in (2, 1))
    np.testing.assert_array_equal(score(apart).values, score(here).values)


def test_an_option_that_json_would_change_is_refused_before_a_process_starts():
    task = ControlTask("odd/Typed-v0", env_kwargs={"option": {0: 5.0}}, processes=2)
    with pytest.raises(SettingsError, match="0 is invalid as a key in settings, because in JSON it would become '0'"):
        task.env_spec  # noqa: B018


@pytest.mark.parametrize("processes", [1, 2])
def test_the_processor_time_of_all_processes_is_part_of_the_cost(tmp_path, processes):
    task = ControlTask("odd/Busy-v0", processes=processes, validation_episodes=1, test_episodes=1)
    method = Evolution(SNES(population_size=4))
    Trial(task, method, Budget(generations=3, n_evals=1), (2,), 0).run(tmp_path)
    curve = read_curve(tmp_path / "curve.csv")
    steps, seconds = curve["env_steps"][-1], curve["cpu_seconds"][-1]
    assert steps > 50
    assert 0.002 * steps < seconds < 0.002 * steps + 1  # the steps of evals are not in it


def test_no_more_processes_start_than_there_are_robots():
    task = ControlTask("odd/Pair-v0", processes=5)
    score(task, members=2)
    assert len(workers(task)) == 2


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (
            "raise",
            r"odd/Breaks-v0 raised OSError in step\(\) at step 3 of the episode with seed .*: the wheel came off",
        ),
        ("raise in reset", r"odd/Breaks-v0 raised OSError in reset\(\) at step 0 .* no power"),
        ("NaN observation", "odd/Breaks-v0 returned observations with nan at step 3; fix the environment"),
        ("exit", r"a process that steps odd_environments:odd/Breaks-v0 died \(exit status 7\); fix the environment"),
        ("exit with children", r"a process that steps odd_environments:odd/Breaks-v0 died \(exit status 8\)"),
        ("close", r"a process that steps odd_environments:odd/Breaks-v0 died \(exit status"),
        ("read", r"odd/Breaks-v0 raised EOFError in step\(\) at step 3"),
        ("quit", r"odd/Breaks-v0 raised SystemExit in step\(\) at step 3"),
    ],
)
def test_what_goes_wrong_is_reported_as_in_one_process_and_then_all_can_go_on(how, told):
    task = ControlTask("odd/Breaks-v0", env_kwargs={"how": how}, processes=2)
    for _ in range(2):
        with pytest.raises(TaskError, match=told):
            score(task, members=4)


def test_processes_end_with_the_task():
    task = ControlTask("odd/Pair-v0", processes=2)
    score(task)
    started = workers(task)
    assert all(each.poll() is None for each in started)
    del task
    gc.collect()
    assert [each.poll() for each in started] == [0, 0]


def test_an_interruption_leaves_no_answer_behind_and_no_process(monkeypatch):
    task = ControlTask("odd/Pair-v0", processes=2)
    expected = score(task).values
    (first, _), ask = workers(task), ProcessSimulator._call

    def interrupted(self, calls):
        self._workers[1].receive = lambda: os.kill(os.getpid(), signal.SIGINT) or time.sleep(5)
        return ask(self, calls)

    monkeypatch.setattr(ProcessSimulator, "_call", interrupted)
    with pytest.raises(KeyboardInterrupt):
        score(task)
    monkeypatch.setattr(ProcessSimulator, "_call", ask)
    gc.collect()
    assert first.poll() == 0
    np.testing.assert_array_equal(score(task).values, expected)


def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path):
    script = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import test_processes as t\n"
        "task = t.ControlTask('odd/Pair-v0', processes=2); t.score(task)\n"
        "print(*(each.pid for each in t.workers(task)), flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, os.path.dirname(__file__)], stdout=subprocess.PIPE)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(500):
        alive = [pid for pid in pids if running(pid)]
        if not alive:
            break
        time.sleep(0.01)
    assert (len(pids), alive) == (2, [])


def running(pid):
    """Whether that process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_robots_that_are_stepped_in_one_call_want_no_processes():
    with pytest.raises(SettingsError, match="CartPole-v1 steps all robots in one call, which 2 processes would only"):
        ControlTask("CartPole-v1", processes=2).env_spec  # noqa: B018
    with pytest.raises(SettingsError, match="processes must be a whole number of at least 1, not 0"):
        ControlTask("odd/Pair-v0", processes=0)
