"""The README is true: its code runs, its commands exist, and the CI runs its test command."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evorobo
from evorobo.testing import check_robot

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def statements(code: str) -> list[str]:
    return [ast.unparse(node) for node in ast.parse(code).body]


def test_the_lines_that_made_the_figure_are_the_experiments_own() -> None:
    script = (ROOT / "experiments" / "phototaxis.py").read_text()
    assert blocks("python")[0] in script


def test_the_newcomers_robot_trains_logs_plots_and_resumes_outside_the_package(tmp_path: Path) -> None:
    code = blocks("python")[1]
    assert len(code.splitlines()) <= 40
    (tmp_path / "my_robot.py").write_text(code)
    command = [sys.executable, "my_robot.py", "--budget", "flops=3e5,n_evals=3", "--seeds", "2", "--jobs", "2"]
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "results" / "docking"
    for name in ("curves.png", "table.csv", "docking/cma-es/seed-1/genome.npz", "docking/backprop/seed-0/curve.csv"):
        assert (folder / name).stat().st_size > 0
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0
    assert "4 of 4 trials are finished already" in again.stdout


def test_the_newcomers_robot_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_robot.py").write_text(blocks("python")[1].replace("my/Docking-v0", "mine/Docking-v0"))
    monkeypatch.syspath_prepend(tmp_path)
    import my_own_robot  # type: ignore[import-not-found]

    check_robot(my_own_robot.Docking)


def test_the_settings_shown_can_be_written_so() -> None:
    names = {name: getattr(evorobo, name) for name in dir(evorobo)}
    for line in statements(blocks("python")[2] + blocks("python")[-1]):
        assert eval(line, names), line
    for hidden in re.findall(r"`hidden=(\(.*?\))`", README):
        assert evorobo.NetworkSpec.build(3, eval(hidden, names), 2).n_params > 0


def test_every_command_shown_is_one() -> None:
    lines = "\n".join([*blocks("sh"), *re.findall(r"`(evorobo [^`\n]+)`", README)])
    shown = set(re.findall(r"^evorobo ([a-z-]+)", lines, re.MULTILINE))
    told = subprocess.run(
        [sys.executable, "-m", "evorobo", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert shown <= set(re.findall(r"^    ([a-z-]+)", told, re.MULTILINE))
    assert {"run", "export", "import", "new-task", "check-task", "new-dataset"} <= shown


def test_the_teachers_shown_can_be_written_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {name: getattr(evorobo, name) for name in dir(evorobo)} | {"rng": np.random.default_rng(0)}
    spec = evorobo.NetworkSpec.build(2, (), 2, "tanh")
    evorobo.Genome(spec, spec.init(np.random.default_rng(0))).save("genome.npz")
    for line in statements(blocks("python")[3]):
        made = eval(line, names)
        if isinstance(made, evorobo.ControlTask):
            assert made.examples(np.random.default_rng(0)).cost.episodes == made.n_demonstrations


def test_every_experiment_is_in_the_table() -> None:
    for script in (ROOT / "experiments").glob("*.py"):
        assert f"`experiments/{script.name}`" in README


def test_the_reference_run_is_there_as_its_command_made_it() -> None:
    folder = ROOT / "results" / "reference" / "phototaxis"
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert {"curves.png", "paths-phototaxis.png", "table.csv", "table.md", "verdicts.csv", "study.json"} <= names


def test_the_ci_reads_the_test_command_from_here() -> None:
    marked = README.split("<!-- test command -->\n")
    assert len(marked) == 2
    line = marked[1].split("\n")[1]
    assert line.startswith("python3 -m venv")
    assert line.endswith("pytest")
