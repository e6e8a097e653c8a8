"""Command lines of scripts and commands: a parser that helps with typing errors, common flags, exit messages."""

from __future__ import annotations

import argparse
import os
import re
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from evorobo.checks import MAX_SEEDS, check_integer
from evorobo.errors import EvoroboError, SettingsError, unknown
from evorobo.printable import printable, terminal_width, wrapped
from evorobo.user_code import as_error


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `SettingsError`: one sentence, with the nearest known name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # also -5,10, a value of a flag

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


def add_step_timeout(parser: Parser) -> None:
    """Add `--step-timeout`, the flag of commands that run trials."""
    parser.add_argument(
        "--step-timeout", type=float, metavar="S", help="seconds that a step, start or eval of a trial may take"
    )


def add_dask(parser: Parser) -> None:
    """Add `--dask`, the flag of commands that can run trials on a cluster."""
    parser.add_argument(
        "--dask", metavar="CLUSTER", help="run the trials on Dask: tcp://host:8786, local:4, or a file cluster.toml"
    )


def add_track(parser: Parser) -> None:
    """Add `--track` and `--track-x`, the flags of commands that send evals to experiment trackers."""
    text = "also send evals to mlflow, wandb or tensorboard; mlflow:URI, wandb:PROJECT, tensorboard:DIR"
    parser.add_argument("--track", action="append", default=[], metavar="TRACKER", help=text)
    parser.add_argument(
        "--track-x", default="", metavar="COLUMN", help="cost that the steps of trackers count (default flops)"
    )


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
    print(wrapped(f"evorobo: {printable(message)}", terminal_width()), file=sys.stderr)
    raise Exit(code)


@contextmanager
def exits_with_a_sentence(interrupted: str) -> Iterator[None]:
    """Turn an error in the block into the end of the program: one sentence, and an exit status.

    The status is 2 after a mistake of the user, 130 after Ctrl-C (with the sentence `interrupted`), and 141, as for
    other commands, where the reader of the output has gone (`evorobo list | head`); nothing is printed then.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except EvoroboError as error:
        exit_with(str(error), 2)
    except MemoryError as error:
        exit_with(f"this needs more memory than the machine has ({error}); choose smaller settings.", 2)
    except KeyboardInterrupt:
        exit_with(interrupted, 130)
    except (Exception, Exit) as error:
        if not _output_is_closed(error):
            raise
        raise Exit(141) from None
    except BaseException as error:  # user code ended the program
        exit_with(str(as_error(error)), 2)


def _output_is_closed(error: BaseException) -> bool:
    """Return whether an error comes from an output that is no longer read; what is left to print is then dropped."""
    if not isinstance(error, BrokenPipeError) or not hasattr(select, "poll"):
        return False
    output = select.poll()
    output.register(sys.stdout.fileno(), select.POLLERR)
    if not output.poll(0):
        return False  # another pipe, such as that of a worker
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True
