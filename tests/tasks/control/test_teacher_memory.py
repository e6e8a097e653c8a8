"""Recurrent controllers remember within an episode, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo import CMAES, GRU, Adam, Backprop, ControlTask, Elman, Evolution, Genome, NetworkSpec, Robot, register


class Recall(Robot):
    """A lamp to the left or right (-1 or 1) is seen in the first step only; in the sixth the robot must say which."""

    sensors = ("lamp", "now")
    moves = ("left", "right")
    max_steps = 6

    def initial(self, rng):
        """Time, side."""
        side = np.sign(rng.uniform(-1, 1, 1))
        return np.concatenate([np.zeros_like(side), side], axis=1)

    def observation(self, state, rng):
        time, side = state.T
        return np.stack([np.where(time == 0, side, 0.0), (time == 5).astype(float)], axis=1)

    def transition(self, state, action, rng):
        return state + np.array([1.0, 0.0])

    def reward(self, state, action, next_state):
        time, side = state.T
        return np.where((time == 5) & (action == (side > 0)), 1.0, 0.0)


register(Recall, "tests/Recall-v0")
TASK = ControlTask("tests/Recall-v0", episodes=16)


def evolved(hidden, generations=60):
    spec = NetworkSpec.build(2, hidden, 2)
    learner = Evolution(CMAES()).start(TASK, spec, np.random.default_rng(1))
    for _ in range(generations):
        learner.step(0.0)
    return learner.genome


def test_evolved_recurrent_networks_recall_the_lamp_and_reactive_ones_stay_at_chance():
    assert TASK.test(evolved((Elman(3),))) > 0.95
    assert TASK.test(evolved((3,))) == pytest.approx(0.5, abs=0.1)


def test_no_episode_remembers_the_one_before():
    spec = NetworkSpec.build(2, (GRU(4),), 2)
    genome = Genome(spec, np.random.default_rng(2).normal(size=spec.n_params) * 2)
    assert TASK.test(genome) == TASK.test(genome)
    weights = np.stack([genome.weights, genome.weights])
    values = TASK.score(spec, weights, np.random.default_rng(3), None).values
    assert values[0] == values[1] == TASK.score(spec, weights[:1], np.random.default_rng(3), None).values[0]


def test_a_recurrent_genome_file_can_teach(tmp_path):
    spec = NetworkSpec.build(2, (Elman(3),), 2)
    genome = Genome(spec, np.random.default_rng(4).normal(size=spec.n_params) * 2)
    genome.save(tmp_path / "teacher.npz")
    taught = ControlTask("tests/Recall-v0", teacher=str(tmp_path / "teacher.npz"), n_demonstrations=3)
    assert taught.references()["teacher"] == TASK.test(genome)
    shown = taught.examples(np.random.default_rng(5))
    assert len(shown.targets) == 18


def test_a_network_cloned_through_time_recalls_what_its_teacher_recalls(tmp_path):
    evolved((Elman(3),)).save(tmp_path / "teacher.npz")
    taught = ControlTask("tests/Recall-v0", teacher=str(tmp_path / "teacher.npz"), n_demonstrations=200)
    spec = NetworkSpec.build(2, (Elman(6),), 2)
    learner = Backprop(Adam(0.01), batch_size=20).start(taught, spec, np.random.default_rng(6))
    for _ in range(400):
        learner.step(0.0)
    assert taught.test(learner.genome) > 0.95
