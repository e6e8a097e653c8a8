"""The command lines of scripts and commands: parsing, common flags, errors in one sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from evorobo.errors import SettingsError, unknown


class Parser(argparse.ArgumentParser):
    """Tells what is wrong as one of our errors, in one sentence."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(message)


def parse_args(parser: Parser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """`parser.parse_args`, with the nearest flag in the message for an unknown one."""
    asked, rest = parser.parse_known_args(arguments)
    if rest:
        flags = [flag for action in parser._actions for flag in action.option_strings]
        raise unknown("option", rest[0].split("=")[0], flags)
    return asked


def add_common_flags(parser: Parser, work: str) -> None:
    """The flags of whatever runs many pieces of `work`: `--jobs` and `--results`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument("--jobs", type=int, default=cores, metavar="N", help=f"{work} at a time (default {cores})")
    parser.add_argument("--results", default="results", metavar="DIR", help="where results go (default results)")


def parse_seeds(text: str) -> tuple[int, ...]:
    """The seeds that `--seeds` asks for: the first N, or a list. Raises `SettingsError` for what is neither."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise SettingsError(f"--seeds takes a number of seeds (5) or a list (3,7,11), not {text!r}.") from error
    return numbers if "," in text else tuple(range(numbers[0]))


def exit_with(message: str, code: int) -> NoReturn:
    """Say why, and end the program with that exit status."""
    print(f"evorobo: {message}", file=sys.stderr)
    raise SystemExit(code)
