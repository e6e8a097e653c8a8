"""No result depends on an arbitrary choice of a library or of Python: order of ties, files, sets; signs; hash()."""

from __future__ import annotations

import ast
import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evorobo import NetworkSpec
from evorobo.learners.policy_gradients.orthogonal import orthogonal_weights
from evorobo.study.log import TIME_COLUMNS

HOUSE = Path(__file__).parents[1] / "evorobo"
FACTORIZATIONS = {"eig", "eigh", "svd", "qr"}
INVARIANT = {
    "learners/evolution/strategies/cma_es.py",
    "learners/evolution/strategies/xnes.py",
    "learners/policy_gradients/orthogonal.py",
}
"""Where factors are used whose signs LAPACK chooses. Results do not depend on them; see also `test_processors.py`."""
LISTINGS = {"glob", "rglob", "iterdir", "listdir", "scandir", "walk"}
ORDERLESS = {"sorted", "any", "all", "set", "frozenset", "len", "sum", "min", "max"}


def findings(tree: ast.Module) -> Iterator[str]:
    """What depends on an arbitrary choice in a module, with the line."""
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}

    def is_ordered(node: ast.AST) -> bool:
        """Whether a call around the node, in the same statement, makes the order of its items irrelevant."""
        while not isinstance(node, ast.stmt):
            node = parents[node]
            if isinstance(node, ast.SetComp):
                return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDERLESS:
                return True
        return False

    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            stable = any(word.arg == "kind" and ast.unparse(word.value) == "'stable'" for word in node.keywords)
            if name == "argsort" and not stable:
                yield f"{node.lineno}: argsort without kind='stable'"
            if ast.unparse(node.func) in ("np.partition", "np.argpartition"):
                outer = parents[parents[node]] if isinstance(parents[node], ast.Subscript) else parents[node]
                if not ast.unparse(outer).startswith("np.sort("):
                    yield f"{node.lineno}: {name}, whose order inside the parts is open"
            if name == "hash":
                yield f"{node.lineno}: hash(), which differs from process to process"
            from_os = ast.unparse(node.func) in ("os.walk", "os.listdir", "os.scandir")
            if name in LISTINGS and (name != "walk" or from_os) and not is_ordered(node):
                yield f"{node.lineno}: files in the order of the file system"
        if isinstance(node, ast.For | ast.comprehension):
            source = node.iter
            is_set = isinstance(source, ast.Set | ast.SetComp) or (
                isinstance(source, ast.Call) and ast.unparse(source.func) in ("set", "frozenset")
            )
            if is_set and not is_ordered(source):
                yield f"{source.lineno}: items in the order of a set"


MODULES = sorted(HOUSE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_module_depends_on_an_arbitrary_order(path: Path) -> None:
    assert list(findings(ast.parse(path.read_text()))) == []


def test_orthogonal_weights_are_the_same_whatever_signs_the_factors_have(monkeypatch):
    spec = NetworkSpec.build(5, (7, 3), 4)
    weights = orthogonal_weights(spec, np.zeros(spec.n_params), 0.01, np.random.default_rng(1))
    qr = np.linalg.qr

    def with_other_signs(matrix):
        q, r = qr(matrix)
        signs = np.where(np.arange(len(r)) % 2, 1.0, -1.0)
        return q * signs, r * signs[:, None]

    monkeypatch.setattr(np.linalg, "qr", with_other_signs)
    assert np.array_equal(weights, orthogonal_weights(spec, np.zeros(spec.n_params), 0.01, np.random.default_rng(1)))


def test_factors_with_arbitrary_signs_are_used_only_where_signs_cancel() -> None:
    uses = {
        str(path.relative_to(HOUSE))
        for path in MODULES
        if "linalg" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in FACTORIZATIONS and "linalg" in ast.unparse(node)
    }
    assert uses == INVARIANT


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("order = np.argsort(x)", "1: argsort"),
        ("order = x.argsort(axis=1)", "1: argsort"),
        ("nearest = np.partition(x, 3)[:3]", "1: partition"),
        ("nearest = np.argpartition(x, 3)", "1: argpartition"),
        ("name = f'{hash(path)}'", "1: hash()"),
        ("for path in folder.glob('*.py'):\n    use(path)", "1: files"),
        ("found = [path for path in folder.iterdir()]", "1: files"),
        ("found = os.listdir(folder)", "1: files"),
        ("for name in {1, 2}:\n    use(name)", "1: items"),
        ("found = [use(name) for name in set(names)]", "1: items"),
    ],
)
def test_each_kind_is_found(text: str, finding: str) -> None:
    (found,) = findings(ast.parse(text))
    assert found.startswith(finding)


@pytest.mark.parametrize(
    "text",
    [
        "order = np.argsort(x, kind='stable')",
        "nearest = np.sort(np.partition(x, 3)[:3])",
        "name, _, rest = text.partition('=')",
        "for path in sorted(folder.glob('*')):\n    use(path)",
        "found = any(path.exists() for path in folder.glob('*'))",
        "found = {path.name for path in folder.glob('*')}",
        "for node in ast.walk(tree):\n    use(node)",
        "found = sorted(use(name) for name in set(names))",
    ],
)
def test_an_order_that_does_not_matter_is_allowed(text: str) -> None:
    assert list(findings(ast.parse(text))) == []


FIRST = """
import sys

import evorobo as er
import numpy as np
from second import Robot as Other


class Robot(er.Robot):
    sensors, motors, max_steps = ("x", "y"), ("push",), 10

    def initial(self, rng):
        return rng.uniform(-1, 1, 2)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + 0.1 * action

    def reward(self, state, action, next_state):
        return -np.abs(next_state).sum(1)


class Both(Other, Robot):
    pass


er.register(Both, "my/Both-v0")
study = er.Study.grid(
    "twice",
    tasks=[er.ControlTask("my/Both-v0", test_episodes=3)],
    methods=[er.Evolution(er.GA()), er.Evolution(er.NSGA2()), er.Evolution(er.DifferentialEvolution())],
    seeds=2,
    budget=er.Budget(generations=4, n_evals=3),
)
if __name__ == "__main__":
    study.run(sys.argv[1], jobs=int(sys.argv[2]))
"""
SECOND = """
import evorobo as er


class Robot(er.Robot):
    max_steps = 12
"""


def curve(path: Path) -> list[dict[str, str]]:
    """The rows of a curve without what the clock says."""
    with path.open(newline="") as file:
        return [{name: row[name] for name in row if name not in TIME_COLUMNS} for row in csv.DictReader(file)]


@pytest.mark.slow
def test_two_processes_with_other_hash_seeds_write_the_same_curves_and_share_a_folder(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(FIRST)
    (tmp_path / "second.py").write_text(SECOND)
    curves = []
    for seed, jobs, results in (("1", "1", "a"), ("2", "2", "b"), ("3", "2", "a")):  # the last one goes on in "a"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(HOUSE.parent)}
        command = [sys.executable, "first.py", results, jobs]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
        curves.append([curve(path) for path in sorted((tmp_path / results).rglob("curve.csv"))])
    assert len(curves[0]) == 6
    assert curves[0] == curves[1] == curves[2]
