"""What a file needs before it is learned from: odd columns, the settings that settle them, and notes on its content."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.data.leakage import is_session_name
from evorobo.tasks.data.tables import Table
from evorobo.tasks.text.cells import is_long_id, is_missing
from evorobo.tasks.text.odd_cells import Problem

MAX_TEXTS = 50
"""Most different texts of a column that is suggested as categories."""
IMBALANCE = 3.0
"""From this ratio of the largest to the smallest class on, the accuracy hides the small one."""
MIN_OF_CLASS = 5


class OddColumnsError(DataError):
    """Odd cells of a file, with the settings that settle them: columns are given by their names.

    `is_settled` says whether these settings are enough.
    """

    has_missing = False
    one_hot: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    is_settled = False

    @classmethod
    def from_problems(
        cls,
        message: str,
        problems: Sequence[Problem],
        names: Sequence[str],
        n_rows: int,
        inputs: Sequence[int],
        targets: Sequence[int],
    ) -> OddColumnsError:
        """Return the error for these problems, with `message` completed by the command that settles them."""
        one_hot, left_out, has_missing, is_settled = [], [], False, True
        for problem in problems:
            texts = [text for text in problem.counts if not is_missing(text)]
            n_missing = sum(count for text, count in problem.counts.items() if is_missing(text))
            has_missing |= n_missing > 0 and problem.column in (*inputs, *targets)
            if not texts and problem.column in (*inputs, *targets):
                continue
            is_text = sum(problem.counts.values()) == n_rows and not problem.is_sentinel
            if problem.column not in inputs or not is_text:
                is_settled = False
            elif is_session_name(names[problem.column]):
                left_out.append(names[problem.column])
            elif len(texts) <= min(MAX_TEXTS, n_rows / 2) and not any(map(is_long_id, texts)):
                one_hot.append(names[problem.column])
            else:
                left_out.append(names[problem.column])
        flags = ["--missing median"] if has_missing else []
        flags += [f"--one-hot {','.join(one_hot)}"] if one_hot else []
        flags += [f"--ignore {','.join(left_out)}"] if left_out else []
        if is_settled and len(problems) > 1:
            settings = ['missing="median"'] if has_missing else []
            settings += [f"one_hot={tuple(one_hot)!r}"] if one_hot else []
            settings += [f"loader_kwargs={{'ignore': {tuple(left_out)!r}}}"] if left_out else []
            message = f"{message.removesuffix('.')}; or settle all: {', '.join(settings)}, or {' '.join(flags)}."
        error = cls(message)
        error.has_missing, error.is_settled = has_missing, is_settled
        error.one_hot, error.left_out = tuple(one_hot), tuple(left_out)
        return error


def is_imbalanced(table: Table) -> bool:
    """Return whether the largest class has several times the rows of the smallest one."""
    if not table.classes:
        return False
    counts = _class_counts(table)
    return bool(counts.max() >= IMBALANCE * counts.min())


def content_notes(table: Table) -> list[str]:
    """Return sentences about constant columns and suspicious labels."""
    notes = []
    if constant := [
        name for name, column in zip(table.input_names, table.inputs.T, strict=True) if not (column != column[0]).any()
    ]:
        notes.append(
            f"{_list(constant)} never change{'s' if len(constant) == 1 else ''}, so nothing is learned from it."
        )
    if not table.classes:
        return notes
    counts = _class_counts(table)
    if rare := [
        f"{name!r} ({count})" for name, count in zip(table.classes, counts, strict=True) if count < MIN_OF_CLASS
    ]:
        notes.append(f"Classes with few rows: {', '.join(rare)}; a part of the split may lack them.")
    same: dict[str, list[str]] = {}
    for name in table.classes:
        same.setdefault(" ".join(name.replace("_", " ").replace("-", " ").split()).casefold(), []).append(name)
    for alike in same.values():
        if len(alike) > 1:
            notes.append(f"The classes {_list(alike)} may be one class, written differently.")
    if is_imbalanced(table):
        shares = ", ".join(
            f"{name} {count / counts.sum():.0%}" for name, count in zip(table.classes, counts, strict=True)
        )
        notes.append(
            f"The classes are unequal ({shares}), so a guess has a high accuracy; balanced accuracy decides, and "
            "training weights all classes equally."
        )
    return notes


def _class_counts(table: Table) -> np.ndarray:
    return np.bincount(table.targets[table.targets >= 0], minlength=len(table.classes))


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(map(repr, names[:-1])), repr(names[-1])]))
