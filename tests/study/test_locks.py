"""Locks on folders: held by one process, lost by dead ones."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evorobo import ResultsError
from evorobo.study import locks
from evorobo.study.locks import FolderLock

HOLDER = """
import sys, time
from pathlib import Path
from evorobo.study.locks import FolderLock
lock = FolderLock(Path(sys.argv[1]), "x.lock")
print(lock.acquire(), flush=True)
time.sleep(60)
"""


def holder(folder):
    """A process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "True\n"
    return process


def of_another_machine(folder, seconds):
    """Write the lock of a process on another machine, which this one cannot ask whether it lives."""
    text = f"filelock/2\npid=12345\nhost=another-machine\nmode=lease\ntoken={'ab' * 16}\nduration={seconds!r}\n"
    (folder / "x.lock").write_text(text)


def test_a_lock_is_held_once_and_can_be_given_back(tmp_path):
    one, other = (FolderLock(tmp_path / "new" / "folder", "x.lock") for _ in range(2))
    assert one.acquire()
    assert one.is_held()
    assert not other.acquire()
    assert not other.is_held()
    other.release()
    assert one.is_held()
    one.release()
    assert not one.is_held()
    assert other.acquire()
    other.release()
    assert not list((tmp_path / "new" / "folder").iterdir())


def test_a_lock_of_a_living_process_holds_and_that_of_a_dead_one_is_taken_over_at_once(tmp_path):
    process, lock = holder(tmp_path), FolderLock(tmp_path, "x.lock")
    assert not lock.acquire()
    process.kill()
    process.communicate()
    assert lock.acquire()
    lock.release()
    assert not list(tmp_path.iterdir())


def test_a_lock_of_another_machine_is_taken_over_when_it_is_not_touched_for_its_lifetime(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.1)
    of_another_machine(tmp_path, 1.0)
    lock, began = FolderLock(tmp_path, "x.lock"), time.monotonic()
    while time.monotonic() - began < 0.8:
        assert not lock.acquire()
        time.sleep(0.1)
    lock.wait(5.0)
    assert lock.is_held()
    lock.release()


def test_a_touched_lock_of_another_machine_is_never_taken_over(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.1)
    of_another_machine(tmp_path, 0.5)
    lock, began = FolderLock(tmp_path, "x.lock"), time.monotonic()
    while time.monotonic() - began < 1.5:
        (tmp_path / "x.lock").touch()
        assert not lock.acquire()
        time.sleep(0.1)
    with pytest.raises(ResultsError, match=r"x\.lock was not released in 0 s; another run holds it"):
        lock.wait(0.0)


def test_a_process_notices_that_it_has_lost_its_lock(tmp_path):
    lock = FolderLock(tmp_path, "x.lock")
    assert lock.acquire()
    (tmp_path / "x.lock").unlink()
    assert not lock.is_held()
    of_another_machine(tmp_path, 120.0)
    assert not lock.is_held()
    lock.release()
    assert "another-machine" in (tmp_path / "x.lock").read_text(), "the lock of the other process was removed"


def test_a_folder_that_cannot_be_written_is_an_error_with_a_cure(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    for folder in (tmp_path / "file", tmp_path / "file" / "study", Path("/proc/nope"), tmp_path / "full"):
        if folder.name == "full":
            monkeypatch.setattr(os, "open", no_space)
        with pytest.raises(ResultsError, match=rf"^cannot write {folder}: .* choose a folder that you may write to"):
            FolderLock(folder, "x.lock").acquire()


def no_space(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_lock_file_in_the_way_is_named(tmp_path):
    (tmp_path / "x.lock").symlink_to(tmp_path / "x.lock")
    with pytest.raises(ResultsError, match=r"cannot write .*/x\.lock: "):
        FolderLock(tmp_path, "x.lock").acquire()


def test_a_lock_that_was_created_and_never_written_is_taken_over_soon(tmp_path, monkeypatch):
    # its holder was killed in between; for the lock's whole lifetime no run could go on
    monkeypatch.setattr(locks, "EMPTY_SECONDS", 0.05)
    (tmp_path / "study.lock").touch()
    lock = FolderLock(tmp_path, "study.lock")
    assert not lock.acquire()
    lock.wait(5.0)
    assert lock.is_held()
    lock.release()
