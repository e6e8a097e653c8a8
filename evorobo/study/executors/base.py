"""What an executor is: it runs batches of trials somewhere and reports events; trials are JSON, results are files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from evorobo.study.trial import Trial
from evorobo.tasks.base import Task


@dataclass(frozen=True)
class TrialEvent:
    """Progress of one trial: its completed fraction and, at the end, its status and the reason of a failure."""

    trial: str
    completed_fraction: float = 0.0
    status: str = ""
    reason: str = ""


EventFunction = Callable[[TrialEvent], None]


@dataclass(frozen=True)
class Inspection:
    """What a study asks about a task before it runs: its reference scores, or whether one of its trials can start."""

    task: Task
    trial: Trial | None = None


@dataclass(frozen=True)
class Finding:
    """The answers to an `Inspection`: reference scores, None where the task failed, and a caution."""

    references: dict[str, float] | None = None
    caution: str = ""
    reference_metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    """By reference, its further metrics."""
    error: dict[str, str] = field(default_factory=dict)
    """The type and the message of an error of the settings, which ends the study before it runs."""


class Executor(Protocol):
    """Runs batches of trials, `n_slots` at a time. At the end of its `with` block nothing of it runs any longer.

    An executor may use other processes or machines. It sends them the settings of trials as plain JSON, and they write
    the folders of the trials. Progress is read from these folders.
    """

    @property
    def n_slots(self) -> int:
        """How many batches run at a time."""

    def run(
        self, batches: Sequence[Sequence[Trial]], folder: Path, on_event: EventFunction, pause_at: float = 1.0
    ) -> None:
        """Run each trial of each batch in its folder below `folder`, and report its start, progress and end.

        Trials that have spent the fraction `pause_at` of their budgets are left there, "paused", and run on by a later
        call. Whatever happens to a trial is its status, and the others go on. Ctrl-C stops all: running trials write a
        checkpoint, within `STOP_SECONDS`, then `Interrupted` is raised.
        """

    def inspect(self, inspections: Sequence[Inspection]) -> list[Finding]:
        """Return a finding for each inspection. User code runs here too, and what it raises is left to the trials."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> Any: ...
