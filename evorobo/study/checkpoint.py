"""The state of a trial in one file, arrays and JSON, from which it goes on as if nothing had happened."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import ResultsError
from evorobo.files import write_atomically

ARRAY = "array:"


def save(path: Path, state: dict[str, Any]) -> None:
    """Write nested dicts and lists of arrays and plain values, whole or not at all, without pickle."""
    arrays: dict[str, np.ndarray] = {}
    plain = _take_out(state, arrays, "")
    buffer = io.BytesIO()
    np.savez(buffer, state=np.array(json.dumps(plain)), **arrays)  # type: ignore[arg-type]
    write_atomically(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """What `save` was given. Raises `ResultsError` for a damaged file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        state: dict[str, Any] = _put_back(json.loads(str(arrays.pop("state"))), arrays)
        return state
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ResultsError(f"{path} is damaged ({error}); delete it and this trial starts over.") from error


def _take_out(value: Any, arrays: dict[str, np.ndarray], path: str) -> Any:
    if isinstance(value, np.ndarray):
        name = f"{ARRAY}{path}"
        arrays[name] = value
        return name
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _take_out(item, arrays, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_take_out(item, arrays, f"{path}.{number}") for number, item in enumerate(value)]
    return value


def _put_back(plain: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(plain, str) and plain.startswith(ARRAY):
        return arrays[plain]
    if isinstance(plain, dict):
        return {key: _put_back(item, arrays) for key, item in plain.items()}
    if isinstance(plain, list):
        return [_put_back(item, arrays) for item in plain]
    return plain
