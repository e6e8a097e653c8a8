"""Published scores are references of robots with default settings only."""

import gymnasium
import pytest

from evorobo import ControlTask
from evorobo.tasks.control.reference_scores import REFERENCE_SCORES


@pytest.mark.parametrize("env", REFERENCE_SCORES)
def test_every_robot_with_a_published_score_exists(env):
    assert gymnasium.spec(env).id == env


def test_published_scores_are_references_of_the_default_robot():
    found = ControlTask("Pendulum-v1", test_episodes=2).references()
    assert found.items() >= {"ARS, 2M steps (zoo)": -212.5, "TD3, 20k steps (zoo)": -151.9}.items()
    assert found["random"] < -500


def test_the_best_gradient_method_of_the_source_stands_beside_the_usual_one():
    scores = {"ARS, 2M steps (zoo, v3)": 355.3, "PPO, 1M steps (zoo, v3)": 281.6, "TD3, 1M steps (zoo, v3)": 359.1}
    assert REFERENCE_SCORES["Swimmer-v5"] == scores


def test_names_say_the_table_and_the_version_of_another_robot():
    for env, scores in REFERENCE_SCORES.items():
        for name in scores:
            if env.startswith("evorobo/"):
                continue
            assert name.endswith("(CleanRL)" if "with noise" in name else "(zoo, v3)" if "-v5" in env else "(zoo)")


def test_scores_of_other_mazes_are_no_references_of_the_t_maze():
    assert set(ControlTask("evorobo/TMaze-v0", test_episodes=1).references()) <= {"random", "teacher", "solved"}


@pytest.mark.parametrize("changed", [{"env_kwargs": {"g": 5.0}}, {"max_steps": 20}], ids=["options", "max_steps"])
def test_a_changed_robot_has_no_published_score(changed):
    assert set(ControlTask("Pendulum-v1", test_episodes=1, **changed).references()) == {"random"}
