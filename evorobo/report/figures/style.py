"""The one visual language: a method has the same colour, line and marker in every figure of every study.

Colours are told apart by colour-blind readers; dashes and markers differ too, for print and for greyscale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, count
from typing import TypeAlias
from zlib import crc32

Dashes: TypeAlias = tuple[float, tuple[float, ...]]

SOLID: Dashes = (0, ())
TEXT_COLOR, MUTED_COLOR, GRID_COLOR = "#222222", "#6b6b6b", "#e4e4e4"
"""Text, side remarks and reference lines, grid lines."""


@dataclass(frozen=True)
class Style:
    """How one method is drawn; `dashes` as matplotlib takes a line style."""

    color: str
    dashes: Dashes
    marker: str


_DASHED: Dashes = (0, (4.5, 1.4))
_DOTTED: Dashes = (0, (1.2, 1.1))
_DASH_DOT: Dashes = (0, (6, 1.4, 1.2, 1.4))
_LONG: Dashes = (0, (9, 1.6))
_DASH_DOT_DOT: Dashes = (0, (5, 1.2, 1.2, 1.2, 1.2, 1.2))

METHOD_STYLES = {  # colours of Okabe & Ito 2008
    "backprop": Style("#0072B2", SOLID, "o"),
    "cma-es": Style("#D55E00", _DASHED, "s"),
    "openai-es": Style("#009E73", _DASH_DOT, "^"),
    "ga": Style("#CC79A7", _DOTTED, "D"),
    "comma-es": Style("#E69F00", _LONG, "v"),
    "plus-es": Style("#56B4E9", _DASH_DOT_DOT, "p"),
    # relatives of those above have their hue, darker or lighter, and other dashes and markers
    "sep-cma-es": Style("#F4935A", _DOTTED, "P"),
    "one-plus-one": Style("#8A3A00", _DASH_DOT, "<"),
    "ipop-cma-es": Style("#B8460E", _LONG, "H"),
    "bipop-cma-es": Style("#FFBE98", SOLID, "h"),
    "pgpe": Style("#66C9AC", _DASHED, ">"),
    "snes": Style("#00573E", _DOTTED, "d"),
    "xnes": Style("#9CCB3B", _LONG, "s"),
    "ars": Style("#2C7F86", _DASH_DOT_DOT, "D"),
    "canonical-es": Style("#C98A00", _DASH_DOT, "o"),
    "steady-ga": Style("#8E4585", _DASHED, "8"),
    "deep-ga": Style("#EBB5D3", _DASH_DOT, "X"),
    "de": Style("#7B5CD6", _LONG, "^"),
    "pso": Style("#B3A1EC", _DASHED, "v"),
    "random-search": Style("#4d4d4d", _DASH_DOT_DOT, "x"),
    "random": Style("#8a8a8a", _DOTTED, "X"),
    "teacher": Style("#000000", _DASHED, "*"),
}

# for methods that we do not know; partly Tol 2021, "muted", chosen for distance in the eyes of the colour-blind
_COLORS = ("#A50026", "#332288", "#BFA14A", "#882255", "#8CA0C0", "#7A7A1F", "#E58F88", "#661100")
_DASHES = (_DASHED, SOLID, _DASH_DOT, _LONG, _DOTTED, _DASH_DOT_DOT)
_MARKERS = ("h", "<", "d", ">", "8")
_SLOTS = tuple(
    # all combinations; the first eight differ in colour, and neighbours in everything
    Style(color, _DASHES[(i + turn) % len(_DASHES)], _MARKERS[(i + far) % len(_MARKERS)])
    for far in range(len(_MARKERS))
    for turn in range(len(_DASHES))
    for i, color in enumerate(_COLORS)
)


def style(method: str) -> Style:
    """The style of a method beside which no other unknown one wants the same colour."""
    return assign_styles([method])[method]


def assign_styles(methods: Iterable[str]) -> dict[str, Style]:
    """The styles of the methods of one figure, all different.

    Known names have their own. Another name has a colour that depends on its letters alone; where two of them
    in one figure want the same, the first by alphabet has it and the second takes the next free one.
    """
    methods = list(dict.fromkeys(methods))
    chosen = {name: METHOD_STYLES[name] for name in methods if name in METHOD_STYLES}
    taken: set[int] = set()
    # whoever has its first choice to itself must not lose it to somebody who was pushed aside
    strangers = sorted(set(methods) - set(METHOD_STYLES))
    pushed = []
    for name in strangers:
        slot = crc32(name.encode()) % len(_COLORS)
        if slot in taken:
            pushed.append((name, slot))
        else:
            taken.add(slot)
            chosen[name] = _SLOTS[slot]
    for name, slot in pushed:
        another_color = ((slot + step) % len(_COLORS) for step in range(len(_COLORS)))
        free = next(i for i in chain(another_color, count(len(_COLORS))) if i not in taken)
        taken.add(free)
        chosen[name] = _SLOTS[free % len(_SLOTS)]
    return {name: chosen[name] for name in methods}


def reference_dashes(name: str) -> Dashes:
    """The thin grey line of a reference score: "random", "teacher", "solved", else a published figure."""
    return {"random": (0.0, (1, 2)), "teacher": (0.0, (5, 2)), "solved": (0.0, (10, 2))}.get(name, (0.0, (6, 2, 1, 2)))
