"""Whole episodes: the double-precision twin is the plain episode, and its gradient passes the dot-product test."""

import numpy as np
import pytest
from every_layer import LAYERS
from forward_mode import return_tangents

from evorobo import (
    GRU,
    AnalyticGradient,
    ControlTask,
    Dense,
    Elman,
    Genome,
    LayerNorm,
    NetworkSpec,
    Robot,
    Scaler,
    register,
)
from evorobo.nets.closed_loop import ClosedLoopNetwork
from evorobo.tasks.control.gradients import episodes
from evorobo.tasks.control.gradients.episodes import EpisodeTape
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.policies import Networks
from evorobo.tasks.control.runner import StepRunner

LONG = ("evorobo/Homing-v0", "evorobo/Maze-v0", "evorobo/TMaze-v0")
"""Robots whose step takes a thousand operations."""
SEEDS = np.arange(6).reshape(2, 3)
TESTED = [layer for layer in LAYERS if layer != Dense(4, "gelu")]  # its forward pass takes plain arrays only


def case(id, layers, max_steps=None, sd=0.6, n=2):
    task = ControlTask(id, max_steps=max_steps)
    spec = NetworkSpec(task.n_inputs, (*layers, Dense(task.n_outputs, "tanh")))
    rng = np.random.default_rng(0)
    running_stats = np.abs(spec.init_running_stats() + rng.normal(0, 0.3, spec.n_running_stats))
    weights = rng.normal(0, sd, (n, spec.n_params))
    return task, spec, weights, running_stats if spec.n_running_stats else None


def tape_of(task, **settings):
    return EpisodeTape(RobotGraph(task.robot), task.decoder, task.env_spec.max_steps, **settings)


@pytest.mark.parametrize(
    "id",
    [
        "evorobo/Phototaxis-v0",
        "evorobo/SwingUp-v0",
        "evorobo/Homing-v0",
        "evorobo/TMaze-v0",
        "Pendulum-v1",
        "MountainCarContinuous-v0",
    ],
)
def test_with_roundings_of_sensors_and_motors_the_twin_is_the_plain_episode(id):
    task, spec, weights, _ = case(id, (Dense(6), GRU(4), LayerNorm()), max_steps=150, sd=1.5, n=4)
    scaler = Scaler(np.full(task.n_inputs, 0.1), np.full(task.n_inputs, 0.7))
    seeds = np.arange(5)
    plain = StepRunner(task.env_spec).run(Networks(task.decoder, spec, weights, scaler), seeds)
    twin = tape_of(task, rounded=True).run(ClosedLoopNetwork(spec, weights, scaler), np.tile(seeds, (4, 1)))
    np.testing.assert_array_equal(twin.returns, plain.returns)
    np.testing.assert_array_equal(twin.steps, plain.steps)
    assert len(twin.observations) == plain.steps.sum()


def check_dot_product(task, spec, weights, running_stats=None, scaler=None, **settings):
    tape = tape_of(task, **settings)
    found = tape.run(ClosedLoopNetwork(spec, weights, scaler, running_stats), SEEDS).gradient
    assert np.linalg.norm(found) > 1e-6
    for seed in range(3):
        v = np.random.default_rng(seed).normal(size=weights.shape)
        forward = return_tangents(tape, spec, weights, v, SEEDS, scaler, running_stats).sum(1)
        size = np.linalg.norm(found, axis=1) * np.linalg.norm(v, axis=1)
        assert (np.abs((found * v).sum(1) - forward) <= 1e-10 * size).all()


@pytest.mark.parametrize("layer", TESTED, ids=str)
def test_every_layer_passes_the_dot_product_test_over_whole_episodes(layer):
    task, spec, weights, running_stats = case("evorobo/Phototaxis-v0", (Dense(4), layer), max_steps=80)
    check_dot_product(task, spec, weights, running_stats)


@pytest.mark.parametrize(
    "id", ["evorobo/SwingUp-v0", "evorobo/Homing-v0", "evorobo/Maze-v0", "evorobo/TMaze-v0", "Pendulum-v1"]
)
def test_every_kind_of_robot_passes_the_dot_product_test(id):
    # Pendulum and SwingUp are chaotic: gradients are far too large for differences
    task, spec, weights, _ = case(id, (Dense(5), Elman(3)), max_steps=20 if id in LONG else 120)
    scaler = Scaler(np.full(task.n_inputs, 0.1), np.full(task.n_inputs, 0.7))
    check_dot_product(task, spec, weights, scaler=scaler, discount=0.99)


@pytest.mark.parametrize("horizon", [1, 7, 1000])
def test_a_horizon_cuts_the_gradient_and_nothing_else(horizon):
    task, spec, weights, _ = case("evorobo/Phototaxis-v0", (GRU(4),), max_steps=40)
    check_dot_product(task, spec, weights, horizon=horizon)
    results = [tape_of(task, horizon=length).run(ClosedLoopNetwork(spec, weights), SEEDS) for length in (horizon, None)]
    np.testing.assert_array_equal(results[0].returns, results[1].returns)
    assert np.array_equal(results[0].gradient, results[1].gradient) == (horizon > 40)


