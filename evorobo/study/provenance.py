"""What a run was made with: versions, machine, data and the user's own code, written beside its results."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import Any

from evorobo.downloads import fingerprint
from evorobo.settings import user_components
from evorobo.study.base import TrialSettings
from evorobo.study.code_fingerprint import code_sha256
from evorobo.tasks.control.simulators.lookup import entry_points
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.control.teaching.teachers import MixedTeachers, NoisyTeacher, Teacher
from evorobo.tasks.data.dataset import find_loader
from evorobo.tasks.data.task import DatasetTask
from evorobo.version import __version__


def provenance(trial: TrialSettings) -> dict[str, Any]:
    """Versions of what counts, the processor and the system, and the `content` of the trial.

    No names of people, hosts or folders.
    """
    return {
        "python": platform.python_version(),
        **_versions(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        **fingerprints(trial),
    }


@cache
def _versions() -> dict[str, str]:
    """Of the packages on which numbers hang; reading them takes 40 ms."""
    packages = ["numpy", "deap", "gymnasium", "scipy", *filter(find_spec, ("mujoco", "numba"))]
    return {"evorobo": __version__, **{name: version(name) for name in packages}}


def fingerprints(trial: TrialSettings) -> dict[str, str | None]:
    """The sha256 of the data of the trial's task, of the files of its teacher, and of the user's own code in its task
    and in the rest of it; None where there is none."""
    return {
        "data_sha256": getattr(trial.task, "fingerprint", None),
        "teacher_sha256": _teacher_sha256(trial.task) if isinstance(trial.task, ControlTask) else None,
        "task_code_sha256": code_sha256(iter_definitions(trial.task)),
        "learning_code_sha256": code_sha256(iter_definitions((trial.method, trial.hidden, trial.callbacks))),
    }


def _teacher_sha256(task: ControlTask) -> str | None:
    paths = [Path(text) for text in _texts(task.teacher)]
    every = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    files = [file for file in every if file.is_file()]
    return fingerprint(*files) if files else None


def _texts(teacher: Teacher) -> Iterator[str]:
    """The paths of genomes and recordings that a teacher is made of."""
    match teacher:
        case str():
            yield teacher
        case NoisyTeacher():
            yield from _texts(teacher.teacher)
        case MixedTeachers():
            for each in teacher.teachers:
                yield from _texts(each)


def iter_definitions(value: Any) -> Iterator[Any]:
    """The classes and functions that settings are made of, and those behind the names of robots and the user's keys."""
    if isinstance(value, ControlTask):
        yield from iter_definitions(entry_points(value.env))
    if isinstance(value, DatasetTask):
        yield from iter_definitions(find_loader(value.source))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for field in dataclasses.fields(value):
            yield from iter_definitions(getattr(value, field.name))
    elif isinstance(value, FunctionType | type):
        yield value
    elif isinstance(value, Mapping):
        yield from iter_definitions(tuple(value.values()))
    elif isinstance(value, str):
        yield from iter_definitions(user_components(value))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from iter_definitions(each)
