"""Splits of a table into training, validation and test rows.

Rows that follow each other in time resemble each other, so a random split leaks test rows into training. Splits by
whole laps, days or blocks avoid this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from evorobo.docstrings import inherit_docs
from evorobo.errors import DataError, SettingsError, unknown
from evorobo.fields import DecayRate, Limits, NonNegativeInt, Seed
from evorobo.registry import register_component
from evorobo.tasks.data.parts import Parts, Split
from evorobo.tasks.data.stratification import class_numbers, stratified_groups, stratified_order
from evorobo.tasks.data.tables import Table
from evorobo.tasks.text.cells import to_number


@register_component("split", "RandomSplit")
@dataclass(frozen=True)
@inherit_docs
class RandomSplit(Split):
    """Split by random rows, for rows that do not depend on each other.

    Parameters
    ----------
    validation : float, default 0.1
        Fraction of all rows that validate, 0 or more.
    test : float, default 0.2
        Fraction of all rows that test, above 0.
    seed : int, default 0
        Seed of the random order.
    stratify : bool, default False
        Whether all parts get the same fractions of the classes, as far as whole rows can.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> table = er.make_table(np.zeros((10, 1)), np.zeros(10))
    >>> len(er.RandomSplit(validation=0.2, test=0.3).split(table).train)
    5
    """

    validation: DecayRate = 0.1
    test: Annotated[float, Limits(gt=0, lt=1)] = 0.2
    seed: Seed = 0
    stratify: bool = False

    def __post_init__(self) -> None:
        _check_fractions(self.validation, self.test)

    def split(self, table: Table) -> Parts:
        order = np.random.default_rng(self.seed).permutation(len(table))
        order = stratified_order(class_numbers(table), order) if self.stratify else order
        test = round(self.test * len(table))
        validation = round(self.validation * len(table))
        return _sorted_parts(order[test + validation :], order[test : test + validation], order[:test])


@register_component("split", "BlockSplit")
@dataclass(frozen=True)
@inherit_docs
class BlockSplit(Split):
    """Split one long recording into blocks of consecutive rows and assign whole blocks at random.

    Parameters
    ----------
    blocks : int, default 20
        Number of blocks, at least 2.
    validation : float, default 0.1
        Fraction of the blocks that validate, 0 or more; at least one block unless it is 0.
    test : float, default 0.2
        Fraction of the blocks that test, above 0; at least one block.
    seed : int, default 0
        Seed of the random order.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> table = er.make_table(np.zeros((12, 1)), np.zeros(12))
    >>> np.diff(er.BlockSplit(blocks=4).split(table).test)
    array([1, 1])
    """

    blocks: Annotated[int, Limits(ge=2)] = 20
    validation: DecayRate = 0.1
    test: Annotated[float, Limits(gt=0, lt=1)] = 0.2
    seed: Seed = 0

    def __post_init__(self) -> None:
        _check_fractions(self.validation, self.test)

    def split(self, table: Table) -> Parts:
        if self.blocks > len(table):
            raise DataError(f"{len(table)} rows are too few for {self.blocks} blocks; choose fewer blocks.")
        blocks = np.array_split(np.arange(len(table)), self.blocks)
        order = np.random.default_rng(self.seed).permutation(self.blocks)
        test = max(1, round(self.test * self.blocks))
        validation = max(1, round(self.validation * self.blocks)) if self.validation else 0

        def rows(numbers: np.ndarray) -> np.ndarray:
            return np.concatenate([np.empty(0, np.int64), *(blocks[number] for number in numbers)])

        return _sorted_parts(
            rows(order[test + validation :]), rows(order[test : test + validation]), rows(order[:test])
        )


@register_component("split", "ChronologicalSplit")
@dataclass(frozen=True)
@inherit_docs
class ChronologicalSplit(Split):
    """Split one recording in order of time: the first rows train, the next validate, the last test.

    Parameters
    ----------
    validation : float, default 0.1
        Fraction of all rows that validate, 0 or more.
    test : float, default 0.2
        Fraction of all rows that test, above 0.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> table = er.make_table(np.zeros((10, 1)), np.zeros(10))
    >>> er.ChronologicalSplit().split(table).test
    array([8, 9])
    """

    validation: DecayRate = 0.1
    test: Annotated[float, Limits(gt=0, lt=1)] = 0.2

    def __post_init__(self) -> None:
        _check_fractions(self.validation, self.test)

    def split(self, table: Table) -> Parts:
        test = len(table) - round(self.test * len(table))
        validation = test - round(self.validation * len(table))
        return _sorted_parts(*np.split(np.arange(len(table)), [validation, test]))


@register_component("split", "GroupSplit")
@dataclass(frozen=True)
@inherit_docs
class GroupSplit(Split):
    """Split by whole groups, for example laps: all rows with the same value in a column stay together.

    Parameters
    ----------
    column : str
        Name of the column.
    validation : tuple of str or float, default ()
        Values whose rows validate.
    test : tuple of str or float
        Values whose rows test. The rows of all other values train.

    Examples
    --------
    Lap 3 tests, lap 2 validates, lap 1 trains:

    >>> import numpy as np
    >>> import evorobo as er
    >>> table = er.make_table(np.zeros((6, 1)), np.zeros(6), columns={"lap": [1, 1, 2, 2, 3, 3]})
    >>> er.GroupSplit("lap", validation=(2,), test=(3,)).split(table).test
    array([4, 5])
    """

    column: str
    validation: tuple[str | float, ...] = ()
    test: Annotated[tuple[str | float, ...], Limits(min_length=1)] = ()

    def __post_init__(self) -> None:
        if not self.test:
            raise SettingsError(f"no value of {self.column!r} is for testing; name some, as test=(...,).")
        if both := set(self.validation) & set(self.test):
            raise SettingsError(f"{self.column!r} {sorted(both, key=str)[0]!r} is both in validation and in test.")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def split(self, table: Table) -> Parts:
        values = table.column(self.column)
        validation, test = self._mask(values, self.validation), self._mask(values, self.test)
        return _sorted_parts(*(np.flatnonzero(mask) for mask in (~validation & ~test, validation, test)))

    def _mask(self, values: np.ndarray, selected: tuple[str | float, ...]) -> np.ndarray:
        texts, codes = np.unique([_group_name(value) for value in values], return_inverse=True)
        names = [_group_name(_like(values, value)) for value in selected]
        for name in names:
            if name not in texts:
                raise unknown(f"value of column {self.column!r}", name, map(str, texts))
        return np.isin(texts, names)[codes]


@register_component("split", "GivenSplit")
@dataclass(frozen=True)
@inherit_docs
class GivenSplit(Split):
    """Split as a column says: "train", "validation" and "test", or 0, 1 and 2.

    Parameters
    ----------
    column : str, default "split"
        Name of the column.
    validation : float, default 0.0
        Fraction of the training rows, from 0 to 1, that is taken at random for validation where the column names no
        validation rows.
    seed : int, default 0
        Seed of the random order.

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> parts = ["train", "train", "test", "train"]
    >>> table = er.make_table(np.zeros((4, 1)), np.zeros(4), columns={"split": parts})
    >>> er.GivenSplit().split(table).train
    array([0, 1, 3])
    """

    column: str = "split"
    validation: DecayRate = 0.0
    seed: Seed = 0

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def split(self, table: Table) -> Parts:
        numbers = {"0": 0, "1": 1, "2": 2, "train": 0, "validation": 1, "test": 2}
        names = [_group_name(value).lower() for value in table.column(self.column)]
        for name in names:
            if name not in numbers:
                raise unknown(f"value of column {self.column!r}", name, numbers)
        part = np.array([numbers[name] for name in names])
        train, validation, test = (np.flatnonzero(part == number) for number in range(3))
        if not len(validation) and self.validation:
            order = np.random.default_rng(self.seed).permutation(train)
            n_validation = round(self.validation * len(train))
            train, validation = order[n_validation:], order[:n_validation]
        return _sorted_parts(train, validation, test)


@register_component("split", "FoldSplit")
@dataclass(frozen=True)
@inherit_docs
class FoldSplit(Split):
    """One fold of a cross-validation: this fold tests, the next one validates, the others train.

    `folds` makes the tasks of all folds.

    Parameters
    ----------
    folds : int, default 5
        Number of folds: at least 3, or 2 without `validation`.
    fold : int, default 0
        Number of this fold, from 0 to ``folds - 1``.
    seed : int or None, default 0
        Seed of the random assignment. None makes each fold one stretch of rows in their order, for one long recording.
    column : str, optional
        Name of a column. Rows with the same value stay together, and folds are about equally large.
    validation : bool, default True
        Whether the next fold validates. If False it trains too.
    stratify : bool, default False
        Whether all folds get the same fractions of the classes, as far as whole rows or groups can.

    References
    ----------
    Stone, M. (1974). Cross-validatory choice and assessment of statistical predictions. Journal of the Royal
    Statistical Society B, 36(2).

    Examples
    --------
    >>> import numpy as np
    >>> import evorobo as er
    >>> table = er.make_table(np.zeros((6, 1)), np.zeros(6))
    >>> er.FoldSplit(folds=3, fold=1, seed=None).split(table)
    Parts(train=array([0, 1]), validation=array([4, 5]), test=array([2, 3]))
    """

    folds: Annotated[int, Limits(ge=2)] = 5
    fold: NonNegativeInt = 0
    seed: Seed | None = 0
    column: str | None = None
    validation: bool = True
    stratify: bool = False

    def __post_init__(self) -> None:
        if self.stratify and self.seed is None and self.column is None:
            raise SettingsError("stratify=True mixes rows, but seed=None keeps their order; give a seed.")
        if self.validation and self.folds < 3:
            raise SettingsError(f"FoldSplit: folds must be a whole number of at least 3, not {self.folds}.")
        if self.fold >= self.folds:
            raise SettingsError(f"fold must be a whole number from 0 to {self.folds - 1}, not {self.fold}.")

    @property
    def columns(self) -> tuple[str, ...]:
        return () if self.column is None else (self.column,)

    def split(self, table: Table) -> Parts:
        part = self._fold_of_rows(table) if self.column is None else self._fold_of_groups(table)
        test = part == self.fold
        validation = (part == (self.fold + 1) % self.folds) & self.validation
        return _sorted_parts(*(np.flatnonzero(mask) for mask in (~validation & ~test, validation, test)))

    def _fold_of_rows(self, table: Table) -> np.ndarray:
        part = np.arange(len(table)) * self.folds // len(table)
        if self.seed is None:
            return part
        rng = np.random.default_rng(self.seed)
        if not self.stratify:
            return rng.permutation(part)
        fold = np.empty(len(table), int)
        fold[stratified_order(class_numbers(table), rng.permutation(len(table)))] = part
        return fold

    def _fold_of_groups(self, table: Table) -> np.ndarray:
        """Return the fold of each row. The largest group comes first; each goes to the fold with the fewest rows."""
        values = table.column(str(self.column))
        names, group, sizes = np.unique(
            [_group_name(value) for value in values], return_inverse=True, return_counts=True
        )
        if len(names) < self.folds:
            raise DataError(
                f"{len(names)} values of {self.column!r} are too few for {self.folds} folds; choose fewer folds."
            )
        order = np.arange(len(names)) if self.seed is None else np.random.default_rng(self.seed).permutation(len(names))
        if self.stratify:
            return stratified_groups(group, class_numbers(table), self.folds, order)
        fold, rows = np.empty(len(names), int), np.zeros(self.folds, int)
        for number in order[np.argsort(-sizes[order], kind="stable")]:
            fold[number] = rows.argmin()
            rows[fold[number]] += sizes[number]
        return fold[group]


def _check_fractions(validation: float, test: float) -> None:
    if validation + test >= 1:
        raise SettingsError(
            f"fractions of validation {validation} and test {test} leave no rows to train on; lower one of them."
        )


def _like(values: np.ndarray, name: str | float) -> str | float:
    """Return `name` as a number if it is one and `values` are numbers: "1.10" is in a column of 1.1."""
    if values.dtype.kind == "U" or isinstance(name, int | float):
        return name
    number = to_number(name)
    return name if np.isnan(number) else number


def _group_name(value: object) -> str:
    """The text of a value: 5, 5.0 and "5" are the same group."""
    return f"{float(value):.15g}" if isinstance(value, int | float | np.number) else str(value)


def _sorted_parts(train: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Parts:
    for rows, name in ((train, "training"), (test, "test")):
        if not len(rows):
            raise DataError(f"the split leaves no {name} rows; give more rows or other fractions.")
    return Parts(np.sort(train), np.sort(validation), np.sort(test))
