"""A check for leakage: test rows that resemble training rows because they share a session or follow them in time.

What a data set says of itself counts first. Of files and arrays three signs are used: columns that tell sessions apart,
time stamps, and rows that correlate with the rows before them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.data.parts import Parts, Split
from evorobo.tasks.data.splits import BlockSplit, FoldSplit
from evorobo.tasks.data.tables import Table
from evorobo.tasks.text.cells import to_number

MAX_LEAKAGE = 0.5
"""From this fraction of test rows beside a training row a caveat is given. Splits by whole laps stay far below."""
MIN_CORRELATION = 0.5
"""Rows depend on the row before if at least half of the inputs correlate with it so much."""
MIN_ROWS = 30
MIN_ORDER = 0.9
"""Times that increase in fewer rows than this are not sorted."""
STRETCH, MAX_STRETCHES = 400, 50
"""Rows of a stretch, and the number of stretches, from which the correlation is estimated."""
_SESSION = re.compile(
    "(.*_)?(session|subject|person|participant|patient|user|operator|driver|pilot|run|trial|lap|ride|tour|track|route|"
    "episode|recording|bag|file|sequence|seq|experiment|day|date|robot|vehicle|car|drone|device|room|site|group|"
    "drive|flight|mission|trajectory|traj|demo|demonstration|rollout|cycle)(_?(id|no|nr|num|number|name|index))?"
)
_OTHER = re.compile("(.*_)?(split|fold|part|subset|set|weights?|label|class|target|last|index)")
_TIME = re.compile(
    "(.*_)?(time_?stamp|stamp|time|time_?step|date_?time|clock|epoch|elapsed|n?secs?|seconds|msecs?|millis|ts|t|zeit|"
    "uhrzeit|frame|step|tick)(_?(s|ms|us|ns|id|no|nr|number|idx|index|count))?"
)
_TIME_TEXT = re.compile(
    r"(\d{4}-\d\d?-\d\d?[T ]+|\d\d?[./]\d\d?[./]\d{2,4} +)?\d\d?:\d\d(:\d\d([.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)
_SORTABLE = re.compile(r"(\d{4}-\d\d-\d\d[T ]?)?(\d\d:\d\d(:\d\d([.,]\d+)?)?)?Z?|\d+(\.\d+)?")
"""Times whose texts are in the order of the times."""


@dataclass(frozen=True, eq=False)
class Session:
    """A column that separates sessions: its name and the number of the session of each row."""

    name: str
    groups: np.ndarray

    def shared_fraction(self, parts: Parts) -> float:
        """Return the fraction of test rows whose session trains as well."""
        return float(np.isin(self.groups[parts.test], self.groups[parts.train]).mean())

    def split(self) -> Split:
        """Return a split by whole sessions."""
        n_groups = len(np.unique(self.groups))
        return FoldSplit(min(5, n_groups), column=self.name, validation=n_groups > 2)


def adjacent_fraction(parts: Parts) -> float:
    """Return the fraction of test rows that come right before or after a training row."""
    return float(np.mean(np.isin(parts.test - 1, parts.train) | np.isin(parts.test + 1, parts.train)))


def leakage_caveat(parts: Parts) -> str:
    """Return a sentence about a split that separates neighboring rows of a recording; empty for other splits."""
    fraction = adjacent_fraction(parts)
    if fraction < MAX_LEAKAGE:
        return ""
    return (
        f"{fraction:.0%} of the test rows come right before or after a training row in time and resemble it, so the "
        "scores are too good; split by whole laps, blocks or stretches."
    )


def dependence_caveat(table: Table, parts: Parts, no_session: Collection[str | None] = ()) -> str:
    """Return a sentence about a split that separates rows which depend on each other, and the split that does not.

    `no_session` are columns with another meaning, as weights.
    """
    shared = {session: session.shared_fraction(parts) for session in sessions(table, no_session)}
    if shared and min(shared.values()) >= MAX_LEAKAGE:
        session = main_session(shared)
        return (
            f"{shared[session]:.0%} of the test rows share their {session.name!r} with training rows and may resemble "
            f"them, so the scores may be too good; split by whole groups: {split_code(session.split())}."
        )
    fraction = adjacent_fraction(parts)
    reason = time_sign(table) if not shared and fraction >= MAX_LEAKAGE else ""
    if not reason:
        return ""
    return (
        f"{reason}, and {fraction:.0%} of the test rows come right before or after a training row, so the scores may "
        "be too good; split in blocks or by time: BlockSplit() or ChronologicalSplit()."
    )


def suggested_split(table: Table) -> Split | None:
    """Return a split that keeps rows together which depend on each other; None if they seem independent."""
    if found := list(sessions(table)):
        return main_session(found).split()
    return BlockSplit(min(20, len(table) // 3)) if time_sign(table) else None


def sessions(table: Table, no_session: Collection[str | None] = ()) -> Iterator[Session]:
    """Yield the columns that tell sessions apart: by name, or because their values stand in long runs."""
    for name, groups in _columns(table):
        if name in no_session:
            continue
        _, groups, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        if not 2 <= len(sizes) <= len(table) / 3:
            continue
        is_other = _OTHER.fullmatch(_normalized(name))
        if is_session_name(name) or (not (is_other or name in table.input_names) and _is_in_runs(groups, table)):
            yield Session(name, groups)


def main_session(found: Collection[Session]) -> Session:
    """Return the session with the fewest groups that allow a cross-validation, else the first."""
    several = [session for session in found if session.groups.max() >= 2]
    return min(several or found, key=lambda session: int(session.groups.max()))


def time_sign(table: Table) -> str:
    """Return why rows seem to follow each other in time: a time stamp, or a correlation. Empty if they do not."""
    for column in table.texts:
        decimal = "," if any("," in text for text in column.sample) else "."
        values = np.array([to_number(text, decimal) for text in column.sample])
        if _is_time(column.name, values) or (column.sample and all(map(_TIME_TEXT.fullmatch, column.sample))):
            return f"rows have a time stamp ({column.name!r})"
    for name, values in (*table.columns.items(), *zip(table.input_names, table.inputs.T, strict=True)):
        if (
            (values.dtype.kind in "fiu" and _is_time(name, values))
            or (values.dtype.kind == "U" and all(map(_TIME_TEXT.fullmatch, values[:100].tolist())))
            or values.dtype.kind == "M"
        ):
            return f"rows have a time stamp ({name!r})"
    correlation = row_correlation(table)
    if correlation < MIN_CORRELATION:
        return ""
    return f"rows resemble the row before, as in a recording (correlation {correlation:.2f})"


def time_inputs(table: Table) -> list[str]:
    """Return the inputs that are time stamps or counters of rows, which say where a row is in the recording."""
    return [name for name, values in zip(table.input_names, table.inputs.T, strict=True) if _is_time(name, values)]


def time_column(table: Table) -> tuple[str, Array] | None:
    """Return the name and the values of the first column of numbers that is a time stamp, None without any."""
    columns = (*table.columns.items(), *zip(table.input_names, table.inputs.T, strict=True))
    return next(
        ((name, values) for name, values in columns if values.dtype.kind in "fiu" and _is_time(name, values)), None
    )


def unsorted_time(table: Table) -> str:
    """Return the name of a column of times that go back in more than a tenth of the rows; empty without any."""
    for column in table.texts:
        if is_time_name(column.name) and all(map(_SORTABLE.fullmatch, column.sample)):
            steps = [after >= before for before, after in pairwise(column.sample)]
            if steps and np.mean(steps) < MIN_ORDER:
                return column.name
    for name, values in (*table.columns.items(), *zip(table.input_names, table.inputs.T, strict=True)):
        is_varied = values.dtype.kind in "fiu" and len(np.unique(values)) > len(values) / 2
        if is_varied and is_time_name(name) and np.mean(np.diff(values) >= 0) < MIN_ORDER:
            return name
    return ""


def row_correlation(table: Table) -> float:
    """Return the median correlation of inputs with those of the row before, among rows of like targets; 0 for few rows.

    In a file that is sorted by class or target, neighbors are alike for that reason only. So rows are compared with the
    spread among rows of the same class, or of the same tenth of the first target.
    """
    starts = np.unique(np.linspace(0, max(0, len(table) - STRETCH), MAX_STRETCHES).astype(int))
    rows = np.unique(np.concatenate([np.arange(start, min(start + STRETCH, len(table))) for start in starts]))
    inputs, like = table.inputs[rows], _like_targets(table, rows)
    pairs = np.flatnonzero((np.diff(rows) == 1) & (like[1:] == like[:-1]))
    if len(pairs) < MIN_ROWS:
        return 0.0
    sizes = np.bincount(like)
    means = np.stack([np.bincount(like, column) for column in inputs.T], 1) / np.maximum(sizes, 1)[:, None]
    variance = ((inputs - means[like]) ** 2)[sizes[like] > 1].mean(0)
    change = ((inputs[pairs + 1] - inputs[pairs]) ** 2).mean(0) / 2
    varies = variance > 0
    return float(np.median(1 - change[varies] / variance[varies])) if varies.any() else 0.0


def _columns(table: Table) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and values of each column with few different values, inputs last."""
    for column in table.texts:
        if column.groups is not None:
            yield column.name, column.groups
    yield from table.columns.items()
    known = {column.name for column in table.texts if column.groups is not None}
    for name, values in zip(table.input_names, table.inputs.T, strict=True):
        if is_session_name(name) and name not in known:
            yield name, values


