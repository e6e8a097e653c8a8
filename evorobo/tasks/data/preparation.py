"""A data set ready to learn from: located, read, split and scaled, once per process."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.downloads import find_file, fingerprint, write_to_cache
from evorobo.errors import DataError, SettingsError, unknown
from evorobo.files import as_path, npz_bytes
from evorobo.nets.data_format import DataFormat
from evorobo.nets.scaling import Scaler
from evorobo.registry import components
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.data.data_settings import DataSettings
from evorobo.tasks.data.dataset import Dataset, Loader, find_loader, load_dataset
from evorobo.tasks.data.encoding import encode_table
from evorobo.tasks.data.file_report import report
from evorobo.tasks.data.findings import copies_caution, target_copies
from evorobo.tasks.data.leakage import dependence_caveat, leakage_caveat
from evorobo.tasks.data.parts import Parts, Split
from evorobo.tasks.data.readers import as_tuple, is_data_file, read_table
from evorobo.tasks.data.sentinels import codes_caution
from evorobo.tasks.data.splits import FoldSplit, RandomSplit
from evorobo.tasks.data.tables import Table
from evorobo.tasks.text.questions import OpenQuestion

ARRAYS = "arrays/sha256-"
"""Prefix of the sources of arrays passed to `DatasetTask.from_arrays`: files in the cache, named by their content."""
_RESERVED = ("inputs", "targets", "classes", "file", "allow_pickle")
_FILE_OPTIONS = ("columns", "ignore", "header", "classes", "thousands", "na_values")


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A table, its parts, and scalers fitted to the training rows alone.

    `target_scaler` is None for classes. `reference_scores` and `caveat` belong to the data set's own split and are
    empty under any other.
    """

    table: Table
    raw: Table
    """The rows of `table` as they are in the file."""
    format: DataFormat
    parts: Parts
    input_scaler: Scaler
    target_scaler: Scaler | None
    reference_scores: Mapping[str, float]
    is_time_series: bool
    has_own_split: bool
    """Whether a data set states its split, and this is it, so that what it says of its rows is enough."""
    caveat: str
    fingerprint: str

    def caution(self, in_sequences: bool, no_session: Collection[str | None]) -> str:
        """Return what a reader of the scores must know of the data, or "".

        These are test rows that depend on training rows, and values that may stand for missing ones. `no_session` are
        columns of weights.
        """
        return " ".join(filter(None, (self._leakage(in_sequences, no_session), values_caution(self.raw))))

    def _leakage(self, in_sequences: bool, no_session: Collection[str | None]) -> str:
        caveat = self.caveat or (leakage_caveat(self.parts) if self.is_time_series or in_sequences else "")
        if caveat or self.has_own_split:
            return caveat
        return dependence_caveat(self.table, self.parts, no_session)


def values_caution(table: Table) -> str:
    """Return a sentence about values that may stand for missing ones, or ""."""
    texts = [codes_caution(table.inputs, table.input_names)]
    if table.classes:
        texts.append(copies_caution(target_copies(table), table))
    else:
        texts.append(codes_caution(table.targets, table.target_names))
    return " ".join(filter(None, texts))


def prepare_data(settings: DataSettings) -> PreparedData:
    """Load, split and scale; the same object for the same settings as long as the file or loader stays the same."""
    source = settings.source
    if not is_data_file(source) or source.startswith(ARRAYS):
        settings = replace(settings, columns=())
    key = json.dumps([to_plain(getattr(settings, field.name)) for field in fields(settings)])
    if source.startswith(ARRAYS):
        return _prepare(key, None)  # the name is the checksum
    if loader := find_loader(source):
        return _prepare(key, loader)
    path = _locate(source)
    status = path.stat()
    return _prepare(key, None, os.getcwd(), str(path), status.st_mtime_ns, status.st_size)


def name_of_source(source: str, loader_kwargs: Mapping[str, Any]) -> str:
    """Return the name of a data set with its options, or the name of a file without its suffix."""
    if source.startswith(ARRAYS):
        return f"arrays-{source.removeprefix(ARRAYS)[:8]}"
    if is_data_file(source):
        return Path(source).name.split(".")[0]
    options = (value if isinstance(value, str) else f"{key}-{value}" for key, value in loader_kwargs.items())
    return "-".join([source.rpartition(":")[2], *options])


