"""Write a comparison: its figure and its tables."""

from __future__ import annotations

from pathlib import Path

from evorobo.files import write_atomically
from evorobo.report.analysis import scores, verdicts
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.figures import comparison_figure


def write_comparison(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Write `compare.png`, `compare.txt`, `compare.csv` and `verdicts.csv` into a folder.

    Parameters
    ----------
    comparison : Comparison
        The result of `compare`.
    folder : str or Path
        The folder, which is created if needed.

    Returns
    -------
    list of Path
        The files that were written: the figure, the text, the numbers of each method, and the verdicts.

    Examples
    --------
    >>> from evorobo import compare, write_comparison
    >>> comparison = compare("results/monday", "results/tuesday")  # doctest: +SKIP
    >>> files = write_comparison(comparison, "results/compare")  # doctest: +SKIP
    """
    folder = Path(folder)
    texts = {
        "compare.txt": f"{comparison}\n",
        "compare.csv": scores.to_csv(comparison.rows),
        "verdicts.csv": verdicts.to_csv(comparison.verdicts),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    figure = comparison_figure.plot(comparison, folder / "compare.png")
    return [figure, *(folder / name for name in texts)]
