"""The tutorial is true: its commands run in order, its changes are made, and they print what the tutorial shows."""

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


def run_line(line: str, folder: Path) -> tuple[Path, str]:
    """Run a line of the shell; return the folder after it, and its output."""
    program, _, rest = line.partition(" ")
    if program == "cd":
        return folder / rest, ""
    tiny = f" {TINY}" if "experiment.py" in line else ""
    done = subprocess.run(
        f"{COMMANDS.get(program, program)} {rest}{tiny}",
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return folder, done.stdout + done.stderr


def replace_definition(path: Path, code: str) -> None:
    """Replace the setting or the function of the robot that has the name of the one in `code`."""
    text = path.read_text()
    name = re.match(r" +(?:def )?(\w+)", code).group(1)  # type: ignore[union-attr]
    pattern = rf"    def {name}\(.*?(?=\n    def |\n\n\n)" if "def " in code else rf"    {name} = [^\n]*"
    changed, count = re.subn(pattern, lambda _: code.rstrip(), text, count=1, flags=re.DOTALL)
    assert count == 1, name
    path.write_text(changed)


@pytest.mark.slow
def test_the_steps_print_what_the_tutorial_shows(tmp_path: Path) -> None:
    folder, printed = tmp_path, ""
    for language, block in BLOCKS:
        if language == "sh":
            if "cc " in block and shutil.which("cc") is None:
                pytest.skip("the last step needs a C compiler, cc; all others passed")
            printed = ""
            for line in block.splitlines():
                folder, output = run_line(line, folder)
                printed += output
        elif language == "python":
            replace_definition(folder / "my_robot.py", block)
        else:
            assert language == "text"
            for line in block.splitlines():
                assert line in printed
    for results in ("results", "blind", "memory"):
        for picture in ("curves.png", "paths-myrobot.png"):
            assert (folder / results / "my_robot" / picture).read_bytes().startswith(b"\x89PNG")


def test_the_readme_links_to_the_tutorial() -> None:
    assert "docs/tutorial.md" in (ROOT / "README.md").read_text()