def test_a_tame_gradient_agrees_with_differences():
    task, spec, weights, _ = case("evorobo/Phototaxis-v0", (Dense(4),), max_steps=30)
    tape, width = tape_of(task, discount=0.9), 1e-6
    v = np.random.default_rng(0).normal(size=weights.shape)

    def returns(moved):
        steps, _, _ = tape._forward(ClosedLoopNetwork(spec, moved), SEEDS, None)
        rewards = np.zeros(2)
        for number, step in enumerate(steps):
            values = tape.robot_graph.graph.evaluate(step.inputs).outputs[:, tape.robot_graph.n_states]
            np.add.at(rewards, step.rows // SEEDS.shape[1], 0.9**number * values)
        return rewards

    found = tape.run(ClosedLoopNetwork(spec, weights), SEEDS).gradient
    slope = (returns(weights + width * v) - returns(weights - width * v)) / (2 * width)
    np.testing.assert_allclose((found * v).sum(1), slope, rtol=1e-7)


def test_episodes_do_not_depend_on_each_other():
    task, spec, weights, _ = case("evorobo/SwingUp-v0", (Dense(4),), max_steps=300, sd=3.0)
    together = tape_of(task).run(ClosedLoopNetwork(spec, weights), SEEDS)
    assert len(np.unique(together.steps)) > 1  # episodes end at different times
    for member, seeds in enumerate(SEEDS):
        alone = tape_of(task).run(ClosedLoopNetwork(spec, weights[[member]]), seeds[None])
        np.testing.assert_array_equal(alone.returns[0], together.returns[member])
        np.testing.assert_allclose(alone.gradient[0], together.gradient[member], rtol=1e-12)


def test_a_small_memory_changes_no_number(monkeypatch):
    task, spec, weights, _ = case("evorobo/Phototaxis-v0", (Dense(4),))
    expected = tape_of(task).run(ClosedLoopNetwork(spec, weights), SEEDS).gradient
    monkeypatch.setattr(episodes, "MAX_NUMBERS", 5000)
    np.testing.assert_array_equal(tape_of(task).run(ClosedLoopNetwork(spec, weights), SEEDS).gradient, expected)


def test_action_noise_is_reparameterized():
    # the gradient is that of the episodes with these very draws
    task, spec, weights, _ = case("evorobo/Phototaxis-v0", (Dense(4),), max_steps=30)
    tape, width = tape_of(task, action_noise=0.2), 1e-6
    v = np.random.default_rng(0).normal(size=weights.shape)

    def run(moved):
        return tape.run(ClosedLoopNetwork(spec, moved), SEEDS, np.random.default_rng(5))

    noisy, quiet = run(weights), tape_of(task).run(ClosedLoopNetwork(spec, weights), SEEDS)
    assert not np.array_equal(noisy.returns, quiet.returns)
    slope = (run(weights + width * v).returns - run(weights - width * v).returns).sum(1) / (2 * width)
    np.testing.assert_allclose((noisy.gradient * v).sum(1), slope, rtol=1e-6)


def test_saturated_motors_are_counted_and_have_no_slope():
    task, spec, weights, _ = case("evorobo/Phototaxis-v0", (Dense(4),), max_steps=30)
    weights[:] = 0.0
    weights[:, -2:] = 40.0  # the biases of the motors
    result = tape_of(task).run(ClosedLoopNetwork(spec, weights), SEEDS)
    np.testing.assert_array_equal(result.saturated, [1.0, 1.0])
    assert not result.gradient.any()


class Sway(Robot):
    """A robot whose sensor is 0, 1, 2, ... step after step, with two motors."""

    sensors, motors, max_steps = ("time",), ("push", "turn"), 8

    def initial(self, rng):
        return rng.uniform(0, 0, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + 1 + 1e-6 * action.sum(1, keepdims=True)

    def reward(self, state, action, next_state):
        return action.sum(1)

    def terminal(self, state):
        return state[:, 0] > 7.5


def test_each_motor_has_its_own_share_of_saturated_steps():
    register(Sway, "tape/Sway-v0")
    task = ControlTask("tape/Sway-v0")
    spec = NetworkSpec(1, (Dense(2, "tanh"),))
    # outputs are tanh(t) and tanh(t / 10); tanh(4) = .9993 is the first beyond .999, so 4, 5, 6, 7 of 8 steps
    weights = np.array([[1.0, 0.1, 0.0, 0.0]])
    result = tape_of(task).run(ClosedLoopNetwork(spec, weights), np.arange(3)[None])
    np.testing.assert_array_equal(result.saturated, [0.5, 0.0])
    gradient = task.return_gradient()(Genome(spec, weights[0]), 3, np.random.default_rng(0))
    assert gradient.saturated == {"0_push": 0.5, "1_turn": 0.0}
    learner = AnalyticGradient(episodes=2, warm_start=Genome(spec, weights[0])).start(
        task, spec, np.random.default_rng(0)
    )
    info = learner.step(0.0).info
    assert [info[name] for name in ("saturated", "saturated_0_push", "saturated_1_turn")] == [0.25, 0.5, 0.0]
