"""Digests of the files of a trial: `result.json` holds them, and what was changed or lost since is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from evorobo.errors import ResultsError
from evorobo.files import open_plain, read_content
from evorobo.study.folders import trial_status
from evorobo.study.records import read_record

CURE = "restore it from a copy, or delete its folder and run the study again."


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the sha256 of files of a trial, by name; files that do not exist are left out."""
    return {name: _sha256(folder / name) for name in names if (folder / name).is_file()}


def recorded_digests(result: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return the digests in a `result.json`; there are none for baselines and for trials whose process died."""
    recorded = result.get("sha256", {})
    if not isinstance(recorded, dict) or not all(isinstance(text, str) for text in recorded.values()):
        raise ResultsError(f"{folder / 'result.json'} is damaged (sha256 holds no digests); {CURE}")
    return recorded


def check_content(path: Path, content: bytes, digest: str | None) -> None:
    """Raise `ResultsError` where the content of a file is not what its trial wrote."""
    if digest is not None and sha256(content).hexdigest() != digest:
        raise _changed(path)


def check_files(folder: Path) -> None:
    """Raise `ResultsError` where a file of an ended trial is missing, or is not what the trial wrote."""
    for name, digest in recorded_digests(read_record(folder / "result.json"), folder).items():
        check_exists(folder / name)
        if _sha256(folder / name) != digest:
            raise _changed(folder / name)


def check_exists(path: Path) -> None:
    """Raise `ResultsError` where a file of an ended trial is missing."""
    if not path.is_file():
        raise ResultsError(f"{path} is missing, although its trial has ended; {CURE}")


def checked_path(folder: Path, name: str) -> Path:
    """Return the path of a file of a trial. Raises `ResultsError` where it is lost or is not what the trial wrote."""
    path, result = folder / name, folder / "result.json"
    recorded = recorded_digests(read_record(result), folder) if result.is_file() else {}
    if name in recorded:
        check_exists(path)
        check_content(path, read_content(path, "file of a trial"), recorded[name])
    return path


def _sha256(path: Path) -> str:
    with open_plain(path) as file:
        return file_digest(file, "sha256").hexdigest()


def _changed(path: Path) -> ResultsError:
    return ResultsError(f"{path} is not what its trial wrote (its sha256 is not the one in result.json); {CURE}")


def is_finished(folder: Path) -> bool:
    """Return whether a trial is finished. Raises `ResultsError` where its files are not what it wrote.

    A checkpoint that a crash at its very end has left is removed.
    """
    if trial_status(folder) != "finished":
        return False
    check_files(folder)
    (folder / "checkpoint.npz").unlink(missing_ok=True)
    return True
