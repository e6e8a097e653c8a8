"""Short-horizon actor-critic as a stage: what it hands on and takes over, and real trials that are killed."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from curves import result_of
from killing import run_killed

from evorobo import (
    CMAES,
    SHAC,
    Adam,
    Backprop,
    Budget,
    ControlTask,
    Evolution,
    LearningError,
    NetworkSpec,
    Stage,
    Stages,
    Trial,
)
from evorobo.learners.actor_critic import ActorCritic
from evorobo.learners.stages import StagesLearner
from evorobo.tasks.control.gradients.windows import _RecordedRows
from evorobo.testing import check_method

LAMP = ControlTask("evorobo/Phototaxis-v0", max_steps=15, n_demonstrations=2, validation_episodes=2, test_episodes=2)
SMALL = SHAC(n_envs=4, horizon=6, critic=(5,), critic_iterations=2)
CLONE = Stage(Backprop(Adam(0.01), batch_size=20), Budget(generations=3))
WINDOW = SMALL.n_envs * SMALL.horizon


def learner_of(*stages, task=LAMP):
    spec = NetworkSpec.build(task.n_inputs, (4,), task.n_outputs, task.output)
    return Stages(*stages).start(task, spec, np.random.default_rng(0))


def handed_over(first, second, task=LAMP):
    """The parts before the hand-over from two windows of `first`, and the learner of `second` just after it."""
    learner = learner_of(Stage(first, Budget(env_steps=2 * WINDOW)), second, task=task)
    learner.step(0.0)
    learner.step(0.1)
    before = learner.handed_over()
    learner._hand_over(1, 0.2)
    return before, learner._learner


def same(one: ActorCritic, other: ActorCritic, *names: str) -> list[bool]:
    return [np.array_equal(getattr(one, name), getattr(other, name)) for name in names]


@pytest.mark.parametrize("normalize", [False, True])
def test_critic_noise_and_statistics_go_on(normalize):
    before, second = handed_over(SMALL, replace(SMALL, horizon=3), replace(LAMP, normalize=normalize))
    after = second.handed_over()
    assert same(before, after, "log_sd", "weights") == [True, True]
    assert before.log_sd[0] != SMALL.initial_log_sd
    np.testing.assert_array_equal(after.observed.mean, before.observed.mean)
    np.testing.assert_array_equal(second._critic._target, before.weights)
    result = second.step(0.0)  # the noise of the first window is that of the last one before
    assert result.info["noise_sd"] == pytest.approx(float(np.exp(before.log_sd).mean()))
    assert not np.array_equal(before.weights, second._critic.weights)
    assert same(before, after, "log_sd", "weights") == [True, True]  # what was handed over does not change


@pytest.mark.parametrize("other", [{"critic": (6,)}, {"discount": 0.9}, {"reward_scale": 0.1}])
def test_a_critic_of_other_values_begins_anew_and_the_noise_goes_on(other):
    before, second = handed_over(SMALL, replace(SMALL, **other))
    after = second.handed_over()
    assert same(before, after, "log_sd") == [True]
    assert after.weights.shape != before.weights.shape or not np.array_equal(after.weights, before.weights)
    assert not after.observed.count


def test_stages_within_stages_hand_the_critic_on_and_other_methods_do_not():
    inner = Stages(Stage(SMALL, Budget(env_steps=WINDOW)), replace(SMALL, name="inner"))
    learner = learner_of(Stage(inner, share=0.5), Stage(Stages(SMALL), share=0.3), Evolution(CMAES()))
    for fraction in (0.0, 0.1):
        learner.step(fraction)
    before = learner.handed_over()
    learner._hand_over(1, 0.5)
    assert same(before, learner.handed_over(), "log_sd", "weights") == [True, True]
    learner._hand_over(2, 0.6)
    assert learner.handed_over() is None


def test_parts_of_an_unknown_kind_are_left_alone():
    first = learner_of(SMALL)
    before = first.handed_over()
    first.take_over({"critic": np.zeros(3)})
    assert same(before, first.handed_over(), "log_sd", "weights") == [True, True]


def test_after_a_divergence_only_the_genome_goes_on(monkeypatch):
    learner = learner_of(Stage(SMALL, share=0.5), replace(SMALL, name="second"))
    learner.step(0.0)
    noise_sd = np.exp(learner.handed_over().log_sd).mean()

    def diverge(budget_fraction):
        raise LearningError("it diverged.")

    monkeypatch.setattr(learner._learner, "step", diverge)
    result = learner.step(0.1)
    assert result.info["diverged_stages"] == 1
    assert result.info["noise_sd"] == pytest.approx(np.exp(SMALL.initial_log_sd))
    assert result.info["noise_sd"] != pytest.approx(noise_sd)


def test_the_contract_of_a_method():
    check_method(Stages(Stage(SMALL, Budget(generations=20)), replace(SMALL, horizon=8, n_envs=8), name="two"))


# ---- real trials that are killed


@pytest.mark.slow
@pytest.mark.reproduction
@pytest.mark.filterwarnings("ignore:This process")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are copies of this one")
@pytest.mark.parametrize("normalize", [False, True])
def test_a_killed_trial_continues_exactly_in_the_middle_of_windows_stages_and_hand_overs(tmp_path, normalize):
    task = ControlTask("evorobo/SwingUp-v0", normalize=normalize)
    actor_critic = SHAC(n_envs=16, horizon=32, critic=(16,), critic_iterations=4, initial_log_sd=-2.0)
    method = Stages(
        Stage(Backprop(Adam(0.01)), Budget(generations=200)),
        Stage(actor_critic, share=0.7),
        replace(actor_critic, horizon=20, name="shac-2"),
    )
    trial = Trial(task, method, Budget(env_steps=60_000, n_evals=5), (8,), seed=3)
    trial.run(tmp_path / "straight")
    folder = tmp_path / "killed"
    run_killed(trial, folder, StagesLearner, "step", 120)  # within the clone
    run_killed(trial, folder, _RecordedRows, "step", 17)  # within the first window
    run_killed(trial, folder, _RecordedRows, "step", 32 * 12 + 9)  # within a later one, episodes have restarted
    run_killed(trial, folder, StagesLearner, "step", 8)  # in the middle of the second stage
    run_killed(trial, folder, StagesLearner, "_hand_over", 1)  # from critic to critic
    run_killed(trial, folder, _RecordedRows, "step", 13)
    run_killed(trial, folder, StagesLearner, "step", 5)
    assert trial.run(folder) == "finished"
    assert result_of(folder) == result_of(tmp_path / "straight")
