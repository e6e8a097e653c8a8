"""The T-maze: the light leaves no trace in the sensors, so only memory scores more than half of the trips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evorobo import Adam, Backprop, ControlTask, Cosine, Elman, NetworkSpec
from evorobo.tasks.control.policies import StatefulPolicy
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.tasks.control.robots.t_maze import GOAL, LIGHT_STEPS, RIGHT, SIDE, TIME, TRIPS, TMaze

TASK = ControlTask("evorobo/TMaze-v0")


def chance(seeds):
    return RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in seeds], np.arange(len(seeds)))


def begun(rows=6, **settings):
    robot = TMaze(**settings)
    return robot, robot.initial(chance(range(rows)))


def lit(state, side):
    """The same robots with the light on that side (1 is left)."""
    state = state.copy()
    state[:, SIDE] = side
    return state


# ---- without memory


def test_without_the_light_both_sides_have_the_same_readings():
    robot, first = begun(noise=0.02)
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 2, (6, 10, 2))  # six reactive networks
    lives = {}
    for side in (1, -1):
        state, life, draws = lit(first, side), [], chance(range(6))
        for _ in range(60):
            sensors = robot.observation(state, draws)
            life.append((sensors, state[:, :3]))
            state = robot.transition(state, np.tanh(np.einsum("ri,rio->ro", sensors, weights)), draws)
        lives[side] = life
    for step, ((left, left_pose), (right, right_pose)) in enumerate(zip(lives[1], lives[-1], strict=True)):
        np.testing.assert_array_equal(left_pose, right_pose)
        assert np.array_equal(left, right) == (step >= LIGHT_STEPS)


def test_both_trips_of_an_episode_begin_alike_with_the_light_on_either_side():
    robot, state = begun(noise=0.0)
    first, near = state, state.copy()
    near[:, 0], near[:, 1], near[:, TIME] = GOAL + 0.001, 0.45, 40  # at the end of the right arm
    after = robot.transition(near, np.zeros((6, 2)), chance([]))
    np.testing.assert_array_equal(after[:, :14], first[:, :14])
    np.testing.assert_array_equal(after[:, SIDE], -first[:, SIDE])
    assert (after[:, TIME] == 0).all()
    assert set(first[:, SIDE]) == {-1, 1}  # in random order
    np.testing.assert_array_equal(after[:, RIGHT], first[:, SIDE] == -1)
    again = after.copy()
    again[:, 0], again[:, 1] = GOAL + 0.001, 0.45
    end = robot.transition(again, np.zeros((6, 2)), chance([]))
    assert robot.terminal(end).all()
    assert (end[:, RIGHT] == 1).all()  # the same arm twice: once it was right


def test_who_always_takes_the_same_arm_earns_fifty():
    teacher = TMaze()

    def to_the_left(sensors):
        return teacher.teacher(np.append(sensors, 1.0)[None])[0]

    task = replace(TASK, teacher=to_the_left, test_episodes=20)
    assert task.references()["teacher"] == pytest.approx(50)


# ---- the score


def test_an_episode_is_worth_the_trips_that_ended_well_and_half_the_way_of_one_that_did_not():
    robot, start = begun(1)

    def worth(x, y, **columns):
        state = start.copy()
        state[:, [0, 1]] = x, y
        for name, value in columns.items():
            state[:, {"right": RIGHT, "trips": TRIPS}[name]] = value
        return robot.reward(start, np.zeros((1, 2)), state)[0]

    assert worth(start[0, 0], 0.05) == 0
    assert worth(0, 0.25) == pytest.approx(25 * 0.2 / 0.6)  # 20 cm of 60
    assert worth(-0.15, 0.45) == worth(0.15, 0.45) == pytest.approx(25 * 0.5 / 0.6)  # both arms score alike yet
    assert worth(start[0, 0], 0.05, trips=1, right=1) == 50
    assert worth(0.26, 0.45, trips=2, right=2) == 100
    assert worth(0.26, 0.45, trips=2, right=1) == 50


def test_the_robot_is_held_while_the_light_shines():
    robot, state = begun()
    for step in range(LIGHT_STEPS + 1):
        after = robot.transition(state, np.ones((6, 2)), chance([]))
        assert (after[:, :3] == state[:, :3]).all() == (step < LIGHT_STEPS)
        state = after


# ---- the teacher's memory


def test_the_teacher_remembers_the_side_of_the_light_and_ends_all_trips_well():
    robot = TMaze()
    sensors = np.zeros((3, 10))
    sensors[0, 8], sensors[1, 9] = 1, 1
    kept = robot.remember(np.zeros((3, 1)), sensors)
    assert kept[:, 0].tolist() == [1, -1, 0]
    assert robot.remember(kept, np.full((3, 10), 0.1)).tolist() == kept.tolist()
    assert robot.remember(kept, sensors[::-1])[:, 0].tolist() == [1, -1, 1]  # a new light replaces the old
    assert TASK.references()["teacher"] == 100


def test_a_teacher_keeps_its_memories_apart():
    rng = np.random.default_rng(0)
    sensors = rng.uniform(0, 0.2, (4, 3, 2, 10)).round(3)  # steps, members, episodes
    sensors[0, ..., 8:] = rng.integers(0, 2, (3, 2, 2))
    together, alone = StatefulPolicy(TMaze()), [[StatefulPolicy(TMaze()) for _ in range(2)] for _ in range(3)]
    members = np.arange(3)
    for step, sensed in enumerate(sensors):
        if step == 2:
            members = np.array([0, 2])
            together.keep(np.array([True, False, True]))
        done = together(sensed[members])
        for row, member in enumerate(members):
            for episode in range(2):
                expected = alone[member][episode](sensed[member : member + 1, episode : episode + 1])
                np.testing.assert_array_equal(done[row, episode], expected[0, 0])


# ---- who learns it


def taught(hidden, steps, **settings):
    spec = NetworkSpec.build(TASK.n_inputs, hidden, TASK.n_outputs, TASK.output)
    method = Backprop(Adam(0.01), schedule=Cosine(), bptt_steps=None, **settings)
    learner = method.start(TASK, spec, np.random.default_rng(0))
    for step in range(steps):
        learner.step(step / steps)
    return TASK.test(learner.genome)


def test_backprop_through_time_teaches_a_network_with_memory_and_none_without():
    assert taught((Elman(8),), 500, batch_size=4, max_grad_norm=1.0) > 95
    assert taught((16,), 500) <= 52
