"""The experiments with other packages run, where these are installed, at a tiny budget."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evorobo import Budget
from evorobo.loading import load_script

SCRIPTS = Path(__file__).parents[1] / "experiments" / "with_others"


def test_ppo_of_stable_baselines3_is_a_curve_beside_evolution_and_the_teacher_of_backprop(tmp_path, monkeypatch):
    pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: pip install 'evorobo[sb3]'")
    monkeypatch.chdir(tmp_path)
    script = load_script(SCRIPTS / "sb3_ppo.py")
    monkeypatch.setattr(script, "STEPS", 4000)
    script.train(0)
    task = replace(script.study.tasks[0], n_demonstrations=2, validation_episodes=1, test_episodes=2)
    study = replace(script.study, tasks=(task,), seeds=(0,), budget=Budget(generations=2, n_evals=1))
    results = study.run(tmp_path)
    assert [run.status for run in results.runs] == ["finished"] * 3
    (ppo,) = results.runs_of("phototaxis", "ppo (SB3)")
    evaluated = np.load(tmp_path / "results/ppo/seed-0/evaluations.npz")
    assert ppo.curve["test"].tolist() == evaluated["results"].mean(1).tolist()
    sensed = np.array([0.2, 0.7], np.float32)
    assert task.teacher is script.teacher
    np.testing.assert_array_equal(script.teacher(sensed), script.model().predict(sensed, deterministic=True)[0])
    assert results.references["phototaxis"]["teacher"] > 0
