"""The files of trials that run on machines without the study's folder: how they leave there, and are written here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from evorobo.errors import ResultsError
from evorobo.files import append_text, is_temporary, write_atomically
from evorobo.study.folders import LOCK, PROGRESS_FILE

_RECORDS = ("trial.json", "machine.json")


@dataclass(frozen=True)
class Checkpoint:
    """What the study collects of a trial that goes on: records and checkpoint, and what its curve has grown by."""

    files: dict[str, bytes]
    curve_start: int
    """How many bytes of the study's curve stay; 0 where it is written anew."""
    curve: bytes


class Checkpoints:
    """The checkpoints of running trials, whose folders are given by trial."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self._versions = self._read_versions()

    def has_new(self) -> bool:
        """Return whether there is a checkpoint that was not there at the last call, or at the beginning."""
        before, self._versions = self._versions, self._read_versions()
        return any(before.get(path) != version for path, version in self._versions.items())

    def _read_versions(self) -> dict[str, tuple[int, int]]:
        versions = {}
        for path, folder in self._folders.items():
            with suppress(FileNotFoundError):
                status = (folder / "checkpoint.npz").stat()
                versions[path] = status.st_mtime_ns, status.st_ino  # two may be written in one tick of the clock
        return versions


@contextmanager
def collectable(task: str, folders: dict[str, Path]) -> Iterator[None]:
    """Let the study collect the checkpoints of a task from these folders, given by trial."""
    _collectable[task] = folders
    try:
        yield
    finally:
        del _collectable[task]


def curve_marks(folders: dict[str, Path]) -> dict[str, tuple[int, str]]:
    """Return the size and the digest of the study's curve of each trial, for `collect`."""
    curves = {path: content(folder / "curve.csv") or b"" for path, folder in folders.items()}
    return {path: (len(curve), sha256(curve).hexdigest()) for path, curve in curves.items()}


def collect(task: str, marks: dict[str, tuple[int, str]]) -> dict[str, Checkpoint]:
    """Return the checkpoints of the trials of a task that runs here, by trial.

    What the study has of a curve does not travel again. The curve is read after the checkpoint, so it has all rows that
    the checkpoint counts.
    """
    found = {}
    for path, folder in _collectable.get(task, {}).items():
        if checkpoint := content(folder / "checkpoint.npz"):
            files = {name: (folder / name).read_bytes() for name in _RECORDS} | {"checkpoint.npz": checkpoint}
            curve = (folder / "curve.csv").read_bytes()
            size, digest = marks[path]
            start = size if sha256(curve[:size]).hexdigest() == digest else 0
            found[path] = Checkpoint(files, start, curve[start:])
    return found


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a trial, the lock and what is temporary left out."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir() if folder.is_dir() else [])
        if path.is_file() and not (path.name.startswith((LOCK, PROGRESS_FILE)) or is_temporary(path.name))
    }


def content(path: Path) -> bytes | None:
    """Return what a file holds, or None where it does not exist."""
    return path.read_bytes() if path.is_file() else None


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files of a trial that ran elsewhere: at any time, the folder can be continued or read.

    The curve may be longer than the checkpoint knows, and `result.json` comes after the files that it vouches for.
    """
    last = ("curve.csv", "checkpoint.npz", "result.json")
    for name in sorted(files, key=lambda name: last.index(name) if name in last else -1):
        if Path(name).name != name or name.startswith("."):
            raise ResultsError(f"a Dask worker sent a file {name!r}, which no trial has; check who runs the workers.")
        if content(folder / name) != files[name]:
            write_atomically(folder / name, files[name])
    for name in read_files(folder).keys() - files.keys():
        (folder / name).unlink(missing_ok=True)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> bool:
    """Write what was collected of a trial that goes on elsewhere; return False where its curve here has changed."""
    curve, start = folder / "curve.csv", checkpoint.curve_start
    if start and not (curve.is_file() and curve.stat().st_size == start):
        return False
    if start:
        append_text(curve, checkpoint.curve.decode(), start)
    else:
        write_atomically(curve, checkpoint.curve)
    (folder / "result.json").unlink(missing_ok=True)  # of a failure before
    for name in ("trial.json", "machine.json", "checkpoint.npz"):
        if content(folder / name) != checkpoint.files[name]:
            write_atomically(folder / name, checkpoint.files[name])
    return True


_collectable: dict[str, dict[str, Path]] = {}
"""The folders of trials that run here for a study that does not see them, by task."""
