"""The figure and the table of archives: maps, fronts and novelty archives."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from evorobo import (
    CMAES,
    NSGA2,
    Archive,
    Budget,
    ControlTask,
    Evolution,
    Genome,
    Grid,
    HallOfFame,
    MAPElites,
    Mapped,
    NetworkSpec,
    NoveltySearch,
    Study,
    show,
)
from evorobo.report.analysis import archive_table
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import archives
from evorobo.report.figures.archives import draw_archive
from evorobo.report.page.page import render_page
from evorobo.tasks.control.recording import trajectory
from evorobo.testing.methods import Wave

GRID = Grid(("level", "tilt"), (6, 4), min_score=-2.0)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    methods = [
        Evolution(MAPElites(GRID, population_size=8)),
        Evolution(NoveltySearch(("level", "tilt"))),
        Evolution(NSGA2(("size",), population_size=8, min_score=-2.0)),
        Evolution(Mapped(GRID, CMAES(), name="mapped")),
        Evolution(CMAES()),
    ]
    study = Study.grid("variety", tasks=[Wave()], methods=methods, seeds=3, budget=Budget(generations=6, n_evals=3))
    return study.run(tmp_path_factory.mktemp("variety"), jobs=1)


def last(run, column):
    with (run.folder / "curve.csv").open(newline="") as file:
        return float(list(csv.DictReader(file))[-1][column])


def test_the_table_has_the_final_values_of_the_methods_that_log_variety(results):
    rows = {row["method"]: row for row in archive_table.archive_rows(StudyTable.from_results(results))}
    assert list(rows) == ["map-elites", "nsga-ii", "mapped"]
    for method, columns in {"map-elites": ("coverage", "qd_score"), "nsga-ii": ("hypervolume",)}.items():
        for column in columns:
            values = [last(run, column) for run in results.runs_of("wave", method)]
            cells = [rows[method][name] for name in (column, f"{column}_min", f"{column}_max")]
            assert cells == pytest.approx([np.mean(values), min(values), max(values)])
    assert np.isnan(rows["nsga-ii"]["coverage"])
    text = archive_table.to_terminal(list(rows.values()))
    assert f"{100 * rows['mapped']['coverage']:.1f}% (" in text
    assert "hypervolume (min to max)" in text
    assert archive_table.to_terminal([]) == ""


def test_the_figure_has_a_panel_for_each_logged_column_and_for_each_archive(results):
    drawn = archives.figure(StudyTable.from_results(results), "wave")
    assert "A front holds the members" in " ".join(text.get_text() for text in drawn.texts)
    panels = [axes for axes in drawn.axes if axes.get_visible()]
    assert [axes.get_ylabel() for axes in panels[:3]] == ["coverage", "QD-score", "hypervolume"]
    assert [axes.get_title(loc="left") for axes in panels[3:7]] == ["map-elites", "novelty-ga", "nsga-ii", "mapped"]
    assert [axes.get_xlabel() for axes in panels[3:7]] == ["level", "level", "size", "level"]
    assert [axes.get_ylabel() for axes in panels[3:7]] == ["tilt", "tilt", "training score", "tilt"]
    assert [axes.get_ylabel() for axes in panels[7:]] == ["training score"]  # of the color bar


def test_a_map_shows_the_best_score_of_each_cell():
    """Three of four measures share a column of cells; two of them also a row, and the better of these is seen."""
    spec = NetworkSpec.build(2, (), 1)
    measures = np.array([[0.1, 1.0, 0.0], [0.2, 1.5, 0.9], [0.3, 9.0, 0.0], [0.9, 99.0, 0.0]])
    scores, ranges = np.array([1.0, 2.0, 3.0, 4.0]), np.array([[0.0, 1.0], [0.0, 10.0], [0.0, 1.0]])
    archive = Archive(spec, np.zeros((4, 3)), scores, measures, ("x", "y", "z"), ranges, (2, 5, 2))
    axes = Figure().subplots()
    assert draw_archive(axes, archive, Normalize(0, 4), "black")
    (image,) = axes.get_images()
    shown = np.ma.filled(image.get_array(), np.nan)
    expected = np.full((5, 2), np.nan)
    expected[0, 0], expected[4, 0], expected[4, 1] = 2, 3, 4
    np.testing.assert_array_equal(shown, expected)
    assert image.get_extent() == [0, 1, 0, 10]
    assert image.origin == "lower"


def test_show_writes_both_for_a_study_with_archives_and_neither_for_a_study_without(results, tmp_path, capsys):
    written = show(results)
    assert results.folder / "archives-wave.png" in written
    assert (results.folder / "archives.md").read_text().startswith("| task ")
    assert "coverage (min to max)" in capsys.readouterr().out
    plain = replace(results, methods=["cma-es"])
    plain_table = StudyTable.from_results(plain)
    assert archives.plot(plain_table, "wave", tmp_path / "none.png") == []
    assert archive_table.archive_rows(plain_table) == []
    assert not (tmp_path / "none.png").exists()
    assert render_page(results).count("data:image/png;base64,") == 1
    assert "data:image/png;base64," not in render_page(plain)


def test_a_map_of_positions_shows_the_path_of_the_solution(tmp_path):
    task = ControlTask("evorobo/Maze-v0", max_steps=20, validation_episodes=1, test_episodes=1)
    places = Grid(("x", "y"), (24, 16))
    methods = [Evolution(MAPElites(places, population_size=6))]
    study = Study.grid("maze", tasks=[task], methods=methods, seeds=1, budget=Budget(generations=2))
    results = study.run(tmp_path, jobs=1)
    (run,) = results.runs_of("maze", "map-elites")
    drawn = archives.figure(StudyTable.from_results(results), "maze")
    lines = [line.get_xydata() for line in drawn.axes[2].get_lines()]
    path = trajectory(task, Genome.load(run.folder / "genome.npz"))[:, :2]
    assert any(line.shape == path.shape and np.array_equal(line, path) for line in lines)


def test_a_hall_of_fame_has_no_figure(tmp_path):
    study = Study.grid(
        "famed", tasks=[Wave()], methods=[Evolution(HallOfFame(CMAES(), 4))], seeds=2, budget=Budget(generations=2)
    )
    results = study.run(tmp_path, jobs=1)
    assert [len(Archive.load(run.folder / "archive.npz")) for run in results.runs] == [4, 4]
    assert archives.figure(StudyTable.from_results(results), "wave") is None
    assert not [path for path in show(results) if "archives" in path.name]
