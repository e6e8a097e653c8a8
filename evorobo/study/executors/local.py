"""The executor that runs trials in worker processes of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from evorobo.settings import to_plain
from evorobo.study.executors.base import EventFunction, Finding, Inspection, TrialEvent
from evorobo.study.executors.supervision import Clock, SupervisedBatch, order
from evorobo.study.executors.work import inspect_plain
from evorobo.study.folders import UNFINISHED, Interrupted
from evorobo.study.trial import Trial
from evorobo.workers import WorkerPool


class LocalExecutor:
    """Runs `n_slots` batches at a time, each in a worker process. A worker that dies fails only the trials it ran.

    A worker in which nothing happens for `step_seconds` is ended: neither a start nor a step nor an eval may take
    longer.
    """

    def __init__(self, n_slots: int, step_seconds: float | None = None) -> None:
        self.n_slots, self._step_seconds = n_slots, step_seconds
        self._pool = WorkerPool(n_slots)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.close()

    def run(
        self, batches: Sequence[Sequence[Trial]], folder: Path, on_event: EventFunction, pause_at: float = 1.0
    ) -> None:
        """Run the batches; see `Executor.run`."""
        runs = [
            SupervisedBatch(
                [to_plain(trial) for trial in batch],
                [trial.path for trial in batch],
                folder.absolute(),
                on_event,
                self._step_seconds,
            )
            for batch in batches
        ]
        try:
            orders = [run.order(pause_at=pause_at) for run in runs]
            answers = self._pool.run(orders, lambda number: runs[number].start(), lambda number: runs[number].watch())
            for number, answer in answers:
                for path, (status, reason) in runs[number].endings(answer).items():
                    if status == UNFINISHED:  # a termination signal reached the worker alone
                        raise KeyboardInterrupt
                    on_event(TrialEvent(path, 1.0, status, reason))
        except KeyboardInterrupt:
            self._pool.stop()
            raise Interrupted("interrupted") from None
        finally:
            for run in runs:
                run.remove_progress()

    def inspect(self, inspections: Sequence[Inspection]) -> list[Finding]:
        """Return what the inspections find; see `Executor.inspect`. A worker that dies found nothing."""
        orders = [order(inspect_plain, task=to_plain(each.task), trial=to_plain(each.trial)) for each in inspections]
        clocks = [Clock(self._step_seconds) for _ in inspections]
        findings = [Finding() for _ in inspections]
        on_start, find_fault = (lambda number: clocks[number].restart()), (lambda number: clocks[number].fault())
        for number, answer in self._pool.run(orders, on_start, find_fault):
            if answer.value is not None:
                findings[number] = Finding(**answer.value)
        return findings
