"""`evorobo run` and `lessons`: scripts at work, and a trial run again."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from evorobo.errors import SettingsError


def run(argv: list[str]) -> None:
    """SCRIPT [flags]: run an experiment script, or again the trial of a trial.json; SCRIPT --help lists the flags"""
    if not argv or argv[0].startswith("-"):
        raise SettingsError("which script? For example: evorobo run experiments/phototaxis.py --seeds 3")
    script, flags = Path(argv[0]), argv[1:]
    if not script.is_file():
        raise SettingsError(f"there is no file {script}.")
    if script.suffix == ".json":
        _run_trial(script, flags)
        return
    sys.argv = [str(script), *flags]
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def _run_trial(path: Path, argv: list[str]) -> None:
    from evorobo.arguments import Parser, parse_args
    from evorobo.study.folders import trial_reason
    from evorobo.study.trial import Trial

    parser = Parser(prog="evorobo run trial.json")
    parser.add_argument("--results", default="results/again", metavar="DIR", help="where the run goes")
    folder = Path(parse_args(parser, argv).results)
    trial = Trial.load(path)
    folder = folder / trial.path
    if (ended := trial.run(folder)) != "finished":
        print(f"evorobo: {folder} {ended}: {trial_reason(folder)}", file=sys.stderr)
        raise SystemExit(1)
    print(f"{folder}: finished")


def lessons(argv: list[str]) -> None:
    """[NUMBER|NAME|all] [flags]: what the course teaches, a line each; or run one of its lessons, or all"""
    from evorobo.course import lessons as course

    if not argv:
        for script in course.find_lessons():
            print(f"{script.stem[:2]}  {course.lesson_title(script)}")
        return
    ended = []
    for script in course.select_lessons(argv[0]):
        print(f"{script.stem[:2]}  {course.lesson_title(script)}", flush=True)
        ended.append(course.run(script, argv[1:]))
    raise SystemExit(max(ended))
