"""The comparison of results that need not lie in one study: other days, other machines, other people's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evorobo.errors import ResultsError, SettingsError
from evorobo.files import write_atomically
from evorobo.report import measures, prices, sources, versus, wording
from evorobo.report.cautions import cautions, tuned
from evorobo.report.merge import Pair, merged, opponents, unlike
from evorobo.report.verdicts import Verdict, to_csv, together, verdicts
from evorobo.study.results import Results


def compare(
    *paths: str | Path,
    at: str = "",
    metric: str = "test",
    threshold: float | None = None,
    lower_is_better: bool = False,
) -> Comparison:
    """Compare what lies at the first of `paths` with each of the others, or the methods of a single study.

    A path is a study, a task's or a method's folder in one, or somebody's table (see `sources.read`). `at`
    ("env_steps=1e5", "flops=1e9", "seconds=60") asks who is ahead when all have spent so much, in place of who is at
    the end. `metric` is another column to compare than the test score; `threshold` the score whose price is told, by
    default the task's "solved" or "teacher"; `lower_is_better` says so of a column that does not itself.

    Raises `ResultsError` where there is nothing to compare: no common task, unlike scores, no common currency.
    """
    if not paths:
        raise SettingsError("what is to be compared? For example: evorobo compare results/monday results/tuesday")
    if len({str(Path(path).absolute()) for path in paths}) < len(paths):
        raise SettingsError(f"{paths[0]} compared with itself decides nothing; give two different places.")
    sides = [sources.read(path, metric, lower_is_better) for path in paths]
    results, pairs = merged(sides), opponents(sides)
    currency, price = prices.parse(at) if at else (prices.shared_currency(results, *results.tasks), None)
    if not currency:
        raise ResultsError("there is no column of the ledger that all sides have paid in; name one with --at.")
    if not pairs:
        raise ResultsError(f"{paths[0]} holds one method alone; give another folder or table to compare it with.")
    final = results if price is None else prices.at_price(results, currency, price)
    found = verdicts(final, pairs)
    if not found:
        raise ResultsError(
            f"there are no two methods with finished runs on {', '.join(results.tasks)}; run them first."
        )
    warnings = [*cautions(final), *map(tuned, sides), *unlike(sides)]
    if price is not None:
        warnings.append(prices.fell_short(results, currency, price))
    if metric == "train":
        warnings.append(
            "train is what each method itself climbed, a loss here and a return there: champions are not scored again, "
            "and the lucky look good. Compare test scores before you believe it."
        )
    ours = frozenset(first for first, _ in pairs) if len(sides) > 1 else frozenset(results.methods[:1])
    return Comparison(
        results, final, currency, price, threshold, ours, found, _at_equal_price(results, currency, price, pairs),
        [words for words in warnings if words],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """Who is ahead. `results` holds all sides whole, `final` as they were at the `price` asked for in `currency`
    (None: at the end), and `ours` the methods of the first side.

    `verdicts` are on `final`. Where no price was asked for, `equal` holds a verdict for each pair that spent unlike
    amounts, and the price it is at: the highest that both have paid.
    """

    results: Results
    final: Results
    currency: str
    price: float | None
    threshold: float | None
    ours: frozenset[str]
    verdicts: list[Verdict]
    equal: list[tuple[float, Verdict]]
    cautions: list[str]

    @property
    def sentences(self) -> list[str]:
        """The verdicts in words, each with the price from which on its winner was ahead."""
        if self.price is not None:
            told = [self._told(verdict, verdict.told("is", self._when(self.price))) for verdict in self.verdicts]
        else:
            told = [self._told(verdict, verdict.sentence) for verdict in self.verdicts]
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

    def write(self, folder: str | Path) -> list[Path]:
        """Write `compare.png`, `compare.txt`, `compare.csv` and `verdicts.csv` into `folder`; where they are."""
        folder = Path(folder)
        texts = {
            "compare.txt": f"{self}\n",
            "compare.csv": measures.to_csv(self.rows),
            "verdicts.csv": to_csv(self.verdicts),
        }
        for name, text in texts.items():
            write_atomically(folder / name, text)
        figure = versus.plot(self.results, self.final, self.currency, self.price, self.verdicts, folder / "compare.png")
        return [figure, *(folder / name for name in texts)]

    def _told(self, verdict: Verdict, sentence: str) -> str:
        lead = prices.lead(self.results, verdict, self.currency)
        return self._task(verdict) + sentence + (f" {lead.sentence}" if lead else "")

    def _task(self, verdict: Verdict) -> str:
        return f"{verdict.task}: " if len(self.results.tasks) > 1 else ""

    def _when(self, price: float) -> str:
        return f"when both have spent {wording.price(price, self.currency)}"


def _at_equal_price(
    results: Results, currency: str, price: float | None, pairs: Sequence[Pair]
) -> list[tuple[float, Verdict]]:
    """For each pair of unlike spending the highest price that both have paid, and the verdict there."""
    if price is not None:
        return []
    amounts, found = [], []
    for task in results.tasks:
        paid = prices.spent_by_method(results, task, currency)
        for pair in pairs:
            both = [paid[method] for method in pair if method in paid]
            if len(both) == 2 and not prices.alike(both) and min(both) > 0:
                then = prices.at_price(prices.only(results, task, pair), currency, min(both))
                found += (judged := verdicts(then))
                amounts += [min(both)] * len(judged)
    return list(zip(amounts, together(found), strict=True))
