"""What is suspicious in the content of a table: constant columns, labels, and inputs that determine the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.data.leakage import unsorted_time
from evorobo.tasks.data.tables import Table

IMBALANCE = 3.0
"""From this ratio of the largest to the smallest class on, the accuracy hides the small one."""
MIN_OF_CLASS = 5
MAX_NAMED = 5
MIN_ROWS, SAMPLE_ROWS = 30, 2000
MAX_VALUES = 50
"""Most different values of an input that may be the label under another name."""
MIN_COPY = 1 - 1e-9
"""An input that correlates more than this with a target is a copy of it."""


class Finding(NamedTuple):
    """A sentence about the content of a table, and the columns that are better left out."""

    sentence: str
    left_out: tuple[str, ...] = ()


def content_findings(table: Table) -> list[Finding]:
    """Return what is suspicious in the inputs and targets of a table."""
    findings = []
    if constant := constant_inputs(table):
        findings.append(
            Finding(f"{_list(constant)} never change{'s' if len(constant) == 1 else ''}; leave it out.", constant)
        )
    if counters := row_counters(table):
        findings.append(
            Finding(f"{_list(counters)} count{'s' if len(counters) == 1 else ''} the rows; leave it out.", counters)
        )
    if late := unsorted_time(table):
        findings.append(
            Finding(
                f"The rows are not in the order of {late!r}; sort the file by it (by session and time, if it has "
                "sessions), since sequences, past rows and splits in blocks follow the order of rows."
            )
        )
    if copies := target_copies(table):
        findings.append(Finding(copies_caution(copies, table), copies))
    return [*findings, *map(Finding, label_notes(table))]


def constant_inputs(table: Table) -> tuple[str, ...]:
    """Return the inputs that have one value in all rows."""
    columns = zip(table.input_names, table.inputs.T, strict=True)
    return tuple(name for name, column in columns if not (np.isfinite(column) & (column != _first(column))).any())


def row_counters(table: Table) -> tuple[str, ...]:
    """Return the inputs without a name that increase by 1 from row to row, as the index of a table."""
    columns = zip(table.input_names, table.inputs.T, strict=True)
    return tuple(name for name, column in columns if name.isdigit() and (np.diff(column) == 1).all())


def target_copies(table: Table) -> tuple[str, ...]:
    """Return the inputs that determine the target in all rows: codes of the classes, or other units."""
    if len(table) < MIN_ROWS:
        return ()
    some = np.unique(np.linspace(0, len(table) - 1, SAMPLE_ROWS).astype(int))
    determines = _determines_class if table.classes else _is_copy
    return tuple(
        name
        for name, column in zip(table.input_names, table.inputs.T, strict=True)
        if determines(column[some], table.targets[some]) and determines(column, table.targets)
    )


def copies_caution(copies: Sequence[str], table: Table) -> str:
    """Return a sentence about inputs that determine the target; an empty one without any."""
    if not copies:
        return ""
    target = "the class" if table.classes else "the target"
    return (
        f"{_list(copies)} determine{'s' if len(copies) == 1 else ''} {target} in all rows, as the label under another "
        "name does; leave it out, unless it is a sensor."
    )


def is_imbalanced(table: Table) -> bool:
    """Return whether the largest class has several times the rows of the smallest one."""
    if not table.classes:
        return False
    counts = _class_counts(table)
    return bool(counts.max() >= IMBALANCE * counts.min())


def label_notes(table: Table) -> list[str]:
    """Return sentences about rare classes and classes that look alike."""
    notes: list[str] = []
    if not table.classes:
        return notes
    if rare := [f"{name!r} ({count})" for name, count in _with_counts(table) if count < MIN_OF_CLASS]:
        notes.append(f"Classes with few rows: {_some(rare)}; a part of the split may lack them.")
    same: dict[str, list[str]] = {}
    for name in table.classes:
        same.setdefault(" ".join(name.replace("_", " ").replace("-", " ").split()).casefold(), []).append(name)
    for alike in same.values():
        if len(alike) > 1:
            notes.append(f"The classes {_list(alike)} may be one class, written differently.")
    return notes


def imbalance_note(table: Table) -> str:
    """Return a sentence about classes of unequal numbers of rows, or ""."""
    if not is_imbalanced(table):
        return ""
    counts = _class_counts(table)
    shares = _some([f"{name} {count / counts.sum():.0%}" for name, count in _with_counts(table)])
    return (
        f"The classes are unequal ({shares}), so a guess has a high accuracy; balanced accuracy decides, and training "
        "weights all classes equally."
    )


def _determines_class(column: Array, classes: np.ndarray) -> bool:
    """Return whether a column of few values has one class for each value, in several rows each."""
    values, numbers = np.unique(column, return_inverse=True)
    if not 2 <= len(values) <= min(MAX_VALUES, len(column) / 10) or np.isnan(values).any():
        return False
    pairs = np.unique(numbers * (classes.max() + 1) + classes)
    return len(pairs) == len(values) and bool(np.bincount(classes[classes >= 0]).min() >= MIN_OF_CLASS)


def _is_copy(column: Array, targets: Array) -> bool:
    """Return whether a column is a linear function of a target."""
    known = np.isfinite(column) & np.isfinite(targets).all(1)
    x, y = column[known], targets[known]
    if len(x) < MIN_ROWS or not np.ptp(x):
        return False
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = [abs(np.corrcoef(x, one)[0, 1]) for one in y.T if np.ptp(one)]
    return any(correlation > MIN_COPY for correlation in correlations)


def _class_counts(table: Table) -> np.ndarray:
    return np.bincount(table.targets[table.targets >= 0], minlength=len(table.classes))


def _with_counts(table: Table) -> list[tuple[str, int]]:
    return list(zip(table.classes, _class_counts(table).tolist(), strict=True))


def _first(column: Array) -> float:
    finite = column[np.isfinite(column)]
    return float(finite[0]) if len(finite) else np.nan


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else ""
    return ", ".join(items[:MAX_NAMED]) + more


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(map(repr, names[:-1])), repr(names[-1])]))
