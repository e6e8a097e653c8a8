"""Tournaments: the matrices are the duels, kept once, drawn as they are, and every answer meets everybody's rivals."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from evorobo import CMAES, Archive, Budget, Coevolution, ControlTask, Evolution, Genome, ResultsError, Study, tournament
from evorobo.report.analysis.master_tournament import EPISODES_PER_MATCH, evenly_spaced_indices, master_tournaments
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


def test_a_master_tournament_is_the_duels_of_all_champions_one_by_one(results):
    run = results.runs_of("predator", "fame")[0]
    (master,) = master_tournaments(TASK, [run.folder])
    own, rivals = champions(run)
    duel = replace(TASK, test_episodes=EPISODES_PER_MATCH).matches()
    np.testing.assert_array_equal(master.scores, [[duel.tournament([a], [b])[0, 0] for b in rivals] for a in own])
    assert master.generations.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(master.training_scores, archives(run)[0].scores)
    np.testing.assert_array_equal(master.rival_training_scores, archives(run)[1].scores)


def test_what_was_played_is_read_back_and_not_played_again(results, monkeypatch):
    folder = results.runs_of("predator", "new")[0].folder
    (first,) = master_tournaments(TASK, [folder])
    monkeypatch.setattr(Matches, "tournament", None)  # whoever plays again breaks
    (again,) = master_tournaments(TASK, [folder])
    np.testing.assert_array_equal(first.scores, again.scores)


def test_of_many_generations_some_play_evenly_spaced_the_last_among_them():
    assert evenly_spaced_indices(3, 40).tolist() == [0, 1, 2]
    assert evenly_spaced_indices(101, 5).tolist() == [0, 25, 50, 75, 100]
    assert len(set(evenly_spaced_indices(57, 40))) == 40


def test_every_answer_meets_the_rivals_of_every_method_that_has_any(results):
    text = tournament(results)
    with (results.folder / "tournament.csv").open() as file:
        rows = list(csv.reader(file))
    assert [(row[1], row[3]) for row in rows[1:]] == [
        (own, other) for own in ("fame", "new", "alone") for other in ("fame", "new")
    ]
    assert all(word in text for word in ("predator", "prey", "alone", "95% interval"))
    own = [Genome.load(run.folder / "genome.npz") for run in results.runs_of("predator", "alone")]
    met = [rival for run in results.runs_of("predator", "new") for rival in champions(run)[1]]
    mean = replace(TASK, test_episodes=EPISODES_PER_MATCH).matches().tournament(own, met).mean()
    assert float(rows[6][4]) == pytest.approx(mean, abs=0.051)  # of two seeds the IQM is the mean
    assert (results.folder / "tournament-predator.png").read_bytes().startswith(b"\x89PNG")


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
        np.testing.assert_allclose(image.get_array(), np.mean([each.scores for each in runs], axis=0))
        assert image.origin == "lower"
        assert tuple(image.get_extent()) == (0.5, 3.5, 0.5, 3.5)
        assert image.get_clim() == images[0].get_clim()
    first, last = drawn.axes[0], drawn.axes[4]
    assert [line.get_label() for line in first.lines if not line.get_label().startswith("_")] == ["predator", "prey"]
    curves = {line.get_label(): line.get_ydata() for line in last.lines}
    np.testing.assert_allclose(curves["predator"], np.mean([each.scores.mean(1) for each in played["fame"]], axis=0))
    np.testing.assert_allclose(curves["prey"], np.mean([each.scores.mean(0) for each in played["fame"]], axis=0))


def test_a_study_without_rivals_is_told_so(tmp_path):
    study = Study.grid(
        "alone", tasks=[TASK], methods=[SMALL], seeds=1, budget=Budget(generations=1, n_evals=1), hidden=()
    )
    with pytest.raises(ResultsError, match=r"no finished run in .* has rivals; Coevolution leaves some"):
        tournament(study.run(tmp_path))
