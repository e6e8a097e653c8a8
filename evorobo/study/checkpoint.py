"""The state of a trial in one file, arrays and JSON, from which it goes on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import DataError, ResultsError
from evorobo.files import npz_bytes, read_npz, write_atomically

ARRAY = "__array__"
"""The key under which a dict of the JSON stands for an array, by its number."""


def save(path: Path, state: dict[str, Any]) -> None:
    """Write nested dicts and lists of arrays and plain values, whole or not at all, without pickle."""
    arrays: list[np.ndarray] = []
    plain = json.dumps(_take_out(state, arrays))
    numbered = {f"{ARRAY}{number}": array for number, array in enumerate(arrays)}
    write_atomically(path, npz_bytes({"state": np.array(plain), **numbered}))


def load(path: Path) -> dict[str, Any]:
    """What `save` was given. Raises `ResultsError` for a damaged file."""
    try:
        arrays = read_npz(path)
        state: dict[str, Any] = _put_back(json.loads(str(arrays["state"])), arrays)
        return state
    except (DataError, ValueError, KeyError) as error:
        raise ResultsError(f"{path} is damaged ({error}); delete it and this trial starts over.") from error


def _take_out(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {ARRAY: len(arrays) - 1}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _take_out(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_take_out(item, arrays) for item in value]
    return value


def _put_back(plain: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(plain, dict):
        if ARRAY in plain:
            return arrays[f"{ARRAY}{plain[ARRAY]}"]
        return {key: _put_back(item, arrays) for key, item in plain.items()}
    if isinstance(plain, list):
        return [_put_back(item, arrays) for item in plain]
    return plain
