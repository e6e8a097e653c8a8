"""Khepera's surroundings: nearest points against plain search, the laws of its infrared, moves that walls undo."""

from __future__ import annotations

from math import cos, hypot, sin

import numpy as np
import pytest

from evorobo.tasks.control.robots.geometry import drive, outline, to_disc, to_walls
from evorobo.tasks.control.robots.khepera import (
    ANGLES,
    AXLE,
    CONTACT,
    POSE,
    RADIUS,
    RANGE,
    SENSED,
    STEP,
    TOP_SPEED,
    Arena,
    intensity,
    reading,
)

ROOM = Arena(outline((0, 0), (0.4, 0), (0.4, 0.3), (0, 0.3)))
WITH_PILLAR = Arena(ROOM.walls, thing_radius=0.02)
PILLAR = (0.2, 0.15)


def one(pose, arena=ROOM, thing=None):
    """The state of one robot."""
    return arena.state_at(np.array([pose], float), None if thing is None else np.array([thing]))


def seen(distance, angle=0.0):
    """The reading of a sensor that looks along x, with one surface at this distance and angle."""
    return float(reading(*np.array([[distance * cos(angle)], [distance * sin(angle)]]), np.array(1.0), np.array(0.0)))


# ---- the nearest points of walls and discs


def test_the_way_to_a_wall_is_the_shortest_to_any_of_its_points():
    rng = np.random.default_rng(0)
    walls = rng.uniform(-1, 1, (7, 4))
    x, y = rng.uniform(-1, 1, (2, 5))
    dx, dy = to_walls(x, y, walls)
    assert dx.shape == dy.shape == (5, 7)
    for row in range(5):
        for number, (x1, y1, x2, y2) in enumerate(walls):
            points = [(x1 + share * (x2 - x1), y1 + share * (y2 - y1)) for share in np.linspace(0, 1, 2001)]
            nearest = min(hypot(px - x[row], py - y[row]) for px, py in points)
            assert hypot(dx[row, number], dy[row, number]) == pytest.approx(nearest, abs=1e-3)


def test_the_way_to_a_wall_is_that_of_the_ruler():
    # a wall from (1, 0) to (3, 0): beside its middle, off its left end (3-4-5), beyond its right end
    dx, dy = to_walls(np.array([2.0, -2.0, 4.0]), np.array([1.0, 4.0, 0.0]), np.array([[1.0, 0.0, 3.0, 0.0]]))
    np.testing.assert_allclose(np.stack([dx, dy])[:, :, 0].T, [[0, -1], [3, -4], [-1, 0]], atol=1e-12)


def test_the_way_to_a_disc_ends_at_its_rim():
    dx, dy = to_disc(np.array(0.0), np.array(0.0), np.array(3.0), np.array(4.0), 1.0)  # the middle is 5 away
    assert (dx, dy) == (pytest.approx(3 * 4 / 5), pytest.approx(4 * 4 / 5))


# ---- infrared


def test_readings_fall_with_distance_from_contact_to_range():
    distances = np.linspace(0, 0.06, 121)
    read = intensity(distances)
    assert (read[distances <= CONTACT] == 1).all()
    assert (read[distances >= RANGE] == 0).all()
    between = read[(distances > CONTACT) & (distances < RANGE)]
    assert (np.diff(between) < 0).all()
    # one over the square, less what it is at the range: at 25 mm (9/25 - 225/1849) / (1 - 225/1849)
    assert intensity(np.array(0.025)) == pytest.approx((9 / 25 - 225 / 1849) / (1 - 225 / 1849))


def test_readings_fall_as_the_cosine_to_the_side_and_are_zero_behind():
    assert seen(0.02, np.pi / 3) == pytest.approx(seen(0.02) / 2)
    assert seen(0.02, 0.4) == pytest.approx(seen(0.02, -0.4))
    assert seen(0.02, np.pi / 2) == pytest.approx(0, abs=1e-12)
    assert seen(0.02, np.pi) == 0
    assert seen(0.0) == 1  # touching


