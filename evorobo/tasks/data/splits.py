"""Who learns from which rows: ways to cut a table into training, validation and test rows.

Neighbours in time look alike: rows dealt out at random leak into the test. Whole laps, days or blocks do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.errors import DataError, SettingsError, unknown
from evorobo.registry import register_component
from evorobo.tasks.data.tables import Table


@dataclass(frozen=True, eq=False)
class Parts:
    """Sorted row numbers; together they are all rows, each once. `validation` may be empty."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


class Split(Protocol):
    """Frozen settings. `columns` are the table's columns that it reads (they are no inputs then)."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    def split(self, table: Table) -> Parts: ...


class _ByNumber:
    """A split that looks at row numbers only."""

    @property
    def columns(self) -> tuple[str, ...]:
        return ()


@register_component("split", "RandomSplit")
@dataclass(frozen=True)
class RandomSplit(_ByNumber):
    """Rows dealt out at random, by shares of all rows: for rows that do not depend on each other."""

    validation: float = 0.1
    test: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        _check_shares(self.validation, self.test)

    def split(self, table: Table) -> Parts:
        order = np.random.default_rng(self.seed).permutation(len(table))
        test = round(self.test * len(table))
        validation = round(self.validation * len(table))
        return _parts(order[test + validation :], order[test : test + validation], order[:test])


@register_component("split", "BlockSplit")
@dataclass(frozen=True)
class BlockSplit(_ByNumber):
    """The rows, in their order, cut into `blocks`; whole blocks dealt out at random: for one long recording."""

    blocks: int = 20
    validation: float = 0.1
    test: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        _check_shares(self.validation, self.test)
        if self.blocks < 2:
            raise SettingsError(f"a split needs at least 2 blocks, not {self.blocks}.")

    def split(self, table: Table) -> Parts:
        if self.blocks > len(table):
            raise DataError(f"{len(table)} rows do not make {self.blocks} blocks; ask for fewer blocks.")
        blocks = np.array_split(np.arange(len(table)), self.blocks)
        order = np.random.default_rng(self.seed).permutation(self.blocks)
        test = max(1, round(self.test * self.blocks))
        validation = max(1, round(self.validation * self.blocks)) if self.validation else 0

        def rows(chosen: np.ndarray) -> np.ndarray:
            return np.concatenate([np.empty(0, np.int64), *(blocks[each] for each in chosen)])

        return _parts(rows(order[test + validation :]), rows(order[test : test + validation]), rows(order[:test]))


@register_component("split", "ChronologicalSplit")
@dataclass(frozen=True)
class ChronologicalSplit(_ByNumber):
    """The rows in their order, for one recording: the first train, the next validate, the last test."""

    validation: float = 0.1
    test: float = 0.2

    def __post_init__(self) -> None:
        _check_shares(self.validation, self.test)

    def split(self, table: Table) -> Parts:
        test = len(table) - round(self.test * len(table))
        validation = test - round(self.validation * len(table))
        return _parts(*np.split(np.arange(len(table)), [validation, test]))


@register_component("split", "GroupSplit")
@dataclass(frozen=True)
class GroupSplit:
    """Whole groups by their value in a column: lap 6 tests, lap 5 validates, the other laps train."""

    column: str
    validation: tuple[str | float, ...] = ()
    test: tuple[str | float, ...] = ()

    def __post_init__(self) -> None:
        if not self.test:
            raise SettingsError(f"name the values of {self.column!r} whose rows test, as test=(...,).")
        if both := set(self.validation) & set(self.test):
            raise SettingsError(f"{self.column!r} {sorted(both, key=str)[0]!r} cannot both validate and test.")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def split(self, table: Table) -> Parts:
        values = table.column(self.column)
        validation, test = self._of(values, self.validation), self._of(values, self.test)
        return _parts(*(np.flatnonzero(mask) for mask in (~validation & ~test, validation, test)))

    def _of(self, values: np.ndarray, wanted: tuple[str | float, ...]) -> np.ndarray:
        names = np.array([_text(value) for value in values])
        for value in wanted:
            if _text(value) not in names:
                raise unknown(f"value of column {self.column!r}", _text(value), {str(name) for name in names})
        return np.isin(names, [_text(value) for value in wanted])


@register_component("split", "GivenSplit")
@dataclass(frozen=True)
class GivenSplit:
    """As a column says: "train", "validation" and "test", or 0, 1 and 2.

    Where it gives no validation rows, the share `validation` of its training rows is taken for them at random.
    """

    column: str = "split"
    validation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.validation < 1:
            raise SettingsError(f"the share of validation rows lies in [0, 1), not at {self.validation}.")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def split(self, table: Table) -> Parts:
        numbers = {"0": 0, "1": 1, "2": 2, "train": 0, "validation": 1, "test": 2}
        words = [_text(value).lower() for value in table.column(self.column)]
        for word in words:
            if word not in numbers:
                raise unknown(f"value of column {self.column!r}", word, numbers)
        part = np.array([numbers[word] for word in words])
        train, validation, test = (np.flatnonzero(part == number) for number in range(3))
        if not len(validation) and self.validation:
            order = np.random.default_rng(self.seed).permutation(train)
            share = round(self.validation * len(train))
            train, validation = order[share:], order[:share]
        return _parts(train, validation, test)


@register_component("split", "FoldSplit")
@dataclass(frozen=True)
class FoldSplit:
    """One turn of a cross-validation (Stone 1974): of `folds` parts number `fold` tests, the next one validates, and
    the others train; without `validation` the next one trains too.

    Rows are dealt out at random by `seed`, or with seed None as stretches in their order, for one long recording.
    With a `column`, rows of one value stay together, dealt out so that the parts are about equally large.
    """

    folds: int = 5
    fold: int = 0
    seed: int | None = 0
    column: str | None = None
    validation: bool = True

    def __post_init__(self) -> None:
        fewest = 3 if self.validation else 2
        if self.folds < fewest:
            raise SettingsError(f"a cross-validation needs at least {fewest} folds, not {self.folds}.")
        if not 0 <= self.fold < self.folds:
            raise SettingsError(f"there is no fold {self.fold}; the {self.folds} are 0 to {self.folds - 1}.")

    @property
    def columns(self) -> tuple[str, ...]:
        return () if self.column is None else (self.column,)

    def split(self, table: Table) -> Parts:
        part = self._of_rows(len(table)) if self.column is None else self._of_groups(table.column(self.column))
        test = part == self.fold
        validation = (part == (self.fold + 1) % self.folds) & self.validation
        return _parts(*(np.flatnonzero(mask) for mask in (~validation & ~test, validation, test)))

    def _of_rows(self, rows: int) -> np.ndarray:
        part = np.arange(rows) * self.folds // rows
        return part if self.seed is None else np.random.default_rng(self.seed).permutation(part)

    def _of_groups(self, values: np.ndarray) -> np.ndarray:
        """The largest group first, each to the part with the fewest rows."""
        names, group, sizes = np.unique([_text(each) for each in values], return_inverse=True, return_counts=True)
        if len(names) < self.folds:
            raise DataError(f"{len(names)} values of {self.column!r} do not make {self.folds} folds; ask for fewer.")
        order = np.arange(len(names)) if self.seed is None else np.random.default_rng(self.seed).permutation(len(names))
        part, rows = np.empty(len(names), int), np.zeros(self.folds, int)
        for each in order[np.argsort(-sizes[order], kind="stable")]:
            part[each] = rows.argmin()
            rows[part[each]] += sizes[each]
        return part[group]


def _check_shares(validation: float, test: float) -> None:
    if not (validation >= 0 and test > 0 and validation + test < 1):
        raise SettingsError(
            f"shares of validation {validation} and test {test} leave nothing to train on or to test on; "
            "they are parts of 1, the test's above 0, the two together below 1."
        )


def _text(value: object) -> str:
    """5, 5.0 and "5" are the same group."""
    return f"{float(value):.15g}" if isinstance(value, int | float | np.number) else str(value)


def _parts(train: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Parts:
    for rows, name in ((train, "training"), (test, "test")):
        if not len(rows):
            raise DataError(f"the split leaves no {name} rows; give more rows or other shares.")
    return Parts(np.sort(train), np.sort(validation), np.sort(test))


MAX_LEAKAGE = 0.5
"""The share of test rows beside a training row from which a score is said to flatter; whole laps stay far below."""


def share_beside_training(parts: Parts) -> float:
    """The share of test rows that stand right before or after a training row."""
    return float(np.mean(np.isin(parts.test - 1, parts.train) | np.isin(parts.test + 1, parts.train)))


def leakage_caveat(parts: Parts) -> str:
    """A word about a split that deals out rows of one recording; empty where it keeps them together."""
    share = share_beside_training(parts)
    if share < MAX_LEAKAGE:
        return ""
    return (
        f"{share:.0%} of the test rows stand right beside a training row in time and look much like it, so scores "
        "flatter; split by whole laps, blocks or stretches."
    )