def is_session_name(name: str) -> bool:
    """Return whether a column is called like one that separates sessions."""
    return _SESSION.fullmatch(_normalized(name)) is not None


def is_time_name(name: str) -> bool:
    """Return whether a column is called like a time or a date."""
    return _TIME.fullmatch(_normalized(name)) is not None or _normalized(name) == "date"


def _normalized(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")


def _is_in_runs(groups: np.ndarray, table: Table) -> bool:
    """Return whether equal values stand together in runs of ten rows and more, and are not the classes themselves."""
    n_runs = 1 + np.count_nonzero(np.diff(groups))
    if n_runs > 1.5 * (groups.max() + 1) or len(groups) < 10 * n_runs:
        return False
    pairs = np.unique(np.column_stack([groups, _like_targets(table, np.arange(len(table)))]), axis=0)
    return not (table.classes and len(pairs) == groups.max() + 1 <= len(table.classes))


def _is_time(name: str, values: Array) -> bool:
    """Return whether a column is called like a time and its values do not decrease, or hardly ever."""
    steps = np.diff(values.astype(np.float64))
    return (
        len(steps) > 1
        and _TIME.fullmatch(_normalized(name)) is not None
        and bool((steps >= 0).mean() >= MIN_ORDER and (steps > 0).any())
    )


def _like_targets(table: Table, rows: np.ndarray) -> np.ndarray:
    """Return a number for each of `rows`, the same for rows of the same class or the same tenth of the first target."""
    if table.classes:
        return table.targets[rows]
    order = np.argsort(table.targets[rows, 0], kind="stable")
    tenths = np.empty(len(rows), int)
    tenths[order] = np.arange(len(rows)) * 10 // len(rows)
    return tenths


def split_code(split: Split) -> str:
    """Return a split as Python code, without settings that have their default."""
    settings = [
        f"{field.name}={json.dumps(value) if isinstance(value := getattr(split, field.name), str) else repr(value)}"
        for field in fields(split)  # type: ignore[arg-type]
        if getattr(split, field.name) != field.default
    ]
    return f"{type(split).__name__}({', '.join(settings)})"
