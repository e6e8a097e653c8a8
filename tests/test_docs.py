"""The documentation is true: its code runs, its commands parse, its links lead somewhere, and no name is missing."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import evorobo
import evorobo.course
import evorobo.testing
from evorobo.cli import build_parser
from evorobo.version import __version__

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts and path.stem != "tutorial")
SETTINGS = [
    (r"Budget\((?!\s*\))[^()]*\)", "Budget(generations=2, n_evals=2)"),
    (r"(Stage\(.*)Budget\(generations=2, n_evals=2\)", r"\1Budget(generations=1)"),  # of a stage, which has no evals
    (r"\bseeds=\d+", "seeds=2"),
    (r"(ControlTask\(\"evorobo/Predator-v0\")", r"\1, max_steps=50"),
]
"""How the studies of a page are made small enough for a test: pattern and replacement."""


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def write_csv(folder: Path) -> None:
    """Sixty labeled rows of six persons."""
    rng = np.random.default_rng(0)
    rows = [
        f"{x:.3f},{y:.3f},{'abcdef'[k % 6]},{'left' if x > 0 else 'right'}"
        for k, (x, y) in enumerate(rng.normal(size=(60, 2)))
    ]
    (folder / "my.csv").write_text("\n".join(["x,y,person,label", *rows]) + "\n")


def run_study(folder: Path, *places: str) -> None:
    """A small study in each of `places`."""
    for place in places:
        task = evorobo.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2, validation_episodes=2)
        budget = evorobo.Budget(generations=2, n_evals=2)
        evorobo.Study.grid(place, tasks=[task], methods=[evorobo.Backprop()], seeds=2, budget=budget).run(
            folder / "results"
        )


PREPARE: dict[str, Callable[[Path], None]] = {
    "own_data": write_csv,
    "comparing": lambda folder: run_study(folder, "monday", "tuesday"),
}
"""What must be in the folder before the code of a page runs."""


SLOW = {"coevolution", "install", "own_data", "own_robot", "report_and_replay", "running"}
with_code = [
    pytest.param(page, marks=[pytest.mark.slow] if page.stem in SLOW else [], id=page.stem)
    for page in PAGES
    if blocks(page, "python")
]


@pytest.mark.parametrize("page", with_code)
def test_the_code_of_a_page_runs_in_order(page: Path, tmp_path: Path) -> None:
    PREPARE.get(page.stem, lambda folder: None)(tmp_path)
    script = []
    for block in blocks(page, "python"):
        for pattern, small in SETTINGS:
            block = re.sub(pattern, small, block)
        named = re.match(r"# (\w+\.py)\n", block)
        if named:  # a file that the reader saves and runs
            (tmp_path / named[1]).write_text(block)
            command = [sys.executable, named[1], "--jobs", "1"]
            script.append(f"import subprocess; subprocess.run({command!r}, check=True)\n")
        else:
            script.append(block)
    (tmp_path / "page.py").write_text("\n".join(script))
    done = subprocess.run(
        [sys.executable, "page.py", "--jobs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
    )
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-3000:]


def command_lines(text: str) -> list[list[str]]:
    """The calls of `evorobo` in the shell blocks of a page, as lists of arguments."""
    shell = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)).replace("\\\n", " ")
    lines = [*shell.splitlines(), *re.findall(r"`(evorobo [^`\n]*[^`\n.])`", text)]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("evorobo ")]


@pytest.mark.parametrize("page", [*PAGES, DOCS / "tutorial.md", ROOT / "README.md"], ids=lambda page: page.stem)
def test_the_commands_of_a_page_can_be_called_so(page: Path) -> None:
    for args in command_lines(page.read_text()):
        if set(args) & {"COMMAND", "--version", "--help"} or (len(args) < 2 and args != ["lessons"]):
            continue  # a name of a command in a sentence
        build_parser().parse_args(args)


def test_every_public_name_is_in_the_reference_once() -> None:
    listed: dict[str, list[str]] = {}
    for page in (DOCS / "api").glob("*.rst"):
        text = page.read_text()
        for module in re.findall(r"currentmodule:: (\S+)", text):
            listed.setdefault(module, []).extend(re.findall(r"^   ([A-Za-z_]\w*)$", text, re.MULTILINE))
    assert sorted(listed["evorobo"]) == sorted(dir(evorobo))
    assert sorted(listed["evorobo.testing"]) == sorted(evorobo.testing.__all__)
    assert sorted(listed["evorobo.course"]) == sorted(evorobo.course.__all__)


def test_messages_that_the_questions_quote_are_messages() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "evorobo").rglob("*.py"))
    source = re.sub(r"[\"']\s*\n\s*f?[\"']", "", source)  # strings that continue on the next line
    quoted = re.findall(r"^### \"(.*)\"$", (DOCS / "faq.md").read_text(), re.MULTILINE)
    assert len(quoted) > 10
    for message in quoted:
        for part in re.split(r"\s*(?:\.\.\.|\b\d+\b(?: more seeds)?)\s*|\s*[()]\s*", message):
            assert part.strip(" ;") in source, f"{message!r}: {part!r}"


def test_every_experiment_is_in_the_gallery() -> None:
    text = (DOCS / "gallery.md").read_text()
    for script in (ROOT / "experiments").glob("*.py"):
        assert f"`experiments/{script.name}`" in text


def test_the_citation_names_this_version() -> None:
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_links_between_files_lead_somewhere() -> None:
    for page in [*PAGES, DOCS / "tutorial.md", ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_a_reader_finds_five_frequent_tasks_from_the_start_page_and_from_contributing() -> None:
    places = {
        "own CSV": ("own_data", "own-csv-with-groups"),
        "add a robot": ("own_robot", "add-a-robot"),
        "compare two": ("comparing", "compare-two-result-folders"),
        "resume a killed": ("running", "resume-a-killed-study"),
        "to C": ("export_import", "export-to-c"),
    }
    for start in (DOCS / "index.md", ROOT / "CONTRIBUTING.md"):
        text = start.read_text()
        for words, (page, anchor) in places.items():
            (line,) = [line for line in text.splitlines() if words in line and line.startswith("|")]
            assert f"guides/{page}.md#{anchor}" in line
            assert f"({anchor})=" in (DOCS / "guides" / f"{page}.md").read_text()
