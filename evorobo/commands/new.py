"""`evorobo new-task`, `new-dataset` and `check-task`: create folders for robots and data, and check them."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evorobo.arguments import Parser, add_trust
from evorobo.errors import SettingsError, TaskError
from evorobo.files import as_path
from evorobo.printable import terminal_width, wrapped
from evorobo.tasks.text.cells import is_number


def add_new_task(parser: Parser) -> None:
    """Add the arguments of `evorobo new-task`."""
    parser.description = "Create a folder with a robot, a teacher, an experiment and a test, as a start for your own."
    parser.add_argument("name", metavar="NAME", help="of the folder and the robot: my_robot")
    parser.set_defaults(function=new_task)


def new_task(args: argparse.Namespace) -> None:
    """Write the files of a new robot and print what to do next."""
    from evorobo.scaffold.robot import new_task

    print_next_steps(new_task(args.name), args.name)


def add_new_dataset(parser: Parser) -> None:
    """Add the arguments of `evorobo new-dataset`."""
    parser.description = "Create a folder with your data as a task, an experiment and a test."
    parser.add_argument("file", metavar="FILE", help="CSV, TSV, ARFF or NPZ")
    parser.add_argument("--target", default="-1", metavar="COLUMN,..", help="what to predict, by name or number (last)")
    parser.add_argument("--kind", metavar="KIND", help="classification or regression, where it is ambiguous")
    parser.add_argument("--ignore", default="", metavar="COLUMN,..", help="columns that are not inputs")
    parser.add_argument("--missing", choices=("drop", "mean", "median"), help="what is done about empty cells (median)")
    parser.add_argument("--one-hot", default="", metavar="COLUMN,..", help="columns of text, one input for each text")
    parser.add_argument(
        "--header", choices=("yes", "no"), help="whether the first row holds names, where it is unclear"
    )
    parser.add_argument(
        "--thousands", metavar="MARK", help="what separates thousands, '' for nothing, where it is unclear"
    )
    parser.add_argument(
        "--na-values", default="", metavar="VALUE,..", help="texts and numbers that stand for missing values: err,-999"
    )
    parser.add_argument("--name", metavar="NAME", help="of the folder (default: the name of the file)")
    parser.set_defaults(function=new_dataset)


def new_dataset(args: argparse.Namespace) -> None:
    """Write the files of a new data set, print what the data are and what to do next."""
    from evorobo.scaffold.dataset import new_dataset

    target = parse_columns(args.target)
    files, about = new_dataset(
        args.file,
        args.name,
        target=target[0] if len(target) == 1 else target,
        kind=args.kind,
        ignore=parse_columns(args.ignore),
        missing=args.missing,
        one_hot=parse_columns(args.one_hot),
        na_values=parse_cells(args.na_values),
        header={"yes": True, "no": False, None: None}[args.header],
        thousands=args.thousands,
    )
    print(wrapped(about, terminal_width(), "  "))
    print_next_steps(files, files[0].parent.name)


def add_check_task(parser: Parser) -> None:
    """Add the arguments of `evorobo check-task`."""
    parser.description = "Check that a robot or a task keeps its contract, and print what to fix where it does not."
    parser.add_argument("task", metavar="TASK", help="my_file:MyRobot, my_file:task, CartPole-v1 or data.csv")
    parser.add_argument(
        "--max-steps", type=int, metavar="N", help="steps after which an episode ends, for an id without a limit"
    )
    add_trust(parser)
    parser.set_defaults(function=check_task)


def check_task(args: argparse.Namespace) -> None:
    """Check a robot, a task, an id or a data file, and print its reference scores."""
    thing = resolve_target(args.task)
    if isinstance(thing, str):
        check_id(thing, args.trust, args.max_steps)
    elif args.max_steps is not None:
        raise SettingsError(f"--max-steps is for the id of an environment; set it in the class or task of {args.task}.")
    else:
        check_object(thing, args.task)


def check_object(thing: Any, name: str) -> None:
    """Check a robot or a task, given as an object or as a class without required settings."""
    from evorobo.tasks.control.robots.base import Robot
    from evorobo.testing import check_robot, check_task

    instance = thing
    if isinstance(thing, type):
        try:
            instance = thing()
        except TypeError as error:
            raise TaskError(f"{name} needs settings ({error}); give its fields defaults.") from error
    if isinstance(instance, Robot):
        report = check_robot(instance)
        print(f"{name}: the robot is valid. Its rows are independent, its noise comes from rng, its shapes fit.")
        print(report.gradient)
        ids = ids_of_robot(type(instance))
        for id in ids:
            check_id(id, with_gradient=False)
        if not ids:
            print(
                f'No id is registered for it: evorobo.register({type(instance).__name__}, "my/Name-v0") makes a task.'
            )
    elif hasattr(instance, "score") and hasattr(instance, "examples"):
        check_task(instance)
        print(f"{name}: the task is valid. {format_scores(instance)}")
    else:
        kind = type(instance).__name__
        raise TaskError(f"{name} is a {kind}, neither an evorobo.Robot nor a task; give the name of one of these.")


def check_id(id: str, trust: bool = False, max_steps: int | None = None, *, with_gradient: bool = True) -> None:
    """Check the task of an id or a data file; a control task is checked with few episodes of `max_steps` at most."""
    from evorobo.commands.targets import resolve_task
    from evorobo.tasks.control.gradients.robot_graph import describe_gradient
    from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
    from evorobo.tasks.control.task import ControlTask
    from evorobo.testing import check_task

    task = resolve_task(id, trust)
    if isinstance(task, ControlTask):
        task = ControlTask(task.env, max_steps=max_steps or task.max_steps, test_episodes=20, n_demonstrations=5)
    elif max_steps is not None:
        raise SettingsError(f"{id} is no environment, so it has no steps; leave out --max-steps.")
    check_task(task)
    print(f"{id}: the task is valid. {format_scores(task)}")
    if with_gradient and isinstance(task, ControlTask) and isinstance(task.env_spec, RobotEnvSpec):
        print(describe_gradient(task.env_spec.robot))
    scores = task.references()
    if scores.get("teacher", float("inf")) <= scores.get("random", float("-inf")):
        print("Its teacher is no better than random actions, so copying it is useless; fix or delete the teacher.")


def format_scores(task: Any) -> str:
    """Return the sizes of a task and its reference scores as text."""
    scores = ", ".join(f"{name} {score:.4g}" for name, score in task.references().items())
    return f"{task.n_inputs} inputs, {task.n_outputs} outputs; {task.metric_info.name}: {scores}."


def ids_of_robot(robot: type) -> list[str]:
    """Return the ids under which a robot class is registered, each with the file that registers it."""
    from evorobo.settings import reference_to
    from evorobo.tasks.control.robots.registry import qualified_id, registered_robots

    reference = reference_to(robot)
    return [qualified_id(id) for id, spec in registered_robots().items() if spec.kwargs.get("robot") == reference]


def resolve_target(text: str) -> Any:
    """Return the class or object of `file:Name` or `module:Name`; an id or a data file is returned as it is."""
    from evorobo.settings import resolve_reference

    where, colon, name = text.rpartition(":")
    where = str(as_path(where)) if where else where
    if not colon or not name.isidentifier():
        if text.endswith(".py"):
            raise SettingsError(f"which robot or task of {text}? Write {text}:Name.")
        return text
    if not where.endswith(".py") and Path(f"{where}.py").is_file():
        where = f"{where}.py"
    if where.endswith(".py") and not Path(where).is_file():
        raise SettingsError(f"there is no file {where}; give the path from the current folder.")
    return resolve_reference(f"{where}:{name}")


def parse_columns(text: str) -> tuple[str | int, ...]:
    """Return columns by name or number."""
    columns = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(int(column) if column.removeprefix("-").isdigit() else column for column in columns)


def parse_cells(text: str) -> tuple[str | float, ...]:
    """Return contents of cells as numbers where they are numbers, else as texts."""
    cells = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(float(cell) if is_number(cell) else cell for cell in cells)


def print_next_steps(files: list[Path], name: str) -> None:
    """Print the files that were written and the commands that run and test them."""
    for file in files:
        print(file)
    tests = "python -m pytest" if find_spec("pytest") else "pip install pytest; python -m pytest"
    print(f"\nNow: cd {name}; python experiment.py; {tests}")
