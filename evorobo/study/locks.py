"""Locks on folders: one process at a time runs a trial or claims the settings of a study.

The processes may be on several machines that share the folder. The lock is a file that its holder touches regularly.
A holder on this machine that has died loses its lock at once, and one on another machine after `LEASE_SECONDS`.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from filelock import SoftFileLease, Timeout
from filelock._identity._process import owner_is_stale  # the library has no public way to ask without taking a lock

from evorobo.errors import ResultsError
from evorobo.files import write_error

LEASE_SECONDS = 120.0
"""How long a lock may stay untouched before another process takes it over; all versions on one folder must agree."""
HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 0.1
EMPTY_SECONDS = 2.0
"""How long a lock file may stay empty: its holder was killed after it created the file and before it wrote it."""


class FolderLock:
    """A lock file in a folder. The folder is created when the lock is acquired."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        self._empty: tuple[int, float] | None = None  # the file that is empty, and since when
        self._lease = SoftFileLease(
            self.path, lease_duration=LEASE_SECONDS, heartbeat_interval=HEARTBEAT_SECONDS, thread_local=False
        )

    def acquire(self) -> bool:
        """Take the lock if it is free or its holder is dead; return whether this process holds it now.

        Keep the object to try again: the time in which another holder does not touch its lock is counted in it. Raises
        `ResultsError` where the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(2):  # where files cannot be exchanged, the first call only removes the lock of a dead holder
                try:
                    self._lease.acquire(blocking=False)
                    return True
                except Timeout:
                    self._remove_empty()
            return False
        except OSError as error:
            named = self.path if os.path.lexists(self.path) else self.path.parent  # what the user knows, or can delete
            raise write_error(named, error) from error

    def _remove_empty(self) -> None:
        """Remove a lock file that has been empty for long."""
        with suppress(FileNotFoundError):
            status, now = self.path.stat(), time.monotonic()
            if status.st_size:
                self._empty = None
            elif self._empty is None or self._empty[0] != status.st_ino:
                self._empty = status.st_ino, now
            elif now - self._empty[1] > EMPTY_SECONDS:
                self.path.unlink()

    def wait(self, seconds: float) -> None:
        """Take the lock, waiting for other processes. Raises `ResultsError` where they do not release it."""
        end = time.monotonic() + seconds
        while not self.acquire():
            if time.monotonic() > end:
                raise ResultsError(
                    f"{self.path} was not released in {seconds:.0f} s; another run holds it. Wait for its end, or "
                    "delete the file if no other run exists."
                )
            time.sleep(POLL_SECONDS)

    def is_held(self) -> bool:
        """Return whether this process still holds the lock: one that was stopped for long may have lost it."""
        if not self._lease.is_locked or self._lease.compromise is not None:
            return False
        owner = self._lease.owner
        return owner is not None and owner.token == self._lease.token

    def release(self) -> None:
        """Give the lock back; nothing happens where this process does not hold it."""
        if self._lease.is_locked:
            self._lease.release()


class LockReader:
    """Finds out whether a process holds a lock by reading alone: the lock is neither taken nor touched."""

    def __init__(self, path: Path) -> None:
        self._lease = SoftFileLease(path, lease_duration=LEASE_SECONDS, thread_local=False)
        self._path = path
        self._file: tuple[int, int] = (0, 0)
        self._owner: tuple[int, str, int | None] | None = None
        self._touched: tuple[int, float] = (0, 0.0)  # the last touch, and when it was seen

    @property
    def owner(self) -> tuple[int, str, int | None] | None:
        """The process that held the lock at the last call of `is_held`: number, machine and start."""
        return self._owner

    def is_held(self) -> bool:
        """Return whether the lock exists, its holder has touched it lately, and is alive if it is on this machine."""
        try:
            status = self._path.stat()
        except OSError:
            self._owner = None
            return False
        if self._owner is None or self._file != (status.st_ino, status.st_size):
            record = self._lease.owner
            self._file = status.st_ino, status.st_size
            self._owner = (record.pid, record.hostname, record.start) if record else None
        if self._owner is None:  # it is being written
            return False
        if status.st_mtime_ns != self._touched[0]:
            age = max(time.time() - status.st_mtime, 0.0) if not self._touched[0] else 0.0
            self._touched = status.st_mtime_ns, time.monotonic() - age
        return time.monotonic() - self._touched[1] < LEASE_SECONDS and not owner_is_stale(*self._owner)
