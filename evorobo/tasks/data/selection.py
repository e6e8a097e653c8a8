"""The columns of a file as a table: inputs, targets, columns that are kept, and columns that are left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError
from evorobo.tasks.data.labels import class_numbers, infer_kind
from evorobo.tasks.data.leakage import is_session_name
from evorobo.tasks.data.problems import ignore_text, problem_message
from evorobo.tasks.data.sentinels import find_sentinels
from evorobo.tasks.data.settling import odd_columns
from evorobo.tasks.data.tables import ColumnTexts, Table, check_rows, is_one_hot
from evorobo.tasks.text.cells import is_missing, to_number
from evorobo.tasks.text.columns import Numbers, NumbersOrTexts, Texts, is_plain
from evorobo.tasks.text.layout import INDEX
from evorobo.tasks.text.odd_cells import Problem
from evorobo.tasks.text.source import Columns, Source, read_columns

MAX_LABELS = 20
"""Most texts of a column that is suggested as the target."""
MAX_CATEGORIES = 100
"""Most texts of a column that become an input each."""


class Selection:
    """Columns of a source by their role, each given by name or number."""

    def __init__(
        self,
        source: Source,
        target: Sequence[str | int],
        columns: Sequence[str | int],
        ignore: Sequence[str | int],
        one_hot: Sequence[str | int] = (),
    ) -> None:
        self.source = source
        self.targets = [source.find_single(column) for column in target]
        self.kept = list(dict.fromkeys(source.find(column) for column in columns))
        if not self.targets:
            raise DataError(f"{source.file}: no column is the target; name one as target.")
        if both := [source.names[number] for number in self.targets if number in self.kept]:
            raise DataError(
                f"{source.file}: {both[0]!r} is both the target and one of the columns to keep; remove one."
            )
        used = {*self.targets, *self.kept}
        self.left_out = sorted({source.find(column) for column in ignore} - used)
        others = [column for column in range(len(source.names)) if column not in {*used, *self.left_out}]
        self.index = [column for column in others if column == 0 and source.names[0] == INDEX]
        self.inputs = [column for column in others if column not in self.index]
        self.one_hot = sorted({source.find(column) for column in one_hot})
        if no_input := [source.names[column] for column in self.one_hot if column not in self.inputs]:
            raise DataError(f"{source.file}: {no_input[0]!r} in one_hot is no input; remove it there.")
        self.numbers = [column for column in self.inputs if column not in self.one_hot]
        self.sessions = [column for column in self.numbers if is_session_name(source.names[column])]
        if not self.inputs:
            raise DataError(f"{source.file} has no column left as input; its columns are {', '.join(source.names)}.")

    def read(self, kind: str | None, classes: tuple[str, ...], allow_missing: bool) -> Table:
        """Read the table. See `read_table` for the parameters and the errors."""
        source, several = self.source, len(self.targets) > 1
        classes = classes or source.classes(self.targets[0])
        kind = kind or ("classification" if classes else None)
        values = self.targets if kind == "regression" or (kind and several) else []
        labels = self.targets if kind == "classification" and not several else []
        unclear = self.targets if kind is None else []
        columns = read_columns(
            source,
            [self.numbers, values],
            [*labels, *self.one_hot],
            [*unclear, *self.kept, *self.index],
            [*self.left_out, *self.sessions],
        )
        check_rows(source.file, len(columns.lines))
        if kind is None:
            labels_at = label_columns(columns, self.inputs, source)
            kind = infer_kind(source, [columns.either[column] for column in unclear], columns.lines, labels_at)
        self._check_cells(kind, columns, classes, allow_missing)
        self._check_index(columns)
        targets, classes = self._targets(kind, columns, classes, allow_missing)
        names = source.names
        inputs, categories = self._inputs(columns)
        return Table(
            inputs,
            targets,
            tuple(names[number] for number in self.inputs),
            tuple(names[number] for number in self.targets),
            classes,
            {names[number]: _array(columns.either[number]) for number in self.kept},
            tuple(
                _column_texts(names[number], columns.either[number])
                for number in (*self.index, *self.left_out, *self.sessions)
            ),
            categories,
        )

    def _inputs(self, columns: Columns) -> tuple[Array, dict[str, tuple[str, ...]]]:
        """Return the inputs `(rows, k)`, and the texts of those that hold the numbers of texts."""
        numbers = columns.matrices[0].values
        if not self.one_hot:
            return numbers, {}
        inputs, categories = np.empty((len(columns.lines), len(self.inputs))), {}
        inputs[:, [self.inputs.index(column) for column in self.numbers]] = numbers
        for column in self.one_hot:
            texts = columns.texts[column]
            names = tuple(sorted(text for text in texts.numbers if not self.source.is_missing(text)))
            codes = np.array([names.index(text) if text in names else np.nan for text in texts.numbers] or [0.0])
            inputs[:, self.inputs.index(column)] = codes[texts.codes]
            categories[self.source.names[column]] = names
            if len(names) > min(MAX_CATEGORIES, len(columns.lines) / 2):
                raise DataError(
                    f"{self.source.file}, {self.source.place(column)} holds {len(names)} different texts, too many for "
                    f"one input each; leave it out: {ignore_text(self.source, [column])}."
                )
        return inputs, categories

    def _targets(
        self, kind: str, columns: Columns, classes: tuple[str, ...], allow_missing: bool
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return values `(rows, k)`, or class numbers `(rows,)` and the names of the classes."""
        several = len(self.targets) > 1
        if kind == "classification" and not several:
            (column,) = self.targets
            texts = columns.texts.get(column) or columns.either[column].texts or Texts()
            return class_numbers(self.source, column, texts, columns.lines, classes, allow_missing)
        if kind == "regression":
            return self._values(columns), ()
        if not self._are_numbers(columns) or not is_one_hot(values := self._values(columns)):
            raise DataError(
                f"{self.source.file}: classification has one target column, not {len(self.targets)}; name one."
            )
        return values.argmax(1), tuple(self.source.names[column] for column in self.targets)

    def _are_numbers(self, columns: Columns) -> bool:
        """Return whether all targets were read as numbers."""
        return all(column not in columns.either or columns.either[column].numbers for column in self.targets)

    def _values(self, columns: Columns) -> Array:
        """Return the targets as numbers `(rows, k)`."""
        if columns.matrices[1].columns:
            return columns.matrices[1].values
        return np.hstack([columns.either[column].as_numbers().values for column in self.targets])

    def _check_cells(self, kind: str, columns: Columns, classes: tuple[str, ...], allow_missing: bool) -> None:
        """Raise `DataError` if a cell of a column that is used is empty, no number, or stands for a missing value."""
        as_numbers, as_texts = list(columns.matrices), dict(columns.texts)
        for column in (column for column in (*self.targets, *self.kept) if column in columns.either):
            either = columns.either[column]
            if either.texts is None or (kind == "regression" and column in self.targets):
                as_numbers.append(either.as_numbers())
            else:
                as_texts[column] = either.texts
        used = {column for matrix in as_numbers for column in matrix.columns}
        used -= set(self.targets) if kind == "classification" else set()
        problems = [problem for problem in columns.problems if problem.column in used]
        problems += [problem for matrix in as_numbers for problem in _sentinels(matrix)]
        problems += [
            _holes(self.source, column, texts, classes if column in self.targets else ())
            for column, texts in as_texts.items()
        ]
        if allow_missing:
            may_lack = {*self.inputs, *self.targets}
            problems = [
                problem.without_missing(self.source.is_missing) if problem.column in may_lack else problem
                for problem in problems
            ]
        problems = sorted((problem for problem in problems if problem.counts), key=lambda problem: problem.column)
        if problems:
            cure = (
                "set kind='classification'"
                if kind == "regression"
                else "if it is a class, name all classes in loader_kwargs={'classes': (...)}"
            )
            cures = dict.fromkeys(self.targets, cure)
            texts = problem_message(self.source, problems, columns.lines, self.inputs, cures)
            n_rows = len(columns.lines)
            raise odd_columns(texts, problems, self.source, n_rows, self.inputs, self.targets)

    def _check_index(self, columns: Columns) -> None:
        """Raise `DataError` if the first column, which has no name, is no index."""
        for column in self.index:
            numbers, texts = columns.either[column].numbers, columns.either[column].texts
            is_whole = numbers is not None and (numbers.values % 1 == 0).all()
            if not is_whole and (texts is None or len(texts.numbers) < len(texts.codes)):
                raise DataError(
                    f"{self.source.file}: column 0 has no name and is no index of whole numbers; name it in the "
                    f"header, or leave it out: {ignore_text(self.source, self.index)}."
                )


