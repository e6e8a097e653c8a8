"""The summary of a study: its table, the verdicts in sentences, and the cautions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evorobo.files import as_path, write_atomically
from evorobo.notebooks import to_html
from evorobo.printable import wrapped
from evorobo.report.analysis import aggregate, metric_table, ranks, tables
from evorobo.report.analysis.cautions import cautions
from evorobo.report.analysis.costs import shared_cost_column
from evorobo.report.analysis.crossovers import find_crossovers
from evorobo.report.analysis.solve_times import solve_time_verdicts
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.verdicts import Verdict, to_csv, verdicts


@dataclass(frozen=True, eq=False)
class Summary:
    """The results of a study in rows of numbers, verdicts, sentences and cautions."""

    rows: list[tables.Row]
    verdicts: list[Verdict]
    sentences: list[str]
    cautions: list[str]
    metrics: list[metric_table.MetricRow]

    def to_terminal(self, width: int | None = None) -> str:
        """Tables, sentences and cautions for a terminal of this width."""
        parts = [tables.to_terminal(self.rows, width), metric_table.to_terminal(self.metrics, width)]
        texts = (wrapped(text, width) for text in [*self.sentences, *self.cautions])
        return "\n\n".join(filter(None, [*parts, *texts]))

    def _repr_html_(self) -> str:
        return to_html(self)

    def to_markdown(self) -> str:
        """Tables, sentences and cautions in Markdown."""
        bullets = "\n".join(f"- {sentence}" for sentence in self.sentences)
        metrics = metric_table.to_markdown(self.metrics)
        return "\n\n".join([tables.to_markdown(self.rows), *filter(None, [metrics, bullets, *self.cautions])])

    def write(self, folder: str | Path) -> list[Path]:
        """Write `table.csv`, `table.md`, `verdicts.csv` and, with several metrics, `metrics.csv` into `folder`.

        Returns their paths.
        """
        texts = {
            "table.csv": tables.to_csv(self.rows),
            "table.md": self.to_markdown() + "\n",
            "verdicts.csv": to_csv(self.verdicts),
        }
        texts |= {"metrics.csv": metric_table.to_csv(self.metrics)} if self.metrics else {}
        for name, text in texts.items():
            write_atomically(as_path(folder) / name, text)
        return [as_path(folder) / name for name in texts]


def summarize(table: StudyTable) -> Summary:
    """Compute the summary of a study."""
    all_verdicts = verdicts(table)
    sentences, metrics = _sentences(table, all_verdicts), metric_table.metric_rows(table)
    return Summary(tables.summary_rows(table), all_verdicts, sentences, cautions(table), metrics)


def _sentences(table: StudyTable, all_verdicts: list[Verdict]) -> list[str]:
    """The verdicts with the cost from which on the winner is ahead, and a sentence on all tasks.

    With many methods there are only sentences on the best ones.
    """
    if len(table.methods) > ranks.MAX_OVERLAID_METHODS:
        return ranks.sentences(table, all_verdicts)
    cost_columns = {task: shared_cost_column(table, task) for task in table.tasks}
    sentences = []
    for verdict in all_verdicts:
        cost_column = cost_columns[verdict.task]
        crossovers = find_crossovers(table, [verdict], cost_column) if cost_column else []
        parts = [verdict.to_sentence(), *(crossover.to_sentence() for crossover in crossovers)]
        sentences.append(_prefix(table, verdict.task) + " ".join(parts))
    for task, cost_column in cost_columns.items():
        if cost_column:
            times = solve_time_verdicts(table.select([task], table.methods), all_verdicts, cost_column)
            sentences += [_prefix(table, task) + one.to_sentence() for one in times]
    return [*sentences, *aggregate.pair_sentences(table), *filter(None, [aggregate.sentence(table)])]


def _prefix(table: StudyTable, task: str) -> str:
    return f"{task}: " if len(table.tasks) > 1 else ""
