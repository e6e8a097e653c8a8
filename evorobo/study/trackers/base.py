"""What an experiment tracker is: it opens a run for each trial, which is given the rows of the trial's log."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, ClassVar, Literal

from evorobo.errors import SettingsError

StepColumn = Literal[
    "flops", "env_steps", "episodes", "samples", "robot_flops", "forward_flops", "backward_flops", "update_flops"
]  # fmt: skip
"""What the steps of a tracker can count: whole numbers that grow with each eval."""


@dataclass(frozen=True, eq=False)
class TrackedTrial:
    """A trial as trackers receive it.

    Parameters
    ----------
    study, task, method : str
        Names of the study, the task and the method.
    seed : int
        Seed of the trial.
    settings : dict
        The settings of the trial as plain data, as in its `trial.json`.
    started_at : float
        When the trial began, in seconds since 1970.

    Examples
    --------
    >>> from evorobo import TrackedTrial
    >>> TrackedTrial("lamp", "phototaxis", "cma-es", 3, {}, 0.0).path
    'phototaxis/cma-es/seed-3'
    """

    study: str
    task: str
    method: str
    seed: int
    settings: Mapping[str, Any]
    started_at: float

    @property
    def path(self) -> str:
        """The name of the trial in its study."""
        return f"{self.task}/{self.method}/seed-{self.seed}"


class TrackerRun(ABC):
    """A run that is open in a tracker, for one trial. Derive from it beside a `Tracker`.

    Parameters
    ----------
    run_id : str
        What the tracker finds the run by, also later.
    n_rows : int
        How many rows of the log the run has.

    Examples
    --------
    >>> from evorobo import TrackerRun
    >>> class Printed(TrackerRun):
    ...     def log(self, rows):
    ...         print(self.run_id, [row["test"] for row in rows])
    ...     def close(self, status):
    ...         print(self.run_id, status)
    >>> Printed("reach/cma-es/seed-0", 0).log([{"flops": 0.0, "test": -3.5}])
    reach/cma-es/seed-0 [-3.5]
    """

    def __init__(self, run_id: str, n_rows: int) -> None:
        self.run_id, self.n_rows = run_id, n_rows

    @abstractmethod
    def log(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Send rows that follow those which the run has.

        Parameters
        ----------
        rows : sequence of dict of str to float
            Evals, by column of the log and "flops", the sum of the FLOPs. Columns without a value are left out.
        """

    @abstractmethod
    def close(self, status: str) -> None:
        """End the run; it may be opened again later.

        Parameters
        ----------
        status : {"finished", "diverged", "failed", "interrupted"}
            How the trial ended. An interrupted one has not.
        """


class Tracker(ABC):
    """Base class of experiment trackers: derive a frozen dataclass from it, and give it to `Study.run(callbacks=...)`.

    A process beside the study reads the logs and calls the tracker with what is new. So a tracker cannot change, stop
    or slow a trial. It is no setting of the study. Define the class at the top level of a file.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from evorobo import Tracker
    >>> @dataclass(frozen=True)
    ... class Printer(Tracker):
    ...     def destination(self, study):
    ...         return f"printer {study}"
    ...     def open(self, trial, run_id, n_rows):
    ...         return Printed(trial.path, n_rows)  # a class derived from TrackerRun
    >>> Printer().destination("lamp")
    'printer lamp'
    """

    package: ClassVar[str] = ""
    """The package that the tracker needs; its extra has the name in lower case."""

    @abstractmethod
    def destination(self, study: str) -> str:
        """Return a text that identifies where the runs of a study are kept.

        Parameters
        ----------
        study : str
            Name of the study.

        Returns
        -------
        str
            For each such text it is recorded which rows were sent.
        """

    @abstractmethod
    def open(self, trial: TrackedTrial, run_id: str, n_rows: int) -> TrackerRun:
        """Begin the run of a trial, or continue it.

        Parameters
        ----------
        trial : TrackedTrial
            The trial.
        run_id : str
            The `run_id` of the run that was open before, or an empty text to begin a new one.
        n_rows : int
            How many rows this run was given, as far as is recorded.

        Returns
        -------
        TrackerRun
            The run. Where it lacks rows, or has more than recorded, its `n_rows` says so.
        """


def check_trackers(callbacks: Sequence[Any]) -> None:
    """Raise `SettingsError` for callbacks of a run that are no trackers, or whose package is missing."""
    for callback in callbacks:
        name = type(callback).__name__
        if not isinstance(callback, Tracker) or not is_dataclass(callback):
            raise SettingsError(
                f"callbacks of a run must be trackers such as MLflow(), not {name}; what acts within the trials is a "
                "setting, Study.grid(callbacks=...)."
            )
        if callback.package and importlib.util.find_spec(callback.package) is None:
            extra = callback.package
            raise SettingsError(f"the tracker {name} needs the package {extra}: pip install 'evorobo[{extra}]'.")


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by path: {"method.strategy.sigma": 0.5, ...}; lists stay one value."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
