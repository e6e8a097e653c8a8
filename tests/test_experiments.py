"""Every experiment script is short, and runs at a tiny budget to a figure and a table."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from at_hand import needs, needs_mujoco
from scripts import run

from evorobo.scaffold.robot import ROBOT
from evorobo.study.results import load
from evorobo.tasks.data.catalogue import failures, kin8nm, puma, sarcos, scitos

EXPERIMENTS = sorted((Path(__file__).parents[1] / "experiments").glob("*.py"))
REAL_DATA = {
    "scitos-24": (scitos.data_file(24),),
    "lp4": (failures.data_file(4),),
    "puma32H": (puma.PUMA32H,),
    "sarcos": (sarcos.TEST,),
    "kin8nm": (kin8nm.DATA, *map(kin8nm.fold_file, range(5))),
}

each_experiment = pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
MARKS = {  # the README's main job runs in every run of the tests, the others where slow tests run too
    "phototaxis": [],
    "policy_gradient_moves": [pytest.mark.slow, pytest.mark.reproduction],
    "locomotion": [pytest.mark.slow, pytest.mark.reproduction],
}
each_run = pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=MARKS.get(path.stem, [pytest.mark.slow])) for path in EXPERIMENTS],
    ids=lambda path: path.stem,
)


def test_there_are_experiments():
    assert {"cartpole", "phototaxis", "wall_following", "kin8nm"} <= {path.stem for path in EXPERIMENTS}


@each_experiment
def test_an_experiment_is_short_and_says_what_it_is_about(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    body = [each for each in tree.body[1:] if not isinstance(each, ast.Import | ast.ImportFrom)]
    assert sum((each.end_lineno or 0) - each.lineno + 1 for each in body) <= 30


def test_the_hovercraft_of_experiments_is_the_one_that_new_task_writes():
    path = EXPERIMENTS[0].parent / "robots" / "hovercraft.py"
    assert path.read_text() == ROBOT.substitute(name="hovercraft", kind="Hovercraft")


@each_run
def test_an_experiment_runs_to_a_figure_and_a_table(path, tmp_path):
    for name, files in REAL_DATA.items():
        if f'"{name}"' in path.read_text():
            needs(*files)
    if "-v5" in path.read_text():
        needs_mujoco()
    # every learner takes at least one step, however much a step of it costs
    flags = ["--seeds", 1, "--budget", "generations=2,n_evals=2", "--jobs", 1, "--results", tmp_path]
    if "DatasetTask" not in path.read_text():
        tiny = {"max_steps": 50, "test_episodes": 2, "validation_episodes": 2}
        flags += [word for name, value in tiny.items() for word in ("--set", f"tasks.*.{name}={value}")]
    code, out, err = run(path, *flags, folder=tmp_path)
    # MuJoCo 4 warns of the file of HalfCheetah-v5
    assert (code, [line for line in err.splitlines() if line and "settotalmass" not in line]) == (0, [])
    (study,) = tmp_path.glob("*/study.json")
    results = load(study.parent)
    assert [run.status for run in results.runs] == ["finished"] * len(results.tasks) * len(results.methods)
    assert all(run.curve["generations"][-1] == 2 for run in results.runs)
    assert (study.parent / "curves.png").read_bytes().startswith(b"\x89PNG")
    for name in (*results.tasks, *results.methods, "test IQM"):
        assert name in out
        assert name in (study.parent / "table.md").read_text()
