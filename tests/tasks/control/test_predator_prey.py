"""Predator and prey: sight, infrared, wheels, contact and scores by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo.tasks.control.robots.geometry import outline
from evorobo.tasks.control.robots.khepera import SENSED, Arena, intensity
from evorobo.tasks.control.robots.predator_prey import (
    RADIUS,
    SIDE,
    Predator,
    Prey,
    eye_readings,
    infrared_readings,
    move_both,
)
from evorobo.tasks.control.robots.random_streams import RandomStreams

MIDDLE = SIDE / 2


def pose(x, y, degrees=0.0):
    return np.array([[x, y, np.radians(degrees)]])


def state(predator, prey, time=0.0):
    return np.concatenate([predator, prey, [[time]]], axis=1)


def chance(seed=0):
    return RandomStreams.for_one(np.random.default_rng(seed))


def at_bearing(degrees, distance=0.2):
    """A hull so far from a robot in the middle that looks along x, at this angle to its left."""
    turn = np.radians(degrees)
    return pose(MIDDLE + distance * np.cos(turn), MIDDLE + distance * np.sin(turn))


def test_a_prey_just_inside_36_degrees_of_sight_is_seen_and_one_just_outside_is_not():
    half = np.degrees(np.arcsin(RADIUS / 0.2))  # of the hull, as seen from 20 cm: 7.9 degrees
    for side in (1, -1):
        inside = eye_readings(pose(MIDDLE, MIDDLE), at_bearing(side * (18 + half - 0.1)))
        outside = eye_readings(pose(MIDDLE, MIDDLE), at_bearing(side * (18 + half + 0.1)))
        assert np.flatnonzero(inside[0]).tolist() == [0 if side > 0 else 4]  # the outermost eye of that side
        assert inside.max() == pytest.approx(0.1 / 7.2)
        assert not outside.any()


def test_an_eye_reads_which_part_of_it_the_prey_fills():
    # a hull of 2 x 7.9 degrees straight ahead fills the eye in the middle (7.2), and 7.9 - 3.6 of each neighbor's 7.2
    half = np.degrees(np.arcsin(RADIUS / 0.2))
    expected = [0, (half - 3.6) / 7.2, 1, (half - 3.6) / 7.2, 0]
    np.testing.assert_allclose(eye_readings(pose(MIDDLE, MIDDLE), at_bearing(0))[0], expected)


def test_sight_turns_with_the_robot_and_does_not_look_back():
    ahead = eye_readings(pose(MIDDLE, MIDDLE), at_bearing(5))
    for turn in (90, 175, -170, 725):
        np.testing.assert_allclose(eye_readings(pose(MIDDLE, MIDDLE, turn), at_bearing(5 + turn)), ahead, atol=1e-12)
    assert not eye_readings(pose(MIDDLE, MIDDLE, 180), at_bearing(0)).any()


def test_the_prey_is_twice_as_fast_as_the_predator_and_both_keep_their_tops():
    before = state(pose(0.1, 0.1), pose(0.1, 0.3))
    full = np.ones((1, 2))
    after = move_both(before, full, full) - before
    assert after[0, 0] == pytest.approx(0.008)  # m in 0.1 s
    assert after[0, 3] == pytest.approx(2 * after[0, 0])
    assert after[0, 6] == 1
    robot = Predator()
    far = robot.transition(before, full, chance()) - before
    assert far[0, 0] == after[0, 0]


def test_a_wall_undoes_only_the_move_that_would_hit_it():
    before = state(pose(SIDE - RADIUS - 0.001, 0.1), pose(0.1, 0.3))
    after = move_both(before, np.ones((1, 2)), np.ones((1, 2)))
    np.testing.assert_array_equal(after[0, :3], before[0, :3])
    assert after[0, 3] > before[0, 3]
    back = move_both(before, -np.ones((1, 2)), np.ones((1, 2)))
    assert back[0, 0] < before[0, 0]


def test_contact_is_hull_to_hull():
    robot = Prey()
    for gap, touching in ((1e-6, False), (-1e-6, True)):
        there = state(pose(0.2, 0.2), pose(0.2 + (2 * RADIUS + gap) * 0.6, 0.2 + (2 * RADIUS + gap) * 0.8))
        assert robot.terminal(there).tolist() == Predator().terminal(there).tolist() == [touching]


def test_infrared_is_that_of_a_khepera_between_these_walls_and_beside_this_hull():
    rng = np.random.default_rng(0)
    arena = Arena(outline((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)), RADIUS)
    one, other = (np.c_[rng.uniform(RADIUS, SIDE - RADIUS, (2000, 2)), rng.uniform(-9, 9, 2000)] for _ in range(2))
    apart = np.hypot(*(one - other)[:, :2].T) > 2 * RADIUS
    one[apart, :2] = np.where(rng.random((apart.sum(), 1)) < 0.5, one[apart, :2], RADIUS + one[apart, :2] % 0.02)
    readings, expected = infrared_readings(one, other), arena.state_at(one, other[:, :2])[:, SENSED]
    apart = np.hypot(*(one - other)[:, :2].T) > 2 * RADIUS
    np.testing.assert_allclose(readings[apart], expected[apart], atol=1e-12)
    assert (readings[apart] > 0.1).mean() > 0.1


@pytest.mark.parametrize("wall", range(4))
def test_each_wall_is_felt_by_the_sensors_that_face_it(wall):
    turn = 90 * wall
    x, y = MIDDLE + (MIDDLE - RADIUS - 0.02) * np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    nowhere = pose(MIDDLE, MIDDLE) + 10.0
    readings = infrared_readings(pose(x, y, turn), nowhere)[0]
    # straight ahead at 10 degrees to either side: 2 cm from the hull, a little more from the sensor, cosine lobe
    away = 0.02 + RADIUS * (1 - np.cos(np.radians(10)))
    np.testing.assert_allclose(readings[2:4], intensity(np.array(away)) * np.cos(np.radians(10)))
    assert readings.argmax() in (2, 3)
    np.testing.assert_allclose(readings[[0, 5, 6, 7]], 0, atol=1e-12)  # aside and back
    assert infrared_readings(pose(MIDDLE, MIDDLE, turn), nowhere).max() == 0


def test_a_hull_is_felt_like_a_wall_at_that_place():
    gap = 0.02
    readings = infrared_readings(pose(MIDDLE, MIDDLE, 10), pose(MIDDLE + 2 * RADIUS + gap, MIDDLE))[0]
    assert readings[3] == pytest.approx(intensity(np.array(gap)))  # the sensor at -10 degrees looks straight at it
    assert readings[3] == readings.max()
    assert readings[6] == readings[7] == 0


def test_what_the_predator_gains_the_prey_loses():
    rng = np.random.default_rng(0)
    for _ in range(6):
        there = Predator().initial(chance(int(rng.integers(1000))))
        sums = np.zeros(2)
        for _ in range(Predator.max_steps):
            actions = rng.uniform(-1, 1, (2, 1, 2))
            after = Predator().joint_transition(there, actions[0], actions[1])
            np.testing.assert_array_equal(after, Prey().joint_transition(there, actions[1], actions[0]))
            sums += [Predator().reward(there, actions[0], after)[0], Prey().reward(there, actions[1], after)[0]]
            there = after
            if Predator().terminal(there)[0]:
                break
        expected = 100 * (1 - (there[0, 6] - 1) / 500) if Predator().terminal(there)[0] else 0
        assert sums[0] == pytest.approx(expected)
        assert sums.sum() == pytest.approx(100)


def test_they_begin_half_the_arena_apart_and_look_anywhere():
    there = np.concatenate([Predator().initial(chance(seed)) for seed in range(200)])
    np.testing.assert_allclose(there[:, 3] - there[:, 0], SIDE / 2)
    assert (there[:, [1, 4]] == SIDE / 2).all()
    assert np.abs(np.sin(there[:, [2, 5]]).mean(0)).max() < 0.15
    assert there[:, [2, 5]].std() == pytest.approx(np.pi / np.sqrt(3), rel=0.1)


def test_the_rival_keeps_the_noise():
    assert Predator(0.3).rival == Prey(0.3)
    assert Prey(0.3).rival == Predator(0.3)
