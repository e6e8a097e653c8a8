"""The log of a trial: one row for each eval, with all cost columns, kept as `curve.csv`."""

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
    """Rows of numbers by column name; the whole file is rewritten atomically at every eval."""

    def __init__(self, path: Path, rows: list[dict[str, float]] | None = None) -> None:
        self.path = path
        self.rows = rows or []

    def append(self, cost: Cost, generations: int, result: StepResult | None, validation: float, test: float) -> None:
        """Add the row of an eval and write the file; there is no `result` before the first step."""
        row: dict[str, float] = {name: getattr(cost, name) for name in COST_COLUMNS} | {"generations": generations}
        if result:
            row["train"] = result.score
        row |= {"validation": validation, "test": test}
        if result:
            row |= result.info
        self.rows.append(row)
        self.write()

    def write(self) -> None:
        """Write all rows as CSV, with the columns of methods behind those that all logs have."""
        first = (*COST_COLUMNS, "generations", "train", "validation", "test")
        more = [name for row in self.rows for name in row if name not in first]
        text = io.StringIO()
        writer = csv.DictWriter(text, (*first, *dict.fromkeys(more)), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _to_cell(value) for name, value in row.items()} for row in self.rows)
        write_atomically(self.path, text.getvalue())


def _to_cell(value: float) -> str:
    """Return the shortest text that is read back as the same number; an empty text for NaN."""
    return "" if value != value else repr(int(value) if isinstance(value, int) else float(value))
