"""`evorobo run` and `lessons`: scripts at work, and a trial run again."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from evorobo.errors import SettingsError


def run(words: list[str]) -> None:
    """SCRIPT [flags]: run an experiment script, or again the trial of a trial.json; SCRIPT --help lists the flags"""
    if not words or words[0].startswith("-"):
        raise SettingsError("which script? For example: evorobo run experiments/phototaxis.py --seeds 3")
    script, flags = Path(words[0]), words[1:]
    if not script.is_file():
        raise SettingsError(f"there is no file {script}.")
    if script.suffix == ".json":
        _run_trial(script, flags)
        return
    sys.argv = [str(script), *flags]
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def _run_trial(path: Path, words: list[str]) -> None:
    from evorobo.arguments import Parser, parse
    from evorobo.study.folders import reason
    from evorobo.study.trial import Trial

    parser = Parser(prog="evorobo run trial.json")
    parser.add_argument("--results", default="results/again", metavar="DIR", help="where the run goes")
    folder = Path(parse(parser, words).results)
    trial = Trial.load(path)
    folder = folder / trial.path
    if (ended := trial.run(folder)) != "finished":
        print(f"evorobo: {folder} {ended}: {reason(folder)}", file=sys.stderr)
        raise SystemExit(1)
    print(f"{folder}: finished")


def lessons(words: list[str]) -> None:
    """[NUMBER|NAME|all] [flags]: what the course teaches, a line each; or run one of its lessons, or all"""
    from evorobo.course import lessons as course

    if not words:
        for script in course.lessons():
            print(f"{script.stem[:2]}  {course.statement(script)}")
        return
    ended = []
    for script in course.chosen(words[0]):
        print(f"{script.stem[:2]}  {course.statement(script)}", flush=True)
        ended.append(course.run(script, words[1:]))
    raise SystemExit(max(ended))
