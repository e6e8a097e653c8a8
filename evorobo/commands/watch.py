"""`evorobo watch`: a study while it runs, in the terminal, in the browser, and in experiment trackers."""

from __future__ import annotations

import argparse
import shutil
from contextlib import suppress

from evorobo.arguments import Exit, Parser, add_track, add_trust
from evorobo.files import as_path


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
    add_track(parser)
    add_trust(parser)
    parser.set_defaults(function=watch)


def watch(args: argparse.Namespace) -> None:
    """Show the state of a study once, or until it ends."""
    from evorobo.report.watch import terminal
    from evorobo.report.watch.table import to_text
    from evorobo.study.monitor import StudyMonitor, wait_for_study
    from evorobo.study.trackers.choice import make_trackers
    from evorobo.study.trackers.following import Follower

    if not args.once:
        wait_for_study(as_path(args.folder), lambda: print(f"Waiting for a study in {args.folder}", flush=True))
    monitor = StudyMonitor(args.folder)
    if args.once:
        monitor.update()
        print(to_text(monitor, shutil.get_terminal_size((100, 24)).columns))
        raise Exit(3 if not monitor.has_ended else int(monitor.count("failed", "diverged") > 0))
    with Follower(monitor, make_trackers(args.track, args.track_x)) as trackers:
        if not args.page:
            terminal.watch(monitor, trackers.update)
            return
        from evorobo.report.watch.server import PageServer

        monitor.update()
        with PageServer(monitor, args.port, args.trust) as server:
            print(f"The page is at {server.address}", flush=True)
            terminal.watch(monitor, trackers.update, lock=server.lock)
            with suppress(KeyboardInterrupt):
                server.wait_for_page()
