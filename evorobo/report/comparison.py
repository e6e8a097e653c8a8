"""Write a comparison: its figure and its tables."""

from __future__ import annotations

import re
from pathlib import Path

from evorobo.files import as_path, write_atomically
from evorobo.report.analysis import scores, verdicts
from evorobo.report.analysis.comparison import Comparison
from evorobo.report.figures import comparison_figure, output
from evorobo.report.figures.settings import FigureSettings


def write_comparison(
    comparison: Comparison,
    folder: str | Path | None = None,
    settings: FigureSettings | None = None,
    *,
    figure: str | Path | None = None,
) -> list[Path]:
    """Write `compare.png`, `compare.txt`, `compare.csv` and `verdicts.csv` into a folder.

    Parameters
    ----------
    comparison : Comparison
        The result of `compare`.
    folder : str or Path, optional
        The folder, which is created if needed. By default it is one of this comparison, for example
        `results/compare/monday-v-tuesday`.
    settings : FigureSettings, optional
        The width, title and scales of the figure; what to compare is decided by `compare`.
    figure : str or Path, optional
        The file of the figure, in the format that its name ends in; by default `compare.png` in the folder.

    Returns
    -------
    list of Path
        The files that were written: the figure, the text, the numbers of each method, and the verdicts.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> files = er.write_comparison(er.compare(results.folder), mkdtemp())
    >>> [file.name for file in files]
    ['compare.png', 'compare.txt', 'compare.csv', 'verdicts.csv']
    """
    folder = as_path(folder or Path("results/compare") / folder_name(comparison.table.results.name))
    path = as_path(figure or folder / "compare.png")
    output.file_format(path)
    texts = {
        "compare.txt": f"{comparison}\n",
        "compare.csv": scores.to_csv(comparison.rows),
        "verdicts.csv": verdicts.to_csv(comparison.verdicts),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    figures = comparison_figure.plot(comparison, path, settings)
    return [*figures, *(folder / name for name in texts)]


def folder_name(title: str) -> str:
    """A name for the folder of a comparison: its title with hyphens for all but letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", title).strip("-.") or "comparison"
