"""Tasks and genomes by the names that the command line takes."""

from __future__ import annotations

import sys
from pathlib import Path

from evorobo.errors import DataError, ResultsError, SettingsError
from evorobo.files import as_path
from evorobo.printable import printable
from evorobo.study.trust import UntrustedCode
from evorobo.tasks.base import Task
from evorobo.user_code import as_error


def resolve_task(name: str, trust: bool = False) -> Task:
    """Return the task of a gymnasium id, a data set's name, a data file or a `trial.json`.

    An id or a name may have a file in front: "my_file.py:my/Robot-v0", "my_file.py:my-set". `trust` is for code that a
    `trial.json` of other people names.
    """
    from evorobo.study.trial import Trial
    from evorobo.tasks.control.task import ControlTask
    from evorobo.tasks.data.dataset import find_loader
    from evorobo.tasks.data.readers import is_data_file
    from evorobo.tasks.data.task import DatasetTask

    if name.endswith(".json"):
        return Trial.load(name, trust=trust).task
    if is_data_file(name) or find_loader(name) is not None:
        return DatasetTask(name)
    return ControlTask(name)


def find_genome(path_or_folder: str) -> Path:
    """Return the path of a genome, given itself or the folder of its trial."""
    from evorobo.study.digests import checked_path
    from evorobo.study.folders import suggest_trial

    path = as_path(path_or_folder)
    path = path / "genome.npz" if path.is_dir() else path
    if not path.is_file():
        raise DataError(f"there is no genome {path}; {suggest_trial(Path(path_or_folder))}")
    return checked_path(path.parent, path.name)


def task_of_genome(genome: Path, trust: bool = False) -> Task | None:
    """Return the task of the trial in whose folder a genome lies, or None outside such a folder.

    Where it would run code of other people without `trust`, it is left out, with a sentence on the error stream.
    """
    trial = genome.with_name("trial.json")
    if not trial.is_file():
        return None
    try:
        task = resolve_task(str(trial), trust)
        _ = task.n_outputs  # a task loads its robot or data at the first use
    except UntrustedCode as error:
        note_left_out(error, "its task")
        return None
    except BaseException as error:  # the file of a robot can raise anything while it is loaded
        raise SettingsError(f"{as_error(error)} Name the task with --task, or use --task none.") from error
    return task


def note_left_out(error: ResultsError, part: str) -> None:
    """Print on the error stream which part is left out because the code of other people is not run."""
    print(f"evorobo: {part} is left out: {printable(error)}", file=sys.stderr)
