"""Robots and teachers of a notebook cell are recorded in a file, from which other processes run the same trials."""

from __future__ import annotations

import csv
import json
import linecache
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

import evorobo as er
from evorobo.errors import SettingsError
from evorobo.settings import to_plain

IMPORTS = "import numpy as np\nimport evorobo as er"
ROBOT = """
PUSH = {push}

class Slider(er.Robot):
    sensors, motors, max_steps = ("x",), ("push",), 20
    def initial(self, rng):
        return rng.uniform(-1, 1, 1)
    def observation(self, state, rng):
        return state
    def transition(self, state, action, rng):
        return state + PUSH * action
    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])

er.register(Slider, "cells/Slider-v0")
print("other work of the cell")
"""
TEACHER = "def steer(sensors):\n    return -np.sign(sensors)"


@pytest.fixture
def run_cell(monkeypatch, tmp_path):
    """Runs cells as a kernel does: in a `__main__` without a file, with their sources in linecache."""
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.chdir(tmp_path)

    def run(source):
        name = f"<cell-{sha256(source.encode()).hexdigest()[:10]}>"
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        exec(compile(source, name, "exec"), vars(main))
        return main

    yield run
    from gymnasium.envs.registration import registry

    registry.pop("cells/Slider-v0", None)


def curve_of(folder):
    """The curve without its times."""
    rows = list(csv.DictReader(Path(folder, "curve.csv").read_text().splitlines()))
    return [[value for name, value in row.items() if "seconds" not in name] for row in rows]


def trial_of(main):
    task = er.ControlTask("cells/Slider-v0", episodes=1, test_episodes=2, teacher=main.steer)
    return er.Trial(task, er.Evolution(er.CMAES()), er.Budget(generations=2), hidden=(), seed=0)


def test_robot_and_teacher_of_cells_are_repeated_from_their_files_after_an_edit_too(run_cell, capsys):
    run_cell(IMPORTS)
    run_cell(ROBOT.format(push=0.1))
    first = trial_of(run_cell(TEACHER))
    capsys.readouterr()
    first.run("first")
    run_cell(ROBOT.format(push=0.1) + "# a comment")  # the same code is the same file
    assert to_plain(trial_of(sys.modules["__main__"])) == to_plain(first)
    second = trial_of(run_cell(ROBOT.format(push=0.5)))
    second.run("second")
    curves = [curve_of(name) for name in ("first", "second")]
    assert curves[0] != curves[1]
    with pytest.raises(er.errors.ResultsError, match=r"holds a run of other settings .*cells/slider_"):
        second.run("first")
    er.Trial.load("first/trial.json").run("again")  # both versions live in one session
    assert curve_of("again") == curves[0]
    assert capsys.readouterr().out.count("other work") == 2  # of the two cells, not of their files
    code = 'import evorobo as er; er.Trial.load("first/trial.json", trust=True).run("fresh")'
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
    assert curve_of("fresh") == curves[0]
    machines = [json.loads(Path(f"{name}/machine.json").read_text()) for name in ("first", "second", "fresh")]
    fingerprints = [machine["task_code_sha256"] for machine in machines]
    assert fingerprints[0] == fingerprints[2] != fingerprints[1]
    assert fingerprints[0]


def test_what_no_file_can_hold_is_refused_with_the_reason(run_cell):
    run_cell(IMPORTS)
    run_cell("LIMIT = np.ones(2)")
    main = run_cell("GAINS = [1.0]\ndef other(x):\n    return LIMIT * x\ndef own(x):\n    return GAINS[0] * x")
    with pytest.raises(SettingsError, match="other was typed at a prompt"):
        to_plain(main.other)
    reference = to_plain(main.own)["function"]
    assert reference.startswith("cells/own_")
    assert "LIMIT" not in Path(reference.partition(":")[0]).read_text()
    run_cell("GAINS[0] = 2.0")
    with pytest.raises(SettingsError, match="own was typed"):
        to_plain(main.own)
    main = run_cell("sum = 3")  # no longer the built-in function
    with pytest.raises(SettingsError, match="total was typed"):
        to_plain(run_cell("def total(x):\n    return sum(x)").total)
    exec("def unknown(x):\n    return x", vars(main))
    with pytest.raises(SettingsError, match="unknown was typed"):
        to_plain(main.unknown)


def test_the_reason_stands_before_the_cure(run_cell, monkeypatch):
    monkeypatch.setattr("evorobo.settings.in_notebook", lambda: True)
    run_cell("LIMIT = 3")
    main = run_cell("def other(x):\n    return LIMIT * x")
    with pytest.raises(SettingsError) as refusal:
        to_plain(main.other)
    assert str(refusal.value).startswith(
        "other was defined in a cell and uses LIMIT, which is not defined or imported in the same cell; begin the cell "
        "with %%writefile my_file.py, and import other"
    )
