"""Write a comparison: its figure and its tables."""

from __future__ import annotations

from pathlib import Path

from evorobo.files import as_path, write_atomically
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
    folder = as_path(folder)
    texts = {
        "compare.txt": f"{comparison}\n",
        "compare.csv": scores.to_csv(comparison.rows),
        "verdicts.csv": verdicts.to_csv(comparison.verdicts),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    figures = comparison_figure.plot(comparison, folder / "compare.png")
    return [*figures, *(folder / name for name in texts)]
