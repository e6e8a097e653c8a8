"""Fingerprints of code change with everything that changes numbers, and with nothing else."""

import sys
from dataclasses import replace
from importlib import import_module, invalidate_caches

import numpy as np
import pytest

from evorobo import (
    CMAES,
    Backprop,
    Budget,
    ControlTask,
    DatasetTask,
    Evolution,
    Genome,
    NetworkSpec,
    NoisyTeacher,
    ResultsError,
    Study,
    Trial,
)
from evorobo.report.replay.staleness import staleness_caution
from evorobo.study.code_fingerprint import code_sha256
from evorobo.tasks.control.robots.phototaxis import Phototaxis

ROBOT = '''
"""A robot, and the study that it is in."""
import math
import numpy as np
import evorobo as er
from {helper} import pull, unused
import {tables} as tables

TOP = 0.5
OTHER = 3
LIST = [1, 2]
LIST[0] = 4


class Base(er.Robot):
    motors = ("thrust",)


class Cart(Base):
    """It rolls."""

    sensors = ("place",)
    max_steps = 20

    def initial(self, rng):
        return rng.uniform(-1, 1, 1)  # anywhere

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        from math import sin
        return state + TOP * pull(action) + sin(0)

    def reward(self, state, action, next_state):
        return LIST[1] - np.abs(next_state[:, 0]) * tables.SCALE

    def draw(self, ax, states):
        ax.plot(states)


er.register(Cart, "{id}")
budget = er.Budget(flops=1e4)

if __name__ == "__main__":
    print(TOP)
'''
HELPER = "HALF = 0.5\nSIZE = 3\n\n\ndef pull(action):\n    return HALF * action\n\n\ndef unused():\n    return SIZE\n"
TABLES = "SCALE = 1.0\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the three files of the robot with some of their text replaced, load them, and return its class."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def written(robot=("", ""), helper=("", ""), tables=("", "")):
        names = {kind: f"own_{kind}_{tmp_path.name}" for kind in ("cart", "helper", "tables")}
        for name in names.values():
            sys.modules.pop(name, None)
        text = ROBOT.replace("{helper}", names["helper"]).replace("{tables}", names["tables"])
        for kind, content, change in (
            ("cart", text.replace("{id}", f"own/{tmp_path.name}-v0"), robot),
            ("helper", HELPER, helper),
            ("tables", TABLES, tables),
        ):
            assert change[0] in content
            (tmp_path / f"{names[kind]}.py").write_text(content.replace(*change) if change[0] else content)
        invalidate_caches()
        made.append(import_module(names["cart"]))
        return made[-1].Cart

    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    yield written
    sys.dont_write_bytecode = before


COUNTS = {
    "a function of the robot": {"robot": ("return state\n", "return 2 * state\n")},
    "a number of its file that it names": {"robot": ("TOP = 0.5", "TOP = 0.6")},
    "a table of its file that is changed in place": {"robot": ("LIST[0] = 4", "LIST[0] = 5")},
    "its base class": {"robot": ('motors = ("thrust",)', 'action_limit = 2.0\n    motors = ("thrust",)')},
    "what a name is imported from": {"robot": ("from math import sin", "from math import cos as sin")},
    "a function of another file": {"helper": ("HALF * action", "action")},
    "what that function names": {"helper": ("HALF = 0.5", "HALF = 0.25")},
    "a whole file that it imports": {"tables": ("SCALE = 1.0", "SCALE = 2.0")},
}
DOES_NOT = {
    "a docstring": {"robot": ("It rolls.", "It rolls very well.")},
    "a comment": {"robot": ("# anywhere", "# somewhere between the walls")},
    "how it is drawn": {"robot": ("ax.plot(states)", "ax.plot(states, color='red')")},
    "what it does not name": {"robot": ("OTHER = 3", "OTHER = 4")},
    "the study below it": {"robot": ("flops=1e4", "flops=2e4")},
    "an import that it has no use for": {"robot": ("import math\n", "import json\n")},
    "the work of the script": {"robot": ("print(TOP)", "print(TOP, OTHER)")},
    "a function of another file that it has no use for": {"helper": ("return SIZE", "return 2 * SIZE")},
}


@pytest.mark.parametrize("change", COUNTS.values(), ids=COUNTS)
def test_an_edit_that_can_change_numbers_changes_the_fingerprint(write, change):
    before = code_sha256([write()])
    assert code_sha256([write(**change)]) != before
    assert code_sha256([write()]) == before


