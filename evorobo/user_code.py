"""What user code raises becomes an error in one sentence, also `sys.exit()`; Ctrl-C by a person stays Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from bdb import BdbQuit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from evorobo.errors import EvoroboError, TaskError
from evorobo.printable import MAX_SHOWN, printable

STOP_SECONDS = 4.0
"""How long running work may take to write its checkpoint after Ctrl-C."""

_requests: list[threading.Event] = []
"""The innermost entry belongs to the running block of `defer_interrupts`; it is set after Ctrl-C."""


@contextmanager
def defer_interrupts() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C or a termination signal came.

    The second one raises `KeyboardInterrupt` at once, as does the first one where the block goes on for long.
    """
    requested, owner = threading.Event(), os.getpid()
    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return
    main_thread = threading.main_thread().ident or 0
    repeat = threading.Timer(STOP_SECONDS, signal.pthread_kill, (main_thread, signal.SIGINT))
    repeat.daemon = True

    def request(number: int, frame: Any) -> None:
        if os.getpid() != owner:  # a process that a robot forked; `multiprocessing` ends it by this signal
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        repeat.start()

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    _requests.append(requested)
    try:
        yield requested.is_set
    finally:
        repeat.cancel()
        _requests.remove(requested)
        for number, handler in before.items():
            signal.signal(number, handler)


def reraise_interrupt(error: BaseException) -> None:
    """Raise `error` again if it is Ctrl-C by a person, and not a `KeyboardInterrupt` that user code raised."""
    if isinstance(error, KeyboardInterrupt) and not (_requests and not _requests[-1].is_set()):
        raise error


def as_error(error: BaseException) -> Exception:
    """Return what user code raised as an `Exception`; `SystemExit` and its like become a `TaskError`.

    Ctrl-C by a person is raised again.
    """
    reraise_interrupt(error)
    if isinstance(error, Exception):
        return error
    converted = TaskError(f"user code raised {error!r}, which is no error; raise a subclass of Exception there.")
    converted.__cause__ = error
    return converted


@contextmanager
def user_code(what: str) -> Iterator[None]:
    """Raise what the block raises as a `TaskError` that names `what`; our own errors and Ctrl-C stay as they are."""
    try:
        yield
    except EvoroboError:
        raise
    except BaseException as error:
        reraise_interrupt(error)
        raise TaskError(f"{what} raised {type(error).__name__}: {error}; fix it.") from error


def error_text(error: Exception) -> str:
    """Return the message of an error, short and without control characters.

    Errors of other packages and of user code get their type in front.
    """
    text = str(error) if isinstance(error, EvoroboError) else f"{type(error).__name__}: {error}"
    if any(isinstance(each, EOFError | BdbQuit) for each in (error, error.__cause__)):
        text += " (user code reads the keyboard or stops in a debugger; worker processes have none, --jobs 1 has)"
    return printable(text, MAX_SHOWN)
