"""`evorobo watch`: a study while it runs, in the terminal, in the browser, and in TensorBoard."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from evorobo.arguments import Exit, Parser, add_trust
from evorobo.files import as_path

if TYPE_CHECKING:
    from evorobo.study.monitor import StudyMonitor


def add_watch(parser: Parser) -> None:
    """Add the arguments of `evorobo watch`."""
    parser.description = (
        "Show how far a study is that runs here, in another terminal or on a cluster, until it ends. Exit status with "
        "--once: 0, all trials finished; 1, some failed or diverged; 3, some have not ended."
    )
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    parser.add_argument("--once", action="store_true", help="print the table once, for scripts")
    parser.add_argument("--page", action="store_true", help="also serve a page for a browser on this machine")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port of the page (default: any free one)")
    parser.add_argument("--tensorboard", metavar="DIR", help="also write event files for TensorBoard into DIR")
    parser.add_argument("--x", default="", metavar="COLUMN", help="cost that TensorBoard's steps count (default flops)")
    add_trust(parser)
    parser.set_defaults(function=watch)


def watch(args: argparse.Namespace) -> None:
    """Show the state of a study once, or until it ends."""
    from evorobo.report.watch import terminal
    from evorobo.report.watch.table import to_text
    from evorobo.study.monitor import StudyMonitor, wait_for_study

    if not args.once:
        wait_for_study(as_path(args.folder), lambda: print(f"Waiting for a study in {args.folder}", flush=True))
    monitor = StudyMonitor(args.folder)
    if args.once:
        monitor.update()
        print(to_text(monitor, shutil.get_terminal_size((100, 24)).columns))
        raise Exit(3 if not monitor.has_ended else int(monitor.count("failed", "diverged") > 0))
    on_update = _events_writer(monitor, args.tensorboard, args.x) if args.tensorboard else lambda: None
    if not args.page:
        terminal.watch(monitor, on_update)
        return
    from evorobo.report.watch.server import PageServer

    monitor.update()
    with PageServer(monitor, args.port, args.trust) as server:
        print(f"The page is at {server.address}", flush=True)
        terminal.watch(monitor, on_update, lock=server.lock)
        with suppress(KeyboardInterrupt):
            server.wait_for_page()


def _events_writer(monitor: StudyMonitor, folder: str, x: str) -> Callable[[], None]:
    """Return a function that adds to the event files what the monitor has read since the last call."""
    from evorobo.report.formats.tensorboard import LiveEvents

    events = LiveEvents(folder, x)
    return lambda: events.update(monitor.to_results())
