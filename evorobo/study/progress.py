"""What a person sees while a study runs: a live display on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from evorobo.study.executors import TrialEvent


class Display:
    """A context manager; call it with each `Event`. `total` trials in all, of which `done` were finished before."""

    def __init__(self, name: str, total: int, done: int, console: Console | None = None) -> None:
        self._name, self._total, self._before = name, total, done
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._shares: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._ended = 0
        self._rows: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
        )

    def __enter__(self) -> Display:
        self._start = time.monotonic()
        if self._before:
            self._console.print(f"{self._name}: {self._before} of {self._total} trials are finished already.")
        if self._console.is_terminal:
            self._bars.start()
            self._whole = self._bars.add_task(self._name, total=self._total, completed=self._before, left="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def __call__(self, event: TrialEvent) -> None:
        self._began.setdefault(event.trial, time.monotonic())
        self._shares[event.trial] = 1.0 if event.status else event.completed_fraction
        if event.status:
            self._ended += 1
            took = time.monotonic() - self._began[event.trial]
            end = f"{event.status} in {took:.1f} s" + (f": {event.reason}" if event.reason else "")
            count = f"[{self._before + self._ended}/{self._total}]"
            self._console.print(f"{count} {event.trial} {end}", markup=False)
        if self._console.is_terminal:
            self._draw(event)
        elif event.status and self._left():
            self._console.print(f"        {self._left()}")

    def _draw(self, event: TrialEvent) -> None:
        self._bars.update(self._whole, completed=self._before + self._ended, left=self._left())
        if event.status:
            if event.trial in self._rows:
                self._bars.remove_task(self._rows.pop(event.trial))
            return
        if event.trial not in self._rows:
            self._rows[event.trial] = self._bars.add_task(f"  {event.trial}", total=100, left="")
        self._bars.update(self._rows[event.trial], completed=round(100 * event.completed_fraction))

    def _left(self) -> str:
        """About how long it will still take, from the pace so far."""
        spent, done = time.monotonic() - self._start, sum(self._shares.values())
        missing = self._total - self._before - done
        if done < 0.05 or missing <= 0:
            return ""
        seconds = spent / done * missing
        return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
