"""One trial: one method on one task at one seed, paid from one budget, logged, and never lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.checks import check_integer
from evorobo.errors import EvoroboError, ResultsError
from evorobo.learners.base import Learner, Method
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import from_plain, to_plain
from evorobo.study.budget import Budget
from evorobo.study.callbacks import Callback, check_callbacks as check_callbacks
from evorobo.study.code_fingerprint import user_defined
from evorobo.study.folders import read_json, suggest_trial, trial_status
from evorobo.study.provenance import fingerprints, iter_definitions
from evorobo.study.running import ProgressFunction, run_batch
from evorobo.tasks.base import Task


@register_component("settings", "Trial")
@dataclass(frozen=True)
class Trial:
    """Settings of one run. `hidden` are the layers between the task's inputs and outputs, as users write them.

    At one seed every method starts from the same genome, and the same trial gives the same curve wherever it runs.
    """

    task: Task
    method: Method
    budget: Budget
    hidden: tuple[Hidden, ...]
    seed: int
    callbacks: tuple[Callback, ...] = ()

    def __post_init__(self) -> None:
        check_callbacks(self.callbacks)
        check_integer(0, seed=self.seed)

    @property
    def path(self) -> str:
        """Where it lies in its study: task/method/seed-N."""
        return f"{self.task.name}/{self.method.name}/seed-{self.seed}"

    @cached_property
    def spec(self) -> NetworkSpec:
        return NetworkSpec.build(self.task.n_inputs, self.hidden, self.task.n_outputs, self.task.output)

    def start(self) -> Learner:
        """The method at the beginning of its work."""
        return self.method.start(self.task, self.spec, np.random.default_rng(self.seed))

    def run(
        self,
        folder: str | Path,
        on_progress: ProgressFunction = lambda share: None,
        should_stop: Callable[[], bool] = bool,
    ) -> str:
        """Run in `folder`, or go on where an interrupted run stopped, or do nothing where it has finished.

        Returns "finished", "diverged" (its learning ran away; the last genome before that is kept) or "failed"; the
        reason of these two is in `result.json`, and next time they start over.
        Raises `Interrupted`, with everything kept, when `stop()` says so.
        """
        (ending,) = run_batch([self], [Path(folder)], [on_progress], should_stop)
        if isinstance(ending, ResultsError):
            raise ending
        return ending

    def check(self, folder: Path) -> None:
        """Raise `ResultsError` where `folder` holds a trial of other settings, or of data or code that have changed."""
        if not (folder / "trial.json").exists():
            return
        there, here = read_json(folder / "trial.json"), json.loads(json.dumps(to_plain(self)))
        cure = "Keep it and give another folder with --results, or delete it."
        if there != here:
            raise ResultsError(f"{folder} holds a run of other settings ({first_difference(there, here)}). {cure}")
        if (folder / "machine.json").exists() and trial_status(folder) not in (
            "failed",
            "diverged",
        ):  # these start over
            self._check_content(folder, cure)

    def changed_fingerprints(self, folder: Path) -> list[str]:
        """Which of the fingerprints in the `machine.json` of a run are others now."""
        there = read_json(folder / "machine.json")
        return [name for name, now in fingerprints(self).items() if there.get(name, now) != now]

    def _check_content(self, folder: Path, cure: str) -> None:
        for name in self.changed_fingerprints(folder):
            if file := {"data_sha256": "data", "teacher_sha256": "a teacher's files"}.get(name):
                raise ResultsError(f"{folder} holds a run of {file} that have changed since. {cure}")
            names = ", ".join(thing.__qualname__ for thing in user_defined(iter_definitions(self)))
            raise ResultsError(
                f"{folder} holds a run of code that has changed since ({names or 'now there is none'}; draw, comments "
                f"and docstrings do not count). {cure}"
            )

    @classmethod
    def load(cls, path: str | Path) -> Trial:
        """The trial of a `trial.json`; it runs again to the identical curve."""
        path = Path(path)
        if not path.is_file():
            raise ResultsError(f"{path.parent} holds no trial; {suggest_trial(path.parent)}")
        try:
            trial = from_plain(json.loads(path.read_text()))
        except EvoroboError as error:
            raise ResultsError(f"{path} cannot be run here: {error}") from error
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path} is no trial.json that can be read: {error}.") from error
        if not isinstance(trial, cls):
            raise ResultsError(f"{path} holds no trial; {suggest_trial(path.parent)}")
        return trial


def first_difference(there: Any, here: Any, path: str = "") -> str:
    """The first field in which two plain settings differ, in words."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in [*there, *here]:
            if there.get(key) != here.get(key) or (key in there) != (key in here):
                return first_difference(there.get(key), here.get(key), f"{path}.{key}" if path else str(key))
    return f"{path or 'settings'} is {json.dumps(there)} there and {json.dumps(here)} here"
