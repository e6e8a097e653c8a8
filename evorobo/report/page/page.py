"""The report page: a template, its data, and a policy that forbids all network access."""

from __future__ import annotations

import shlex
from base64 import b64encode
from pathlib import Path

from matplotlib.figure import Figure

from evorobo.files import as_path, write_atomically
from evorobo.report.analysis import importance as shuffled, metric_table, tables
from evorobo.report.analysis.headline import headline
from evorobo.report.analysis.robustness import load_robustness, robustness
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.summary import summarize
from evorobo.report.figures import archives, importance as importance_figure, output
from evorobo.report.figures.style import table_styles
from evorobo.report.formatting import COST_LABELS
from evorobo.report.page import facts
from evorobo.report.page.behavior import behaviors
from evorobo.report.page.charts import aggregate_charts, is_crowded, style_to_json, task_charts
from evorobo.report.page.html import BEHAVIOR, CHARTS, render_html
from evorobo.report.page.robustness import robustness_charts
from evorobo.study.results import Results

_SCRIPTS = (*CHARTS, "finals.js", *BEHAVIOR, "page.js")


def write_report(
    results: Results, out: str | Path | None = None, *, robustness: bool = False, importance: bool = False
) -> Path:
    """Write the report of a study: one self-contained HTML file that needs no network access.

    Parameters
    ----------
    results : Results
        The results of a study, as `Study.run` returns them.
    out : str or Path, optional
        The file; by default `report.html` in the folder of the study.
    robustness : bool, default False
        Whether all solutions are first tested with noise on their sensors and on their weights and, where a robot has
        motors, with weaker motors: 28 times each. The scores are kept in `robustness.csv`, and later reports show them.
    importance : bool, default False
        Whether all solutions of robots are first tested with each sensor shuffled, three times each. What is lost is
        kept in `importance.csv`, and later reports show it. For data sets it is always shown.

    Returns
    -------
    Path
        The file that was written.

    Examples
    --------
    >>> import evorobo as er
    >>> from tempfile import mkdtemp
    >>> task = er.ControlTask("evorobo/Phototaxis-v0", max_steps=20, test_episodes=2)
    >>> methods = [er.Evolution(er.CMAES(population_size=4)), er.Backprop()]
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e5, n_evals=2))
    >>> results = study.run(mkdtemp(), jobs=1)  # doctest: +ELLIPSIS
    [1/4] ...
    >>> er.write_report(results).name
    'report.html'
    """
    path = as_path(out or results.folder / "report.html")
    write_atomically(path, render_page(results, run_robustness=robustness, run_importance=importance))
    return path


def render_page(results: Results, *, run_robustness: bool = False, run_importance: bool = False) -> str:
    """The HTML of the report."""
    table = StudyTable.from_results(results)
    table.import_own_files()
    summary = summarize(table)
    rows = robustness(table) if run_robustness else load_robustness(results.folder)
    data = {
        "styles": {method: style_to_json(style) for method, style in table_styles(table).items()},
        "cost_labels": COST_LABELS,
        "crowded": is_crowded(results.methods),
        "tasks": [
            task_charts(table, task) for task in results.tasks if table.cells_of(task, lambda cell: cell.visible)
        ],
        "aggregate": aggregate_charts(table),
        "robustness": robustness_charts(rows, table),
        "behavior": behaviors(table),
    }
    trial_columns, trials = facts.trials(results)
    titles, lines = tables.format_cells(summary.rows, str)
    return render_html(
        "page.html",
        _SCRIPTS,
        data,
        name=results.name,
        long_question=results.question,
        question=results.question.split("\n\n")[0],
        headline=headline(table, summary.verdicts),
        origin=facts.origin(results),
        folder=shlex.quote(str(results.folder)),
        verdicts=summary.sentences,
        cautions=summary.cautions,
        overview=facts.overview(results),
        headers=titles,
        rows=lines,
        cost_note=tables.COST_NOTE,
        trial_columns=trial_columns,
        trials=trials,
        settings=facts.settings(results),
        machines=facts.machines(results),
        tasks=data["tasks"],
        crowded=data["crowded"],
        robustness=data["robustness"],
        behavior=data["behavior"],
        archives=_archives(table),
        metrics=_metrics(summary.metrics),
        importance=_importance(table, run_importance),
    )


def _archives(table: StudyTable) -> list[tuple[str, str]]:
    """The name of each task with archives, and the figure of its archives as a data address."""
    figures = {task: figure for task in table.tasks if (figure := archives.figure(table, task))}
    return [(task, _data_address(figure)) for task, figure in figures.items()]


def _metrics(rows: list[metric_table.MetricRow]) -> list[tuple[list[str], list[list[str]]]]:
    """The header and the lines of the table of further metrics of each task that has some."""
    tables_of_tasks = [metric_table.cells_of_task(rows, task) for task in dict.fromkeys(row.task for row in rows)]
    return [(header, lines) for lines, header, _ in tables_of_tasks]


def _importance(table: StudyTable, run: bool) -> list[tuple[str, str]]:
    """The name of each task with known importance, and its figure as a data address."""
    rows = shuffled.importance(table, table.study.tasks) if run else shuffled.importance_of_data(table)
    means = {task: shuffled.mean_importance(rows, task) for task in table.tasks}
    figures = {task: importance_figure.figure(table, task, means[task]) for task in table.tasks}
    return [(task, _data_address(figure)) for task, figure in figures.items() if figure]


def _data_address(figure: Figure) -> str:
    return f"data:image/png;base64,{b64encode(output.figure_bytes(figure)).decode()}"
