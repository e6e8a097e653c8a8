"""`evorobo list`: the components that the registry knows, one line each, those of a user's file included."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator

from evorobo import registry
from evorobo.arguments import Parser
from evorobo.errors import unknown
from evorobo.files import as_path
from evorobo.printable import terminal_width, wrapped

_NOT_LISTED = "settings"
"""The kind of the parts of other components; their documentation describes them."""


def add_list(parser: Parser) -> None:
    """Add the arguments of `evorobo list`."""
    parser.description = "List the components that settings can name, one line each. Kinds: " + ", ".join(_plurals())
    parser.description += ". A Python file adds its own components."
    parser.add_argument("kinds", nargs="*", metavar="KIND|FILE.py", help="kinds to list (default all), files to load")
    parser.set_defaults(function=list_components)


def list_components(args: argparse.Namespace) -> None:
    """Print the key and the summary line of each component, by kind."""
    from evorobo.loading import load_script

    plurals = _plurals()
    files = [name for name in args.kinds if name.endswith(".py")]
    chosen = [name for name in args.kinds if name not in files]
    for name in chosen:
        if name not in plurals:
            raise unknown("kind of component", name, plurals)
    for file in files:
        load_script(as_path(file))
    for name in chosen or plurals:
        rows = list(_robots() if name == "robots" else _components(plurals[name]))
        if rows:
            print(f"{name}:")
        for key, summary in rows:
            print(wrapped(f"  {key:28} {summary.partition(chr(10))[0]}".rstrip(), terminal_width(), indent=" " * 31))


def _plurals() -> dict[str, str]:
    """Return the names of the kinds on the command line, with those in the registry."""
    endings = {"y": "ies", "s": "ses"}
    names = {
        kind.replace(" ", "-")[:-1] + endings.get(kind[-1], f"{kind[-1]}s"): kind
        for kind in registry.kinds()
        if kind != _NOT_LISTED
    }
    return dict(sorted({**names, "robots": "robot"}.items()))


def _components(kind: str) -> Iterator[tuple[str, str]]:
    for component in registry.components(kind):
        thing = component.thing
        yield component.key, getattr(thing, "summary", None) or inspect.getdoc(thing) or ""


def _robots() -> Iterator[tuple[str, str]]:
    from evorobo.settings import resolve_reference
    from evorobo.tasks.control.robots.registry import registered_robots

    for id, spec in registered_robots().items():
        yield id, inspect.getdoc(resolve_reference(spec.kwargs["robot"])) or ""
