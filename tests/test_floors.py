"""The house stands: imports go down only, each package stays on the floor that may use it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "evorobo"
FLOORS = {"nets": 1, "tasks": 2, "learners": 3, "study": 4, "report": 5, "export": 5, "scaffold": 5}
GROUND = {"errors", "files", "processes", "settings"}
TOP = 6
OWNERS = {
    "deap": "learners/evolution",
    "gymnasium": "tasks",
    "matplotlib": "report",
    "numba": "tasks",
    "onnx": "export",
    "optuna": "study",
    "pandas": "report",
    "pooch": "tasks",
    "rich": "study",
    "tensorboard": "report",
    "torch": "export",
}
FILES = sorted(HOUSE.rglob("*.py"))


def floor(module: str) -> int:
    """0 for the ground, 1 to 5 for the floors, 6 for the command and the entry of scripts."""
    part = module.split(".")[1] if "." in module else ""
    return FLOORS.get(part, 0 if part in GROUND else TOP)


def name(path: Path) -> str:
    return ".".join(("evorobo", *path.relative_to(HOUSE).with_suffix("").parts))


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_down_only(path: Path) -> None:
    # settings.py asks the package itself for its public names, lazily: that is the one way up
    for other in imports(path):
        if other.startswith("evorobo.") and other != "evorobo.settings":
            assert floor(other) <= floor(name(path)), f"{name(path)} imports {other}, which is above it"


def test_the_two_teachers_never_meet() -> None:
    for path in FILES:
        for one, other in (("backprop", "evolution"), ("evolution", "backprop")):
            if f"learners/{one}/" in path.as_posix():
                assert not any(f"learners.{other}" in each for each in imports(path)), path


def test_learners_know_no_concrete_task() -> None:
    for path in (HOUSE / "learners").rglob("*.py"):
        tasks = [each for each in imports(path) if each.startswith("evorobo.tasks")]
        assert all(each.startswith("evorobo.tasks.base.") for each in tasks), f"{path}: {tasks}"


def test_the_rooms_of_the_fifth_floor_do_not_know_each_other() -> None:
    rooms = [name for name, number in FLOORS.items() if number == 5]
    for room in rooms:
        for path in (HOUSE / room).rglob("*.py"):
            others = [f"evorobo.{other}." for other in rooms if other != room]
            assert not any(each.startswith(tuple(others)) for each in imports(path)), path


def test_networks_need_numpy_alone() -> None:
    standard = set(__import__("sys").stdlib_module_names)
    for path in (HOUSE / "nets").rglob("*.py"):
        roots = {each.split(".")[0] for each in imports(path)} - standard
        assert roots <= {"numpy", "evorobo"}, f"{path}: {roots}"


@pytest.mark.parametrize("package", OWNERS)
def test_each_package_is_used_on_its_own_floor(package: str) -> None:
    for path in FILES:
        if "testing" in path.relative_to(HOUSE).parts:
            continue  # the contracts look at everything
        if any(each.split(".")[0] == package for each in imports(path)):
            assert path.relative_to(HOUSE).as_posix().startswith(OWNERS[package]), f"{path} imports {package}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert len(text.splitlines()[0] if text else "") > 20
    assert path.read_text().startswith('"""')


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 320
