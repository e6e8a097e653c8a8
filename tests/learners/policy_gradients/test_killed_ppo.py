"""Trials of PPO that are killed in the middle of a rollout and of an update continue byte for byte."""

import os
from pathlib import Path

import pytest
from killing import run_killed

from evorobo import A2C, GRU, PPO, Adam, Budget, ControlTask, Stage, Stages, Trial
from evorobo.learners.policy_gradients.policy_model import PolicyModel
from evorobo.nets.genome import Genome
from evorobo.tasks.control.persistent.rollouts import ControlRolloutEnvs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.reproduction,
    pytest.mark.filterwarnings("ignore:This process"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are copies of this one"),
]
FIRST = PPO(Adam(0.01), n_envs=3, n_steps=11, n_epochs=2, batch_size=11, critic=(5,), normalize_rewards=True)
TASKS = {
    "vectorized": (ControlTask("CartPole-v1", normalize=True, test_episodes=3), (GRU(3),)),
    "objects": (ControlTask("CartPole-v1", env_kwargs={"render_mode": None}, test_episodes=3), (4,)),
}


def result_of(folder: Path) -> tuple[list[list[str]], bytes]:
    """The curve without its times, and the weights."""
    lines = [line.split(",") for line in (folder / "curve.csv").read_text().splitlines()]
    timed = [number for number, name in enumerate(lines[0]) if "seconds" in name]
    return (
        [[cell for number, cell in enumerate(line) if number not in timed] for line in lines],
        Genome.load(str(folder / "genome.npz")).weights.tobytes(),
    )


@pytest.mark.parametrize("kind", TASKS)
def test_a_killed_trial_continues_exactly_from_the_middle_of_a_rollout_and_of_an_update(kind, tmp_path):
    task, hidden = TASKS[kind]
    then = A2C(n_envs=3, critic=(5,), normalize_rewards=True)
    method = Stages(Stage(FIRST, Budget(generations=6)), then)
    trial = Trial(task, method, seed=3, budget=Budget(env_steps=300, n_evals=6), hidden=hidden)
    trial.run(tmp_path / "straight")
    folder = tmp_path / "killed"
    run_killed(trial, folder, ControlRolloutEnvs, "step", 5)  # in the first rollout, before any checkpoint
    run_killed(trial, folder, ControlRolloutEnvs, "step", 11 + 7)  # in a rollout
    run_killed(trial, folder, PolicyModel, "loss", 6 + 2)  # in an update, of which there are six or so in a rollout
    run_killed(trial, folder, ControlRolloutEnvs, "step", 3 * 11 + 2)
    run_killed(trial, folder, PolicyModel, "loss", 6 + 3)  # in the second stage, the third update of A2C
    assert trial.run(folder) == "finished"
    assert result_of(folder) == result_of(tmp_path / "straight")