def label_columns(columns: Columns, inputs: Sequence[int], source: Source) -> list[str | int]:
    """Return the inputs that hold a few recurring texts in all rows, as labels do."""
    found = []
    for problem in columns.problems:
        texts = [text for text in problem.counts if not is_missing(text)]
        is_full = sum(problem.counts.values()) == len(columns.lines) and 1 < len(texts) <= MAX_LABELS
        if is_full and problem.column in inputs and not is_session_name(source.names[problem.column]):
            found.append(source.reference(problem.column))
    return found


def _sentinels(matrix: Numbers) -> list[Problem]:
    """Return a problem for each column with a value that stands for a missing one."""
    problems = []
    for place, sentinel in find_sentinels(matrix.values).items() if matrix.columns else ():
        column, rows = matrix.columns[place], np.flatnonzero(matrix.values[:, place] == sentinel)
        written = matrix.odd[column].texts.numbers if column in matrix.odd else {}
        text = next((text for text in written if to_number(text) == sentinel), f"{sentinel:.17g}")
        problems.append(Problem(column, {text: len(rows)}, {text: int(rows[0])}, is_sentinel=True))
    return problems


def _holes(source: Source, column: int, texts: Texts, classes: tuple[str, ...]) -> Problem:
    """Return the problem of a column of texts with its empty cells; texts among `classes` are not empty."""
    missing = [text for text in texts.numbers if source.is_missing(text) and text not in classes]
    counts, first_rows = texts.counts() if missing else ({}, {})
    return Problem(column, {text: counts[text] for text in missing}, {text: first_rows[text] for text in missing})


def _array(column: NumbersOrTexts) -> np.ndarray:
    """Return a column as floats if these tell its texts apart and can be written back, else as texts."""
    if column.texts is None:
        return column.as_numbers().values[:, 0].copy()
    texts = list(column.texts.numbers)
    if is_plain(texts, column.decimal):
        numbers = [to_number(text, column.decimal) for text in texts]
        recur = 2 * len(texts) <= len(column.texts.codes)
        written = all(
            text in (f"{number:.15g}", f"{number:.0f}.0") for text, number in zip(texts, numbers, strict=True)
        )
        if len(set(numbers)) == len(texts) and (written or not recur):
            return np.array(numbers)[column.texts.codes]
    return column.texts.array()


def _column_texts(name: str, column: NumbersOrTexts) -> ColumnTexts:
    return ColumnTexts(name, column.sample, None if column.texts is None else column.texts.codes)
