"""One step of a robot as a graph: derivatives, refusals with the operation, and the list of jumps."""

import numpy as np
import pytest

from evorobo import Robot, TaskError
from evorobo.tasks.control.gradients.robot_graph import RobotGraph, describe_gradient
from evorobo.tasks.control.robots.geometry import drive
from evorobo.tasks.control.simulators.lookup import make_env
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator
from evorobo.tracing.arrays import DOUBLE, Script, traced
from evorobo.tracing.graph import Graph

DIFFERENTIABLE = [
    "evorobo/Phototaxis-v0",
    "evorobo/SwingUp-v0",
    "evorobo/Homing-v0",
    "evorobo/Maze-v0",
    "evorobo/ObstacleAvoidance-v0",
    "evorobo/TMaze-v0",
    "Pendulum-v1",
    "MountainCarContinuous-v0",
]
WITHOUT_SLOPE = {
    "evorobo/Discrimination-v0": r"np.less in reward\(\) \(discrimination.py, line \d+\)",
    "evorobo/DoublePole-v0": r"np.greater in terminal\(\) \(double_pole.py, line \d+\)",
    "evorobo/Predator-v0": r"np.less_equal in terminal\(\)",
    "evorobo/Prey-v0": r"np.less_equal in terminal\(\)",
    "evorobo/WallFollowing-v0": "argmax, which chooses a move",
    "CartPole-v1": "argmax, which chooses a move",
    "Acrobot-v1": "argmax, which chooses a move",
    "MountainCar-v0": "argmax, which chooses a move",
}


def robot_of(id):
    return make_env(id, {}).robot


def random_inputs(graph, rows):
    """States from random driving, random actions, and random numbers."""
    robot, rng = graph.robot, np.random.default_rng(0)
    simulator = VectorizedSimulator(robot, 100)
    simulator.reset(np.arange(rows), 1)
    shape, limit = (rows, graph.n_actions), robot.action_limit
    for _ in range(4):
        simulator.step(rng.uniform(-limit, limit, shape))
    n_random = graph.graph.n_inputs - graph.n_states - graph.n_actions
    return np.concatenate([simulator.state, rng.uniform(-limit, limit, shape), rng.normal(size=(rows, n_random))], 1)


@pytest.mark.parametrize("id", DIFFERENTIABLE)
def test_one_step_at_random_states_agrees_with_differences(id):
    robot_graph = RobotGraph(robot_of(id))
    graph, width = robot_graph.graph, 1e-7
    inputs = random_inputs(robot_graph, 30)
    found = graph.evaluate(inputs).jacobian()
    n_columns = robot_graph.n_states + robot_graph.n_actions
    wrong = np.zeros(found.shape, bool)
    for column in range(n_columns):
        step = width * (np.arange(inputs.shape[1]) == column)
        up, here, down = (graph.evaluate(inputs + sign * step).outputs for sign in (1, 0, -1))
        slope = (up - down) / (2 * width)
        # a row at a kink or at a jump has two slopes, one on each side
        rough = np.abs((up - here) - (here - down)) > 1e-4 * width * (1 + np.abs(slope))
        scale = 1 + np.abs(slope)
        wrong[:, :, column] = (np.abs(found[:, :, column] - slope) > 1e-6 * scale) & ~rough
        assert rough.mean() < (0.15 if "TMaze" in id else 0.03)
    assert not wrong.any(), np.argwhere(wrong)


@pytest.mark.parametrize("id", DIFFERENTIABLE)
def test_values_of_the_graph_are_those_of_the_robot(id):
    robot = robot_of(id)
    graph = RobotGraph(robot)
    inputs = random_inputs(graph, 20)
    inputs[:, graph.n_states + graph.n_actions :] = 0.0
    state, action = inputs[:, : graph.n_states], inputs[:, graph.n_states :][:, : graph.n_actions]
    silent = Silence(len(state))
    after = robot.transition(state, action, silent)
    expected = [after, robot.reward(state, action, after)[:, None], robot.observation(after, silent)]
    single = not id.startswith("evorobo")  # they round to single precision
    np.testing.assert_allclose(
        graph.graph.evaluate(inputs).outputs,
        np.concatenate(expected, axis=1),
        rtol=1e-6 if single else 1e-12,
        atol=1e-9,
    )


class Silence:
    """Random streams of zeros."""

    def __init__(self, rows):
        self.rows = rows

    def normal(self, scale, size):
        return np.zeros((self.rows, size)) * scale

    def uniform(self, low, high, size):
        return low + np.zeros((self.rows, size))


@pytest.mark.parametrize(("id", "operation"), WITHOUT_SLOPE.items())
def test_a_robot_without_slope_is_refused_with_the_operation(id, operation):
    with pytest.raises(TaskError, match=f": no slope through the robot, by {operation}.*; methods that go by scores"):
        RobotGraph(robot_of(id))


