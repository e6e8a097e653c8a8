"""What a comparison found: who is ahead at the end or at a price, from which price on, in sentences and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.files import write_atomically
from evorobo.report import formatting as wording
from evorobo.report.analysis import scores as measures
from evorobo.report.analysis.crossovers import Lead
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
    currency: str
    price: float | None
    threshold: float | None
    ours: frozenset[str]
    verdicts: Sequence[Verdict]
    equal: Sequence[tuple[float, Verdict]]
    leads: Sequence[Lead]
    cautions: Sequence[str]

    @property
    def sentences(self) -> list[str]:
        """The verdicts in words, each with the price from which on its winner is ahead."""
        told = []
        for verdict in self.verdicts:
            lead = self.lead(verdict)
            words = verdict.sentence if self.price is None else verdict.told("is", self._when(self.price))
            told.append(self._task(verdict) + words + (f" {lead.sentence}" if lead else ""))
        return told + [self._task(verdict) + verdict.told("is", self._when(price)) for price, verdict in self.equal]

    @property
    def rows(self) -> list[measures.Row]:
        """Each method in numbers, at the price asked for."""
        return measures.measures(self.final, self.currency, self.threshold)

    @property
    def status(self) -> int:
        """0: the first is not worse than any other. 1: it is, beyond chance. 2: nobody has the two runs that it takes
        to say."""
        if any(verdict.decided and verdict.second in self.ours for verdict in self.verdicts):
            return 1
        return 2 if all(np.isnan(verdict.corrected) for verdict in self.verdicts) else 0

    def __str__(self) -> str:
        return "\n\n".join([*self.sentences, measures.to_terminal(self.rows, self.currency), *self.cautions])

    def lead(self, verdict: Verdict) -> Lead | None:
        """Where the curves of the two of a verdict cross for good, if that is known."""
        asked = verdict.task, {verdict.first, verdict.second}
        return next((lead for lead in self.leads if (lead.task, {lead.leader, lead.other}) == asked), None)

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

    def _when(self, price: float) -> str:
        return f"when both have spent {wording.price(price, self.currency)}"
