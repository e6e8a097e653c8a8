"""Errors about a wrong folder suggest the right one."""

from pathlib import Path

import pytest

from evorobo.study.folders import suggest_study, suggest_trial


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder with two studies, one of which has trials of two methods."""
    monkeypatch.chdir(tmp_path)
    for name in ("results/phototaxis/study.json", "results/maze/study.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
    for method in ("ga", "cma-es"):
        for seed in range(3):
            folder = tmp_path / f"results/phototaxis/lamp/{method}/seed-{seed}"
            folder.mkdir(parents=True)
            (folder / "trial.json").write_text("{}")
    return tmp_path / "results"


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("results", "give one of results/maze, results/phototaxis."),
        ("results/fototaxis", "give one of results/phototaxis, results/maze."),
        ("results/phototaxis/lamp/ga", "it is a part of the study results/phototaxis; give that folder."),
        ("elsewhere/deep", "give a folder that an experiment wrote."),
    ],
)
@pytest.mark.usefixtures("results")
def test_a_folder_without_a_study_is_answered_with_the_studies_near_it(there, words):
    assert suggest_study(Path(there)) == words


@pytest.mark.parametrize(
    ("there", "example"),
    [
        ("results/phototaxis", "results/phototaxis/lamp/ga/seed-0"),
        ("results/phototaxis/lamp/cma-es", "results/phototaxis/lamp/cma-es/seed-0"),
        ("results/phototaxis/lamp/cma-es/seed-9", "results/phototaxis/lamp/cma-es/seed-"),
        ("results/phototaxis/lamp/cmaes/seed-1", "results/phototaxis/lamp/cma-es/seed-1"),
        ("nowhere", "results/<study>/<task>/<method>/seed-0"),
    ],
)
@pytest.mark.usefixtures("results")
def test_a_folder_without_a_trial_is_answered_with_the_nearest_one(there, example):
    assert "give the folder of one seed, " in suggest_trial(Path(there))
    assert example in suggest_trial(Path(there))
