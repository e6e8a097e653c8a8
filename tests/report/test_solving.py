"""Evaluations to solve a task, by hand: the table, the file and the figure."""

import csv
import re

import numpy as np
import pytest

from evorobo import FigureSettings, SettingsError, solving
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.solving import hitting_times
from evorobo.study.records import write_record

PUBLISHED = {"NEAT": 3600.0, "others": 120.0}


@pytest.fixture
def study(tmp_path, fakes):
    """Three trials of 100, 200 and 300 episodes; callbacks that mean "solved" stopped the first two."""
    fakes.write_study(tmp_path, "poles", {"poles": {}}, ["cma-es"])
    for seed, callbacks in enumerate((["StopWhen"], ["After", "StopAt"], ["After"])):
        folder = tmp_path / f"poles/cma-es/seed-{seed}"
        fakes.write_run(folder, [{"test": 0}, {"episodes": 100 * (seed + 1), "test": 1}])
        lines = (folder / "curve.csv").read_text().splitlines()
        lines = [f"{line},{end}" for line, end in zip(lines, ("generations", 0, 10 * (seed + 1)), strict=True)]
        (folder / "curve.csv").write_text("\n".join(lines) + "\n")
        write_record(folder / "result.json", {"status": "finished", "stopped_by": callbacks})
    return fakes.load(tmp_path)


def test_evaluations_are_episodes_plus_one_for_each_generation(study):
    times = hitting_times(StudyTable.from_results(study).cells["poles", "cma-es"])
    np.testing.assert_array_equal(times.costs, [110, 220, 330])
    np.testing.assert_array_equal(times.reached, [True, True, False])


def test_the_table_has_mean_median_and_evaluations_per_success_beside_published_means(study):
    printed = solving(study, PUBLISHED)
    lines = [line.split() for line in printed.splitlines()]
    assert [line[0] for line in lines[3:6]] == ["(others)", "cma-es", "(NEAT)"]  # best first
    # (110 + 220) / 2; half of three have solved at 220; 660 evaluations for two successes
    assert lines[4] == ["cma-es", "2", "of", "3", "165", "220", "220", "330"]
    with (study.folder / "solving.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert float(rows["cma-es"]["per success"]) == 330
    assert (rows["(NEAT)"]["mean"], rows["(NEAT)"]["median"]) == ("3600.0", "")


def test_a_note_on_the_published_numbers_stands_below_table_and_figure(study, monkeypatch):
    drawn = []
    monkeypatch.setattr(output, "save_with_caption", lambda figure, path, settings: drawn.append(figure) or [path])
    printed = solving(study, PUBLISHED, "NEAT started elsewhere.")
    assert printed.splitlines()[-3:-1] == ["NEAT started elsewhere.", ""]
    assert "NEAT started elsewhere." in [text.get_text() for text in drawn[0].texts]
    assert "elsewhere" not in solving(study, PUBLISHED)


def test_the_figure_is_written(study):
    assert str(study.folder / "solving.png") in solving(study)
    assert (study.folder / "solving.png").read_bytes().startswith(b"\x89PNG")


def test_the_figure_for_a_paper_has_its_width_its_names_and_a_caption(study, tmp_path):
    settings = FigureSettings(width="1 column", rename={"NEAT": "NEAT (2002)", "cma-es": "CMA-ES"})
    printed = solving(study, PUBLISHED, "Other starts.", tmp_path / "fig.pdf", settings)
    content, caption = (tmp_path / "fig.pdf").read_bytes(), (tmp_path / "fig.txt").read_text()
    assert float(re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ", content)[1]) == pytest.approx(3.5 * 72, abs=0.1)
    assert b"/FontFile2" in content
    assert "Other starts." in caption
    assert printed.splitlines()[-2:] == [str(tmp_path / "fig.pdf"), str(tmp_path / "fig.txt")]
    assert "NEAT (2002)" in printed
    assert "CMA-ES" in (study.folder / "solving.csv").read_text()
    with pytest.raises(SettingsError, match="did you mean 'cma-es'"):
        solving(study, PUBLISHED, settings=FigureSettings(rename={"cmaes": "x"}))
    with pytest.raises(SettingsError, match=r"fig\.eps names no known format"):
        solving(study, PUBLISHED, out=tmp_path / "fig.eps")


def test_without_solved_trials_there_is_no_mean(tmp_path, fakes, study):
    for seed in range(3):
        write_record(study.folder / f"poles/cma-es/seed-{seed}/result.json", {"status": "finished"})
    lines = solving(fakes.load(study.folder), PUBLISHED).splitlines()
    assert lines[-3].split() == ["cma-es", "0", "of", "3"]
