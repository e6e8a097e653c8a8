"""What a comparison found: who is ahead at the end or at a price, from which price on, in sentences and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.files import write_atomically
from evorobo.report import formatting as wording
from evorobo.report.analysis import scores as measures
from evorobo.report.analysis.crossovers import Crossover
from evorobo.report.analysis.verdicts import Verdict, to_csv
from evorobo.study.results import Results


@dataclass(frozen=True, eq=False)
class Comparison:
    """Who is ahead. `results` holds all sides whole, `final` as they were at the `price` asked for in `currency`
    (None: at the end), and `ours` the methods of the first side.

    `verdicts` are on `final`. Where no price was asked for, `equal` holds a verdict for each pair that spent unlike
    amounts, and the price it is at: the highest that both have paid. `leads` tell where the curves of a pair cross for
    good, of pairs whose end is decided.
    """

    results: Results
    final: Results
    cost_column: str
    cost: float | None
    threshold: float | None
    first_methods: frozenset[str]
    verdicts: Sequence[Verdict]
    at_equal_cost: Sequence[tuple[float, Verdict]]
    crossovers: Sequence[Crossover]
    cautions: Sequence[str]

    @property
    def sentences(self) -> list[str]:
        """The verdicts in words, each with the price from which on its winner is ahead."""
        told = []
        for verdict in self.verdicts:
            crossover = self.crossover(verdict)
            words = verdict.sentence if self.cost is None else verdict.to_sentence("is", self._when(self.cost))
            told.append(self._task(verdict) + words + (f" {crossover.sentence}" if crossover else ""))
        return told + [
            self._task(verdict) + verdict.to_sentence("is", self._when(cost)) for cost, verdict in self.at_equal_cost
        ]

    @property
    def rows(self) -> list[measures.Row]:
        """Each method in numbers, at the price asked for."""
        return measures.score_summary(self.final, self.cost_column, self.threshold)

    @property
    def exit_status(self) -> int:
        """0: the first is not worse than any other. 1: it is, beyond chance. 2: nobody has the two runs that it takes
        to say."""
        if any(verdict.significant and verdict.second in self.first_methods for verdict in self.verdicts):
            return 1
        return 2 if all(np.isnan(verdict.corrected_p) for verdict in self.verdicts) else 0

    def __str__(self) -> str:
        return "\n\n".join([*self.sentences, measures.to_terminal(self.rows, self.cost_column), *self.cautions])

    def crossover(self, verdict: Verdict) -> Crossover | None:
        """Where the curves of the two of a verdict cross for good, if that is known."""
        asked = verdict.task, {verdict.first, verdict.second}
        return next(
            (
                crossover
                for crossover in self.crossovers
                if (crossover.task, {crossover.leader, crossover.other}) == asked
            ),
            None,
        )

    def write(self, folder: str | Path) -> list[Path]:
        """Write `compare.png`, `compare.txt`, `compare.csv` and `verdicts.csv` into `folder`; where they are."""
        from evorobo.report.figures import comparison_figure as versus

        folder = Path(folder)
        texts = {
            "compare.txt": f"{self}\n",
            "compare.csv": measures.to_csv(self.rows),
            "verdicts.csv": to_csv(self.verdicts),
        }
        for name, text in texts.items():
            write_atomically(folder / name, text)
        return [versus.plot(self, folder / "compare.png"), *(folder / name for name in texts)]

    def _task(self, verdict: Verdict) -> str:
        return f"{verdict.task}: " if len(self.results.tasks) > 1 else ""

    def _when(self, cost: float) -> str:
        return f"when both have spent {wording.format_cost(cost, self.cost_column)}"
