"""`evorobo new-task`, `new-dataset` and `check-task`: bring your robot, bring your data, see whether they are sound."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evorobo.errors import SettingsError, TaskError


def new_task(argv: list[str]) -> None:
    """NAME: a folder with a robot, a teacher, an experiment and a test, to be changed into yours"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.scaffold.robot import new_task

    parser = Parser(prog="evorobo new-task")
    parser.add_argument("name", help="of the folder and the robot: my_robot")
    name = parse_args(parser, argv).name
    _tell(new_task(name), name)


def new_dataset(argv: list[str]) -> None:
    """FILE [--target COLUMN,..] [--kind KIND] [--ignore COLUMN,..] [--name NAME]: a folder with your data as a task"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.scaffold.dataset import new_dataset

    parser = Parser(prog="evorobo new-dataset")
    parser.add_argument("file", help="CSV, TSV, ARFF or NPZ")
    parser.add_argument("--target", default="-1", metavar="COLUMN", help="what to predict, by name or number (last)")
    parser.add_argument("--kind", metavar="KIND", help="classification or regression, where it cannot be guessed")
    parser.add_argument("--ignore", default="", metavar="COLUMN,..", help="columns that nobody is shown")
    parser.add_argument("--name", metavar="NAME", help="of the folder; default: the file's")
    asked = parse_args(parser, argv)
    target = _columns(asked.target)
    settings = {"kind": asked.kind, "ignore": _columns(asked.ignore)}
    files, about = new_dataset(asked.file, asked.name, target=target[0] if len(target) == 1 else target, **settings)
    print(about)
    _tell(files, files[0].parent.name)


def check(argv: list[str]) -> None:
    """FILE:ROBOT | ID | DATA: does a robot or a task keep its contract, and if not, what is to be mended?"""
    from evorobo.arguments import Parser, parse_args

    parser = Parser(prog="evorobo check-task")
    parser.add_argument("task", help="my_file:MyRobot, my_file:task, CartPole-v1, data.csv")
    word = parse_args(parser, argv).task
    thing = _found(word)
    if isinstance(thing, str):
        _check_id(thing)
    else:
        _check_thing(thing, word)


def _check_thing(thing: Any, word: str) -> None:
    from evorobo.tasks.control.robots.base import Robot
    from evorobo.testing import check_robot, check_task

    made = thing
    if isinstance(thing, type):
        try:
            made = thing()
        except TypeError as error:
            raise TaskError(f"{word} cannot be made without settings ({error}); give its fields defaults.") from error
    if isinstance(made, Robot):
        check_robot(made)
        print(f"{word}: a sound robot. Its rows stand alone, its chance is drawn from rng, its shapes fit.")
        ids = _ids(type(made))
        for each in ids:
            _check_id(each)
        if not ids:
            print(f'No id is registered for it: evorobo.register({type(made).__name__}, "my/Name-v0") makes it a task.')
    elif hasattr(made, "score") and hasattr(made, "examples"):
        check_task(made)
        print(f"{word}: a sound task. {_scores(made)}")
    else:
        raise TaskError(f"{word} is a {type(made).__name__}, neither an evorobo.Robot nor a task; name one of these.")


def _check_id(id: str) -> None:
    from evorobo.commands.targets import resolve_task
    from evorobo.tasks.control.task import ControlTask
    from evorobo.testing import check_task

    task = resolve_task(id)
    if isinstance(task, ControlTask):
        task = ControlTask(task.env, test_episodes=20, n_demonstrations=5)
    check_task(task)
    print(f"{id}: a sound task. {_scores(task)}")
    scores = task.references()
    if scores.get("teacher", float("inf")) <= scores.get("random", float("-inf")):
        print("Its teacher does no better than chance, so copying it teaches nothing; mend or delete the teacher.")


def _scores(task: Any) -> str:
    scores = ", ".join(f"{name} {score:.4g}" for name, score in task.references().items())
    return f"{task.n_inputs} inputs, {task.n_outputs} outputs; {task.metric_info.name}: {scores}."


def _ids(robot: type) -> list[str]:
    """The ids under which a robot class is registered, with the file that makes them known."""
    from evorobo.settings import reference_to
    from evorobo.tasks.control.robots.registry import qualified_id, registered_robots

    name = reference_to(robot)
    return [qualified_id(id) for id, spec in registered_robots().items() if spec.kwargs.get("robot") == name]


def _found(word: str) -> Any:
    """The class or object that `file:Name` or `module:Name` means; an id or a data file stays a word."""
    from evorobo.settings import resolve_reference

    where, colon, name = word.rpartition(":")
    if not colon or not name.isidentifier():
        if word.endswith(".py"):
            raise SettingsError(f"which robot or task of {word}? Say {word}:Name.")
        return word
    if not where.endswith(".py") and Path(f"{where}.py").is_file():
        where = f"{where}.py"
    if where.endswith(".py") and not Path(where).is_file():
        raise SettingsError(f"there is no file {where}; give the path from the folder in which you run.")
    return resolve_reference(f"{where}:{name}")


def _columns(text: str) -> tuple[str | int, ...]:
    """Columns by name or number."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    return tuple(int(word) if word.removeprefix("-").isdigit() else word for word in words)


def _tell(files: list[Path], name: str) -> None:
    for file in files:
        print(file)
    tests = "python -m pytest" if find_spec("pytest") else "pip install pytest; python -m pytest"
    print(f"\nNow: cd {name}; python experiment.py; {tests}")
