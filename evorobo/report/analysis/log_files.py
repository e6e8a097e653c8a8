"""Read files and folders of logs of Stable-Baselines3 as runs that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evorobo.errors import DataError
from evorobo.study.baselines import files_by_run, is_of_parallel_environment, read_evaluations, read_monitors
from evorobo.study.results import Results, Run
from evorobo.tasks.base import MetricInfo

_MONITOR, _EVALUATIONS = "monitor.csv", "evaluations.npz"


def is_log(path: Path) -> bool:
    """Whether it is a monitor file, or an archive of evaluations."""
    return path.name.lower().endswith((_MONITOR, ".npz"))


def find_logs(folder: Path) -> list[Path]:
    """The monitor files or the `evaluations.npz` in a folder and in two levels of folders inside.

    Raises `DataError` where both kinds are there: which of them is meant is not known.
    """
    inside = sorted(file for pattern in ("*", "*/*", "*/*/*") for file in folder.glob(pattern))
    files = [file for file in inside if file.name.lower().endswith((_MONITOR, _EVALUATIONS))]
    monitors = [file for file in files if file.name.lower().endswith(_MONITOR)]
    if monitors and len(monitors) < len(files):
        evaluations = next(file for file in files if file not in monitors)
        raise DataError(
            f"{folder} holds monitor files of training episodes ({monitors[0].relative_to(folder)}) and evaluations "
            f"({evaluations.relative_to(folder)}); give a folder that holds one kind, or a file."
        )
    return files


def read_logs(path: Path, files: Iterable[Path], task: str, lower_is_better: bool) -> Results:
    """The runs of one method in log `files` at `path`, a file or their folder, which gives the method its name."""
    runs = []
    for seed, of_run in enumerate(files_by_run(files).values()):
        _check_complete(of_run)
        is_archive = of_run[0].suffix.lower() == ".npz"
        curve = read_evaluations(of_run[0]) if is_archive else read_monitors(of_run)
        runs.append(Run(of_run[0], task, _name(path), seed, "finished", "", curve))
    metric = MetricInfo("episode return", higher_is_better=not lower_is_better)
    return Results(runs[0].folder, _name(path), [task], [_name(path)], {task: metric}, {task: {}}, {}, runs=runs)


def _check_complete(files: list[Path]) -> None:
    """Raise `DataError` for some of the environments of a run without the others."""
    beside = [file for file in sorted(files[0].parent.iterdir()) if is_of_parallel_environment(file)]
    if is_of_parallel_environment(files[0]) and len(beside) > len(files):
        raise DataError(
            f"{files[0]} is one of the {len(beside)} environments of a run; give the folder {files[0].parent}, or a "
            "folder that holds this file alone."
        )


def _name(path: Path) -> str:
    """The name of the logs: of the folder, or of the file where it has one of its own, such as ppo.monitor.csv."""
    own = path.name.lower().removesuffix(_MONITOR).removesuffix("evaluations.npz").removesuffix(".npz").strip("._-")
    if path.is_dir() or not own or own.isdecimal():
        return (path if path.is_dir() else path.parent).resolve().name
    return path.name[: len(own)]
