"""The command `evorobo`: thin, everything it does is one call into the floors below."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from evorobo.commands import export_import as leave, new as bring, results as show, run as work, tune
from evorobo.commands.listing import list_
from evorobo.errors import EvoroboError, unknown


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit status: its own, or 2 with one sentence for what a user can get wrong."""
    words = list(sys.argv[1:] if argv is None else argv)
    commands: dict[str, Callable[[list[str]], None]] = {
        "run": work.run,
        "plot": show.plot,
        "table": show.table,
        "compare": show.compare,
        "convert": show.convert,
        "tune": tune.tune,
        "report": show.report,
        "replay": show.replay,
        "lessons": work.lessons,
        "list": list_,
        "new-task": bring.new_task,
        "new-dataset": bring.new_dataset,
        "check-task": bring.check,
        "export": leave.export,
        "import": leave.import_,
    }
    sys.path.insert(0, str(Path.cwd()))  # robots in files here are found, as under `python -m`
    try:
        if not words or words[0] in ("-h", "--help"):
            print(_overview(commands))
        elif words[0] == "--version":
            print(f"evorobo {version('evorobo')}")
        elif words[0] not in commands:
            raise unknown("command", words[0], commands)
        else:
            commands[words[0]](words[1:])
    except EvoroboError as error:
        print(f"evorobo: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("evorobo: interrupted.", file=sys.stderr)
        raise SystemExit(130) from None
    raise SystemExit(0)


def _overview(commands: dict[str, Callable[[list[str]], None]]) -> str:
    lines = ["evorobo: should this robot's controller be evolved or trained by backpropagation?", ""]
    for name, command in commands.items():
        lines.append(f"  evorobo {name} {inspect.getdoc(command)}")
    return "\n".join(lines)