@pytest.mark.parametrize("change", DOES_NOT.values(), ids=DOES_NOT)
def test_an_edit_that_cannot_change_numbers_keeps_the_fingerprint(write, change):
    assert code_sha256([write(**change)]) == code_sha256([write()])


def test_an_edit_during_a_run_does_not_change_its_fingerprint(write):
    running = write()
    before = code_sha256([running])
    edited = write(robot=("TOP = 0.5", "TOP = 0.6"))
    assert code_sha256([running]) == before != code_sha256([edited])


def test_code_of_evorobo_and_of_installed_packages_has_no_fingerprint():
    assert code_sha256([Phototaxis, Backprop, pytest.Item, ControlTask]) is None


def test_an_edited_robot_does_not_reuse_results_of_the_old_one(write, tmp_path):
    def run(**change):
        cart = write(**change)
        task = ControlTask(f"{cart.__module__}:own/{tmp_path.name}-v0", test_episodes=2, validation_episodes=2)
        study = Study.grid(
            "own", tasks=[task], methods=[Evolution(CMAES())], seeds=1, budget=Budget(flops=1e4, n_evals=3), hidden=(2,)
        )
        return study.run(tmp_path / "results").runs[0].folder / "curve.csv"

    before = run()
    written = before.stat().st_mtime_ns
    assert run(robot=("ax.plot(states)", "ax.plot(states, 'o')")).stat().st_mtime_ns == written
    with pytest.raises(
        ResultsError, match=r"run of code that has changed since \(Cart; draw, .*--results, or delete it"
    ):
        run(robot=("TOP = 0.5", "TOP = 0.6"))
    assert before.stat().st_mtime_ns == written


def test_a_fixed_robot_runs_again_in_the_same_folder(write, tmp_path):
    def run(**change):
        cart = write(**change)
        task = ControlTask(f"{cart.__module__}:own/{tmp_path.name}-v0", test_episodes=2, validation_episodes=2)
        trial = Trial(task, Evolution(CMAES()), Budget(flops=1e4, n_evals=3), (2,), 0)
        return trial.run(tmp_path / "trial")

    assert run(robot=("* tables.SCALE", "/ missing")) == "failed"
    assert run() == "finished"
    with pytest.raises(ResultsError, match="code that has changed since"):
        run(robot=("TOP = 0.5", "TOP = 0.6"))
    assert staleness_caution(tmp_path / "trial").startswith("The code or data of the task have changed since the run")
    with pytest.raises(ResultsError, match="code that has changed since"):
        run(robot=("* tables.SCALE", "/ 2"))
    assert run() == "finished"
    assert staleness_caution(tmp_path / "trial") == staleness_caution(tmp_path) == ""


def test_a_changed_file_of_a_teacher_is_reported(tmp_path):
    def run(seed):
        task = ControlTask("CartPole-v1", max_steps=5, test_episodes=2, validation_episodes=2)
        spec = NetworkSpec.build(task.n_inputs, (), task.n_outputs, task.output)
        Genome(spec, np.random.default_rng(seed).normal(size=spec.n_params)).save(tmp_path / "teacher.npz")
        teacher = NoisyTeacher(str(tmp_path / "teacher.npz"), random_action_rate=0.1)
        trial = Trial(replace(task, teacher=teacher), Backprop(), Budget(generations=2, n_evals=1), (2,), 0)
        return trial.run(tmp_path / "trial")

    assert [run(1), run(1)] == ["finished"] * 2
    with pytest.raises(ResultsError, match=r"a run of a teacher's files that have changed since\. Keep it and give"):
        run(2)


def test_changed_data_are_reported(tmp_path):
    def run(first):
        rows = [f"{number},{number % 3},{'ab'[number % 2]}" for number in range(30)]
        (tmp_path / "rows.csv").write_text("\n".join(["x,y,move", f"{first},0,a", *rows]))
        task = DatasetTask(str(tmp_path / "rows.csv"), target="move")
        return Trial(task, Backprop(), Budget(generations=2, n_evals=1), (2,), 0).run(tmp_path / "trial")

    assert [run(1), run(1)] == ["finished"] * 2
    with pytest.raises(ResultsError, match=r"a run of data that have changed since\. Keep it and give"):
        run(2)
