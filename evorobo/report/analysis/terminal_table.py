"""Tables that fit the terminal: columns are left out, and then texts broken between words, before letters are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from evorobo.printable import wrapped

_MIN_WIDTH = 8  # characters of a column whose texts are broken


def terminal_table(
    rows: Sequence[Sequence[str]],
    header: Sequence[str],
    sides: Sequence[str],
    width: int | None,
    droppable: Sequence[str] = (),
) -> str:
    """The table with at most `width` characters in a line, if that is possible; None is no limit.

    In a narrow table empty columns of `droppable` and then the first ones of it are left out, which a line below says.
    Then the texts of left columns are broken between words. `sides` are "left" or "right" for each column.
    """
    shown = list(range(len(header)))
    text = _render(rows, header, sides, shown)
    empty = [name for name in droppable if all(row[header.index(name)] in ("", "0") for row in rows)]
    dropped = []
    for name in dict.fromkeys([*empty, *droppable]):
        if width is None or _width(text) <= width:
            break
        shown.remove(header.index(name))
        dropped += [] if name in empty else [name]
        text = _render(rows, header, sides, shown)
    if width is not None and _width(text) > width:
        text = _render(_broken(rows, header, sides, shown, _width(text) - width), header, sides, shown)
    if dropped:
        left_out = ", ".join(name for name in header if name in dropped)
        text += "\n" + wrapped(f"There is no room for: {left_out}.", width)
    return text


def _render(rows: Sequence[Sequence[str]], header: Sequence[str], sides: Sequence[str], shown: Sequence[int]) -> str:
    return tabulate(
        [[row[number] for number in shown] for row in rows],
        [header[number] for number in shown],
        "simple",
        colalign=[sides[number] for number in shown] if rows else None,
        disable_numparse=True,
    )


def _width(text: str) -> int:
    return max(map(len, text.split("\n")), default=0)


def _broken(
    rows: Sequence[Sequence[str]], header: Sequence[str], sides: Sequence[str], shown: Sequence[int], excess: int
) -> list[list[str]]:
    """The rows with the texts of left columns broken between words, the widest column first."""
    broken = [list(row) for row in rows]
    widths = {i: max(len(row[i]) for row in rows) for i in shown if sides[i] == "left"} if rows else {}
    for number, width in sorted(widths.items(), key=lambda item: -item[1]):
        least = max(_MIN_WIDTH, len(header[number]), *(len(word) for row in rows for word in row[number].split()))
        narrow = max(width - max(excess, 0), least)
        excess -= width - narrow
        for row in broken:
            row[number] = textwrap.fill(row[number], narrow, break_long_words=False, break_on_hyphens=False)
    return broken
