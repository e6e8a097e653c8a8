"""A recorded episode is the episode of the test, and its pictures show it."""

import gymnasium
import numpy as np
import odd_environments  # noqa: F401 - registers its ids
import pytest

from evorobo import ControlTask, Genome, NetworkSpec, TaskError
from evorobo.tasks.control.recording import record_episode, render_episode
from evorobo.tasks.control.rollout import TEST

LAMP = ControlTask("evorobo/Phototaxis-v0", max_steps=30, test_episodes=4)
POLE = ControlTask("CartPole-v1", test_episodes=4)


def genome(task, seed=0):
    spec = NetworkSpec.build(task.n_inputs, (4,), task.n_outputs, task.output)
    return Genome(spec, np.random.default_rng(seed).normal(size=spec.n_params))


@pytest.mark.parametrize("task", [LAMP, POLE, ControlTask("odd/Mixed-v0", test_episodes=4)], ids=lambda task: task.name)
def test_the_recorded_episodes_earn_what_the_test_says(task):
    scores = [record_episode(task, genome(task), episode).score for episode in range(4)]
    assert np.mean(scores) == pytest.approx(task.test(genome(task)), rel=1e-6)  # single precision


def test_each_action_is_the_genomes_answer_to_the_observation_beside_it():
    driver = genome(POLE)
    seen = record_episode(POLE, driver, 2)
    np.testing.assert_array_equal(seen.actions, driver(seen.observations).argmax(-1))
    assert len(seen) == seen.score  # a point for every step


def test_states_are_those_before_each_step():
    seen = record_episode(POLE, genome(POLE), 1)
    np.testing.assert_array_equal(seen.states.astype(np.float32), seen.observations)
    assert record_episode(ControlTask("odd/Mixed-v0"), genome(ControlTask("odd/Mixed-v0"))).states is None


def test_the_teacher_can_be_recorded_too():
    assert record_episode(LAMP, None).score > record_episode(LAMP, genome(LAMP)).score


def test_pictures_show_the_recorded_episode_at_the_steps_asked_for():
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    driver = genome(POLE)
    seen = record_episode(POLE, driver, 3)
    at = [0, len(seen) // 2, len(seen) - 1]
    pictures = render_episode(POLE, driver, 3, at)
    # the same by hand: gymnasium's own environment, put into the recorded states
    environment = gymnasium.make("CartPole-v1", render_mode="rgb_array")
    environment.reset(seed=TEST + 3)
    for step, picture in zip(at, pictures, strict=True):
        environment.unwrapped.state = seen.states[step]
        np.testing.assert_array_equal(picture, environment.render())
    environment.close()


def test_an_environment_without_pictures_says_so():
    task = ControlTask("odd/Mixed-v0")
    with pytest.raises(TaskError, match=r"odd/Mixed-v0 cannot be shown as 'rgb_array': it offers no render mode"):
        render_episode(task, genome(task), 0, [0])


def test_a_renderer_that_breaks_down_is_reported_in_a_sentence(monkeypatch):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    from gymnasium.envs.classic_control.cartpole import CartPoleEnv

    def render(self):
        raise gymnasium.error.DependencyNotInstalled("pygame is not installed")

    monkeypatch.setattr(CartPoleEnv, "render", render)
    with pytest.raises(TaskError, match="CartPole-v1 cannot be drawn here: pygame is not installed"):
        render_episode(POLE, genome(POLE), 0, [0])


def test_a_picture_of_another_shape_is_refused(monkeypatch):
    pytest.importorskip("pygame", reason="pip install 'gymnasium[classic-control]'")
    from gymnasium.envs.classic_control.cartpole import CartPoleEnv

    monkeypatch.setattr(CartPoleEnv, "render", lambda self: np.zeros((4, 4)))
    with pytest.raises(TaskError, match=r"renders float64 \(4, 4\); a picture is bytes"):
        render_episode(POLE, genome(POLE), 0, [0])
