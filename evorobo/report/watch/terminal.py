"""Watch a study in the terminal until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress

from rich.console import Console
from rich.live import Live

from evorobo.report.watch.table import render, summary
from evorobo.study.monitor import StudyMonitor

_MIN_SECONDS = 1.0
_CPU_SHARE = 0.015
"""The part of one processor that watching may use: where an update takes longer, the next one comes later."""


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
            for _ in updates(monitor, on_update, lock):
                live.update(render(monitor, console.width, console.height), refresh=True)


def updates(
    monitor: StudyMonitor, on_update: Callable[[], None], lock: AbstractContextManager[object] | None
) -> Iterator[bool]:
    """Update until the study has ended, as often as the share of the processor allows; yield whether it changed."""
    while True:
        begin = time.thread_time()
        with lock or nullcontext():
            changed = monitor.update()
        if changed:
            on_update()
        yield changed
        if monitor.is_over:
            return
        time.sleep(max(_MIN_SECONDS, (time.thread_time() - begin) / _CPU_SHARE))


def _print_lines(
    monitor: StudyMonitor,
    on_update: Callable[[], None],
    console: Console,
    lock: AbstractContextManager[object] | None,
) -> None:
    last = ""
    for _ in updates(monitor, on_update, lock):
        line = summary(monitor)
        counts = line.partition(", about")[0]
        if counts != last:
            console.print(line, markup=False, soft_wrap=True)
        last = counts
