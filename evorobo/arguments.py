"""Command lines of scripts and commands: a parser that helps with typing errors, common flags, exit messages."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from evorobo.checks import MAX_SEEDS, check_integer
from evorobo.errors import SettingsError, unknown
from evorobo.printable import printable


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `SettingsError`: one sentence, with the nearest known name."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise Exit(status)

    def parse_known_args(  # type: ignore[override]  # argparse declares three overloads of it
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            flags = [flag for action in self._actions for flag in action.option_strings]
            raise unknown("option", rest[0].split("=")[0], flags)
        return known, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise unknown(str(action.metavar or action.dest).lower(), value, action.choices)


def add_common_flags(parser: Parser, unit: str) -> None:
    """Add `--jobs` and `--results`, the flags of all commands that run several pieces of work, each a `unit`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument("--jobs", type=int, default=cores, metavar="N", help=f"{unit} at a time (default {cores})")
    parser.add_argument("--results", default="results", metavar="DIR", help="folder of the results (default results)")


def add_trust(parser: Parser, *, has_effect: bool = True) -> None:
    """Add `--trust`, the flag of all commands that read results; without effect where a command needs no code."""
    text = "also run the code that results of other people name"
    parser.add_argument("--trust", action="store_true", help=text if has_effect else "without effect: no code is run")


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds of a `--seeds` flag: the first N, or a list. Raises `SettingsError` for any other text."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise SettingsError(f"--seeds takes a number of seeds (5) or a list (3,7,11), not {text!r}.") from error
    if "," in text:
        return numbers
    check_integer(1, maximum=MAX_SEEDS, **{"the number of --seeds": numbers[0]})
    return tuple(range(numbers[0]))


class Exit(SystemExit):
    """The end of a command with an exit status; any other `SystemExit` is one of user code."""


def exit_with(message: str, code: int) -> NoReturn:
    """Print `message` on the error stream and end the program with that exit status."""
    print(f"evorobo: {printable(message)}", file=sys.stderr)
    raise Exit(code)
