"""Files that are written atomically, and arrays that are read without pickle."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.errors import DataError, ResultsError


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write `content` to `path`. At any time there is either the whole old file or the whole new one.

    Raises `ResultsError` when the folder cannot be written or the disk is full.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise ResultsError(
            f"cannot write {path}: {error.strerror or error}. "
            "Free some space, or choose a folder that you may write to with --results."
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def write_json(path: str | Path, plain: Any) -> None:
    """Write plain data as indented JSON, atomically."""
    write_atomically(path, json.dumps(plain, indent=2) + "\n")


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return `arrays` as the content of an `.npz` file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def read_npz(path: Path, kind: str = "NPZ file of plain arrays") -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file, read without pickle.

    Raises `DataError`, with `kind` in the message, when the file is damaged or of another kind.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # a damaged zip raises many kinds of errors
        raise DataError(f"{path} is damaged or no {kind} ({error}); save it again.") from error
