"""Permutation importance: of data it equals scikit-learn's in size, of robots it finds the sensors that matter."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance

import evorobo as er
from evorobo.report.analysis import importance as module
from evorobo.report.analysis.importance import (
    importance,
    load_importance,
    mean_importance,
    sensor_inputs,
    shuffled_losses,
)
from evorobo.report.analysis.study_table import StudyTable

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4))
Y = np.where(X[:, 0] + 0.4 * X[:, 2] > 0, "left", "right")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache")


@pytest.fixture
def results(tmp_path):
    task = er.DatasetTask.from_arrays(X, Y, label="turns")
    methods = [er.Evolution(er.OpenAIES()), er.Backprop()]
    study = er.Study.grid(
        "turning", tasks=[task], methods=methods, seeds=2, budget=er.Budget(flops=2e6, n_evals=2), hidden=(4,)
    )
    return study.run(tmp_path / "results", jobs=1)


class AsEstimator(BaseEstimator):
    def __init__(self, genome=None):
        self.genome = genome

    def fit(self, x, y):
        return self

    def score(self, x, y):
        return float(np.mean(self.genome.predict(x) == y))


def test_the_importance_of_data_equals_that_of_scikit_learn(results, monkeypatch):
    monkeypatch.setattr(module, "N_REPEATS", 100)
    run = results.runs[-1]
    genome = er.Genome.load(run.folder / "genome.npz")
    task = StudyTable.from_results(results).study.tasks[0]
    test = task.parts.test
    expected = permutation_importance(AsEstimator(genome), X[test], Y[test], n_repeats=100, random_state=0)
    inputs = list(sensor_inputs(task).values())
    assert shuffled_losses(task, genome, inputs, 0) == pytest.approx(expected.importances_mean, abs=0.015)


def test_it_is_written_with_a_figure_and_a_section_of_the_page_and_kept(results, capsys):
    files = {path.name for path in er.show(results)}
    assert "importance-turns.png" in files
    lines = capsys.readouterr().out.partition("lost on turns without")[2].splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["0", "2"]
    rows = load_importance(results.folder)
    assert len(rows) == 2 * 2 * 4
    means = {one.sensor: one.mean for one in mean_importance(rows, "turns") if one.method == "backprop"}
    assert max(means, key=lambda name: means[name]) == "0"
    assert means["0"] > means["2"] > max(means["1"], means["3"]) + 0.05
    before = (results.folder / "importance.csv").read_bytes()
    importance(StudyTable.from_results(results), [])
    assert (results.folder / "importance.csv").read_bytes() == before
    assert 'id="importance"' in er.write_report(results).read_text()


def test_inputs_made_of_one_column_are_shuffled_together():
    task = er.DatasetTask.from_arrays(X, Y, lags=(1, 2))
    assert {name: inputs.tolist() for name, inputs in sensor_inputs(task).items()}["1"] == [1, 5, 9]


def test_a_robot_loses_its_score_without_the_sensors_that_it_uses():
    task = er.ControlTask("evorobo/Phototaxis-v0", test_episodes=10, max_steps=150)
    spec = er.NetworkSpec.build(task.n_inputs, (), task.n_outputs, task.output)
    weights = np.zeros(spec.n_params)
    spec.unpack(weights)[0]["bias"][:] = 0.5
    spec.unpack(weights)[0]["weight"][0] = [-2.0, 2.0]  # the second sensor is not used
    genome = er.Genome(spec, weights)
    used, unused = shuffled_losses(task, genome, list(sensor_inputs(task).values()), 0)
    assert abs(unused) < 1e-9
    assert abs(used) > 0.1
    compiled = er.ControlTask("evorobo/Phototaxis-v0", test_episodes=10, max_steps=150, compiled=True)
    assert shuffled_losses(compiled, genome, [np.array([0])], 0) == pytest.approx([used])
