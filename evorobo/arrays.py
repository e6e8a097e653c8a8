"""The type of the arrays in signatures, and NumPy's numbers as Python's."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def with_plain_numbers(value: Any) -> Any:
    """Return `value` with Python's numbers for NumPy's and texts for paths, also within dicts, lists and tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, PurePath):
        return str(value)
    if type(value) is dict:
        return {key: with_plain_numbers(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(with_plain_numbers(item) for item in value)
    return value
