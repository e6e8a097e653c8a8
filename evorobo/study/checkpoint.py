"""The state of a trial in one file, arrays and JSON, from which it continues exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import DataError, ResultsError
from evorobo.files import npz_bytes, parse_json_object, read_npz, write_atomically
from evorobo.study.records import FORMAT, check_format

ARRAY = "__array__"
"""The key of a dict in the JSON text that stands for an array; its value is the number of the array."""


def save(path: Path, state: dict[str, Any]) -> None:
    """Write nested dicts and lists of arrays and plain values, atomically and without pickle."""
    arrays: list[np.ndarray] = []
    plain = json.dumps({"format": FORMAT, "state": _extract_arrays(state, arrays)})
    numbered = {f"{ARRAY}{number}": array for number, array in enumerate(arrays)}
    write_atomically(path, npz_bytes({"state": np.array(plain), **numbered}))


def load(path: Path) -> dict[str, Any]:
    """Return the state that `save` wrote. Raises `ResultsError` for a damaged file and for one of another format."""
    try:
        arrays = read_npz(path)
        content = parse_json_object(str(arrays["state"]), str(path), "state of a trial")
        check_format(path, content.get("format", 1))
        state: dict[str, Any] = _insert_arrays(content["state"], arrays)
        return state
    except (DataError, KeyError) as error:
        raise ResultsError(f"{path} is damaged ({error}); delete it and this trial starts over.") from error


def _extract_arrays(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {ARRAY: len(arrays) - 1}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _extract_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_extract_arrays(item, arrays) for item in value]
    return value


def _insert_arrays(plain: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(plain, dict):
        if ARRAY in plain:
            return arrays[f"{ARRAY}{plain[ARRAY]}"]
        return {key: _insert_arrays(item, arrays) for key, item in plain.items()}
    if isinstance(plain, list):
        return [_insert_arrays(item, arrays) for item in plain]
    return plain
