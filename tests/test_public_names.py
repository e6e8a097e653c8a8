"""The public names are listed once, in the stub, and every one of them is there, documented, and where it says."""

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
