"""Watch a study in the terminal until it ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from rich.console import Console
from rich.live import Live

from evorobo.report.watch.table import render, summary
from evorobo.study.monitor import StudyMonitor, updates


def watch(
    monitor: StudyMonitor,
    on_update: Callable[[], None] = lambda: None,
    console: Console | None = None,
    lock: AbstractContextManager[object] | None = None,
) -> None:
    """Show the table, live on a terminal, until the study has ended or Ctrl-C; elsewhere print a line at each change.

    `on_update` is called after each update that found something new, and `lock` is held during each update.
    """
    console = console or Console(highlight=False)
    with suppress(KeyboardInterrupt):
        if not console.is_terminal:
            _print_lines(monitor, on_update, console, lock)
            return
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            for changed in updates(monitor, lock=lock):
                if changed:
                    on_update()
                live.update(render(monitor, console.width, console.height), refresh=True)


def _print_lines(
    monitor: StudyMonitor,
    on_update: Callable[[], None],
    console: Console,
    lock: AbstractContextManager[object] | None,
) -> None:
    last = ""
    for changed in updates(monitor, lock=lock):
        if changed:
            on_update()
        line = summary(monitor)
        counts = line.partition(", about")[0]
        if counts != last:
            console.print(line, markup=False, soft_wrap=True)
        last = counts
