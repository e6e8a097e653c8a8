"""`evorobo run` and `evorobo lessons`: run experiment scripts, single trials and the lessons of the course."""

from __future__ import annotations

import argparse
import runpy
import sys
import warnings
from pathlib import Path

from evorobo.arguments import Exit, Parser, add_trust, exit_with
from evorobo.errors import SettingsError
from evorobo.files import as_path
from evorobo.loading import add_current_folder


def add_run(parser: Parser) -> None:
    """Add the arguments of `evorobo run`."""
    parser.epilog = "evorobo run SCRIPT --help lists the options of the script."
    parser.add_argument("script", metavar="SCRIPT", help="an experiment script, or a trial.json")
    parser.add_argument("flags", nargs=argparse.REMAINDER, metavar="...", help="options of the script: --seeds 3")
    parser.set_defaults(function=run)


def run(args: argparse.Namespace) -> None:
    """Run a script as `python SCRIPT` does, or run the trial of a `trial.json` again."""
    script = as_path(args.script)
    if not script.is_file():
        raise SettingsError(f"there is no file {script}.")
    if script.suffix == ".json":
        run_trial(script, args.flags)
        return
    _check_script(script)
    add_current_folder()
    sys.argv = [str(script), *args.flags]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as error:
        raise Exit(error.code) from None  # the script ends as it does with python SCRIPT


def _check_script(script: Path) -> None:
    """Raise `SettingsError` for a file that is not a Python program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # running the script repeats them
            compile(script.read_bytes(), str(script), "exec")
    except OSError as error:
        raise SettingsError(f"{script} cannot be read ({error.strerror}); give an experiment script.") from error
    except SyntaxError as error:
        raise SettingsError(
            f"{script} is no Python program: line {error.lineno}: {error.msg}; correct it, or give another file."
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SettingsError(f"{script} is no Python program ({error}); give an experiment script.") from error


def run_trial(path: Path, flags: list[str]) -> None:
    """Run the trial of a `trial.json` again; exit with status 1 where it fails or diverges."""
    from evorobo.study.folders import trial_reason
    from evorobo.study.trial import Trial

    parser = Parser(prog="evorobo run trial.json", description="Run one trial again.")
    parser.add_argument("--results", default="results/again", metavar="DIR", help="folder of the new run")
    add_trust(parser)
    args = parser.parse_args(flags)
    trial = Trial.load(path, trust=args.trust)
    folder = as_path(args.results) / trial.path
    if (status := trial.run(folder)) != "finished":
        exit_with(f"{folder} {status}: {trial_reason(folder)}", 1)
    print(f"{folder}: finished")


def add_lessons(parser: Parser) -> None:
    """Add the arguments of `evorobo lessons`."""
    parser.description = "List the lessons of the course, or run one of them, or all."
    parser.add_argument("lesson", nargs="?", metavar="LESSON", help="number or name of a lesson, or all")
    parser.add_argument("flags", nargs=argparse.REMAINDER, metavar="...", help="options of the lesson: --seeds 3")
    parser.set_defaults(function=lessons)


def lessons(args: argparse.Namespace) -> None:
    """Print the titles of the lessons, or run some; exit with the largest exit status of those that ran."""
    from evorobo.course import lessons as course

    if not args.lesson:
        for script in course.find_lessons():
            print(f"{script.stem[:2]}  {course.lesson_title(script)}")
        return
    statuses = []
    for script in course.select_lessons(args.lesson):
        print(f"{script.stem[:2]}  {course.lesson_title(script)}", flush=True)
        statuses.append(course.run(script, args.flags))
    raise Exit(max(statuses))
