"""From a table as it is in a file to the inputs of a network: missing values, one-hot texts, past rows, and a split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.nets.data_format import DataFormat
from evorobo.tasks.data.data_settings import DataSettings
from evorobo.tasks.data.leakage import sessions, time_column
from evorobo.tasks.data.parts import Parts, Split
from evorobo.tasks.data.sequences import MAX_RECURRENCE, sequence_names, sequence_numbers
from evorobo.tasks.data.splits import FoldSplit, GroupSplit
from evorobo.tasks.data.stratification import stratified_order
from evorobo.tasks.data.tables import Table

MAX_STEPS = 5
"""Steps of time that are longer than the usual one this many times are gaps."""


def encode_table(table: Table, split: Split, settings: DataSettings) -> tuple[Table, Parts, DataFormat, Array]:
    """Return the rows that are used, their parts, how a row becomes inputs, and these inputs.

    Rows without a target are left out, and with ``missing="drop"`` those with a missing value among their inputs. What
    replaces missing values is computed from the training rows. Past rows are those of the file, whether used or not.
    """
    if table.has_missing and settings.missing is None:
        raise DataError(f'{settings.source} has missing values; set missing="drop", "mean" or "median" in the task.')
    row_format = DataFormat(
        table.input_names,
        np.full(len(table.input_names), np.nan),
        tuple(table.categories.get(name, ()) for name in table.input_names),
        settings.lags,
        settings.windows,
        table.target_names if not table.classes else (),
        table.classes,
    )
    starts = session_starts(table, split, settings) if row_format.has_history else None
    used = ~np.isnan(table.targets).any(1) if not table.classes else table.targets >= 0
    if settings.missing == "drop":
        used &= ~np.isnan(row_format.encode(table.inputs, starts)).any(1)
    rows = np.flatnonzero(used)
    raw = table if len(rows) == len(table) else table.take(rows)
    if not len(raw):
        raise DataError(f'{settings.source} has no row without a missing value; set missing="median".')
    parts = split.split(raw)
    if settings.rows is not None:
        parts = replace(parts, train=some_rows(raw, parts.train, settings))
    if settings.missing in ("mean", "median"):
        row_format = replace(row_format, fill=_fill(raw, parts.train, settings.missing))
    if row_format.is_identity:
        return raw, parts, row_format, raw.inputs
    return raw, parts, row_format, row_format.encode(table.inputs, starts)[rows]


def session_starts(table: Table, split: Split, settings: DataSettings) -> np.ndarray:
    """Return for each row the first row of its session, of which past rows are taken.

    Sessions are those of the setting `sequence`, else of the groups of the split, else all columns that are called or
    look like sessions; without any the table is one session. A gap in time begins a session, too.
    """
    names = sequence_names(settings.sequence)
    if not names and isinstance(split, FoldSplit | GroupSplit):
        names = split.columns
    if names:
        columns = [sequence_numbers(table, names, settings.source)]
    else:
        columns = [session.groups for session in sessions(table) if _is_in_order(session.groups)]
    is_first = np.zeros(len(table), bool)
    is_first[:1] = True
    for numbers in columns:
        assert numbers is not None
        is_first[1:] |= numbers[1:] != numbers[:-1]
    is_first[1:] |= _gaps(table, is_first[1:], settings)
    return np.maximum.accumulate(np.where(is_first, np.arange(len(table)), 0))


def some_rows(table: Table, train: np.ndarray, settings: DataSettings) -> np.ndarray:
    """Return `rows` of the training rows, sorted: whole sequences, or a part of each class; fewer are among more."""
    assert settings.rows is not None
    if settings.rows > len(train):
        raise SettingsError(f"rows is {settings.rows}, but {settings.source} has {len(train)} training rows; lower it.")
    rng = np.random.default_rng(0)
    numbers = sequence_numbers(table, settings.sequence, settings.source)
    if numbers is not None:
        _, codes = np.unique(numbers[train], return_inverse=True)
        order = np.argsort(rng.permutation(codes.max() + 1)[codes], kind="stable")
    else:
        order = rng.permutation(len(train))
        order = stratified_order(table.targets[train], order) if table.classes else order
    return np.sort(train[order[: settings.rows]])


def _gaps(table: Table, is_first: np.ndarray, settings: DataSettings) -> np.ndarray:
    """Return whether the time stamp makes a gap or a step back before each row but the first; `is_first` of a session.

    Raises
    ------
    DataError
        If there are gaps and no `max_gap`, or a `max_gap` and no time stamp.
    """
    stamp = time_column(table)
    if stamp is None:
        if settings.max_gap is not None:
            raise DataError(
                f"{settings.source} has no column of numbers that is called like a time and increases, which max_gap "
                "needs; name it, or keep it beside the inputs: loader_kwargs={'columns': ('time',)}."
            )
        return np.zeros(len(is_first), bool)
    name, times = stamp
    steps = np.diff(times.astype(np.float64))
    usual = float(np.median(steps[~is_first])) if not is_first.all() else 0.0
    limit = settings.max_gap or MAX_STEPS * usual
    gaps = ((steps > limit) | (steps < 0)) & ~is_first
    if settings.max_gap is None and gaps.any() and usual > 0:
        raise DataError(
            f"{settings.source}: the steps of {name!r} are {usual:.6g}, but {gaps.sum()} go back or exceed {limit:.6g} "
            f"within a session (the largest is {steps[gaps].max():.6g}); set max_gap={limit:.6g} if past rows begin "
            "anew there, or a larger one if they reach across."
        )
    return gaps if settings.max_gap is not None else np.zeros(len(is_first), bool)


def _is_in_order(groups: np.ndarray) -> bool:
    """Return whether the rows of a group stand together."""
    return 1 + np.count_nonzero(np.diff(groups)) <= MAX_RECURRENCE * (groups.max() + 1)


def _fill(table: Table, train: np.ndarray, missing: str) -> Array:
    """Return what replaces the missing values of each column: of texts, the number of no category."""
    is_text = np.array([name in table.categories for name in table.input_names])
    empty = np.isnan(table.inputs[train]).all(0) & ~is_text
    if empty.any():
        name = table.input_names[int(empty.argmax())]
        raise DataError(f"column {name!r} has no value in the training rows; leave it out.")
    fill = np.full(len(is_text), -1.0)
    numbers = table.inputs[train][:, ~is_text]
    fill[~is_text] = np.nanmean(numbers, axis=0) if missing == "mean" else np.nanmedian(numbers, axis=0)
    return fill
