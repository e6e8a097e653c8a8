"""Files: written atomically, and read so that a damaged or hostile file is an error in one sentence."""

from __future__ import annotations

import io
import json
import math
import os
import re
import stat
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal

import numpy as np
from numpy.lib import format as npy

from evorobo.errors import DataError, ResultsError, SettingsError
from evorobo.printable import shown

MAX_JSON_BYTES = 256 * 2**20
"""Largest JSON text that is read: a controller of ten million weights."""
MAX_JSON_DEPTH = 64
"""Deepest nesting of lists and objects in JSON that is read; settings have fewer than 20 levels."""
MAX_EXPANSION = 100
"""How many times larger than its file an archive may be when it is unpacked, above `EXPANSION_FREE_BYTES`."""
EXPANSION_FREE_BYTES = 256 * 2**20
MAX_TEXT_BYTES = 2**30
"""Largest `curve.csv` and the like that is read: ten million rows."""
_STUDY_FILE, _DEPTH_IN_STUDY = "study.json", 5
MAX_NAME_BYTES = 255
"""Longest name of a file on usual file systems."""
ARRAY_KINDS = "biufcSUmM"
"""Kinds of NumPy dtypes that are read: numbers, texts and times, but no objects and no records."""


def as_path(path: str | os.PathLike[str]) -> Path:
    """Return a path that a user gave, with the home folder in the place of `~`; brackets in it are letters.

    Raises `SettingsError` for what cannot be a path.
    """
    if not isinstance(path, str | os.PathLike):
        raise SettingsError(f"a path must be a text, not {shown(path)}.")
    text = os.path.expanduser(os.fspath(path))  # unlike Path.expanduser, it leaves the names of unknown users
    if "\0" in text or any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in Path(text).parts):
        raise SettingsError(f"{shown(text)} is no path; a name in it is too long or has a null character.")
    return Path(text)


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write `content` to `path`. At any time there is either the whole old file or the whole new one.

    Half a surrogate pair in a text, which UTF-8 cannot hold, is written as its escape. Raises `ResultsError` when the
    folder cannot be written, when the disk is full, and when `path` is a link, a device or a folder.
    """
    path = as_path(path)
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    check_replaceable(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> ResultsError:
    """Return the error for a file or folder that cannot be written, with the cure."""
    return ResultsError(
        f"cannot write {path}: {error.strerror or error}. "
        "Free some space, or choose a folder that you may write to with --results."
    )


_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")


def is_temporary(name: str) -> bool:
    """Return whether a file has the name of one that `write_atomically` writes and then renames."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_temporary_files(folder: Path, of: str = "") -> None:
    """Remove what killed writes left in a folder, not below it; only those of the file `of` where it is given.

    No other process may write these files meanwhile.
    """
    for path in sorted(folder.iterdir()):
        if is_temporary(path.name) and path.name.startswith(f".{of}") and path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


def append_text(path: Path, text: str, size: int) -> None:
    """Append to a file of `size` bytes, and wait until the text is on disk.

    Raises `ResultsError` when the file cannot be written, and when it has another size: then another program wrote it.
    """
    check_replaceable(path)
    try:
        with path.open("ab") as file:
            if (actual := file.seek(0, os.SEEK_END)) != size:
                raise ResultsError(
                    f"{path} was changed while its trial ran ({actual:,} bytes instead of {size:,}); run the study "
                    "again, and the trial continues from its checkpoint."
                )
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise write_error(path, error) from error


def check_replaceable(path: Path) -> None:
    """Raise `ResultsError` where `path` is a link, a device or a folder: only a plain file is ever replaced.

    Folders above may be links, since results often lie on another disk, but none within a study: results of other
    people could lead out of it.
    """
    for number, folder in enumerate(path.parents[:_DEPTH_IN_STUDY]):
        if (folder / _STUDY_FILE).is_file():
            if link := next((inner for inner in path.parents[:number] if inner.is_symlink()), None):
                raise ResultsError(f"cannot write {path}: {link} is a link within a study; give another path.")
            break
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):  # it does not exist, or it cannot exist, which writing reports
        return
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise ResultsError(f"cannot write {path}: it is {kind}, and only plain files are replaced; give another path.")


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

    Each member is read to its end, so its checksum is compared. Sizes are checked before memory is taken. Raises
    `DataError`, with `kind` in the message, when the file is damaged, too large when unpacked, or of another kind.
    """
    try:
        with open_plain(path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != _count_members(file):
                raise ValueError("its list of arrays is damaged")
            check_expansion(path, sum(member.file_size for member in members), path.stat().st_size)
            if other := [member.filename for member in members if not member.filename.endswith(".npy")]:
                raise ValueError(f"it holds {', '.join(other)}")
            names = [member.filename.removesuffix(".npy") for member in members]
            if len(set(names)) < len(names):
                raise ValueError("it holds two arrays of one name")
            return {name: _read_array(archive.read(member)) for name, member in zip(names, members, strict=True)}
    except DataError:
        raise
    except MemoryError as error:
        raise DataError(f"{path} needs more memory than this machine has; give a smaller file.") from error
    except Exception as error:  # a damaged zip raises many kinds of errors
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is damaged or no {kind} ({reason}); save it again.") from error


def _count_members(file: BinaryIO) -> int:
    """Return the number of members that the end of a zip file states; `zipfile` does not compare it with its list."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2**16 - 22))
    end = file.read()
    count: int = struct.unpack_from("<H", end, end.rindex(b"PK\5\6") + 10)[0]
    return count


