"""Tournaments: the matrices of scores, their figure, and the table of solutions against rivals."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import numpy as np
import pytest

from evorobo import (
    CMAES,
    Archive,
    Budget,
    Coevolution,
    ControlTask,
    Evolution,
    FigureSettings,
    Genome,
    ResultsError,
    SettingsError,
    Study,
    tournament,
)
from evorobo.report.analysis.master_tournament import EPISODES_PER_MATCH, master_tournaments
from evorobo.report.figures.tournament_figure import figure
from evorobo.tasks.control.matches import Matches

TASK = ControlTask("evorobo/Predator-v0", validation_episodes=1, test_episodes=2, max_steps=60)
SMALL = Evolution(CMAES(population_size=6))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    study = Study.grid(
        "chase",
        tasks=[TASK],
        methods=[
            Coevolution(SMALL, n_rivals=2, name="fame"),
            Coevolution(SMALL, n_rivals=2, memory=1, name="new"),
            Evolution(CMAES(population_size=6), name="alone"),
        ],
        seeds=2,
        budget=Budget(generations=3, n_evals=1),
        hidden=(),
    )
    return study.run(tmp_path_factory.mktemp("results"))


def champions(run):
    return [list(map(archive.__getitem__, range(len(archive)))) for archive in archives(run)]


def archives(run):
    return [Archive.load(run.folder / name) for name in ("champions.npz", "rivals.npz")]


def test_a_master_tournament_has_the_scores_of_all_single_matches(results):
    run = results.runs_of("predator", "fame")[0]
    (master,) = master_tournaments(TASK, [run.folder])
    own, rivals = champions(run)
    matches = replace(TASK, test_episodes=EPISODES_PER_MATCH).matches()
    np.testing.assert_array_equal(master.scores, [[matches.tournament([a], [b])[0, 0] for b in rivals] for a in own])
    assert master.generations.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(master.training_scores, archives(run)[0].scores)
    np.testing.assert_array_equal(master.rival_training_scores, archives(run)[1].scores)


def test_a_tournament_is_not_played_again(results, monkeypatch):
    folder = results.runs_of("predator", "new")[0].folder
    (first,) = master_tournaments(TASK, [folder])
    monkeypatch.setattr(Matches, "tournament", None)  # playing again would raise
    (again,) = master_tournaments(TASK, [folder])
    np.testing.assert_array_equal(first.scores, again.scores)


def test_all_solutions_meet_the_rivals_of_all_methods(results):
    text = tournament(results)
    with (results.folder / "tournament.csv").open() as file:
        rows = list(csv.reader(file))
    assert [(row[1], row[3]) for row in rows[1:]] == [
        (own, other) for own in ("fame", "new", "alone") for other in ("fame", "new")
    ]
    assert all(word in text for word in ("predator", "prey", "alone", "95% interval"))
    solutions = [Genome.load(run.folder / "genome.npz") for run in results.runs_of("predator", "alone")]
    rivals = [rival for run in results.runs_of("predator", "new") for rival in champions(run)[1]]
    mean = replace(TASK, test_episodes=EPISODES_PER_MATCH).matches().tournament(solutions, rivals).mean()
    assert float(rows[6][4]) == pytest.approx(mean, abs=0.051)  # of two seeds the IQM is the mean
    assert (results.folder / "tournament-predator.png").read_bytes().startswith(b"\x89PNG")


def test_the_figure_for_a_paper_has_its_width_and_new_names(results, tmp_path):
    settings = FigureSettings(width="2 columns", only=("fame",), rename={"predator": "hunter", "prey": "hare"})
    text = tournament(results, tmp_path / "fig.svg", settings)
    assert {"hunter", "hare"} <= set(text.split())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fig-hunter.svg", "fig-hunter.txt"]
    size = re.search(r'width="([0-9.]+)pt"', (tmp_path / "fig-hunter.svg").read_text())[1]
    assert float(size) == pytest.approx(7.16 * 72, abs=0.1)
    assert "champions of the hunter against champions of the hare" in (tmp_path / "fig-hunter.txt").read_text()
    with pytest.raises(SettingsError, match=r"2 methods need a width of 8\.6 cm"):
        tournament(results, settings=FigureSettings(width="8cm"))


def test_one_seed_has_no_interval(results):
    tournament(replace(results, runs=[run for run in results.runs if run.seed == 0]))
    with (results.folder / "tournament.csv").open() as file:
        assert [(row[5], row[6]) for row in csv.reader(file)][1:] == [("", "1")] * 6


def test_the_figure_shows_the_mean_matrix_with_generations_upwards_and_to_the_right(results):
    played = {
        m: master_tournaments(TASK, [run.folder for run in results.runs_of("predator", m)]) for m in ("fame", "new")
    }
    drawn = figure(played, "predator", "prey", "chase")
    images = [axes.images[0] for axes in drawn.axes if axes.images]
    for image, runs in zip(images, played.values(), strict=True):
        np.testing.assert_allclose(image.get_array(), np.mean([one.scores for one in runs], axis=0))
        assert image.origin == "lower"
        assert tuple(image.get_extent()) == (0.5, 3.5, 0.5, 3.5)
        assert image.get_clim() == images[0].get_clim()
    first, last = drawn.axes[0], drawn.axes[4]
    assert [line.get_label() for line in first.lines if not line.get_label().startswith("_")] == ["predator", "prey"]
    curves = {line.get_label(): line.get_ydata() for line in last.lines}
    np.testing.assert_allclose(curves["predator"], np.mean([one.scores.mean(1) for one in played["fame"]], axis=0))
    np.testing.assert_allclose(curves["prey"], np.mean([one.scores.mean(0) for one in played["fame"]], axis=0))


def test_a_study_without_rivals_raises(tmp_path):
    study = Study.grid(
        "alone", tasks=[TASK], methods=[SMALL], seeds=1, budget=Budget(generations=1, n_evals=1), hidden=()
    )
    with pytest.raises(ResultsError, match=r"no finished run in .* has rivals; use the method Coevolution"):
        tournament(study.run(tmp_path))
