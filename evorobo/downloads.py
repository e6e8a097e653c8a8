"""Data files: found in a folder of the user or in the cache, or downloaded, and always checked by their sha256."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from evorobo.errors import DataError, ResultsError
from evorobo.files import write_atomically


@dataclass(frozen=True)
class DataFile:
    """A data file with its address and checksum.

    Parameters
    ----------
    name : str
        Path in a data folder, for example "wall_following/sensor_readings_24.data".
    url : str
        Address of the file.
    sha256 : str
        Checksum of the file.
    member : str, optional
        Name of the file in the zip archive at `url`.
    manual_download : bool, default False
        True if `url` describes for a person where the file comes from. Nothing is downloaded then.
    """

    name: str
    url: str
    sha256: str
    member: str | None = None
    manual_download: bool = False

    def find(self) -> Path:
        """Return the path of the file, downloaded into the cache if necessary.

        Raises `DataError` for a damaged file, and for a missing one that cannot be downloaded. The message then says
        which file to get from which address, and which folder to put it into.
        """
        path = find_file(self.name)
        if path is None and self.manual_download:
            raise self._missing("and has no address to download it from")
        if path is None:
            path = self._download()
        elif (sha256 := fingerprint(path)) != self.sha256:
            raise DataError(
                f"{path} is damaged or another file (its sha256 is {sha256}, not {self.sha256}); "
                f"delete it, and get it again from {self._source}."
            )
        return path

    @property
    def _source(self) -> str:
        return f"{self.url} (its member {self.member})" if self.member else self.url

    def _download(self) -> Path:
        path = cache_folder() / self.name
        try:
            content = _fetch(self.url)
            if self.member:
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    content = archive.read(self.member)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise self._missing(f"and cannot be downloaded ({type(error).__name__})") from error
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != self.sha256:
            raise DataError(
                f"{self._source} sent another file than expected (sha256 {sha256}, not {self.sha256}); try again "
                f"later, or put the right one at {path}."
            )
        return write_to_cache(self.name, content)

    def _missing(self, why: str) -> DataError:
        """Return an error that says where to get the file and where to put it."""
        return DataError(
            f"{Path(self.name).name} is not on this computer {why}. "
            f"Get it from {self._source}, sha256 {self.sha256}, and put it at {cache_folder() / self.name}, "
            f"or at {self.name} in a folder of your own that the environment variable EVOROBO_DATA names."
        )


def find_file(name: str) -> Path | None:
    """Return the file of that path in the first data folder that contains it, or None."""
    return next((folder / name for folder in data_folders() if (folder / name).is_file()), None)


def data_folders() -> list[Path]:
    """Return the data folders in the order of search: those in the variable `EVOROBO_DATA`, then the cache."""
    paths = os.environ.get("EVOROBO_DATA", "").split(os.pathsep)
    return [*(Path(path).expanduser() for path in paths if path), cache_folder()]


def cache_folder() -> Path:
    """Return the folder for downloads and for the arrays of `DatasetTask.from_arrays`."""
    import pooch

    return Path(pooch.os_cache("evorobo"))


def write_to_cache(name: str, content: bytes) -> Path:
    """Write a file to the cache and return its path."""
    path = cache_folder() / name
    try:
        write_atomically(path, content)
    except ResultsError as error:
        raise DataError(
            f"cannot write {path}; free some space, or set XDG_CACHE_HOME to a folder with write permission."
        ) from error
    return path


def fingerprint(*paths: Path) -> str:
    """Return the sha256 of a file, or of the sha256 sums of several."""
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _fetch(url: str) -> bytes:
    """Download the content at an address."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # it would recommend a checksum, which we check ourselves
    with tempfile.TemporaryDirectory() as folder:
        return Path(pooch.retrieve(url, None, fname="download", path=folder)).read_bytes()
