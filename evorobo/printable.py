"""Text from files and from users' code, made safe and short for terminals and pages."""

from __future__ import annotations

import shutil
import textwrap
from typing import Any

MAX_SHOWN = 500
"""Longest reason of a failure that is shown, in characters."""

MAX_VALUE_LENGTH = 80
"""Longest value in a message, in characters."""


def printable(text: object, max_length: int | None = None) -> str:
    """Return `text` without control characters: terminal escapes and half surrogate pairs are written as escapes.

    Line breaks and tabs stay. A text of more than `max_length` characters is cut, with the number of those left out.
    """
    shown = str(text)
    if max_length is not None and len(shown) > max_length:
        shown = f"{shown[:max_length]} ... ({len(shown) - max_length:,} more characters)"
    return "".join(letter if letter in "\n\t" or letter.isprintable() else _escape(letter) for letter in shown)


def terminal_width() -> int | None:
    """Return the columns of the terminal, or of the variable COLUMNS; None where the output is a file or a pipe."""
    return shutil.get_terminal_size((0, 0)).columns or None


def wrapped(text: str, width: int | None, indent: str = "") -> str:
    """Return lines of more than `width` characters broken between words; new lines begin with `indent`.

    Lines that begin with four blanks are commands to copy, and stay whole.
    """
    if width is None:
        return text
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        if len(line) > width and not line.startswith(" " * 4)
        else line
        for line in text.split("\n")
    )


def _escape(letter: str) -> str:
    return letter if letter.isspace() and letter >= "\xa0" else letter.encode("unicode_escape").decode()


def shown(value: Any) -> str:
    """Return a value as one line of text for a message, cut where it is long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # objects of users can raise anything, and very large numbers have no text
        text = f"a value of type {type(value).__name__}"
    if len(text) <= MAX_VALUE_LENGTH:
        return text
    start = f"{type(value).__name__}("  # of settings, the name is enough
    return f"{start}...)" if text.startswith(start) else f"{text[:MAX_VALUE_LENGTH]}..."
