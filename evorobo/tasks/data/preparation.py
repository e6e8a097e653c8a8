"""A data set ready to learn from: found, read, cut into parts and measured, once for each process."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from evorobo.downloads import find_file, fingerprint, write_to_cache
from evorobo.errors import DataError, SettingsError, unknown
from evorobo.files import npz_bytes
from evorobo.nets.scaling import Scaler
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.data.catalogue.loaded import Dataset
from evorobo.tasks.data.catalogue.registry import LOADERS, load_dataset
from evorobo.tasks.data.readers import SUFFIXES, Columns, as_tuple, read_table
from evorobo.tasks.data.splits import Parts, RandomSplit, Split
from evorobo.tasks.data.tables import Table

ARRAYS = "arrays/sha256-"
"""How the sources of arrays given by hand begin: files in the cache, named by their content."""
_FILE_OPTIONS = ("columns", "ignore", "header", "classes")


@dataclass(frozen=True, eq=False)
class PreparedData:
    """`inputs` and `targets` (None for classes) are scalings learned on the training rows alone.

    `published` and `caution` go with the data set's own split and are empty under any other.
    """

    table: Table
    parts: Parts
    input_scaler: Scaler
    target_scaler: Scaler | None
    published: Mapping[str, float]
    is_time_series: bool
    caveat: str
    fingerprint: str


def prepare_data(
    source: str, target: Columns, kind: str | None, split: Split | None, loader_kwargs: Mapping[str, Any]
) -> PreparedData:
    """The same object for the same settings, as long as the file stays as it is."""
    settings = json.dumps(to_plain((source, target, kind, split, loader_kwargs)))
    if source in LOADERS or source.startswith(ARRAYS):
        return _prepare(settings)  # their checksum says that they never change
    path = _locate(source)
    about = path.stat()
    return _prepare(settings, os.getcwd(), str(path), about.st_mtime_ns, about.st_size)


def cache_arrays(table: Table) -> str:
    """The source of arrays given by hand: a file in the cache, written unless it is there."""
    names = {"classes": np.array(table.classes)} if table.classes else {}
    content = npz_bytes({"inputs": table.inputs, "targets": table.targets, **names, **table.columns})
    source = f"{ARRAYS}{hashlib.sha256(content).hexdigest()}.npz"
    if find_file(source) is None:
        write_to_cache(source, content)
    return source


@lru_cache(maxsize=16)
def _prepare(settings: str, *_stamp: object) -> PreparedData:
    source, target, kind, split, options = from_plain(json.loads(settings))
    if source in LOADERS:
        if target != -1:
            raise SettingsError(f"{source} has its own target; leave target out, or give the path of its file.")
        data = load_dataset(source, options)
        _check_kind(kind, data.table, source)
    else:
        data = _read(_locate(source), target, kind, split, options)
    found = fingerprint(*data.files)
    if source.startswith(ARRAYS) and found not in source:
        raise DataError(f"{data.files[0]} is damaged; delete it, and run the script that made it again.")
    for array in (data.table.inputs, data.table.targets, *data.table.columns.values()):
        array.flags.writeable = False  # many tasks share it
    parts = (split or data.split).split(data.table)
    train = data.table.inputs[parts.train]
    targets = None if data.table.classes else Scaler.fit(data.table.targets[parts.train])
    published, caveat = (data.published, data.caveat) if split is None else ({}, "")
    return PreparedData(data.table, parts, Scaler.fit(train), targets, published, data.is_time_series, caveat, found)


def _read(path: Path, target: Columns, kind: str | None, split: Split | None, options: Mapping[str, Any]) -> Dataset:
    arrays = path.suffix == ".npz"
    known = () if arrays else _FILE_OPTIONS
    for option in options:
        if option not in known:
            raise unknown(f"option of {path.suffix} files", option, known)
    if arrays and target != -1:
        raise SettingsError(f"{path.name} keeps its targets in the array 'targets'; leave target out.")
    if split is not None and not arrays:
        further = dict.fromkeys((*as_tuple(options.get("columns", ())), *split.columns))
        options = {**options, "columns": tuple(further)}
    return Dataset(read_table(path, target, kind, **options), (path,), RandomSplit())


def _locate(source: str) -> Path:
    path = Path(source).expanduser()
    found = path if path.is_file() else find_file(source)
    if found is not None:
        return found
    if source.startswith(ARRAYS):
        raise DataError(f"the arrays {source} were kept on another computer; run the script that made them here, too.")
    if path.name.removesuffix(".gz").endswith(SUFFIXES):
        raise DataError(
            f"there is no file {source}, neither here ({Path.cwd()}) nor in a folder that EVOROBO_DATA names; "
            f"mend the path, or choose one of {', '.join(sorted(LOADERS))}."
        )
    raise unknown("data set", source, LOADERS)


def _check_kind(kind: str | None, table: Table, source: str) -> None:
    found = "classification" if table.classes else "regression"
    if kind is not None and kind != found:
        raise SettingsError(f"{source} is a {found} data set, not {kind}; leave kind out.")