def check_expansion(path: Path, unpacked: int, packed: int) -> None:
    """Raise `DataError` for a file whose content unpacks to far more bytes than the file has."""
    if unpacked > max(EXPANSION_FREE_BYTES, MAX_EXPANSION * packed):
        raise DataError(
            f"{path} has {packed:,} bytes and unpacks to {unpacked:,}, more than {MAX_EXPANSION} times as many; "
            "if you trust it, unpack it yourself and save it uncompressed."
        )


def _read_array(content: bytes) -> np.ndarray:
    """Return the array of an `.npy` file, whose header must describe exactly the bytes that follow it."""
    file = io.BytesIO(content)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"its array has version {version}")
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read_header(file)
    if dtype.kind not in ARRAY_KINDS:
        raise ValueError(f"it holds an array of {dtype}, and objects are never loaded")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"an array of shape {shape} and type {dtype} does not have {len(content) - file.tell()} bytes")
    order: Literal["F", "C"] = "F" if fortran_order else "C"
    if file.tell() == len(content):
        return np.empty(shape, dtype, order)
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order=order).copy(order="K")


def open_plain(path: Path) -> io.BufferedReader:
    """Open a plain file to read. A device or a pipe, which may have no end, raises `OSError`."""
    check_plain(path)
    return path.open("rb")


def check_plain(path: Path) -> None:
    """Raise `OSError` for a device, a pipe or a folder."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{path} is a device, a pipe or a folder")


class GuardedStream(io.RawIOBase):
    """The unpacked content of a file; reading raises `DataError` as soon as it is far larger than the file."""

    def __init__(self, unpacked: IO[bytes], path: Path) -> None:
        self._unpacked, self._path = unpacked, path
        self._packed, self._size = path.stat().st_size, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._unpacked.read(len(buffer))
        buffer[: len(content)] = content
        self._size += len(content)
        check_expansion(self._path, self._size, self._packed)
        return len(content)

    def close(self) -> None:
        self._unpacked.close()
        super().close()


def check_zip(content: BinaryIO, path: Path, packed: int) -> None:
    """Raise `DataError` where a zip archive in the file `path` is damaged, or unpacks to far more bytes than it has."""
    try:
        if zipfile.is_zipfile(content):
            with zipfile.ZipFile(content) as archive:
                check_expansion(path, sum(member.file_size for member in archive.infolist()), packed)
                if damaged := archive.testzip():
                    raise DataError(f"{path} is damaged (the checksum of {damaged} differs); save it again.")
        content.seek(0)
    except DataError:
        raise
    except Exception as error:  # a damaged zip raises many kinds of errors
        raise DataError(f"{path} is damaged ({error}); save it again.") from error


def read_content(path: Path, kind: str, max_bytes: int = MAX_TEXT_BYTES) -> bytes:
    """Return the content of a plain file. Raises `DataError`, with `kind`, where that is impossible or too large."""
    try:
        with open_plain(path) as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); give the path of a {kind}.") from error
    if len(content) > max_bytes:
        size = path.stat().st_size
        raise DataError(f"{path} has {size:,} bytes, and a {kind} has at most {max_bytes:,}; give another file.")
    return content


def read_json(path: Path, kind: str = "JSON file") -> Any:
    """Return the content of a JSON file. Raises `DataError` for a missing, damaged, too large or too deep one."""
    return parse_json(read_content(path, kind, MAX_JSON_BYTES), str(path), kind)


def parse_json(content: bytes | str, where: str, kind: str = "JSON text") -> Any:
    """Return the value of a JSON text. Raises `DataError`, with `where`, for a damaged or too deep one."""
    try:
        plain = json.loads(content.decode("utf-8") if isinstance(content, bytes) else content)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"{where} is damaged or no {kind} ({reason}).") from error
    layer, depth = [plain], 0
    while layer := [item for item in layer if isinstance(item, list | dict)]:
        depth += 1
        if depth > MAX_JSON_DEPTH:
            raise DataError(f"{where} is damaged or no {kind} (it is nested more than {MAX_JSON_DEPTH} levels deep).")
        layer = [child for item in layer for child in (item.values() if isinstance(item, dict) else item)]
    return plain


def parse_json_object(content: bytes | str, where: str, kind: str = "JSON text") -> dict[str, Any]:
    """Return the JSON object of a text. Raises `DataError`, with `where`, for a damaged text and any other value."""
    plain = parse_json(content, where, kind)
    if not isinstance(plain, dict):
        raise DataError(f"{where} is damaged or no {kind} (it holds no object in braces).")
    return plain
