"""The styles of all figures: a method has the same color, dashes and marker in every figure of every study.

The colors are distinct for color-blind readers; dashes and markers differ too, for print and for grayscale. A method in
a file of its own brings its style with `register_component("style", name)((color, dashes, marker))`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, count
from typing import TypeAlias
from zlib import crc32

from evorobo.errors import SettingsError, unknown
from evorobo.registry import components

Dashes: TypeAlias = tuple[float, tuple[float, ...]]

SOLID: Dashes = (0, ())
TEXT_COLOR, MUTED_COLOR, GRID_COLOR = "#222222", "#6b6b6b", "#e4e4e4"
"""The colors of text, of remarks and reference lines, and of grid lines."""


@dataclass(frozen=True)
class Style:
    """The color, dashes and marker of a method; `dashes` is a line style of matplotlib."""

    color: str
    dashes: Dashes
    marker: str


_DASHED: Dashes = (0, (4.5, 1.4))
_DOTTED: Dashes = (0, (1.2, 1.1))
_DASH_DOT: Dashes = (0, (6, 1.4, 1.2, 1.4))
_LONG: Dashes = (0, (9, 1.6))
_DASH_DOT_DOT: Dashes = (0, (5, 1.2, 1.2, 1.2, 1.2, 1.2))
NAMED_DASHES = {
    "solid": SOLID,
    "dashed": _DASHED,
    "dotted": _DOTTED,
    "dash-dot": _DASH_DOT,
    "long": _LONG,
    "dash-dot-dot": _DASH_DOT_DOT,
}
"""The dashes by the names that registered styles use."""

METHOD_STYLES = {  # colors of Okabe & Ito 2008
    "backprop": Style("#0072B2", SOLID, "o"),
    "cma-es": Style("#D55E00", _DASHED, "s"),
    "openai-es": Style("#009E73", _DASH_DOT, "^"),
    "ga": Style("#CC79A7", _DOTTED, "D"),
    "comma-es": Style("#E69F00", _LONG, "v"),
    "plus-es": Style("#56B4E9", _DASH_DOT_DOT, "p"),
    # related methods have the same hue, darker or lighter, and other dashes and markers
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

# for other methods; partly Tol 2021, "muted", chosen to be distinct for color-blind readers
_COLORS = ("#A50026", "#332288", "#BFA14A", "#882255", "#8CA0C0", "#7A7A1F", "#E58F88", "#661100")
_DASHES = (_DASHED, SOLID, _DASH_DOT, _LONG, _DOTTED, _DASH_DOT_DOT)
_MARKERS = ("h", "<", "d", ">", "8")
_SLOTS = tuple(
    # all combinations; the first eight have different colors, and neighbors differ in color, dashes and marker
    Style(color, _DASHES[(i + k) % len(_DASHES)], _MARKERS[(i + j) % len(_MARKERS)])
    for j in range(len(_MARKERS))
    for k in range(len(_DASHES))
    for i, color in enumerate(_COLORS)
)


def known_styles() -> dict[str, Style]:
    """The styles of the methods of the package and of those that users' files registered, by name.

    Raises `SettingsError` for a registered style that is not a color, the name of dashes and a marker.
    """
    return METHOD_STYLES | {one.key: _registered_style(one.key, one.thing) for one in components("style")}


def _registered_style(method: str, thing: object) -> Style:
    if not (isinstance(thing, tuple) and len(thing) == 3 and all(isinstance(part, str) for part in thing)):
        raise SettingsError(
            f"the style of {method} is {thing!r}; register a color, dashes and a marker, for example "
            '("#123456", "dashed", "o").'
        )
    color, dashes, marker = thing
    if dashes not in NAMED_DASHES:
        raise unknown("dashes", dashes, NAMED_DASHES)
    return Style(color, NAMED_DASHES[dashes], marker)


def style(method: str) -> Style:
    """The style of a method in a figure where no other method prefers the same color."""
    return assign_styles([method])[method]


def assign_styles(methods: Iterable[str]) -> dict[str, Style]:
    """The styles of the methods of one figure, all different.

    Known methods have their own styles. The preferred color of another method depends on its name only. Where two
    methods prefer the same color, the first one in alphabetical order gets it, and the other one the next free color.
    """
    methods = list(dict.fromkeys(methods))
    known = known_styles()
    styles = {name: known[name] for name in methods if name in known}
    used: set[int] = set()
    postponed = []  # methods whose color is taken; they get another one after all preferred colors are given
    for name in sorted(set(methods) - set(known)):
        slot = crc32(name.encode()) % len(_COLORS)
        if slot in used:
            postponed.append((name, slot))
        else:
            used.add(slot)
            styles[name] = _SLOTS[slot]
    for name, slot in postponed:
        other_colors = ((slot + step) % len(_COLORS) for step in range(len(_COLORS)))
        free = next(i for i in chain(other_colors, count(len(_COLORS))) if i not in used)
        used.add(free)
        styles[name] = _SLOTS[free % len(_SLOTS)]
    return {name: styles[name] for name in methods}


def reference_dashes(name: str) -> Dashes:
    """The dashes of the line of a reference score: "random", "teacher", "solved", or any other one."""
    return {"random": (0.0, (1, 2)), "teacher": (0.0, (5, 2)), "solved": (0.0, (10, 2))}.get(name, (0.0, (6, 2, 1, 2)))
