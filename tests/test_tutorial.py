"""The tutorial is true: its commands run in their order, its changes are made, and the outputs are those it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TUTORIAL, re.DOTALL)
TINY = "--seeds 1 --jobs 1 --budget generations=2,n_evals=2"
COMMANDS = {"evorobo": f"{sys.executable} -m evorobo", "python": sys.executable}


def obey(line: str, folder: Path) -> tuple[Path, str]:
    """Where one is after a line of the shell, and what it said."""
    word, _, rest = line.partition(" ")
    if word == "cd":
        return folder / rest, ""
    tiny = f" {TINY}" if "experiment.py" in line else ""
    done = subprocess.run(
        f"{COMMANDS.get(word, word)} {rest}{tiny}",
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return folder, done.stdout + done.stderr


def change(path: Path, code: str) -> None:
    """Put a setting or a function of the robot in the place of the one of that name."""
    text = path.read_text()
    name = re.match(r" +(?:def )?(\w+)", code).group(1)  # type: ignore[union-attr]
    pattern = rf"    def {name}\(.*?(?=\n    def |\n\n\n)" if "def " in code else rf"    {name} = [^\n]*"
    changed, count = re.subn(pattern, lambda _: code.rstrip(), text, count=1, flags=re.DOTALL)
    assert count == 1, name
    path.write_text(changed)


def test_a_reader_who_follows_it_sees_what_it_says(tmp_path: Path) -> None:
    folder, said = tmp_path, ""
    for language, block in BLOCKS:
        if language == "sh":
            if "cc " in block and shutil.which("cc") is None:
                pytest.skip("all but the last step is done; there is no C compiler cc on this computer")
            said = ""
            for line in block.splitlines():
                folder, answer = obey(line, folder)
                said += answer
        elif language == "python":
            change(folder / "my_robot.py", block)
        else:
            assert language == "text"
            for line in block.splitlines():
                assert line in said
    for results in ("results", "blind", "memory"):
        for picture in ("curves.png", "paths-myrobot.png"):
            assert (folder / results / "my_robot" / picture).read_bytes().startswith(b"\x89PNG")


def test_it_is_linked_from_the_readme_and_links_to_what_is_there() -> None:
    assert "docs/tutorial.md" in (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)", TUTORIAL):
        assert (ROOT / "docs" / target).exists(), target
