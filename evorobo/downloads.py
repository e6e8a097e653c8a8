"""Where a data file comes from: a folder of the user's, the cache, or its address; never without its checksum."""

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
    """`name` is its path in a data folder ("wall_following/sensor_readings_24.data"), `member` its name in a zip.

    `by_hand`: `url` tells a person where the file comes from, and nothing is downloaded.
    """

    name: str
    url: str
    sha256: str
    member: str | None = None
    manual_download: bool = False

    def find(self) -> Path:
        """The file on this computer, downloaded into the cache if need be.

        Raises `DataError` for a damaged file, and, where there is neither file nor network, one that says which file
        to get from where and which folder to put it into.
        """
        path = find_file(self.name)
        if path is None and self.manual_download:
            raise self._missing("and does not download by itself")
        if path is None:
            path = self._download()
        elif (found := fingerprint(path)) != self.sha256:
            raise DataError(
                f"{path} is damaged or another file (its sha256 is {found}, not {self.sha256}); "
                f"delete it, and get it again from {self._source}."
            )
        return path

    @property
    def _source(self) -> str:
        return f"{self.url} (there {self.member})" if self.member else self.url

    def _download(self) -> Path:
        path = cache_folder() / self.name
        try:
            content = _fetch(self.url)
            if self.member:
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    content = archive.read(self.member)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise self._missing(f"and cannot be downloaded ({type(error).__name__})") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise DataError(
                f"{self._source} sent another file than expected (sha256 {found}, not {self.sha256}); try again later, "
                f"or put the right one at {path}."
            )
        return write_to_cache(self.name, content)

    def _missing(self, why: str) -> DataError:
        return DataError(
            f"{Path(self.name).name} is not on this computer {why}. "
            f"Get it from {self._source}, sha256 {self.sha256}, and put it at {cache_folder() / self.name}, "
            f"or at {self.name} in a folder of your own that the environment variable EVOROBO_DATA names."
        )


def find_file(name: str) -> Path | None:
    """The file of that path in the first data folder that has it."""
    return next((folder / name for folder in data_folders() if (folder / name).is_file()), None)


def data_folders() -> list[Path]:
    """The data folders, in order: those in `EVOROBO_DATA`, then the cache."""
    own = [Path(folder).expanduser() for folder in os.environ.get("EVOROBO_DATA", "").split(os.pathsep) if folder]
    return [*own, cache_folder()]


def cache_folder() -> Path:
    """The folder for downloads and for arrays given by hand."""
    import pooch

    return Path(pooch.os_cache("evorobo"))


def write_to_cache(name: str, content: bytes) -> Path:
    """Write a file into the cache."""
    path = cache_folder() / name
    try:
        write_atomically(path, content)
    except ResultsError as error:
        raise DataError(
            f"cannot write {path}: free some space there, or let XDG_CACHE_HOME name a folder that you may write to."
        ) from error
    return path


def fingerprint(*paths: Path) -> str:
    """The sha256 of a file, or of the sha256 of several."""
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _fetch(url: str) -> bytes:
    import pooch

    pooch.get_logger().setLevel("WARNING")  # else it asks for a checksum that we check ourselves
    with tempfile.TemporaryDirectory() as folder:
        return Path(pooch.retrieve(url, None, fname="download", path=folder)).read_bytes()
