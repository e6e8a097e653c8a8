"""What came out of a study: its table, the verdicts under it, and what to know before believing them."""

from __future__ import annotations

from pathlib import Path

from evorobo.files import write_atomically
from evorobo.report.analysis import aggregate as across, costs as prices, ranks, tables, verdicts
from evorobo.report.analysis.cautions import cautions
from evorobo.report.analysis.crossovers import find_crossovers
from evorobo.study.results import Results


def sentences(results: Results) -> list[str]:
    """The verdicts of a study in sentences, with the price from which on somebody is ahead, and one on all tasks; of
    many methods only who is on top."""
    if len(results.methods) > ranks.MAX_OVERLAID_METHODS:
        return ranks.sentences(results)
    found = []
    for verdict in verdicts.verdicts(results):
        cost_column = prices.shared_cost_column(results, verdict.task)
        ahead = find_crossovers(results, [verdict], cost_column) if cost_column else []
        before = f"{verdict.task}: " if len(results.tasks) > 1 else ""
        found.append(before + " ".join([verdict.sentence, *(crossover.sentence for crossover in ahead)]))
    return [*found, *filter(None, [across.sentence(results)])]


def to_terminal(results: Results) -> str:
    """Table, verdicts and cautions, as people read them on a terminal."""
    return "\n\n".join([tables.to_terminal(tables.summary_rows(results)), *sentences(results), *cautions(results)])


def to_markdown(results: Results) -> str:
    """The same in Markdown."""
    words = ["\n".join(f"- {each}" for each in sentences(results)), *cautions(results)]
    return "\n\n".join([tables.to_markdown(tables.summary_rows(results)), *filter(None, words)])


def write(results: Results, folder: str | Path) -> list[Path]:
    """Write `table.csv`, `table.md` (with verdicts and cautions) and `verdicts.csv` into `folder`; where they are."""
    texts = {
        "table.csv": tables.to_csv(tables.summary_rows(results)),
        "table.md": to_markdown(results) + "\n",
        "verdicts.csv": verdicts.to_csv(verdicts.verdicts(results)),
    }
    for name, text in texts.items():
        write_atomically(Path(folder) / name, text)
    return [Path(folder) / name for name in texts]
