"""Vectorized robots: geometry by hand, the rules of teachers, random numbers, and gymnasium's environments."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from evorobo import ControlTask, Robot, SettingsError, TaskError, register
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.control.policies import RandomPolicy
from evorobo.tasks.control.robots.base import clip_action, defines
from evorobo.tasks.control.robots.discrimination import Discrimination
from evorobo.tasks.control.robots.env import RobotEnv, RobotVectorEnv
from evorobo.tasks.control.robots.geometry import drive, ranges_in_room
from evorobo.tasks.control.robots.homing import Homing
from evorobo.tasks.control.robots.maze import Maze
from evorobo.tasks.control.robots.obstacle_avoidance import ObstacleAvoidance
from evorobo.tasks.control.robots.phototaxis import AXLE, TOP_SPEED, Phototaxis
from evorobo.tasks.control.robots.random_streams import DRAWS_AHEAD, RandomStream, RandomStreams
from evorobo.tasks.control.robots.registry import registered_robots
from evorobo.tasks.control.robots.t_maze import TMaze
from evorobo.tasks.control.robots.wall_following import ECHO_LIMIT, HULL, LENGTH, SPEEDS, WIDTH, WallFollowing
from evorobo.tasks.control.rollout import run_episodes
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.tasks.control.spaces import make_decoder
from evorobo.testing import check_robot

OWN = {
    "evorobo/Discrimination-v0": Discrimination,
    "evorobo/Homing-v0": Homing,
    "evorobo/Maze-v0": Maze,
    "evorobo/ObstacleAvoidance-v0": ObstacleAvoidance,
    "evorobo/Phototaxis-v0": Phototaxis,
    "evorobo/TMaze-v0": TMaze,
    "evorobo/WallFollowing-v0": WallFollowing,
}
own = pytest.mark.parametrize("id", OWN)


@dataclass(frozen=True)
class Docking(Robot):
    """A cart on rails must stop at its dock; the score is the mean nearness in percent. Too far away is the end."""

    noise: float = 0.01

    sensors = ("distance", "speed")
    motors = ("thrust",)
    max_steps = 50

    def initial(self, rng):
        return rng.uniform([0.3, -0.5], [1.0, 0.5], 2)

    def observation(self, state, rng):
        return state + rng.normal(self.noise, 2)

    def transition(self, state, action, rng):
        speed = state[:, 1] + 0.1 * action[:, 0] + rng.normal(0.01, 1)[:, 0]
        return np.stack([state[:, 0] - 0.1 * speed, speed], axis=1)

    def reward(self, state, action, next_state):
        return np.exp(-np.abs(next_state[:, 0])) * 100 / self.max_steps

    def terminal(self, state):
        return np.abs(state[:, 0]) > 1.2

    def teacher(self, sensors):
        return np.clip(sensors[:, :1] - 2 * sensors[:, 1:], -1, 1)


register(Docking, "newcomer/Docking-v0")
everyone = pytest.mark.parametrize("id", [*OWN, "newcomer/Docking-v0"])


def still(rows=1):
    """Chance that is never asked."""
    return RandomStreams([], np.zeros(rows, int))


def chance(seeds):
    return RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in seeds], np.arange(len(seeds)))


# ---- the contract


@everyone
def test_robots_keep_their_contract(id):
    check_robot(id)


@pytest.mark.parametrize("robot", [Docking, Docking(noise=0.3), WallFollowing(ranges="inverse", lost=0.5)])
def test_robots_keep_their_contract_with_other_settings(robot):
    check_robot(robot)


def test_a_newcomer_is_a_task_at_once():
    task = ControlTask("newcomer/Docking-v0", env_kwargs={"noise": 0.02}, n_demonstrations=2)
    assert (task.n_inputs, task.n_outputs, task.output, task.robot) == (2, 1, "tanh", Docking(0.02))
    assert task.references()["teacher"] > 1.5 * task.references()["random"]
    assert from_plain(to_plain(task)) == task


@own
def test_what_is_registered_by_name_is_what_the_class_says(id):
    spec = registered_robots()[id]
    assert (spec.max_episode_steps, spec.reward_threshold) == (OWN[id].max_steps, OWN[id].reward_threshold)
    assert isinstance(gymnasium.make(id).unwrapped.robot, OWN[id])


def test_an_id_is_taken_once():
    register(Docking, "newcomer/Docking-v0")
    with pytest.raises(SettingsError, match=r"the id 'newcomer/Docking-v0' is taken by .*Docking; choose another"):
        register(Phototaxis, "newcomer/Docking-v0")
    with pytest.raises(SettingsError, match=r"is no robot class; derive it from evorobo\.Robot"):
        register(dict, "newcomer/Dict-v0")


def test_motors_are_cut_and_moves_are_numbers():
    assert clip_action(Docking(), [[3.0], [-0.5], [-7.0]]).tolist() == [[1], [-0.5], [-1]]
    assert clip_action(WallFollowing(), [[2], [0]]).tolist() == [2, 0]


def test_what_a_robot_leaves_out_it_does_not_offer():
    assert (defines(Docking(), "teacher"), defines(Docking(), "draw")) == (True, False)
    with pytest.raises(TaskError, match="Docking has no drawing"):
        Docking().draw(None, np.zeros((1, 2)))
    with pytest.raises(TaskError, match="Robot has no teacher"):
        Robot().teacher(np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"reward": lambda *_: 1.0}, r"rewards of shape \(\), not \(2,\), at step 1"),
        (
            {"observation": lambda self, state, rng: state[:, :1]},
            r"observations of shape \(2, 1\), not \(2, 2\), at st",
        ),
        ({"observation": lambda self, state, rng: state / 0}, r"observations with (nan|-?inf) at step 0"),
        ({"terminal": lambda self, state: True}, r"ends of episodes of shape \(\), not \(2,\), at step 1"),
        ({"transition": lambda *_: 1 / 0}, r"my/Wreck-v0 raised ZeroDivisionError at step 1: .*Fix the environment"),
    ],
    ids=["one reward", "short observation", "infinite observation", "one end", "raises"],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_robot_that_breaks_in_a_run_is_reported_with_id_and_step(parts, match):
    world = RobotEnvSpec("my/Wreck-v0", type("Wreck", (Docking,), parts)(), 9, None)
    with pytest.raises(TaskError, match=match):
        run_episodes(
            world.simulator(),
            RandomPolicy(make_decoder(world.action_space), np.random.default_rng(0)),
            np.array([1, 2]),
            1,
        )


# ---- geometry


def test_equal_wheels_drive_straight_along_the_heading():
    pose = np.array([[1.0, 2.0, np.pi / 6], [0.0, 0.0, -np.pi / 2]])
    after = drive(pose, np.array([0.1, -0.2]), np.array([0.1, -0.2]), axle=0.05, seconds=2.0)
    expected = [[1 + 0.2 * np.cos(np.pi / 6), 2 + 0.1, np.pi / 6], [0, 0.4, -np.pi / 2]]
    np.testing.assert_allclose(after, expected, atol=1e-12)


def test_opposite_wheels_spin_on_the_spot_to_the_left_of_the_slower():
    # each wheel runs 0.05 m in a second, on a circle of radius 0.05 m: one radian
    after = drive(np.array([[3.0, 4.0, 0.5]]), np.array([-0.05]), np.array([0.05]), axle=0.1, seconds=1.0)
    np.testing.assert_allclose(after, [[3, 4, 1.5]], atol=1e-12)


def test_a_quarter_circle_to_the_left_ends_one_radius_ahead_and_one_to_the_left():
    # radius 1 m, axle 0.2 m: the right wheel is on a circle of 1.1 m, the left one of 0.9 m; in 2 s a quarter of both
    quarter = np.pi / 2 / 2
    after = drive(np.array([[5.0, 5.0, 0.0]]), np.array([0.9 * quarter]), np.array([1.1 * quarter]), 0.2, 2.0)
    np.testing.assert_allclose(after, [[6, 6, np.pi / 2]], atol=1e-12)
    back = drive(after, np.array([-0.9 * quarter]), np.array([-1.1 * quarter]), 0.2, 2.0)
    np.testing.assert_allclose(back, [[5, 5, 0]], atol=1e-12)


def test_nearly_straight_is_near_to_straight():
    pose, wheels = np.zeros((1, 3)), np.array([0.13])
    for difference in (9e-6, 1.1e-5, 1e-4):  # on both sides of where the formula changes
        after = drive(pose, wheels, wheels + difference, AXLE, 0.1)
        np.testing.assert_allclose(after, [[0.013 + 0.05 * difference, 0, 0]], atol=difference * 0.1 / AXLE + 1e-12)


def test_ranges_are_those_measured_with_a_ruler():
    # in a room of 6 x 3 m at (2, 1): ahead 4, left 2, back 2, right 1; at 45 degrees the left wall, 2 sqrt(2) m away;
    # with slope 1/4 the far wall, after 4 m to the right 1 m up
    cos = np.array([1, 0, -1, 0, np.sqrt(0.5), 4 / np.sqrt(17)])
    sin = np.array([0, 1, 0, -1, np.sqrt(0.5), 1 / np.sqrt(17)])
    ranges = ranges_in_room(np.array(2.0), np.array(1.0), cos, sin, 6.0, 3.0)
    np.testing.assert_allclose(ranges, [4, 2, 2, 1, 2 * np.sqrt(2), np.sqrt(17)], atol=1e-12)


# ---- phototaxis


def lamp(x, y, heading=0.0):
    """The state of a robot at the origin, with the lamp at (x, y)."""
    return np.array([[0.0, 0.0, heading, x, y]])


def test_light_is_what_the_formula_says():
    # the lamp 0.5 m ahead: each eye is 45 degrees off, (1 + cos 45) / 2, and at 0.5 m half of the light is left
    sensed = Phototaxis(noise=0.0).observation(lamp(0.5, 0), chance([0]))
    np.testing.assert_allclose(sensed, [[(1 + np.sqrt(0.5)) / 4] * 2], rtol=1e-12)
    # straight to the left: the left eye is 45 degrees off, the right one 135
    sensed = Phototaxis(noise=0.0).observation(lamp(0, 0.5), chance([0]))
    np.testing.assert_allclose(sensed, [[(1 + np.sqrt(0.5)) / 4, (1 - np.sqrt(0.5)) / 4]], rtol=1e-12)


def test_eyes_are_mirror_images():
    robot = Phototaxis(noise=0.0)
    states = np.random.default_rng(0).uniform(-1, 1, (50, 5)) * [0, 0, 3, 1, 1]
    mirrored = states * [1, -1, -1, 1, -1]
    seeds = range(50)
    np.testing.assert_allclose(
        robot.observation(mirrored, chance(seeds)), robot.observation(states, chance(seeds))[:, ::-1], atol=1e-12
    )


def test_the_braitenberg_vehicle_turns_to_the_light_and_drives_on():
    left, right = Phototaxis().teacher(np.array([[0.5, 0.1]]))[0]
    assert right > left > 0
    assert Phototaxis().teacher(np.array([[5.0, 5.0]])).tolist() == [[1, 1]]


def test_a_robot_on_the_lamp_earns_a_hundred_in_an_episode():
    robot = Phototaxis()
    assert robot.reward(None, None, lamp(0, 0)) * robot.max_steps == pytest.approx(100)
    assert robot.reward(None, None, lamp(0.15, 0)) * robot.max_steps == pytest.approx(50)


def test_the_robot_drives_at_most_its_top_speed():
    after = Phototaxis().transition(lamp(1, 0), np.array([[1.0, 1.0]]), still())
    np.testing.assert_allclose(after, [[TOP_SPEED * 0.1, 0, 0, 1, 0]], atol=1e-12)


# ---- wall following


def placed(x, y, heading, **settings):
    """A state at exactly this pose, by going there from one step before."""
    robot = WallFollowing(noise=0.0, lost=0.0, **settings)
    step = SPEEDS[0] / 9
    before = np.zeros((1, robot.initial(chance([0])).shape[1]))
    before[0, :3] = x - step * np.cos(heading), y - step * np.sin(heading), heading
    return robot, robot.transition(before, np.array([0]), still())


def test_sensors_in_the_middle_of_the_room_are_symmetric():
    robot, state = placed(LENGTH / 2, WIDTH / 2, 0.0)
    ranges = robot.observation(state, chance([0]))[0]
    # US1 looks back, US7 to the right, US13 ahead, US19 to the left
    np.testing.assert_allclose(ranges[[0, 12]], LENGTH / 2 - HULL, atol=1e-9)
    np.testing.assert_allclose(ranges[[6, 18]], WIDTH / 2 - HULL, atol=1e-9)
    np.testing.assert_allclose(ranges[1:], ranges[:0:-1], atol=1e-9)  # left and right
    np.testing.assert_allclose(ranges, np.roll(ranges, 12), atol=1e-9)  # ahead and back


def test_a_sensor_reads_the_nearest_wall_in_its_cone_of_15_degrees():
    robot, state = placed(2.0, 1.0, 0.0)
    ranges = robot.observation(state, chance([0]))[0]
    # US19 looks left from the hull: the middle of the cone meets the wall first
    assert ranges[18] == pytest.approx(WIDTH - 1.0 - HULL)
    # US18 looks 75 degrees to the left: its outer ray, at 82.5 degrees, is the shortest way to that wall
    height = WIDTH - 1.0 - HULL * np.sin(np.radians(75))
    assert ranges[17] == pytest.approx(height / np.sin(np.radians(82.5)))


def test_no_echo_reads_five_meters_and_inverse_ranges_are_one_over():
    robot, state = placed(0.5, 1.0, 0.0)
    assert robot.observation(state, chance([0]))[0, 12] == ECHO_LIMIT  # the far wall is 5.42 m away
    deaf = WallFollowing(noise=0.0, lost=1.0)
    assert (deaf.observation(state, chance([0])) == ECHO_LIMIT).all()
    inverse = WallFollowing(noise=0.0, lost=0.0, ranges="inverse")
    np.testing.assert_allclose(
        inverse.observation(state, chance([0])), 1 / robot.observation(state, chance([0])), rtol=1e-12
    )
    with pytest.raises(SettingsError, match='ranges must be "raw" or "inverse", not \'log\''):
        WallFollowing(ranges="log")


def test_a_lost_share_of_echoes_is_lost():
    _, state = placed(LENGTH / 2, WIDTH / 2, 0.0)
    half = WallFollowing(noise=0.0, lost=0.5)
    sensed = half.observation(np.repeat(state, 400, axis=0), chance(range(400)))
    assert np.mean(sensed == ECHO_LIMIT) == pytest.approx(0.5, abs=0.02)  # 9600 draws


@pytest.mark.parametrize("ranges", ["raw", "inverse"])
def test_the_teacher_keeps_the_rule_of_the_real_robot(ranges):
    rng = np.random.default_rng(0)
    sensed = rng.uniform(0.8, 3, (3000, 24)).round(2) - 0.001  # nowhere near a limit
    sensed[:, 17:20] = rng.uniform(0.4, 1.5, (3000, 3)).round(2) - 0.001
    robot = WallFollowing(ranges=ranges)
    names = np.array(robot.moves)[robot.teacher(1 / sensed if ranges == "inverse" else sensed)]
    for row, name in zip(sensed, names, strict=True):
        front, left = row[10:15].min(), row[17:20].min()  # US11..US15, US18..US20
        if front <= 0.90:
            expected = "Sharp-Right-Turn"
        elif left <= 0.49:
            expected = "Slight-Right-Turn"
        elif left <= 0.90:
            expected = "Move-Forward"
        else:
            expected = "Slight-Left-Turn"
        assert name == expected
    assert len(set(names)) == 4


def test_touching_a_wall_ends_the_episode():
    robot = WallFollowing()
    for pose, over in (((HULL + 0.01, 1, 0), False), ((HULL - 0.01, 1, 0), True), ((3, WIDTH - HULL + 0.01, 0), True)):
        assert robot.terminal(placed(*pose)[1]).tolist() == [over]


def test_forward_moves_score_meters_with_the_wall_at_the_left():
    robot, near = placed(3.0, WIDTH - HULL - 0.5, 0.0)
    assert robot.reward(None, np.array([0]), near) == pytest.approx(0.17 / 9)
    _, far = placed(3.0, WIDTH - HULL - 1.5, 0.0)
    _, close = placed(3.0, WIDTH - HULL - 0.2, 0.0)
    assert robot.reward(None, np.array([0]), far) == robot.reward(None, np.array([0]), close) == 0


def test_the_teacher_follows_the_wall_without_touching_it():
    references = ControlTask("evorobo/WallFollowing-v0", test_episodes=20).references()
    assert references["teacher"] > 4  # meters in a minute, of at most 10.2
    assert references["random"] < 2


# ---- chance


def test_robots_of_one_episode_get_the_same_numbers_and_others_get_others():
    drawn = RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in (1, 2)], np.array([0, 1, 0])).normal(
        1.0, 4
    )
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert not np.isin(drawn[0], drawn[1]).any()


def test_numbers_are_those_of_the_episodes_own_generator():
    # the first draws are the generator's own, so that robots of gymnasium start where ours do
    drawn = RandomStreams([RandomStream(np.random.default_rng(7))], np.zeros(1, int)).uniform(-0.05, 0.05, 4)
    np.testing.assert_array_equal(drawn[0], np.random.default_rng(7).uniform(-0.05, 0.05, 4))
    drawn = RandomStreams([RandomStream(np.random.default_rng(7))], np.zeros(1, int)).normal([1.0, 2.0], 2)
    np.testing.assert_array_equal(drawn[0], np.random.default_rng(7).normal(0, [1.0, 2.0], 2))


def test_who_leaves_shifts_nobodys_numbers():
    together, others = chance([1, 2, 3]), chance([1, 2, 3])
    alone = [chance([seed]) for seed in (1, 2, 3)]
    staying = [0, 1, 2]
    for tick in range(2 * DRAWS_AHEAD + 5):
        if tick == 3:
            together.keep(np.array([True, False, True]))
            staying = [0, 2]
        if tick == DRAWS_AHEAD + 2:
            together.keep(np.array([False, True]))
            staying = [2]
        for draw in (lambda each: each.normal(0.3, 2), lambda each: each.uniform(0, 9, 1)):
            expected = np.concatenate([draw(each) for each in alone])
            np.testing.assert_array_equal(draw(together), expected[staying])
            np.testing.assert_array_equal(draw(others), expected)


def test_normal_and_uniform_are_what_they_are_called():
    many = chance(range(2000))
    normal, uniform = many.normal(np.array([1.0, 3.0]), 2), many.uniform(-1, 3, 2)
    np.testing.assert_allclose(normal.mean(0), 0, atol=0.25)
    np.testing.assert_allclose(normal.std(0), [1, 3], rtol=0.06)
    assert -1 <= uniform.min() < -0.98
    assert 2.98 < uniform.max() <= 3


# ---- gymnasium's view


@pytest.mark.parametrize(
    ("id", "options"),
    [
        *((id, {}) for id in OWN),
        *((id, {"noise": 0.3}) for id in OWN),
        ("evorobo/WallFollowing-v0", {"ranges": "inverse"}),
    ],
)
def test_gymnasiums_own_checker_finds_nothing(id, options):
    check_env(gymnasium.make(id, **options).unwrapped)  # warnings are errors here


def test_of_a_robot_without_limits_the_checker_finds_only_that():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*A Box observation space m..imum value is -?infinity")
        check_env(gymnasium.make("newcomer/Docking-v0").unwrapped)


@own
def test_a_vector_of_robots_stays_within_its_spaces(id):
    robots = gymnasium.make_vec(id, 4, vectorization_mode="vector_entry_point")
    robots.action_space.seed(0)
    assert robots.single_observation_space.is_bounded()
    sensed, _ = robots.reset(seed=0)
    for _ in range(50):
        assert robots.observation_space.contains(sensed)
        sensed, *_ = robots.step(robots.action_space.sample())


class OddStart(Robot):
    """A cart whose first state has a type of its own; later states are in double precision."""

    sensors, motors, max_steps = ("x",), ("push",), 7
    kind = int

    def initial(self, rng):
        return np.round(rng.uniform(-3, 3, 1)).astype(self.kind)

    def observation(self, state, rng):
        return np.sin(state) / 3

    def transition(self, state, action, rng):
        return state + 0.3 * action + np.where(state > 0, rng.normal(0.1, 1), 0.0)

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])

    def terminal(self, state):
        return state[:, 0] > 2


@pytest.mark.parametrize("kind", [int, np.uint8, np.int8, np.float32])
def test_the_type_of_first_states_does_not_change_later_ones(kind):
    """Rows of a vector that begin anew stand beside rows on their way, which have another type."""
    robot, rows, limit = type("Odd", (OddStart,), {"kind": kind})(), 5, 7
    vector = RobotVectorEnv(robot, rows)
    singles = SyncVectorEnv(
        [lambda: gymnasium.wrappers.TimeLimit(RobotEnv(robot), limit)] * rows,
        autoreset_mode=AutoresetMode.NEXT_STEP,
    )
    vector.action_space.seed(1)
    np.testing.assert_array_equal(vector.reset(seed=3)[0], singles.reset(seed=3)[0])
    for _ in range(40):
        actions = vector.action_space.sample()
        for one, other in zip(vector.step(actions)[:4], singles.step(actions)[:4], strict=True):
            np.testing.assert_array_equal(one, other)


@everyone
def test_a_vector_of_robots_lives_the_lives_of_single_ones_through_resets(id):
    rows, steps, limit = 5, 60, 23
    vector = gymnasium.make_vec(id, rows, vectorization_mode="vector_entry_point", max_episode_steps=limit)
    singles = SyncVectorEnv(
        [lambda: gymnasium.make(id, max_episode_steps=limit)] * rows, autoreset_mode=AutoresetMode.NEXT_STEP
    )
    assert vector.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    assert vector.observation_space == singles.observation_space
    assert vector.action_space == singles.action_space
    for seed in (3, None, [9, 8, 7, 6, 5]):
        np.testing.assert_array_equal(vector.reset(seed=seed)[0], singles.reset(seed=seed)[0], strict=True)
        vector.action_space.seed(1)
        endings = 0
        for _ in range(steps):
            actions = vector.action_space.sample()
            told, expected = vector.step(actions), singles.step(actions)
            for one, other in zip(told[:4], expected[:4], strict=True):
                np.testing.assert_array_equal(one, other)
            endings += (told[2] | told[3]).sum()
        assert endings >= 2 * rows


@everyone
def test_a_single_environment_lives_the_life_of_a_row(id):
    environment, robot = gymnasium.make(id), gymnasium.make(id).unwrapped.robot
    rows = VectorizedSimulator(robot, robot.max_steps)
    sensors = rows.reset(np.array([5]), 1)
    np.testing.assert_array_equal(environment.reset(seed=5)[0], sensors[0], strict=True)
    environment.action_space.seed(2)
    for _ in range(robot.max_steps):
        action = environment.action_space.sample()
        observation, reward, terminated, truncated, _ = environment.step(action)
        sensors, rewards, ended = rows.step(np.array([action]))
        np.testing.assert_array_equal(observation, sensors[0], strict=True)
        assert (reward, terminated or truncated) == (rewards[0], ended[0])
        if ended[0]:
            return
    raise AssertionError("the episode did not end")


def test_a_robot_in_a_file_is_found_from_anywhere(tmp_path, monkeypatch):
    text = Path(__file__).read_text()
    body = text[text.index("@dataclass") : text.index('register(Docking, "newcomer')]
    (tmp_path / "dock.py").write_text(
        "from dataclasses import dataclass\nimport numpy as np\nfrom evorobo import Robot, register\n\n"
        + body
        + '\n\nregister(Docking, "file/Docking-v0")\n'
    )
    monkeypatch.chdir(tmp_path)
    task = ControlTask("dock.py:file/Docking-v0", max_steps=10)
    try:
        assert task.robot.sensors == ("distance", "speed")
        assert task.references()["teacher"] > 0
    finally:
        gymnasium.registry.pop("file/Docking-v0")
