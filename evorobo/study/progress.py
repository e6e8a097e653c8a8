"""Progress of a running study: a live display on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from html import escape
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from evorobo.notebooks import in_notebook, live_html
from evorobo.study.executors.base import TrialEvent
from evorobo.study.folders import TAKEN


class Display:
    """A context manager that is called with each `TrialEvent`; `done` of the `total` trials were finished before."""

    def __init__(self, name: str, total: int, done: int, console: Console | None = None) -> None:
        self._name, self._total, self._n_before = name, total, done
        self._update_html = live_html() if console is None and in_notebook() else None
        self._console = console or Console(highlight=False, soft_wrap=True, force_jupyter=False)
        self._fractions: dict[str, float] = {}
        self._start_times: dict[str, float] = {}
        self._n_ended = 0
        self._is_live = self._console.is_terminal and self._update_html is None
        self._rows: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[remaining]}"),
            console=self._console,
            transient=True,
        )

    def __enter__(self) -> Display:
        self._start = time.monotonic()
        if self._update_html is not None:
            self._update_html(self._html())
        elif self._n_before:
            self._console.print(f"{self._name}: {self._n_before} of {self._total} trials are finished already.")
        if self._is_live:
            self._bars.start()
            self._total_row = self._bars.add_task(self._name, total=self._total, completed=self._n_before, remaining="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._is_live:
            self._bars.stop()

    def __call__(self, event: TrialEvent) -> None:
        if event.status == TAKEN:
            self._console.print(f"{event.trial} is running in another process; its result is awaited.", markup=False)
            self._fractions.pop(event.trial, None)
            if event.trial in self._rows:
                self._bars.remove_task(self._rows.pop(event.trial))
            return
        self._start_times.setdefault(event.trial, time.monotonic())
        self._fractions[event.trial] = 1.0 if event.status else event.completed_fraction
        if event.status:
            self._n_ended += 1
            duration = time.monotonic() - self._start_times[event.trial]
            ending = f"{event.status} in {duration:.1f} s" + (f": {event.reason}" if event.reason else "")
            count = f"[{self._n_before + self._n_ended}/{self._total}]"
            if self._update_html is None or event.status != "finished":
                self._console.print(f"{count} {event.trial} {ending}", markup=False)
        if self._update_html is not None:
            self._update_html(self._html())
        elif self._is_live:
            self._draw(event)
        elif event.status and self._remaining_time():
            self._console.print(f"        {self._remaining_time()}")

    def _draw(self, event: TrialEvent) -> None:
        self._bars.update(self._total_row, completed=self._n_before + self._n_ended, remaining=self._remaining_time())
        if event.status:
            if event.trial in self._rows:
                self._bars.remove_task(self._rows.pop(event.trial))
            return
        if event.trial not in self._rows:
            self._rows[event.trial] = self._bars.add_task(f"  {event.trial}", total=100, remaining="")
        self._bars.update(self._rows[event.trial], completed=round(100 * event.completed_fraction))

    def _html(self) -> str:
        """Return one bar for all trials, and the remaining time."""
        done = self._n_before + sum(self._fractions.values())
        text = f"{self._name}: {self._n_before + self._n_ended} of {self._total} trials"
        bar = f'<progress value="{done:.3f}" max="{self._total}"></progress>'
        return f"{bar} {escape(', '.join(filter(None, [text, self._remaining_time()])))}"

    def _remaining_time(self) -> str:
        """Return an estimate of the remaining time, from the pace so far; an empty text where there is none."""
        elapsed, done = time.monotonic() - self._start, sum(self._fractions.values())
        missing = self._total - self._n_before - done
        if done < 0.05 or missing <= 0:
            return ""
        seconds = elapsed / done * missing
        return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