class Cart(Robot):
    """A cart on a rail; parts of it are exchanged in the tests."""

    sensors, motors, max_steps = ("x",), ("push",), 20

    def initial(self, rng):
        return rng.uniform(-1, 1, 2)

    def observation(self, state, rng):
        return state[:, :1] + rng.normal(0.01, 1)

    def transition(self, state, action, rng):
        x, speed = state.T
        speed = speed + 0.1 * action[:, 0]
        return np.stack([x + 0.1 * speed, speed], axis=1)

    def reward(self, state, action, next_state):
        return -np.abs(next_state[:, 0])


def cart(**functions):
    return type("Cart", (Cart,), functions)()


@pytest.mark.parametrize(
    ("functions", "operation"),
    [
        ({"reward": lambda self, s, a, n: np.ones(len(n))}, "a reward that does not depend on the motors"),
        ({"reward": lambda self, s, a, n: 1.0 * (n[:, 0] > 0.5)}, "np.greater in"),
        ({"reward": lambda self, s, a, n: np.floor(n[:, 0] * 10)}, r"np.floor in <lambda>\(\) \(test_robot_graph.py"),
        ({"reward": lambda self, s, a, n: np.sign(n[:, 1]) + np.rint(n[:, 0])}, r"np.(rint|sign) in"),
        ({"transition": lambda self, s, a, rng: s + 0.1 * np.round(a)}, "np.rint in"),
        ({"transition": lambda self, s, a, rng: s * 0.99 + 0 * s}, "a reward that does not depend on the motors"),
        ({"transition": lambda self, s, a, rng: s + 0.1 * a.astype(int)}, "np.cast in"),
    ],
)
def test_what_cuts_the_slope_is_named(functions, operation):
    robot = cart(**functions)
    with pytest.raises(TaskError, match=f"Cart: no slope through the robot, by {operation}"):
        RobotGraph(robot)
    assert f"{describe_gradient(robot)}".startswith("Differentiable: no; Cart: no slope")


def test_a_slope_through_the_state_of_earlier_steps_counts():
    # the reward of a step sees the state before it alone
    graph = RobotGraph(cart(reward=lambda self, s, a, n: -np.square(s[:, 0])))
    assert graph.jumps == ()


def test_a_robot_that_cannot_be_traced_is_refused_with_the_reason():
    robot = cart(reward=lambda self, s, a, n: np.array([1.0 if x > 0 else 0.0 for x in n[:, 0]]))
    with pytest.raises(TaskError, match="the gradient through Cart is unknown: it decides by a number"):
        RobotGraph(robot)


@pytest.mark.parametrize(
    ("functions", "jumps"),
    [
        ({}, []),
        ({"terminal": lambda self, s: s[:, 0] > 2}, ["ends of episodes"]),
        ({"terminal": lambda self, s: np.zeros(len(s), bool)}, []),
        ({"observation": lambda self, s, rng: np.floor(s[:, :1])}, ["np.floor in"]),
        ({"transition": lambda self, s, a, rng: np.where(s > 1, s, s + 0.1 * a)}, ["np.greater in"]),
        ({"reward": lambda self, s, a, n: (n[:, 0] + 1) % 2}, ["np.remainder in"]),
        ({"reward": lambda self, s, a, n: np.clip(np.minimum(n[:, 0], 1), -1, np.abs(n[:, 1]))}, []),  # kinks only
    ],
)
def test_jumps_are_listed_with_their_places(functions, jumps):
    found = RobotGraph(cart(**functions)).jumps
    assert len(found) == len(jumps)
    assert all(text.startswith(start) for text, start in zip(found, jumps, strict=True)), found


def test_a_robot_with_jumps_is_described():
    text = describe_gradient(robot_of("evorobo/SwingUp-v0"))
    assert text.startswith("Differentiable: yes, but the gradient leaves out what jumps, so it is biased")


def driven(turn):
    """The graph of a drive whose left wheel runs at .1 m/s and whose right wheel is faster by `turn`."""
    script = Script()
    numbers = [script.number(name, DOUBLE) for name in ("state[0]", "state[1]", "state[2]", "action[0]", "action[1]")]
    x, y, heading, left, right = traced(numbers).T
    pose = np.stack([x, y, heading], axis=1)
    graph = Graph(numbers, list(np.asarray(drive(pose, left, right, 0.05, 0.1)).ravel()))
    return graph.evaluate(np.array([[0.3, 0.2, 0.7, 0.1, 0.1 + turn]]))


@pytest.mark.parametrize("turn", [0.0, 5e-6, -5e-6])
def test_a_straight_drive_has_the_slope_of_the_arc(turn):
    curved = driven(2e-4).jacobian()
    np.testing.assert_allclose(driven(turn).jacobian(), curved, rtol=1e-3, atol=2e-4)
    assert driven(turn).jacobian()[0, 2, 3:] == pytest.approx([-2.0, 2.0])  # seconds / axle
