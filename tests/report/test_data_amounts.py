"""The figure over `rows`: tasks that differ only in their rows are one set, at the scores of the table."""

from dataclasses import replace

import numpy as np
import pytest

import evorobo as er
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures.data_amounts import amounts_of_data, figure
from evorobo.report.figures.settings import FigureSettings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = np.where(X[:, 0] > 0, "left", "right")


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")
    task = er.DatasetTask.from_arrays(X, Y, label="turns")

    def run(*changes):
        tasks = [replace(task, **change) for change in changes]
        budget = er.Budget(flops=1e6, n_evals=2)
        study = er.Study.grid("amounts", tasks=tasks, methods=[er.Backprop()], seeds=2, budget=budget, hidden=())
        return study.run(tmp_path / "results", jobs=1)

    return run


def test_tasks_that_differ_only_in_rows_are_one_line_at_the_scores_of_the_table(run):
    amounts = [{"rows": n, "label": f"turns-{n}"} for n in (100, 20)]
    results = run(*amounts, {"label": "turns"}, {"rows": 50, "label": "other", "normalize": False})
    table = StudyTable.from_results(results)
    n_all = len(table.study.tasks[2].parts.train)
    expected = {20: "turns-20", 100: "turns-100", n_all: "turns"}
    assert amounts_of_data(table) == {"turns": expected}  # the other one differs in its scaling
    axes = figure(table, FigureSettings()).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    iqms = [table.cells[task, table.methods[0]].iqm for task in expected.values()]
    line = lines[f"_{table.methods[0]} IQM"]
    assert line.get_xdata() == pytest.approx(list(expected))
    assert line.get_ydata() == pytest.approx(iqms)
    assert lines["_majority class"].get_ydata() == pytest.approx(
        [results.references[task]["majority class"] for task in expected.values()]
    )
    assert [file.name for file in er.plot(results, kind="rows")] == ["rows.png"]


def test_without_several_amounts_the_cure_is_named(run):
    with pytest.raises(er.errors.ResultsError, match=r"differ only in rows; give them several rows="):
        er.plot(run({"rows": 50}), kind="rows")
