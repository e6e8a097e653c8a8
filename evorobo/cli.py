"""The command `evorobo`: a parser with a subparser for each command, whose module is imported when it is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from evorobo.arguments import Exit, Parser, exits_with_a_sentence
from evorobo.loading import search_current_folder
from evorobo.version import __version__

_COMMANDS = {
    "run": ("run", "run an experiment script, or one trial again"),
    "watch": ("watch", "show a study while it runs"),
    "plot": ("results", "draw the learning curves of a study"),
    "table": ("results", "print the table of a study"),
    "compare": ("results", "compare results statistically"),
    "convert": ("results", "write learning curves in other file formats"),
    "report": ("results", "write a report of a study for any browser"),
    "replay": ("results", "show the robot of a trial as a film or a picture"),
    "tune": ("tune", "search better settings for all methods of a study"),
    "lessons": ("run", "list or run the lessons of the course"),
    "list": ("listing", "list the components: robots, methods, layers, ..."),
    "new-task": ("new", "create a folder for a new robot"),
    "new-dataset": ("new", "create a folder for a new data set"),
    "check-task": ("new", "check that a robot or a task keeps its contract"),
    "export": ("export_import", "write a controller in another language"),
    "import": ("export_import", "read weights of other tools as a genome"),
}
"""Each command with its module in `evorobo.commands` and its line in the help text."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: with its own status, or with 2 and one sentence after a mistake of the user."""
    argv = list(sys.argv[1:] if argv is None else argv)
    search_current_folder()
    with exits_with_a_sentence(interrupted="interrupted."):
        parser = build_parser(argv[0] if argv else "")
        args = parser.parse_args(argv)
        if args.command is None:
            parser.print_help()
        else:
            args.function(args)
    raise Exit(0)


def build_parser(only: str | None = None) -> Parser:
    """Return the parser of the command line. With `only`, just that command gets its arguments, which is quicker."""
    parser = Parser(
        prog="evorobo",
        description="Should this robot's controller be evolved or trained by backpropagation?",
        epilog="evorobo COMMAND --help describes the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"evorobo {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name, (module, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if only in (None, name):
            add_arguments = getattr(import_module(f"evorobo.commands.{module}"), f"add_{name.replace('-', '_')}")
            add_arguments(command)
    return parser
