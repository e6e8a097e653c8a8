"""`show` writes figures and tables; `transfer` tests solutions on other tasks."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from evorobo import (
    Backprop,
    Budget,
    ControlTask,
    DatasetTask,
    Evolution,
    FigureSettings,
    Genome,
    GroupSplit,
    OpenAIES,
    SettingsError,
    Study,
    show,
    transfer,
)
from evorobo.report.statistics import bootstrap_interval, iqm


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One data set with two splits, another data set of the same shape, and a robot that needs another network."""
    folder = tmp_path_factory.mktemp("show")
    patch = pytest.MonkeyPatch()
    patch.setenv("EVOROBO_DATA", str(folder))
    rng = np.random.default_rng(0)

    def rows(**settings):
        return DatasetTask.from_arrays(inputs, targets, columns={"part": part}, **settings)

    inputs, part = rng.normal(size=(60, 2)), np.repeat(np.arange(6), 10)
    targets = (inputs.sum(1) > 0).astype(int)
    tasks = [
        rows(split=GroupSplit("part", validation=(4,), test=(5,)), label="home"),
        rows(split=GroupSplit("part", validation=(0,), test=(1,)), label="other split"),
    ]
    inputs = rng.normal(size=(60, 2))
    targets = (inputs[:, 0] > 0).astype(int)
    tasks.append(rows(split=GroupSplit("part", validation=(4,), test=(5,)), label="abroad"))
    tasks.append(ControlTask("evorobo/WallFollowing-v0", max_steps=30, test_episodes=3, n_demonstrations=2))
    study = Study.grid(
        "show",
        tasks=tasks,
        methods=[Evolution(OpenAIES(population_size=4)), Backprop()],
        seeds=3,
        budget=Budget(flops=3e5, n_evals=2),
        hidden=(4,),
    )
    yield study, study.run(folder / "results")
    patch.undo()


def test_show_writes_figures_and_tables_and_prints_their_paths(study, capsys):
    _, results = study
    written = show(results)
    assert [path.name for path in written] == [
        "curves.png",
        "paths-wallfollowing.png",
        "importance-home.png",
        "importance-other-split.png",
        "importance-abroad.png",
        "table.csv",
        "table.md",
        "verdicts.csv",
    ]
    printed = capsys.readouterr().out
    assert all(path.stat().st_size > 100 and str(path) in printed for path in written)
    assert "openai-es" in printed


def test_show_takes_the_settings_and_the_format_of_figures(study, capsys):
    _, results = study
    settings = FigureSettings(width="1 column", only=("wallfollowing",), rename={"wallfollowing": "walls"})
    names = [path.name for path in show(results, settings, format="pdf")]
    figures = ["curves.pdf", "curves.txt", "paths-walls.pdf", "paths-walls.txt"]
    assert names == [*figures, "table.csv", "table.md", "verdicts.csv"]
    assert "home" in capsys.readouterr().out  # tables are those of the whole study
    with pytest.raises(SettingsError, match="unknown format 'pd'; did you mean 'pdf'"):
        show(results, format="pd")


def test_transfer_gives_the_iqm_of_each_cell_on_every_other_task(study):
    (tasks, results), cells = (study[0].tasks, study[1]), {}
    transfer(results)
    with (results.folder / "transfer.csv").open() as file:
        for row in csv.DictReader(file):
            cells[row.pop("method"), row.pop("trained on")] = row
    assert len(cells) == 4 * 2
    genomes = [Genome.load(run.folder / "genome.npz") for run in results.runs_of("home", "backprop")]
    scores = [tasks[2].test(genome) for genome in genomes]
    low, high = bootstrap_interval(scores)
    expected = f"{float(iqm(scores)):.3f} [{low:.3f}, {high:.3f}]"
    assert cells["backprop", "home"]["accuracy on abroad"] == expected


def test_transfer_tests_no_solution_on_its_training_rows(study):
    _, results = study
    text = transfer(results)
    with (results.folder / "transfer.csv").open() as file:
        rows = list(csv.DictReader(file))
    excluded = [row for row in rows if row["accuracy on other-split"] == "(trained on these rows)"]
    assert {row["trained on"] for row in excluded} == {"home"}
    assert all("[" in row["accuracy on other-split"] for row in rows if row["trained on"] == "other-split")
    assert "(trained on these rows)" in text


def test_transfer_leaves_cells_empty_where_the_network_does_not_fit(study):
    _, results = study
    transfer(results)
    with (results.folder / "transfer.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(row["accuracy on home"] == "" for row in rows if row["trained on"] == "wallfollowing")
    assert all(row["episode return on wallfollowing"] == "" for row in rows if row["trained on"] != "wallfollowing")
