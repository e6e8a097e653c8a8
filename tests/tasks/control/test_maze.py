"""The maze: its beams against plain geometry, walls that hold, a way that exists, and a score that deceives."""

from collections import deque
from math import cos, hypot, inf, pi, sin

import gymnasium
import numpy as np
import pytest

from evorobo.tasks.control.robots.maze import (
    BEAM_RANGE,
    BEAMS,
    GOAL,
    GOAL_RADIUS,
    LENGTH,
    RADIUS,
    START,
    STEP,
    TOP_SPEED,
    WALLS,
    WIDTH,
    Maze,
    ranges,
)
from evorobo.tasks.control.robots.random_streams import RandomStreams

CHANCE = RandomStreams.for_one(np.random.default_rng(0))


def scalar_range(x, y, direction):
    """The nearest wall, by crossing the beam with the line of each in turn (all walls are level or upright)."""
    nearest = inf
    for x1, y1, x2, y2 in WALLS:
        if x1 == x2 and abs(cos(direction)) > 1e-12:
            far = (x1 - x) / cos(direction)
            place, low, high = y + far * sin(direction), min(y1, y2), max(y1, y2)
        elif y1 == y2 and abs(sin(direction)) > 1e-12:
            far = (y1 - y) / sin(direction)
            place, low, high = x + far * cos(direction), min(x1, x2), max(x1, x2)
        else:
            continue
        if far >= 0 and low <= place <= high:
            nearest = min(nearest, far)
    return nearest


def test_beams_end_at_the_nearest_wall():
    rng = np.random.default_rng(0)
    x, y, direction = rng.uniform([0, 0, -pi], [LENGTH, WIDTH, pi], (300, 3)).T
    expected = [scalar_range(*each) for each in zip(x, y, direction, strict=True)]
    np.testing.assert_allclose(ranges(x, y, direction, WALLS), expected, rtol=1e-9)


def test_at_the_start_it_senses_what_the_plan_of_the_maze_says():
    """Looking right from (0.12, 0.1): the shelf 0.3 m to its left, a wall 0.33 m ahead, the outer ones beside and
    behind; the goal is 90 degrees to the left."""
    sensed = Maze().observation(START[None], CHANCE)[0]
    diagonal = 0.1 / sin(pi / 4)
    expected = np.array([0.3, scalar_range(0.12, 0.1, pi / 4), 0.33, diagonal, 0.1, 0.12])
    np.testing.assert_allclose(sensed[:6], np.minimum(expected, BEAM_RANGE) / BEAM_RANGE)
    np.testing.assert_array_equal(sensed[6:], [0, 1, 0, 0])


@pytest.mark.parametrize(("turn", "quarter"), [(0, 0), (44, 0), (46, 3), (134, 3), (136, 2), (226, 1), (316, 0)])
def test_the_quarter_with_the_goal_is_reported(turn, quarter):
    """`turn` is how far, in degrees, it has turned to the left from facing the goal, which is then to its right."""
    state = np.array([[GOAL[0], GOAL[1] - 0.2, pi / 2 + np.radians(turn)]])
    np.testing.assert_array_equal(Maze().observation(state, CHANCE)[0, 6:].nonzero()[0], [quarter])


def test_who_would_touch_a_wall_stays_where_it_is():
    rng, maze = np.random.default_rng(1), Maze()
    state = np.tile(START, (20, 1))
    stopped = 0
    for _ in range(100):
        action = np.clip(rng.normal(0.5, 0.7, (20, 2)), -1, 1)
        after = maze.transition(state, action, CHANCE)
        still = (after == state).all(1)
        stopped += int(still.sum())
        # sampled densely enough that no wall fits between two points
        share = np.linspace(0, 1, 400)[:, None]
        walls = np.concatenate([(1 - share) * wall[:2] + share * wall[2:] for wall in WALLS])
        away = np.hypot(*(after[:, None, :2] - walls).transpose(2, 0, 1)).min(1)
        assert away.min() >= RADIUS - 1e-5
        state = after
    assert stopped > 0


def test_the_score_is_the_share_of_the_distance_that_is_gone():
    """Whatever the way: at the goal's rim 100, in front of the wall about half, where the way around begins below 0."""
    environment = gymnasium.make("evorobo/Maze-v0")
    environment.reset(seed=0)
    total = 0.0
    for action in np.random.default_rng(3).uniform(-0.3, 1, (60, 2)).astype(np.float32):
        _, reward, _, _, _ = environment.step(action)
        total += reward
    x, y, _ = environment.unwrapped._state[0]
    first = hypot(*(START[:2] - GOAL)) - GOAL_RADIUS
    assert total == pytest.approx(100 * (1 - (hypot(x - GOAL[0], y - GOAL[1]) - GOAL_RADIUS) / first))

    def score(x, y):
        return float(Maze().reward(START[None], np.zeros((1, 2)), np.array([[x, y, 0.0]]))[0])

    assert score(GOAL[0] + GOAL_RADIUS, GOAL[1]) == pytest.approx(100)
    assert score(0.12, 0.36) == pytest.approx(50, abs=1)
    assert score(1.07, 0.4) < -50
    assert Maze().terminal(np.array([[*GOAL, 0.0], [0.12, 0.36, 0.0]])).tolist() == [True, False]


def test_there_is_a_way_and_it_is_far_longer_than_it_looks():
    """Breadth first over places a centimetre apart at which no wall is nearer than the robot's radius."""
    step = 0.01
    columns, rows = int(LENGTH / step) + 1, int(WIDTH / step) + 1
    share = np.linspace(0, 1, 120)[:, None]
    walls = np.concatenate([(1 - share) * wall[:2] + share * wall[2:] for wall in WALLS])
    grid = step * np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1)
    free = np.hypot(*(grid[:, :, None] - walls).transpose(3, 0, 1, 2)).min(2) >= RADIUS
    first = tuple(np.round(START[:2] / step).astype(int))
    far, queue = {first: 0}, deque([first])
    while queue:
        x, y = queue.popleft()
        for place in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if place not in far and free[place]:
                far[place] = far[x, y] + 1
                queue.append(place)
    way = step * far[tuple(np.round(GOAL / step).astype(int))]
    straight = hypot(*(START[:2] - GOAL))
    assert way > 4 * straight
    assert way < TOP_SPEED * STEP * Maze.max_steps  # at top speed there is time for it


def test_noise_is_on_the_beams_alone():
    chance = RandomStreams.for_one(np.random.default_rng(0))
    told = np.array([Maze(noise=0.02).observation(START[None], chance)[0] for _ in range(500)])
    np.testing.assert_allclose(told[:, :6].std(0), 0.02 / BEAM_RANGE, rtol=0.15)
    np.testing.assert_array_equal(told[:, 6:].std(0), 0)
    assert len(BEAMS) == 6
