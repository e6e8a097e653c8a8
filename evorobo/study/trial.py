"""A trial: one method on one task at one seed, with one budget; it is logged and can be interrupted and continued."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.checks import check_name
from evorobo.errors import EvoroboError, ResultsError
from evorobo.fields import Seed
from evorobo.files import as_path
from evorobo.learners.base import Learner
from evorobo.learners.budget import StudiedBudget, check_budget
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import to_plain, with_defaults
from evorobo.study.base import StudiedMethod, StudiedTask
from evorobo.study.callbacks import StudiedCallback, check_callbacks as check_callbacks
from evorobo.study.code_fingerprint import user_defined
from evorobo.study.folders import TAKEN, UNFINISHED, Interrupted, holds_other_files, suggest_trial, trial_status
from evorobo.study.memory import check_memory
from evorobo.study.provenance import fingerprints, iter_definitions
from evorobo.study.records import check_format, read_object, read_record
from evorobo.study.running import ProgressFunction, run_batch
from evorobo.study.trust import read_settings, remember


@register_component("settings", "Trial")
@dataclass(frozen=True)
class Trial:
    """The settings of one run: a method on a task at a seed, within a budget.

    At one seed every method starts from the same genome. The same trial gives the same curve wherever it runs.

    Parameters
    ----------
    task : Task
        What is learned: a `ControlTask`, a `DatasetTask` or a task of your own.
    method : Method
        How it is learned: `Backprop`, `Evolution` or another method.
    budget : Budget
        What the trial may spend, and when the solution is evaluated.
    hidden : tuple of int or layer
        Layers between the inputs and outputs of the task; a number stands for a tanh layer of so many units.
    seed : int
        Seed of all random numbers, at least 0.
    callbacks : tuple of Callback, optional
        Called during the trial; they may stop it.

    Raises
    ------
    SettingsError
        Where the seed or a callback is invalid.

    Examples
    --------
    >>> import evorobo as er
    >>> trial = er.Trial(er.ControlTask("evorobo/Phototaxis-v0"), er.Backprop(), er.Budget(flops=1e7), (8,), seed=0)
    >>> trial.path
    'phototaxis/backprop/seed-0'
    >>> trial.spec.n_params
    42
    """

    task: StudiedTask
    method: StudiedMethod
    budget: StudiedBudget
    hidden: tuple[Hidden, ...]
    seed: Seed
    callbacks: tuple[StudiedCallback, ...] = ()

    def __post_init__(self) -> None:
        check_callbacks(self.callbacks)
        check_name(self.task.name)
        check_name(self.method.name)

    @cached_property
    def path(self) -> str:
        """Folder of the trial in its study: task/method/seed-N."""
        return f"{self.task.name}/{self.method.name}/seed-{self.seed}"

    def placed(self, folder: str) -> Trial:
        """Return the same trial with its path in a folder, as the tries of a search have folders of their own.

        Parameters
        ----------
        folder : str
            Name of the folder.

        Returns
        -------
        Trial
            A trial with the same settings.
        """
        trial = replace(self)
        trial.__dict__["path"] = f"{folder}/{self.path}"
        return trial

    @cached_property
    def spec(self) -> NetworkSpec:
        """Layers of the network and the number of its weights."""
        return NetworkSpec.build(self.task.n_inputs, self.hidden, self.task.n_outputs, self.task.output)

    def start(self) -> Learner:
        """Start the method.

        Returns
        -------
        Learner
            The method before its first step.
        """
        check_memory(self)
        check_budget(self.method, self.task, self.budget)
        return self.method.start(self.task, self.spec, np.random.default_rng(self.seed))

    def run(
        self,
        folder: str | Path,
        on_progress: ProgressFunction = lambda completed_fraction: None,
        should_stop: Callable[[], bool] = bool,
    ) -> str:
        """Run the trial in a folder.

        An interrupted trial continues from its checkpoint. A finished one is not run again. Failed and diverged ones
        start over.

        Parameters
        ----------
        folder : str or pathlib.Path
            Folder of the trial; it is created where it does not exist.
        on_progress : callable, optional
            Called before the first step and now and then after it, with the completed fraction of the trial, 0 to 1.
        should_stop : callable, optional
            Called now and then without arguments; True interrupts the trial.

        Returns
        -------
        str
            "finished"; "diverged" if the learning diverged, with the last finite genome kept; or "failed" after
            another error. The reason is in `result.json`.

        Raises
        ------
        ResultsError
            Where the folder cannot be written, holds a trial of other settings, data or code, or is in use by another
            process.
        Interrupted
            Where `should_stop` returned True, after a checkpoint was written.
        """
        (outcome,) = run_batch([self], [as_path(folder)], [on_progress], should_stop)
        if isinstance(outcome, ResultsError):
            raise outcome
        if outcome == UNFINISHED:
            raise Interrupted(f"{self.path} was interrupted and can be continued.")
        if outcome == TAKEN:
            raise ResultsError(
                f"another process runs the trial in {folder}; wait for its end, or give another folder with --results."
            )
        remember(as_path(folder) / "trial.json")
        return outcome

    def check(self, folder: Path) -> None:
        """Check that a folder is empty or holds this trial.

        Parameters
        ----------
        folder : pathlib.Path
            Folder of a trial; it need not exist.

        Raises
        ------
        ResultsError
            Where it holds a trial of other settings, or of data or code that changed since, or files without the
            settings that they belong to.
        """
        cure = "Keep it and give another folder with --results, or delete it."
        if not (folder / "trial.json").exists():
            if holds_other_files(folder):
                raise ResultsError(f"{folder} holds files but no trial.json, so their settings are unknown. {cure}")
            return
        old, new = with_defaults(read_record(folder / "trial.json")), json.loads(json.dumps(to_plain(self)))
        if old != new:
            raise ResultsError(f"{folder} holds a run of other settings ({first_difference(old, new)}). {cure}")
        starts_over = trial_status(folder) in ("failed", "diverged")
        if (folder / "machine.json").exists() and not starts_over:
            self._check_content(folder, cure)

    def changed_fingerprints(self, folder: Path) -> list[str]:
        """Compare data and code with those of a run.

        Parameters
        ----------
        folder : pathlib.Path
            Folder of a run of this trial, with a `machine.json`.

        Returns
        -------
        list of str
            Names of the fingerprints in `machine.json` that differ now.
        """
        old = read_object(folder / "machine.json")
        return [name for name, now in fingerprints(self).items() if old.get(name, now) != now]

    def _check_content(self, folder: Path, cure: str) -> None:
        for name in self.changed_fingerprints(folder):
            if files := _CHANGED.get(name):
                raise ResultsError(f"{folder} holds a run of {files} changed since. {cure}")
            names = ", ".join(definition.__qualname__ for definition in user_defined(iter_definitions(self)))
            raise ResultsError(
                f"{folder} holds a run of code that has changed since ({names or 'now there is none'}; draw, comments "
                f"and docstrings do not count). {cure}"
            )

    @classmethod
    def load(cls, path: str | Path, *, trust: bool = False) -> Trial:
        """Read the trial of a `trial.json`; it runs again to the identical curve.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.
        trust : bool, default False
            Whether files and modules that the settings name are imported although this user's runs did not write the
            file. Those of the user's own results are always imported.

        Returns
        -------
        Trial
            The trial, with its task, method and callbacks.

        Raises
        ------
        ResultsError
            Where there is no such file, it is damaged or of another version, its robot, data or code is missing, or it
            names code and is neither the user's own nor trusted.
        """
        path = as_path(path)
        content = read_object(path) if path.is_file() else {}
        if content.get("type") != "Trial":
            raise ResultsError(f"{path.parent} holds no trial; {suggest_trial(path.parent)}")
        check_format(path, content.pop("format", 1))
        try:
            trial: Trial = read_settings(content, path, trust)
        except ResultsError:
            raise
        except EvoroboError as error:
            raise ResultsError(f"{path} cannot be run here: {error}") from error
        return trial


def first_difference(old: Any, new: Any, path: str = "") -> str:
    """Return the first field in which two plain settings differ, with both values, as text."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *new]:
            if old.get(key) != new.get(key) or (key in old) != (key in new):
                return first_difference(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    return f"{path or 'settings'} is {json.dumps(old)} there and {json.dumps(new)} here"


_CHANGED = {
    "data_sha256": "data that have",
    "teacher_sha256": "a teacher's files that have",
    "warm_start_sha256": "a warm start that has",
}
"""What a changed fingerprint is of, where it is not code."""
