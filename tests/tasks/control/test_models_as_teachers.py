"""Models of other packages as teachers: a function around `predict` is all it takes."""

from functools import cache

import numpy as np
import pytest

from evorobo import Backprop, Budget, ControlTask, Study
from evorobo.settings import from_plain, to_plain

LAMP, WALL = "evorobo/Phototaxis-v0", "evorobo/WallFollowing-v0"


@cache
def load(name):
    import joblib

    return joblib.load(name)


def regressor(observation):
    return load("regressor.joblib").predict(observation[None])[0]


def classifier(observation):
    return load("classifier.joblib").predict(observation[None])[0]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Grow a tree on a robot's own teacher, keep it in the current folder, and return it."""
    trees = pytest.importorskip("sklearn.tree", reason="scikit-learn is not installed: pip install scikit-learn")
    joblib = pytest.importorskip("joblib", reason="joblib is not installed: pip install scikit-learn")
    monkeypatch.chdir(tmp_path)

    def grow(kind, robot, name):
        shown = ControlTask(robot, n_demonstrations=5).demonstrate(np.random.default_rng(1))
        grown = getattr(trees, kind)(random_state=0, max_depth=8).fit(shown.observations, shown.actions)
        joblib.dump(grown, name)
        load.cache_clear()
        return grown

    return grow


def test_a_regressor_of_scikit_learn_drives_and_teaches(tree):
    grown = tree("DecisionTreeRegressor", LAMP, "regressor.joblib")
    task = ControlTask(LAMP, teacher=regressor, n_demonstrations=2, test_episodes=5)
    found = task.references()
    assert found["teacher"] == pytest.approx(ControlTask(LAMP, test_episodes=5).references()["teacher"], rel=0.2)
    examples = task.examples(np.random.default_rng(0))
    assert examples.cost.env_steps == 400
    expected = np.clip(grown.predict(examples.inputs.astype(np.float32)), -1, 1)
    np.testing.assert_allclose(examples.targets, expected, atol=1e-6)
    assert from_plain(to_plain(task)) == task


def test_a_classifier_of_scikit_learn_chooses_moves_and_backprop_copies_it(tree, tmp_path):
    grown = tree("DecisionTreeClassifier", WALL, "classifier.joblib")
    task = ControlTask(
        WALL, teacher=classifier, n_demonstrations=2, validation_episodes=1, test_episodes=2, max_steps=100
    )
    examples = task.examples(np.random.default_rng(0))
    np.testing.assert_array_equal(examples.targets, grown.predict(examples.inputs))
    budget = Budget(generations=30, n_evals=3)
    study = Study.grid("copy", tasks=[task], methods=[Backprop()], seeds=1, budget=budget, hidden=(8,))
    (run,) = study.run(tmp_path).runs
    assert run.status == "finished"
    assert run.curve["env_steps"][0] == 200
    assert run.curve["train"][-1] > run.curve["train"][1]
