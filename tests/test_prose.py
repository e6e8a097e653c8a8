"""The prose is plain: words of `docs/words.txt` are not used, and public names have their numpydoc sections."""

from __future__ import annotations

import doctest
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import evorobo
import evorobo.testing

ROOT = Path(__file__).parents[1]
WORDS = ROOT / "docs" / "words.txt"
FOLDERS = ("evorobo", "tests", "experiments", "benchmarks", "docs")
SUFFIXES = {".py", ".pyi", ".md", ".rst", ".toml", ".ipynb", ".html", ".js", ".css", ".cff"}
EXEMPT = {WORDS, ROOT / "CHANGELOG.md"}
"""The list itself, and the table of old names."""

NUMPYDOC_LEFT_OUT = {
    "GL01": "the summary starts on the line of the quotes",
    "GL08": "reported by another assertion, which names what has no docstring",
    "ES01": "a summary line is enough where a name is simple",
    "SA01": "See Also sections repeat what the reference groups show",
    "RT02": "a single returned value may have a name",
    "EX01 (methods)": "the example of the class shows its methods",
}


def prose_files() -> Iterator[Path]:
    """All text files of the project that a person reads."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            parts = set(path.relative_to(ROOT).parts)
            if path.suffix in SUFFIXES and not parts & {"_build", "generated", "__pycache__"}:
                yield path
    yield from (
        ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "CITATION.cff", "pyproject.toml")
    )


def word_list() -> list[tuple[re.Pattern[str], str, str]]:
    """Of each line of the list its pattern, its advice, and the part of a path that it is limited to."""
    found = []
    for line in WORDS.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, _, advice = line.partition(" => ")
            area = re.search(r" \{(.+)\}$", pattern)
            pattern = pattern[: area.start()] if area else pattern
            found.append(
                (re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE), advice, area[1] if area else "")
            )
    return found


def test_words_that_the_project_does_not_use() -> None:
    hits = []
    words = word_list()
    for path in prose_files():
        if path in EXEMPT:
            continue
        place = path.relative_to(ROOT).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for pattern, advice, area in words:
                if area in place and (word := pattern.search(line.replace("_", " "))):
                    hits.append(f"{place}:{number}: {word[0]!r}: {advice}")
    assert not hits, f"{len(hits)} hits\n" + "\n".join(hits)


def public_names() -> list[str]:
    """Every public name, and the public methods and properties that a class defines itself."""
    names = []
    for module, listed in ((evorobo, dir(evorobo)), (evorobo.testing, evorobo.testing.__all__)):
        for name in listed:
            names.append(f"{module.__name__}.{name}")
            thing = getattr(module, name)
            if inspect.isclass(thing):
                names += [
                    f"{module.__name__}.{name}.{member}"
                    for member, value in vars(thing).items()
                    if not member.startswith("_")
                    and (inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod))
                ]
    return names


def is_documented(name: str) -> bool:
    """Whether a name has a docstring, its own or that of the base class whose method it overrides."""
    thing: object = evorobo
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    return bool(inspect.getdoc(thing))


def test_public_names_have_numpydoc_sections() -> None:
    validate = pytest.importorskip("numpydoc.validate").validate
    hits = [f"{name}: has no docstring" for name in public_names() if not is_documented(name)]
    for name in public_names():
        member = name.count(".") - name.startswith("evorobo.testing") > 1
        for code, text in validate(name)["errors"]:
            if code not in NUMPYDOC_LEFT_OUT and not (member and f"{code} (methods)" in NUMPYDOC_LEFT_OUT):
                hits.append(f"{name}: {code} {text}")
    assert not hits, f"{len(hits)} hits\n" + "\n".join(hits)


def examples_that_fail() -> list[str]:
    """Run the examples of all public names; return what doctest reports of each that fails."""
    runner = doctest.DocTestRunner(verbose=False)
    finder = doctest.DocTestFinder(recurse=False)
    failed = []
    for name in public_names():
        thing: object = evorobo
        for part in name.split(".")[1:]:
            thing = getattr(thing, part)
        for example in finder.find(thing, name, globs={}):
            report: list[str] = []
            if runner.run(example, out=report.append).failed:
                failed.append("".join(report))
    assert runner.tries > 200
    return failed


@pytest.mark.slow
def test_the_examples_of_public_names_run(tmp_path: Path) -> None:
    """They run in a process of their own: some register names, which other tests register too."""
    program = "import test_prose; print(*test_prose.examples_that_fail(), sep='\\n', end='')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))), "MPLBACKEND": "agg"},
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