def test_the_brightest_surface_is_read():
    dx, dy = np.array([[0.03, 0.02, -0.01]]), np.zeros((1, 3))
    assert reading(dx, dy, np.ones(1), np.zeros(1)) == pytest.approx([seen(0.02)])


def test_sensors_are_mirror_images():
    rng = np.random.default_rng(1)
    poses = rng.uniform([0.03, 0.03, -np.pi], [0.37, 0.27, np.pi], (200, 3))
    sensed, mirrored = (ROOM.state_at(each)[:, SENSED] for each in (poses, poses * [1, -1, -1] + [0, 0.3, 0]))
    np.testing.assert_allclose(mirrored, sensed[:, [5, 4, 3, 2, 1, 0, 7, 6]], atol=1e-12)
    assert sensed.max() > 0.9
    assert (sensed[np.all(np.abs(poses[:, :2] - [0.2, 0.15]) < [0.12, 0.07], axis=1)] == 0).all()  # far from all walls


def test_each_sensor_reads_the_nearest_surface_from_its_own_place_on_the_hull():
    rng = np.random.default_rng(2)
    for x, y, heading in rng.uniform([0.03, 0.03, -np.pi], [0.37, 0.27, np.pi], (50, 3)):
        if hypot(x - PILLAR[0], y - PILLAR[1]) < RADIUS + 0.02:
            continue
        told = one((x, y, heading), WITH_PILLAR, PILLAR)[0, SENSED]
        for read, angle in zip(told, ANGLES, strict=True):
            look_x, look_y = cos(heading + angle), sin(heading + angle)
            at_x, at_y = x + RADIUS * look_x, y + RADIUS * look_y
            away = hypot(PILLAR[0] - at_x, PILLAR[1] - at_y)
            rim = (away - 0.02) / away
            ways = [(-at_x, 0), (0.4 - at_x, 0), (0, -at_y), (0, 0.3 - at_y)]  # the feet lie on the walls: it is a box
            ways.append((rim * (PILLAR[0] - at_x), rim * (PILLAR[1] - at_y)))
            best = 0.0
            for dx, dy in ways:
                distance = hypot(dx, dy)
                lobe = max(0.0, (dx * look_x + dy * look_y) / distance)
                best = max(best, lobe * float(intensity(np.array(distance))))
            assert read == pytest.approx(best, abs=1e-12)


# ---- driving


def test_free_moves_are_arcs():
    state = one((0.2, 0.15, 0.5))
    after = ROOM.step(state, np.array([[0.5, 1.0]]))
    expected = drive(state[:, POSE], np.array([0.5 * TOP_SPEED]), np.array([TOP_SPEED]), AXLE, STEP)
    np.testing.assert_array_equal(after[:, POSE], expected)
    np.testing.assert_array_equal(after, ROOM.state_at(expected))


@pytest.mark.parametrize("thing", [None, (0.3, 0.1)])
def test_a_collision_leaves_the_robot_where_it_was(thing):
    arena = ROOM if thing is None else WITH_PILLAR
    # a millimetre from the wall below, or from the pillar to the right
    pose = (0.1, RADIUS + 0.001, -np.pi / 2) if thing is None else (0.3 - 0.02 - RADIUS - 0.001, 0.1, 0.0)
    state, places = one(pose, arena, thing), None if thing is None else np.array([thing])
    np.testing.assert_array_equal(arena.step(state, np.array([[1.0, 0.9]]), places), state)
    for free in ([-1.0, -1.0], [0.5, -0.5]):  # backwards, and on the spot
        assert (arena.step(state, np.array([free]), places)[:, POSE] != state[:, POSE]).any()


def test_no_robot_leaves_the_arena():
    rng = np.random.default_rng(3)
    state = ROOM.state_at(rng.uniform([0.03, 0.03, -np.pi], [0.37, 0.27, np.pi], (100, 3)))
    for _ in range(100):
        state = ROOM.step(state, rng.uniform(-0.2, 1, (100, 2)))
        assert ((state[:, :2] >= RADIUS) & (state[:, :2] <= np.array([0.4, 0.3]) - RADIUS)).all()
