"""A trial's log: one row for each look, with the whole ledger in it, kept as `curve.csv`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from evorobo.files import write_atomically
from evorobo.learners.base import StepResult
from evorobo.tasks.base import COST_COLUMNS, Cost

TIME_COLUMNS = ("cpu_seconds", "wall_seconds")
"""The only columns in which two runs of one trial may differ."""


class Log:
    """Rows of numbers by column name; the file is written anew, whole, at every look."""

    def __init__(self, path: Path, rows: list[dict[str, float]] | None = None) -> None:
        self.path = path
        self.rows = rows or []

    def append(self, cost: Cost, generations: int, progress: StepResult | None, validation: float, test: float) -> None:
        row: dict[str, float] = {name: getattr(cost, name) for name in COST_COLUMNS} | {"generations": generations}
        if progress:
            row["train"] = progress.score
        row |= {"validation": validation, "test": test}
        if progress:
            row |= progress.info
        self.rows.append(row)
        self.write()

    def write(self) -> None:
        first = (*COST_COLUMNS, "generations", "train", "validation", "test")
        more = [name for row in self.rows for name in row if name not in first]
        text = io.StringIO()
        writer = csv.DictWriter(text, (*first, *dict.fromkeys(more)), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in self.rows)
        write_atomically(self.path, text.getvalue())


def _cell(value: float) -> str:
    """The shortest text that reads back as the very same number; nothing for NaN."""
    return "" if value != value else repr(int(value) if isinstance(value, int) else float(value))
