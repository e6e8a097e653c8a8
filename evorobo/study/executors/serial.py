"""The executor that runs trials in this process, one batch after another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from evorobo.study.executors.base import EventFunction, Finding, Inspection, TrialEvent
from evorobo.study.executors.work import ending, inspect_task
from evorobo.study.folders import UNFINISHED, Interrupted
from evorobo.study.running import run_batch
from evorobo.study.trial import Trial
from evorobo.user_code import defer_interrupts


class SerialExecutor:
    """Runs trials in this process, where a debugger can stop them; a robot that ends the process ends the study."""

    n_slots = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def run(
        self, batches: Sequence[Sequence[Trial]], folder: Path, on_event: EventFunction, pause_at: float = 1.0
    ) -> None:
        """Run the batches; see `Executor.run`. A second Ctrl-C stops at once."""
        home, folder = os.getcwd(), folder.absolute()
        with defer_interrupts() as should_stop:
            for batch in batches:
                for trial in batch:
                    on_event(TrialEvent(trial.path))
                folders = [folder / trial.path for trial in batch]
                on_progress = [partial(_report_progress, on_event, trial.path) for trial in batch]
                try:
                    outcomes = run_batch(batch, folders, on_progress, should_stop, pause_at)
                finally:
                    with suppress(OSError):
                        os.chdir(home)  # where a robot changed the folder
                if UNFINISHED in outcomes:
                    raise Interrupted("interrupted")
                for trial, path, outcome in zip(batch, folders, outcomes, strict=True):
                    on_event(TrialEvent(trial.path, 1.0, *ending(path, outcome)))

    def inspect(self, inspections: Sequence[Inspection]) -> list[Finding]:
        """Return what the inspections find; see `Executor.inspect`."""
        return [inspect_task(inspection) for inspection in inspections]


def _report_progress(on_event: EventFunction, path: str, completed_fraction: float) -> None:
    on_event(TrialEvent(path, completed_fraction))
