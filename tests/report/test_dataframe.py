"""Results as a DataFrame: a row for each eval with all numbers of the log."""

import sys

import numpy as np
import pytest
from toys import Bowl

from evorobo import Backprop, Budget, Evolution, ResultsError, SettingsError, Study, load_results
from evorobo.study.results import load
from evorobo.tasks.base import COST_COLUMNS, FLOPS_COLUMNS

pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install 'evorobo[pandas]'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two small studies."""
    folder = tmp_path_factory.mktemp("results")
    for name, methods in (("a", [Evolution(), Backprop()]), ("b", [Evolution()])):
        budget = Budget(generations=6, n_evals=3)
        Study.grid(name, tasks=[Bowl()], methods=methods, seeds=2, budget=budget, hidden=(2,)).run(folder)
    return folder


def test_each_eval_of_each_run_is_a_row_with_all_its_numbers(folder):
    table = load_results(folder / "a")
    runs = load(folder / "a").runs
    assert len(table) == sum(len(run.curve["test"]) for run in runs) > 8
    for run in runs:
        rows = table[(table.task == run.task) & (table.method == run.method) & (table.seed == run.seed)]
        assert rows.eval_index.tolist() == list(range(len(run.curve["test"])))
        assert set(rows.status) == {"finished"}
        for name, column in run.curve.items():
            np.testing.assert_array_equal(rows[name], column)
        np.testing.assert_array_equal(rows.flops, sum(run.curve[name] for name in FLOPS_COLUMNS))


def test_columns_that_a_method_does_not_have_are_empty(folder):
    table = load_results(folder / "a")
    assert list(table.columns[:7]) == ["study", "task", "method", "seed", "status", "reason", "eval_index"]
    assert set(COST_COLUMNS) < set(table.columns)
    assert table[table.method == "backprop"].step_size.isna().all()
    assert table[table.method == "cma-es"].grad_norm.isna().all()
    assert table[(table.method == "cma-es") & (table.eval_index > 0)].step_size.notna().all()


def test_a_folder_of_studies_is_one_table(folder):
    table = load_results(folder)
    pandas.testing.assert_frame_equal(
        table[table.study == "a"].reset_index(drop=True)[load_results(folder / "a").columns], load_results(folder / "a")
    )
    finals = table.groupby(["study", "method", "seed"]).test.last()
    for name in ("a", "b"):
        for run in load(folder / name).runs:
            assert finals[name, run.method, run.seed] == run.score


def test_a_trial_without_evals_has_a_row_too(tiny_study):
    results = tiny_study({"ga": [1, 2, 3]}, failed=1)
    (results.runs[2].folder / "curve.csv").unlink()
    table = load_results(results.folder)
    assert table.groupby("seed").status.first().tolist() == ["finished", "finished", "failed"]
    (row,) = table[table.seed == 2].to_dict("records")
    assert (row["eval_index"], row["reason"]) == (0, "The weights became NaN.")
    assert np.isnan(row["test"])
    assert np.isnan(row["env_steps"])


def test_a_folder_without_studies_raises(tmp_path):
    with pytest.raises(ResultsError, match="holds no study, nor do the folders in it"):
        load_results(tmp_path)


def test_a_missing_pandas_raises_with_the_command_that_installs_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SettingsError, match=r"need pandas: pip install 'evorobo\[pandas\]'"):
        load_results(folder)
