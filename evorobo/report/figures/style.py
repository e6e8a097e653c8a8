"""The styles of all figures: a method has the same color, dashes and marker in every figure of every study.

The colors are distinct for color-blind readers; dashes and markers differ too, for print and for grayscale. A method in
a file of its own brings its style with `register_component("style", name)((color, dashes, marker))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, TypeAlias
from zlib import crc32

from evorobo.errors import SettingsError, unknown
from evorobo.registry import components
from evorobo.report.analysis.study_table import StudyTable

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

_DASHES = (SOLID, _DASHED, _DASH_DOT, _LONG, _DOTTED, _DASH_DOT_DOT)
_MARKERS = tuple("os^Dvp<d>h*")

FAMILIES = {
    "gradient": ("#0072B2", "#56B4E9", "#204B81", "#4899D4"),
    "cma": ("#D55E00", "#FBAA78", "#5D2318", "#E27E38"),
    "natural gradient": ("#009E73", "#5CE7B6", "#0C6352", "#2A7E62"),
    "evolution strategy": ("#E69F00", "#FDBF1E", "#65440C", "#75600C"),
    "genetic": ("#CC79A7", "#EA94A8", "#620A4B", "#C81DA8"),
    "swarm": ("#9278FA", "#C5C5F3", "#550BB4", "#7838DF"),
    "other": ("#C9129D", "#8CA0C0", "#BFA14A", "#E58F88", "#7A7A1F", "#332288", "#882255", "#661100"),
    "policy gradient": ("#8C592A", "#007373", "#5C3310", "#003B3B"),
}
"""The colors of each family of methods, bright ones before dark ones; the first ones are of Okabe & Ito 2008.

All are distinct for color-blind readers (see the test). "other" is for methods of no known family.
"""

_MEMBERS = {
    "gradient": ("backprop", "dagger", "analytic-gradient", "shac"),
    "cma": ("cma-es", "sep-cma-es", "one-plus-one", "ipop-cma-es", "bipop-cma-es"),
    "natural gradient": ("openai-es", "pgpe", "snes", "xnes"),
    "evolution strategy": ("comma-es", "plus-es", "canonical-es", "ars"),
    "genetic": ("ga", "steady-ga", "deep-ga", "nsga2", "novelty", "map-elites"),
    "swarm": ("de", "pso"),
    "policy gradient": ("a2c", "ppo", "sb3-a2c", "sb3-ppo"),
}


def _family_style(family: str, number: int) -> Style:
    """The style of a member of a family: all members differ, and close ones in color, dashes and marker."""
    first, colors = list(FAMILIES).index(family), FAMILIES[family]
    return Style(
        colors[number % len(colors)],
        _DASHES[(first + number) % len(_DASHES)],
        _MARKERS[(first + number) % len(_MARKERS)],
    )


METHOD_STYLES = {
    method: _family_style(family, number)
    for family, members in _MEMBERS.items()
    for number, method in enumerate(members)
} | {
    "random-search": Style("#4d4d4d", _DASH_DOT_DOT, "X"),
    "grid": Style("#9a9a9a", _DASH_DOT, "8"),
    "random": Style("#8a8a8a", _DOTTED, "X"),
    "teacher": Style("#000000", _DASHED, "*"),
}
"""The styles of the methods of the package, and of references, by name."""

_FAMILY_OF = {method.replace("-", ""): family for family, members in _MEMBERS.items() for method in members}


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
    """The style of a method in a figure where no other method has the same color."""
    return assign_styles([method])[method]


def table_styles(table: StudyTable) -> dict[str, Style]:
    """The styles of all methods of a study, also of those that are not shown, by their new names."""
    methods = dict.fromkeys([*table.results.method_settings, *table.methods])
    origins = {method: table.origins.get(method, method) for method in methods}
    settings = {origins[method]: plain for method, plain in table.results.method_settings.items()}
    styles = assign_styles(origins.values(), settings)
    return {method: styles[origins[method]] for method in table.methods}


def assign_styles(methods: Iterable[str], settings: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Style]:
    """The styles of the methods of one figure, all different; `settings` are those of methods as plain data.

    Known methods have their own styles. Another method gets a free color of the family that its settings belong to, in
    the order of the methods. Without a family the preferred color depends on the name only; where two names prefer one
    color, the first one in alphabetical order gets it, and the other one the next free color.
    """
    methods = list(dict.fromkeys(methods))
    known = known_styles()
    styles = {name: known[name] for name in methods if name in known}
    postponed = []  # methods whose color is taken; they get another one after all preferred colors are given
    for name in methods:
        kinds = _kinds((settings or {}).get(name, {}))
        family = next((_FAMILY_OF[kind] for kind in kinds if kind in _FAMILY_OF), "")
        if name not in styles and family:
            own = [METHOD_STYLES[method] for method in _MEMBERS[family] if method.replace("-", "") in kinds]
            styles[name] = _free_style([*own, *_members(family, len(FAMILIES[family]))], styles.values(), family)
    for name in sorted(set(methods) - set(styles)):
        preferred = _family_style("other", crc32(name.encode()) % len(FAMILIES["other"]))
        if preferred in styles.values():
            postponed.append(name)
        else:
            styles[name] = preferred
    for name in postponed:
        first = crc32(name.encode()) % len(FAMILIES["other"])
        others = chain(range(first, len(FAMILIES["other"])), range(first), count(len(FAMILIES["other"])))
        free = (_family_style("other", number) for number in others)
        styles[name] = next(style for style in free if style not in styles.values())
    return {name: styles[name] for name in methods}


def distinct_styles() -> Iterator[Style]:
    """The styles of all families in turn, without end: the first ones are as different as possible."""
    families = [family for family in FAMILIES if family != "other"]
    return (_family_style(family, number) for number in count() for family in families)


def _members(family: str, n: int) -> list[Style]:
    return [_family_style(family, number) for number in range(n)]


def _free_style(preferred: Iterable[Style], used: Iterable[Style], family: str) -> Style:
    """The first of the preferred styles whose color is free, else the first free style of the family."""
    used = list(used)
    colors = {style.color for style in used}
    later = (_family_style(family, number) for number in count())
    free = chain(
        (style for style in preferred if style.color not in colors), (style for style in later if style not in used)
    )
    return next(free)


def _kinds(settings: object) -> list[str]:
    """The types and names of a method and of the strategies in it, from the inside, in lower case without hyphens."""
    if not isinstance(settings, Mapping):
        return []
    names = [str(settings[name]) for name in ("type", "name") if name in settings]
    inner = (kind for name in ("evolution", "strategy") for kind in _kinds(settings.get(name)))
    return [*inner, *(name.replace("-", "").lower() for name in names)]


def reference_dashes(name: str) -> Dashes:
    """The dashes of the line of a reference score: "random", "teacher", "solved", or any other one."""
    return {"random": (0.0, (1, 2)), "teacher": (0.0, (5, 2)), "solved": (0.0, (10, 2))}.get(name, (0.0, (6, 2, 1, 2)))
