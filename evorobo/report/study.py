"""Show a study: write its figures and tables beside its results, and print them."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import unknown
from evorobo.files import write_atomically
from evorobo.notebooks import display_pictures, in_notebook
from evorobo.printable import terminal_width
from evorobo.report.analysis import archive_table, importance, robustness
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.summary import summarize
from evorobo.report.figures.output import FORMATS
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.plot import KINDS, plot_kind
from evorobo.study.results import Results


def show(results: Results, settings: FigureSettings | None = None, *, format: str = "png") -> list[Path]:
    """Write the figures and tables of a study into its folder, and print tables, verdicts, cautions and file names.

    The files are `curves.png`, `table.csv`, `table.md` and `verdicts.csv`. There is a `paths-<task>.png` for each robot
    that can be drawn, and `archives-<task>.png` with `archives.md` where methods keep archives. For data sets
    there is `importance-<task>.png` with `importance.csv`: what is lost when a column is shuffled. With more than
    16 tasks the curves have parts, `curves-2.png` and so on.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.
    settings : FigureSettings, optional
        What the figures show, their names, width and scales. Tables and verdicts are those of the whole study.
    format : {"png", "pdf", "svg", "pgf"}, default "png"
        The format of the figures, which is the ending of their names.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ResultsError
        If no run has a score yet.
    SettingsError
        If the format is unknown.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> files = er.show(results)  # doctest: +ELLIPSIS
    <BLANKLINE>
    task ...
    >>> [file.name for file in files]
    ['curves.png', 'paths-phototaxis.png', 'table.csv', 'table.md', 'verdicts.csv']
    """
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    table, folder, settings = StudyTable.from_results(results), results.folder, settings or FigureSettings()
    shown = settings.select(table)
    files = [
        file for kind in KINDS for file in plot_kind(shown, kind, folder / f"{kind}.{format}", settings, name_task=True)
    ]
    summary = summarize(table)
    files += summary.write(folder)
    rows = archive_table.archive_rows(table)
    if rows:
        files.append(folder / "archives.md")
        write_atomically(files[-1], archive_table.to_markdown(rows) + "\n")
    width = terminal_width()
    shuffled = importance.to_terminal(table, importance.load_importance(folder), width)
    changed = robustness.to_terminal(table, robustness.load_robustness(folder), width)
    archives = archive_table.to_terminal(rows, width) if rows else ""
    print("", summary.to_terminal(width), *(f"\n{text}" for text in (shuffled, changed, archives) if text), sep="\n")
    print("", *files, sep="\n")
    if in_notebook():
        display_pictures(files)
    return files
