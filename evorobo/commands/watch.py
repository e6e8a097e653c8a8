"""`evorobo watch`: a study while it runs, in the terminal, in the browser, or as event files of TensorBoard."""

from __future__ import annotations

import argparse
import shutil

from evorobo.arguments import Exit, Parser, add_trust


def add_watch(parser: Parser) -> None:
    """Add the arguments of `evorobo watch`."""
    parser.description = (
        "Show how far a study is that runs here, in another terminal or on a cluster, until it ends. Exit status with "
        "--once: 0, all trials finished; 1, some failed or diverged; 3, some have not ended."
    )
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    parser.add_argument("--once", action="store_true", help="print the table once, for scripts")
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=watch)


def watch(args: argparse.Namespace) -> None:
    """Show the state of a study once, or until it ends."""
    from evorobo.report.watch import terminal
    from evorobo.report.watch.table import to_text
    from evorobo.study.monitor import StudyMonitor

    monitor = StudyMonitor(args.folder)
    if args.once:
        monitor.update()
        print(to_text(monitor, shutil.get_terminal_size((100, 24)).columns))
        raise Exit(3 if not monitor.has_ended else int(monitor.count("failed", "diverged") > 0))
    terminal.watch(monitor)
