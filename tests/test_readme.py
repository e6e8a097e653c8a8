"""The README is true: its code runs, its commands exist, and the CI runs its test command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import evorobo
from evorobo.testing import check_robot

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_first_script_is_that_of_the_experiment() -> None:
    script = (ROOT / "experiments" / "phototaxis.py").read_text()
    assert blocks("python")[0] in script


@pytest.mark.slow
def test_the_robot_shown_trains_logs_plots_and_resumes(tmp_path: Path) -> None:
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


@pytest.mark.slow
def test_the_robot_shown_keeps_its_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_robot.py").write_text(blocks("python")[1].replace("my/Docking-v0", "mine/Docking-v0"))
    monkeypatch.syspath_prepend(tmp_path)
    import my_own_robot  # type: ignore[import-not-found]

    check_robot(my_own_robot.Docking)


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_methods_shown_exist() -> None:
    names = {name: getattr(evorobo, name) for name in dir(evorobo)}
    rows = re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
    shown = [code for row in rows for code in re.findall(r"`(.+?)`", row)]
    assert len(shown) > 15
    for code in shown:
        assert eval(code, names), code


def test_the_commands_shown_exist() -> None:
    lines = "\n".join([*blocks("sh"), *re.findall(r"`(evorobo [^`\n]+)`", README)])
    shown = set(re.findall(r"^evorobo ([a-z-]+)", lines, re.MULTILINE))
    listing = subprocess.run(
        [sys.executable, "-m", "evorobo", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert shown <= set(re.findall(r"^    ([a-z-]+)", listing, re.MULTILINE))
    assert {"run", "report", "replay", "compare", "export", "tune", "new-task", "check-task"} <= shown


def test_the_reference_run_has_all_its_files() -> None:
    folder = ROOT / "results" / "reference" / "phototaxis"
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert {"curves.png", "paths-phototaxis.png", "table.csv", "table.md", "verdicts.csv", "study.json"} <= names


def test_the_test_command_is_marked_for_the_ci() -> None:
    marked = README.split("<!-- test command -->\n")
    assert len(marked) == 2
    line = marked[1].split("\n")[1]
    assert line.startswith("python3 -m venv")
    assert line.endswith("pytest")
