"""The stub lists every public name once, and each can be imported and is documented."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import evorobo

STUB = Path(evorobo.__file__).with_suffix(".pyi")


def test_the_stub_lists_every_public_name_once() -> None:
    aliases = [
        alias for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    names = [alias.name for alias in aliases]
    assert all(alias.name == alias.asname for alias in aliases)
    assert len(set(names)) == len(names)
    assert sorted(names) == sorted(dir(evorobo))


def test_every_public_name_can_be_used_and_is_documented() -> None:
    for name in dir(evorobo):
        thing = getattr(evorobo, name)
        assert inspect.getdoc(thing), name
        assert thing.__name__ == name
