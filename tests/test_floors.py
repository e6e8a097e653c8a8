"""Imports go down only: floors, wings, no circles of any kind, one owner for each foreign package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "evorobo"
GROUND = {
    "annotations",
    "arrays",
    "cells",
    "checks",
    "docstrings",
    "downloads",
    "errors",
    "fields",
    "files",
    "flops",
    "guard",
    "interfaces",
    "loading",
    "machine_code",
    "notebooks",
    "printable",
    "processes",
    "registry",
    "rules",
    "settings",
    "tracing",
    "user_code",
    "version",
    "workers",
}
FLOORS = {"nets": 1, "tasks": 2, "learners": 3, "study": 4, "report": 5, "export": 5, "scaffold": 5}
TOP = 6
WINGS = [  # packages that never import each other
    ("evorobo.tasks.data", "evorobo.tasks.control"),
    (
        "evorobo.learners.backprop",
        "evorobo.learners.gradients",
        "evorobo.learners.policy_gradients",
        "evorobo.learners.evolution",
        "evorobo.learners.stable_baselines",
    ),
    ("evorobo.report", "evorobo.export", "evorobo.scaffold"),
]
REPORT = [  # within the report, imports go down this list
    {"statistics", "formatting"},
    {"analysis"},
    {"figures", "formats"},
    {"replay"},
    {"page"},
    {"watch"},
    {"study", "comparison", "plot", "displays"},
]
OWNERS: dict[str, tuple[str, ...]] = {
    "dask": ("evorobo.study.executors.dask",),
    "dask_jobqueue": ("evorobo.study.executors.dask",),
    "distributed": ("evorobo.study.executors.dask",),
    "filelock": ("evorobo.study.locks",),
    "deap": ("evorobo.learners.evolution.deap_bridge",),
    "gymnasium": ("evorobo.tasks.control", "evorobo.learners.stable_baselines"),
    "matplotlib": ("evorobo.report", "evorobo.course"),
    "IPython": ("evorobo.notebooks",),
    "llvmlite": ("evorobo.machine_code",),
    "numba": ("evorobo.machine_code",),
    "onnx": ("evorobo.export",),
    "optuna": ("evorobo.study.tuning",),
    "pandas": ("evorobo.report.formats",),
    "pyarrow": ("evorobo.tasks.text.parsing",),
    "pooch": ("evorobo.downloads",),
    "psutil": ("evorobo.guard",),
    "stable_baselines3": ("evorobo.learners.stable_baselines",),
    "rich": ("evorobo.study", "evorobo.report.watch"),
    "mlflow": ("evorobo.study.trackers.mlflow",),
    "tensorboard": ("evorobo.study.trackers.tensorboard",),
    "torch": ("evorobo.export", "evorobo.learners.stable_baselines"),
    "wandb": ("evorobo.study.trackers.wandb",),
}
MOST_LINES = 400


def module_name(path: Path) -> str:
    name = ".".join(("evorobo", *path.relative_to(HOUSE).with_suffix("").parts))
    return name.removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(HOUSE.rglob("*.py"))}


@cache
def imports(module: str) -> frozenset[str]:
    """Every module or package that a module imports: at its top, inside functions, and for types only."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else str(node.module) for name in names}
    return frozenset(found - {module})


def floor(module: str) -> int:
    """0 for the ground, 1 to 5 for the floors, 6 for the package itself, its commands, contracts and course."""
    part = module.split(".")[1] if "." in module else ""
    return FLOORS.get(part, 0 if part in GROUND else TOP)


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_imports_go_down_only() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in MODULES
        for other in imports(module)
        if is_in(other, "evorobo") and floor(other) > floor(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_imports_the_package_itself() -> None:
    # the public names are for users; inside the package each import names the module it needs
    assert not [module for module in MODULES if "evorobo" in imports(module)]


def test_there_are_no_circles() -> None:
    # lazy imports and imports for types count as well
    state: dict[str, int] = {}
    circles = []

    def visit(module: str, way: tuple[str, ...]) -> None:
        state[module] = 1
        for other in sorted(imports(module) & MODULES.keys()):
            if state.get(other) == 1:
                circles.append(" -> ".join((*way[way.index(other) :], other)))
            elif other not in state:
                visit(other, (*way, other))
        state[module] = 2

    for module in MODULES:
        if module not in state:
            visit(module, (module,))
    assert not circles, "\n".join(circles)


@pytest.mark.parametrize("wings", WINGS, ids=lambda wings: wings[0])
def test_wings_never_meet(wings: tuple[str, ...]) -> None:
    wrong = [
        f"{module} imports {other}"
        for wing in wings
        for module in MODULES
        if is_in(module, wing)
        for other in imports(module)
        if any(is_in(other, another) for another in wings if another != wing)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_rooms_of_the_report_stand_in_order() -> None:
    place = {room: number for number, rooms in enumerate(REPORT) for room in rooms}
    wrong = []
    for module in MODULES:
        if not is_in(module, "evorobo.report") or module == "evorobo.report":
            continue
        for other in imports(module):
            if is_in(other, "evorobo.report") and place[other.split(".")[2]] > place[module.split(".")[2]]:
                wrong.append(f"{module} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_learners_know_no_concrete_task() -> None:
    for module in MODULES:
        if is_in(module, "evorobo.learners"):
            tasks = {other for other in imports(module) if is_in(other, "evorobo.tasks")}
            interfaces = {"base", "capabilities", "rollout_envs", "spreading"}
            assert tasks <= {f"evorobo.tasks.{name}" for name in interfaces}, f"{module}: {tasks}"


def test_networks_need_numpy_alone() -> None:
    for module in MODULES:
        if is_in(module, "evorobo.nets"):
            roots = {other.split(".")[0] for other in imports(module)} - set(sys.stdlib_module_names)
            assert roots <= {"numpy", "evorobo"}, f"{module}: {roots}"


def test_each_foreign_package_has_one_owner() -> None:
    wrong = [
        f"{module} imports {package}"
        for module in MODULES
        if not is_in(module, "evorobo.testing")  # the contracts look at everything
        for package in {other.split(".")[0] for other in imports(module)} & OWNERS.keys()
        if not any(is_in(module, owner) for owner in OWNERS[package])
    ]
    assert not wrong, "\n".join(wrong)


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    for module, path in MODULES.items():
        text = path.read_text()
        first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        assert text.startswith('"""'), module
        assert len(first) > 20, module


def test_a_file_holds_one_idea() -> None:
    long = [module for module, path in MODULES.items() if len(path.read_text().splitlines()) > MOST_LINES]
    assert not long, f"files of more than {MOST_LINES} lines: {long}"


def test_files_of_tests_have_different_names() -> None:
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert not (names - Counter(set(names))), "pytest collects one file of each name; rename the others"


def test_start_up_imports_no_heavy_package() -> None:
    heavy = ("deap", "gymnasium", "matplotlib", "scipy", "numba", "pandas", "pyarrow", "torch", "rich", "optuna")
    program = f"import sys, evorobo, evorobo.cli; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
