"""Checks that the contracts share: names, settings that survive JSON, global random generators."""

from __future__ import annotations

import inspect
import json
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import EvoroboError, TaskError
from evorobo.settings import from_plain, to_plain


def require(fine: bool, sentence: str) -> None:
    """Raise `TaskError` with `sentence` unless `fine`."""
    if not fine:
        raise TaskError(sentence)


def type_name(thing: Any) -> str:
    """The name of the type of a thing, with which sentences begin."""
    return type(thing).__name__


def check_name(thing: Any) -> None:
    """Raise `TaskError` unless the name can be that of a folder."""
    name = thing.name
    require(
        isinstance(name, str) and re.fullmatch(r"[\w-][\w.-]*", name) is not None,
        f"{type_name(thing)}.name is {name!r}, which cannot be the name of a folder; use letters, digits, '-', '_' "
        "and '.'.",
    )


def round_trip(thing: Any) -> Any:
    """Return `thing` made again from its settings as JSON. Raises `TaskError` unless it is the same."""
    try:
        plain = json.loads(json.dumps(to_plain(thing)))
        again = from_plain(plain, imports=True)
    except (EvoroboError, TypeError, ValueError) as error:
        raise TaskError(
            f"the settings of {type_name(thing)} cannot be written to JSON and read again: {error}"
        ) from error
    require(
        again == thing and json.loads(json.dumps(to_plain(again))) == plain,
        f"{type_name(thing)} is not the same after its settings were written to JSON and read; make it a frozen "
        "dataclass of numbers, names and functions, compared by value.",
    )
    return again


@contextmanager
def forbid_global_rng(seed: int, name: str) -> Iterator[None]:
    """Run the block with seeded global generators. Raises `TaskError` if the block draws from them."""
    before = _states()
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the globals are the point
    seeded = _states()
    try:
        yield
        require(
            _same(_states(), seeded),
            f"{name} draws from the global generators of random or numpy.random; draw from the rng it is given.",
        )
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


def _states() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state()  # noqa: NPY002


def _same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return one[0] == other[0] and all(np.array_equal(a, b) for a, b in zip(one[1], other[1], strict=True))


def location(function: Any) -> str:
    """The file and line where a function is defined, in brackets."""
    code = getattr(inspect.unwrap(function), "__code__", None) if function else None
    return f"({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""


def raised_at(error: BaseException) -> str:
    """The last line outside of installed packages in the traceback of an error."""
    own, place, trace = Path(__file__).parents[1], "", error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if not (path.is_relative_to(own) or path.is_relative_to(sys.prefix) or "site-packages" in path.parts):
            place = f" in {path.name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
