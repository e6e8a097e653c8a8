"""Writing files so that a reader never meets half of one, whatever kills the writer."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Put `content` at `path`: the old file or the new one is there at any moment, never a part.

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
    """`write_atomically`, of plain data as JSON for human readers."""
    write_atomically(path, json.dumps(plain, indent=2) + "\n")
