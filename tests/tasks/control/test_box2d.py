"""Box2D robots of gymnasium: LunarLander and BipedalWalker score as in a plain loop, in one process and in two."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from evorobo import CMAES, Backprop, Budget, ControlTask, Evolution, NetworkSpec, Study
from evorobo.nets.controller import Controller
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.testing import check_task

pytest.importorskip("Box2D", reason="pip install 'evorobo[box2d]'")

IDS = ["LunarLander-v3", "LunarLanderContinuous-v3", "BipedalWalker-v3"]
SOLVED = {"LunarLander-v3": 200, "LunarLanderContinuous-v3": 200, "BipedalWalker-v3": 300}


def descend(observation: np.ndarray) -> int:
    """A teacher for LunarLander: fire the main engine when the vehicle falls fast."""
    return 2 if observation[3] < -0.3 else 0


def population(task: ControlTask) -> tuple[NetworkSpec, np.ndarray]:
    spec = NetworkSpec.build(task.n_inputs, (6,), task.n_outputs, task.output)
    return spec, np.random.default_rng(0).normal(0, 1, (3, spec.n_params))


@pytest.mark.parametrize("id", IDS)
def test_scores_are_those_of_a_plain_loop(id: str) -> None:
    task = ControlTask(id, max_steps=60)
    spec, weights = population(task)
    scores = task.score(spec, weights, np.random.default_rng(3), None)
    (seed,) = np.random.default_rng(3).integers(TRAIN, VALIDATION, 1)
    for member, expected in zip(weights, scores.values, strict=True):
        environment = gymnasium.make(id, max_episode_steps=60)
        controller, episode_return, over = Controller(spec, member), 0.0, False
        observation, _ = environment.reset(seed=int(seed))
        while not over:
            outputs = controller(observation[None, None])
            action = task.decoder.to_env_action(task.decoder.actions(outputs)[0, 0])
            observation, reward, terminated, truncated, _ = environment.step(action)
            episode_return, over = episode_return + float(reward), terminated or truncated
        assert episode_return == expected


@pytest.mark.parametrize("id", IDS)
def test_two_processes_give_the_scores_of_one(id: str) -> None:
    spec, weights = population(ControlTask(id))
    one, two = (
        ControlTask(id, max_steps=30, processes=processes).score(spec, weights, np.random.default_rng(5), None)
        for processes in (1, 2)
    )
    np.testing.assert_array_equal(one.values, two.values)


@pytest.mark.parametrize("id", IDS)
def test_the_published_threshold_is_a_reference(id: str) -> None:
    assert ControlTask(id, max_steps=20, test_episodes=2).references()["solved"] == SOLVED[id]


@pytest.mark.parametrize("id", IDS)
def test_an_episode_does_not_depend_on_the_episodes_before(id: str) -> None:
    # BipedalWalker-v3 keeps contacts of the episode before, so its environments are made anew
    task, other = ControlTask(id, max_steps=60), ControlTask(id, max_steps=60)
    spec, weights = population(task)
    other.score(spec, weights[::-1], np.random.default_rng(9), None)
    scores = [one.score(spec, weights, np.random.default_rng(3), None).values for one in (task, other)]
    np.testing.assert_array_equal(*scores)
    assert task.caveat() == ""


def test_they_keep_the_contract_of_tasks() -> None:
    check_task(ControlTask("LunarLander-v3", max_steps=20, validation_episodes=2, test_episodes=2, teacher=descend))


def test_a_study_evolves_and_clones_a_lander(tmp_path) -> None:
    study = Study.grid(
        "lander",
        tasks=[ControlTask("LunarLander-v3", max_steps=40, teacher=descend, n_demonstrations=2, test_episodes=2)],
        methods=[Evolution(CMAES()), Backprop()],
        seeds=1,
        budget=Budget(generations=2, n_evals=2),
        hidden=(4,),
    )
    results = study.run(tmp_path)
    assert [run.status for run in results.runs] == ["finished", "finished"]
