"""What is said in words around a figure: how many runs it shows, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterable

from evorobo.report import runs, wording
from evorobo.report.cautions import brought
from evorobo.report.tuning import bill
from evorobo.study.results import Results


def below(results: Results, tasks: Iterable[str], remarks: Iterable[str]) -> list[str]:
    """The small print: cautions of the `tasks` shown, `remarks` on the picture, and what runs are or are not in it."""
    smallest = min((n for _, _, cell in results.cells() if (n := len(runs.counted(cell)))), default=0)
    notes = [
        *(f"{task}: {results.cautions[task]}" for task in tasks if task in results.cautions),
        *remarks,
        runs.left_out(results.runs),
        wording.few_runs(smallest),
        brought(results),
        bill(results),
    ]
    return [note for note in notes if note]


def seeds(results: Results) -> str:
    """How many there are: "10 seeds for each method", or "5 to 10 seeds" where methods differ."""
    counts = {len(cell) for _, _, cell in results.cells()}
    number = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return f"{number} seed{'' if counts == {1} else 's'} for each method"
