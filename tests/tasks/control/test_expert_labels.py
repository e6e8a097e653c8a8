"""Labels of an expert on the steps of a learner; all steps count in the cost."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import road  # noqa: F401 - registers its id

from evorobo import GRU, ControlTask, Elman, Genome, NetworkSpec, NoisyTeacher, TaskError
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import HasExpert
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.tasks.control.simulators.sync import SyncSimulator

ROAD = ControlTask("tests/Road-v0", n_demonstrations=4, test_episodes=20)


def rng(seed=0):
    return np.random.default_rng(seed)


def genome(hidden, inputs=3, outputs=1, seed=0):
    spec = NetworkSpec.build(inputs, hidden, outputs, "tanh")
    return Genome(spec, rng(seed).normal(size=spec.n_params))


class Counted(gymnasium.Env):
    """Counts what is really done with all its copies; the longer its number, the shorter its life."""

    observation_space = gymnasium.spaces.Box(-9, 9, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)
    steps = resets = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        type(self).resets += 1
        self.place = self.np_random.uniform(-1, 1, 2)
        return self.place.astype(np.float32), {}

    def step(self, action):
        type(self).steps += 1
        self.place = self.place + 0.2 * (2 * action - 1) + 0.05 * self.np_random.normal(size=2)
        return self.place.astype(np.float32), 1.0, bool(np.abs(self.place).max() > 2), False, {}


gymnasium.register("tests/Counted-v0", Counted, max_episode_steps=15, disable_env_checker=True)


def home(observation):
    return int(observation.sum() < 0)


COUNTED = ControlTask("tests/Counted-v0", teacher=home, n_demonstrations=7)


def test_a_control_task_advises():
    assert isinstance(ROAD, HasExpert)


@pytest.mark.parametrize("hidden", [(4,), (Elman(3),)], ids=["reactive", "remembering"])
def test_the_learner_drives_and_the_teacher_labels_what_it_met(hidden):
    learner = genome(hidden)
    met = ROAD.expert_labeller()(learner, 0.0, 6, rng(1))
    np.testing.assert_allclose(met.targets, ROAD.robot.teacher(met.inputs), atol=1e-6)
    environment = gymnasium.make("tests/Road-v0")
    seen = []
    for seed in rng(1).integers(TRAIN, VALIDATION, 6):
        observation, _ = environment.reset(seed=int(seed))
        controller, over = learner.controller(), False
        while not over:
            seen.append(observation)
            action = controller(observation[None, None])[0, 0]
            observation, _, terminated, truncated, _ = environment.step(action)
            over = terminated or truncated
    np.testing.assert_allclose(met.inputs, seen, atol=1e-4)
    assert len(np.unique(met.sequence)) == 6


def test_at_a_share_of_one_the_teacher_demonstrates():
    advised, shown = ROAD.expert_labeller()(genome((4,)), 1.0, 4, rng(2)), ROAD.examples(rng(2))
    np.testing.assert_array_equal(advised.inputs, shown.inputs)
    np.testing.assert_array_equal(advised.targets, shown.targets)


def always_right(observation):
    return 1


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_is_that_of_the_teachers_steps(share):
    spec = NetworkSpec.build(2, (), 2)
    weights = np.zeros(spec.n_params)
    weights[-2] = 1.0  # always left
    task = replace(COUNTED, teacher=always_right)
    met = task.expert_labeller()(Genome(spec, weights), share, 400, rng(3))
    inner = met.sequence[1:] == met.sequence[:-1]
    went_right = (np.diff(met.inputs, axis=0)[inner].sum(1) > 0).mean()
    assert went_right == pytest.approx(share, abs=0.03)
    assert (met.targets == 1).all()


def test_a_teacher_who_remembers_labels_by_what_the_learner_lived_through(tmp_path):
    teacher = genome((GRU(3),), seed=5)
    teacher.save(tmp_path / "teacher.npz")
    met = replace(ROAD, teacher=str(tmp_path / "teacher.npz")).expert_labeller()(genome((4,)), 0.5, 5, rng(4))
    for number in np.unique(met.sequence):
        rows = met.sequence == number
        np.testing.assert_allclose(met.targets[rows], teacher(met.inputs[rows], n_steps=rows.sum()), atol=1e-5)


def test_a_noisy_teachers_advice_is_what_it_means():
    met = replace(ROAD, teacher=NoisyTeacher(noise=0.5)).expert_labeller()(genome((4,)), 0.5, 5, rng(4))
    np.testing.assert_allclose(met.targets, ROAD.robot.teacher(met.inputs), atol=1e-6)


@pytest.mark.parametrize("capacity", [64, 3])
def test_every_step_and_episode_counts_in_the_cost(capacity, monkeypatch):
    monkeypatch.setattr(SyncSimulator, "capacity", capacity)
    learner = genome((4,), 2, 2)
    advise = COUNTED.expert_labeller()

    def counted(showing):
        before = Counted.steps, Counted.resets
        cost = showing().cost
        return cost, Cost(Counted.steps - before[0], Counted.resets - before[1])

    for seed in range(3):
        cost, really = counted(lambda seed=seed: COUNTED.examples(rng(seed)))
        assert cost == really
        assert cost.episodes == 7
        for share in (0.0, 0.5):
            cost, really = counted(lambda seed=seed, share=share: advise(learner, share, 5, rng(seed)))
            assert cost == really + Cost(forward_flops=really.env_steps * learner.spec.forward_flops)
            assert cost.episodes == 5


def test_episodes_in_turns_are_the_same_episodes(monkeypatch):
    met = []
    for capacity in (64, 3):
        monkeypatch.setattr(SyncSimulator, "capacity", capacity)
        met.append(COUNTED.expert_labeller()(genome((4,), 2, 2), 0.0, 8, rng(6)))
    np.testing.assert_array_equal(met[0].inputs, met[1].inputs)
    np.testing.assert_array_equal(met[0].targets, met[1].targets)
    np.testing.assert_array_equal(met[0].sequence, met[1].sequence)


def test_who_can_only_be_watched_does_not_advise(tmp_path):
    path = str(tmp_path / "shown.npz")
    ROAD.demonstrate(rng()).save(path)
    with pytest.raises(TaskError, match=r"shown.npz holds recorded episodes .* cannot act, label new steps"):
        replace(ROAD, teacher=path).expert_labeller()
    with pytest.raises(TaskError, match="CartPole-v1 has no teacher"):
        ControlTask("CartPole-v1").expert_labeller()


def test_a_learner_of_another_size_is_not_let_drive():
    with pytest.raises(TaskError, match="the network has 2 inputs and 2 outputs, tests/Road-v0 needs 3 and 1"):
        ROAD.expert_labeller()(genome((4,), 2, 2), 0.0, 1, rng())
