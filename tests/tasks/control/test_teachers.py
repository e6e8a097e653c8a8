"""Noisy and mixed teachers: what they do, what they teach, and who can be one."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import road  # noqa: F401 - registers its id

from evorobo import ControlTask, Genome, MixedTeachers, NetworkSpec, NoisyTeacher, SettingsError, TaskError
from evorobo.settings import from_plain, to_plain

ROAD = ControlTask("tests/Road-v0", n_demonstrations=30, test_episodes=20)


def rng(seed=0):
    return np.random.default_rng(seed)


def upright(observation):
    """Push to the side to which the pole falls: an episode of 500 steps."""
    return int(observation[2] + 0.3 * observation[3] > 0)


def left(observation):
    return 0


def right(observation):
    return 1


def gentle(observation):
    """Half of what the road's teacher steers."""
    return np.clip(observation @ np.array([0.5, -1.0, -2.5]), -0.5, 0.5)[None]


POLE = ControlTask("CartPole-v1", teacher=upright, max_steps=100, n_demonstrations=40, test_episodes=5)


def test_a_noisy_teacher_strays_and_teaches_what_it_meant():
    steady = ROAD.examples(rng())
    shaken = replace(ROAD, teacher=NoisyTeacher(noise=0.3)).examples(rng())
    assert np.abs(steady.inputs[:, 1]).max() < 1e-6  # it never leaves the middle
    assert np.abs(shaken.inputs[:, 1]).std() > 0.02
    np.testing.assert_allclose(shaken.targets, ROAD.robot.teacher(shaken.inputs), atol=1e-6)


def test_noisy_labels_are_what_was_done():
    task = replace(ROAD, teacher=NoisyTeacher(noise=0.05, noisy_labels=True))
    shown = task.examples(rng())
    meant = ROAD.robot.teacher(shown.inputs)
    inside = np.abs(meant) < 0.7
    errors = (shown.targets - meant)[inside]
    assert errors.mean() == pytest.approx(0, abs=0.005)
    assert errors.std() == pytest.approx(0.05, rel=0.06)
    assert np.abs(shown.targets).max() <= 1


def test_slips_are_a_share_of_the_steps():
    task = replace(POLE, teacher=NoisyTeacher(upright, random_action_rate=0.2, noisy_labels=True))
    shown = task.examples(rng())
    meant = np.array([upright(row) for row in shown.inputs])
    assert np.mean(shown.targets != meant) == pytest.approx(0.1, abs=0.02)  # every other slip hits the right move
    clean = replace(POLE, teacher=NoisyTeacher(upright, random_action_rate=0.2)).examples(rng())
    assert clean.targets.tolist() == [upright(row) for row in clean.inputs]


def test_every_episode_of_mixed_teachers_has_one_of_them():
    task = replace(POLE, teacher=MixedTeachers((left, right), (3, 1)), n_demonstrations=200)
    shown = task.demonstrate(rng())
    choices = [np.unique(shown.actions[shown.episode == episode]).tolist() for episode in range(200)]
    assert {tuple(each) for each in choices} == {(0,), (1,)}
    assert np.mean([each == [0] for each in choices]) == pytest.approx(0.75, abs=0.08)


def test_mixtures_may_hold_noisy_teachers_genomes_and_the_robots_own(tmp_path):
    spec = NetworkSpec.build(3, (4,), 1, "tanh")
    genome = Genome(spec, spec.init(rng(3)))
    genome.save(tmp_path / "teacher.npz")
    mixed = MixedTeachers((None, NoisyTeacher(gentle, noise=0.1), str(tmp_path / "teacher.npz")))
    shown = replace(ROAD, teacher=mixed).demonstrate(rng())
    found = set()
    for episode in range(30):
        rows = shown.episode == episode
        seen, done = shown.observations[rows], shown.actions[rows]
        answers = (ROAD.robot.teacher(seen), np.stack([gentle(each) for each in seen]), genome(seen))
        fits = [np.allclose(done, answer, atol=1e-5) for answer in answers]
        assert sum(fits) == 1
        found.add(fits.index(True))
    assert found == {0, 1, 2}


def test_the_reference_is_who_copies_the_teacher_without_error():
    own = ROAD.references()["teacher"]
    assert own == 100
    assert replace(ROAD, teacher=NoisyTeacher(noise=0.5)).references()["teacher"] == own
    assert replace(ROAD, teacher=NoisyTeacher(noise=0.5, noisy_labels=True)).references()["teacher"] < own
    mixed = replace(ROAD, teacher=MixedTeachers((None, gentle))).references()["teacher"]
    assert replace(ROAD, teacher=gentle).references()["teacher"] < mixed < own


def test_the_same_seed_shows_the_same():
    task = replace(
        POLE, teacher=MixedTeachers((left, NoisyTeacher(upright, random_action_rate=0.5))), n_demonstrations=5
    )
    one, other = task.examples(rng(1)), task.examples(rng(1))
    np.testing.assert_array_equal(one.inputs, other.inputs)
    assert len(task.examples(rng(2)).inputs) != len(one.inputs)


def test_teachers_are_settings_that_come_back_from_json():
    teacher = MixedTeachers((NoisyTeacher(upright, random_action_rate=0.25), None, "teacher.npz"), (1, 2, 3))
    assert from_plain(json.loads(json.dumps(to_plain(replace(POLE, teacher=teacher))))).teacher == teacher


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: NoisyTeacher(), "a noisy teacher needs noise .* or a random_action_rate"),
        (lambda: NoisyTeacher(noise=-1), "noise must be a number of at least 0, not -1"),
        (lambda: NoisyTeacher(random_action_rate=1.5), "random_action_rate must be a number from 0 to 1, not 1.5"),
        (lambda: MixedTeachers(()), "teachers must be a tuple of at least 1 item"),
        (lambda: MixedTeachers((left, right), (1,)), "there are 1 proportions for 2 teachers; give one for each"),
        (lambda: MixedTeachers((left, right), (0, 0)), r"the proportions \(0, 0\) are all 0"),
        (lambda: MixedTeachers((left, right), (2, -1)), r"proportions\[1\] must be a number of at least 0, not -1"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()


def test_moves_have_no_gaussian_noise():
    with pytest.raises(
        SettingsError, match=r"noise=0.3 is for motors, and this robot has moves; set random_action_rate=0.3"
    ):
        replace(POLE, teacher=NoisyTeacher(upright, noise=0.3)).examples(rng())


def test_neither_a_recording_nor_a_missing_teacher_can_be_noisy_or_mixed(tmp_path):
    path = str(tmp_path / "shown.csv")
    replace(ROAD, n_demonstrations=2).demonstrate(rng()).save(path)
    for teacher in (NoisyTeacher(path, noise=0.1), MixedTeachers((None, path))):
        with pytest.raises(TaskError, match=r"shown.csv holds recorded episodes of tests/Road-v0, which cannot act"):
            replace(ROAD, teacher=teacher).examples(rng())
    with pytest.raises(TaskError, match="CartPole-v1 has no teacher"):
        ControlTask("CartPole-v1", teacher=NoisyTeacher(random_action_rate=0.1)).examples(rng())
