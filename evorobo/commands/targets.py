"""The task that a word of the command line means."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import DataError, SettingsError
from evorobo.tasks.base import Task


def resolve_task(name: str) -> Task:
    """A gymnasium id ("CartPole-v1", "my_file.py:my/Robot-v0"), a data set ("scitos-24", "my_file.py:my-set"), a data file, or a `trial.json`."""
    from evorobo.study.trial import Trial
    from evorobo.tasks.control.task import ControlTask
    from evorobo.tasks.data.dataset import find_loader
    from evorobo.tasks.data.readers import is_data_file
    from evorobo.tasks.data.task import DatasetTask

    if name.endswith(".json"):
        return Trial.load(name).task
    if is_data_file(name) or find_loader(name) is not None:
        return DatasetTask(name)
    return ControlTask(name)


def find_genome(path_or_folder: str) -> Path:
    """The genome of that path, or of that trial's folder."""
    from evorobo.study.folders import suggest_trial

    path = Path(path_or_folder)
    path = path / "genome.npz" if path.is_dir() else path
    if not path.is_file():
        raise DataError(f"there is no genome {path}; {suggest_trial(Path(path_or_folder))}")
    return path


def task_of_genome(genome: Path) -> Task | None:
    """The task of the trial in whose folder a genome lies, if there is one."""
    trial = genome.with_name("trial.json")
    if not trial.is_file():
        return None
    try:
        task = resolve_task(str(trial))
        _ = task.n_outputs  # a task looks for its robot or data when it is first asked about them
    except Exception as error:  # its robot's file may do anything while it is loaded
        raise SettingsError(f"{error} Name the task with --task, or say --task none.") from error
    return task