def cache_arrays(table: Table) -> str:
    """Write the arrays of a table to a file in the cache, unless it exists, and return its name as a source."""
    for name in table.columns:
        if name in _RESERVED:
            raise SettingsError(f"{name!r} is invalid as the name of a column, since it is reserved; rename it.")
    content = _table_bytes(table)
    source = f"{ARRAYS}{hashlib.sha256(content).hexdigest()}.npz"
    if find_file(source) is None:
        write_to_cache(source, content)
    return source


def _table_bytes(table: Table) -> bytes:
    names = {"classes": np.array(table.classes)} if table.classes else {}
    return npz_bytes({"inputs": table.inputs, "targets": table.targets, **names, **table.columns})


@lru_cache(maxsize=16)
def _prepare(key: str, loader: Loader | None, *_stamp: object) -> PreparedData:
    settings = DataSettings(*from_plain(json.loads(key), imports=True))
    source, split = settings.source, settings.split
    if loader is not None:
        if settings.target != -1:
            raise SettingsError(f"{source} has its own target; leave target out, or give the path of its file.")
        data = load_dataset(loader, source, settings.loader_kwargs)
        _check_kind(settings.kind, data.table, source)
    else:
        data = _read(_locate(source), settings)
    table = data.table
    sha256 = fingerprint(*data.files) if data.files else hashlib.sha256(_table_bytes(table)).hexdigest()
    if source.startswith(ARRAYS) and sha256 not in source:
        raise DataError(f"{data.files[0]} is damaged; delete it, and run the script that made it again.")
    raw, parts, row_format, inputs = encode_table(table, split or data.split, settings)
    table = raw if row_format.is_identity else replace(raw, inputs=inputs, input_names=row_format.names)
    for array in (raw.inputs, table.inputs, table.targets, *table.columns.values()):
        array.flags.writeable = False  # many tasks share it
    target_scaler = None if table.classes else Scaler.fit(table.targets[parts.train])
    reference_scores, caveat = (data.reference_scores, data.caveat) if split is None else ({}, "")
    return PreparedData(
        table,
        raw,
        row_format,
        parts,
        Scaler.fit(table.inputs[parts.train]),
        target_scaler,
        reference_scores,
        data.is_time_series,
        loader is not None and split is None and not _assigns_random_rows(data.split),
        caveat,
        sha256,
    )


def _read(path: Path, settings: DataSettings) -> Dataset:
    """The data set in a file; the `columns`, and those that the split reads, are no inputs."""
    try:
        return Dataset(_read_table(path, settings), (path,))
    except OpenQuestion as question:
        raise report(question, settings, lambda settled: _read_table(path, settled)) from None


def _read_table(path: Path, settings: DataSettings) -> Table:
    split, options = settings.split, settings.loader_kwargs
    is_npz = path.suffix.lower() == ".npz"
    known = () if is_npz else _FILE_OPTIONS
    for option in options:
        if option not in known:
            raise unknown(f"option of {path.suffix} files", option, known)
    if is_npz and settings.target != -1:
        raise SettingsError(f"{path.name} keeps its targets in the array 'targets'; leave target out.")
    if not is_npz:
        kept = (*as_tuple(options.get("columns", ())), *(split.columns if split else ()), *settings.columns)
        options = {**options, "columns": tuple(dict.fromkeys(column for column in kept if column is not None))}
        options |= {"one_hot": settings.one_hot}
    return read_table(path, settings.target, settings.kind, **options, allow_missing=settings.missing is not None)


def _locate(source: str) -> Path:
    path = as_path(source)
    file = path if path.is_file() else find_file(source)
    if file is not None:
        return file
    if source.startswith(ARRAYS):
        raise DataError(f"the arrays {source} are in the cache of another computer; run the script that made them.")
    names = [component.key for component in components("data set")]
    if is_data_file(source):
        raise DataError(
            f"there is no file {source} in {Path.cwd()}, nor in a folder that EVOROBO_DATA names; "
            f"correct the path, or choose one of {', '.join(names)}."
        )
    raise unknown("data set", source, names)


def _assigns_random_rows(split: Split) -> bool:
    return isinstance(split, RandomSplit) or (
        isinstance(split, FoldSplit) and split.column is None and split.seed is not None
    )


def _check_kind(kind: str | None, table: Table, source: str) -> None:
    actual = "classification" if table.classes else "regression"
    if kind is not None and kind != actual:
        raise SettingsError(f"{source} is a {actual} data set, not {kind}; leave kind out.")
