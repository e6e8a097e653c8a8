"""Compiled gradients equal those of NumPy, for every layer and robot, and for any number of threads."""

import numpy as np
import pytest
from every_layer import LAYERS
from own_layer import Doubled

from evorobo import (
    GRU,
    LSTM,
    Activation,
    Adam,
    AnalyticGradient,
    ControlTask,
    Dense,
    Elman,
    Genome,
    NetworkSpec,
    Robot,
    Scaler,
    SettingsError,
    TaskError,
    register,
    register_component,
)
from evorobo.nets.compiled.double_functions import tanh
from evorobo.nets.compiled.double_network import NetworkCode
from evorobo.tasks.control.compiled import gradients
from evorobo.tasks.control.compiled.gradients import CompiledTape
from evorobo.tasks.control.compiled.tracing import trace_robot_gradient
from evorobo.tasks.control.gradients.episodes import EpisodeTape
from evorobo.tasks.control.gradients.return_gradient import run_step_by_step
from evorobo.tasks.control.gradients.robot_graph import RobotGraph
from evorobo.tasks.control.robots.random_streams import LockstepStreams, RandomStream

SEEDS = np.arange(3)


@pytest.fixture
def interpreted(monkeypatch):
    """The text for numba is run by Python, on one thread."""

    def run(text, name, allocates):
        names = {}
        exec(text, names)
        names["math"] = np  # which gives NaN where `math` raises errors
        return np.errstate(all="ignore")(names[name])

    monkeypatch.setattr(gradients, "compile_kernel", run)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def genome_of(task, layers, sd=0.4):
    spec = NetworkSpec(task.n_inputs, (*layers, Dense(task.n_outputs, "tanh")))
    rng = np.random.default_rng(0)
    running_stats = np.abs(spec.init_running_stats() + rng.normal(0, 0.3, spec.n_running_stats))
    scaler = Scaler(np.full(task.n_inputs, 0.1), np.full(task.n_inputs, 0.7))
    weights = rng.normal(0, sd, spec.n_params)
    return Genome(spec, weights, scaler, None, running_stats if spec.n_running_stats else None)


def settings_of(task, horizon=None, discount=1.0, action_noise=0.0):
    return RobotGraph(task.robot), task.decoder, task.env_spec.max_steps, horizon, discount, action_noise


def check_equal(task, genome, rtol=1e-12, **settings):
    """One update from one state: what the compiled gradient returns and draws is that of NumPy."""
    rngs = [np.random.default_rng(1), np.random.default_rng(1)]
    plain = run_step_by_step(EpisodeTape(*settings_of(task, **settings)))(genome, SEEDS, rngs[0])
    found = CompiledTape(*settings_of(task, **settings)).run(genome, SEEDS, rngs[1])
    largest = np.abs(plain.gradient).max()
    np.testing.assert_allclose(found.gradient, plain.gradient, rtol=0, atol=rtol * largest)
    np.testing.assert_allclose(found.returns, plain.returns[:, 0], rtol=rtol)
    np.testing.assert_allclose(found.observations, plain.observations, rtol=1e-9, atol=rtol)
    np.testing.assert_array_equal(found.steps, plain.steps[:, 0])
    np.testing.assert_array_equal(found.saturated, plain.saturated)
    assert rngs[0].bit_generator.state == rngs[1].bit_generator.state
    return found


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_every_layer_has_the_gradient_of_numpy(layer, interpreted):
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=6)
    found = check_equal(task, genome_of(task, (Dense(4), layer)), action_noise=0.3, horizon=4, discount=0.9)
    assert np.abs(found.gradient).max() > 1e-6


@pytest.mark.parametrize(
    ("id", "horizon"),
    [
        ("evorobo/SwingUp-v0", None),
        ("evorobo/SwingUp-v0", 1),
        ("evorobo/SwingUp-v0", 3),
        ("Pendulum-v1", None),
        ("evorobo/Homing-v0", None),
        ("evorobo/Maze-v0", 2),
        ("evorobo/ObstacleAvoidance-v0", None),
    ],
)
def test_every_kind_of_robot_has_the_gradient_of_numpy(id, horizon, interpreted):
    task = ControlTask(id, max_steps=5)
    check_equal(task, genome_of(task, (LSTM(2), GRU(2)), sd=1.0), discount=0.99, horizon=horizon)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "softplus"])
def test_kinks_of_activations_have_the_rules_of_numpy(activation, interpreted):
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=3)
    genome = genome_of(task, (Dense(4, activation),))
    genome.spec.unpack(genome.weights)[0]["weight"][...] = 0.0  # every unit of the first layer is at its kink
    genome.spec.unpack(genome.weights)[0]["bias"][...] = 0.0
    check_equal(task, genome)


class Guarded(Robot):
    """A cart whose slope is infinite, and then NaN, on the branch that is not taken."""

    sensors, motors, max_steps = ("x",), ("push",), 30

    def initial(self, rng):
        return rng.uniform(0.5, 1, 1) * [1.0, 0.0]

    def observation(self, state, rng):
        return state[:, :1] + rng.normal(0.01, 1)

    def transition(self, state, action, rng):
        x, rest = state.T
        return np.stack([x + 0.1 * action[:, 0], rest * action[:, 0]], axis=1)

    def reward(self, state, action, next_state):
        x, rest = next_state.T
        root = np.where(rest == 0, 0.0, np.sqrt(rest) / rest)
        return root - np.abs(x)

    def terminal(self, state):
        return state[:, 0] < -0.4


register(Guarded, "compiled/Guarded-v0")


def test_a_zero_adjoint_spreads_no_nan_and_episodes_end_on_their_own(interpreted):
    task = ControlTask("compiled/Guarded-v0")
    found = check_equal(task, genome_of(task, (Dense(3),), sd=1.5), action_noise=0.5)
    assert np.isfinite(found.gradient).all()
    assert len(np.unique(found.steps)) > 1  # fewer numbers are drawn for the noise than for whole episodes


def test_a_saturated_motor_has_no_slope(interpreted):
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=4)
    genome = genome_of(task, (Dense(4),))
    genome.weights[:-2], genome.weights[-2:] = 0.0, 40.0
    found = check_equal(task, genome)
    np.testing.assert_array_equal(found.saturated, [1.0, 1.0])
    assert not found.gradient.any()
    genome.weights[-2] = 0.0  # the other one goes on moving
    np.testing.assert_array_equal(check_equal(task, genome).saturated, [0.0, 1.0])


def test_machine_code_has_the_gradient_of_numpy_for_any_number_of_threads(monkeypatch):
    pytest.importorskip("numba", reason="compiling needs numba: pip install 'evorobo[fast]'")
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=20)
    genome = genome_of(task, (Dense(8), Elman(3)))
    results = []
    for threads in "1", "3":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        results.append(check_equal(task, genome, action_noise=0.1, horizon=7))
    np.testing.assert_array_equal(results[0].gradient, results[1].gradient)
    np.testing.assert_array_equal(results[0].returns, results[1].returns)


def test_a_compiled_learner_climbs_as_the_plain_one(interpreted):
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=5, normalize=True)
    spec = NetworkSpec.build(task.n_inputs, (4,), task.n_outputs, task.output)
    learners = [
        AnalyticGradient(Adam(0.03), 3, action_noise=0.1, compiled=compiled).start(task, spec, np.random.default_rng(0))
        for compiled in (False, True)
    ]
    for _ in range(3):
        plain, compiled = (learner.step(0.0) for learner in learners)
        assert plain.score == pytest.approx(compiled.score, rel=1e-9)
        assert plain.info == pytest.approx(compiled.info, rel=1e-9)
    assert learners[0].cost == learners[1].cost
    np.testing.assert_allclose(learners[0].genome.weights, learners[1].genome.weights, rtol=1e-9)


def test_tanh_has_the_precision_of_numpy():
    x = np.concatenate([np.linspace(-25, 25, 2001), np.logspace(-300, 3, 200), -np.logspace(-8, 0, 50), [0.0]])
    with np.errstate(over="ignore"):
        found = np.array([tanh(value) for value in x])
    np.testing.assert_allclose(found, np.tanh(x), rtol=1e-15)
    assert np.isnan(tanh(np.float64(np.nan)))
    assert [tanh(np.float64(end)) for end in (-np.inf, np.inf)] == [-1.0, 1.0]
    assert np.signbit(tanh(np.float64(-0.0)))


@pytest.mark.parametrize("n_steps", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("draws", [[("normal", 3)], [("normal", 2), ("uniform", 1)], [("uniform", 2)] * 2])
def test_draws_of_many_steps_are_those_of_single_steps(draws, n_steps):
    one = RandomStream(np.random.default_rng(5))
    many = LockstepStreams([np.random.default_rng(seed) for seed in (4, 5)], np.array([1, 0, 1]))
    one.next("normal", 3), many.normal(1.0, 3)  # as a first observation does
    expected = [np.concatenate([one.next(*draw) for draw in draws]) for _ in range(n_steps)]
    np.testing.assert_array_equal(many.next_steps(draws, n_steps)[1], expected)
    many.keep(np.array([True, False, False]))
    for _ in range(70):
        np.testing.assert_array_equal(many._next(*draws[0]), one.next(*draws[0])[None])


register_component("activation", "by_if")(Activation(np.tanh, lambda z: 1.0 if z > 0 else 0.0))


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (
            Doubled(4),
            TaskError,
            "gradients of networks with Doubled layers cannot be compiled, these can: Dense, Affin",
        ),
        (Dense(4, "by_if"), SettingsError, "by_if' can be neither compiled nor exported: it decides by a number"),
    ],
)
def test_what_cannot_be_compiled_is_refused_in_a_sentence(layer, error, message):
    with pytest.raises(error, match=message):
        NetworkCode(NetworkSpec(2, (layer, Dense(1))))


class Iterated(Guarded):
    """A map that is applied so often that its gradient takes too many lines; there is nothing to do in a loop."""

    def transition(self, state, action, rng):
        x = state[:, :1] + action
        for _ in range(800):
            x = np.sin(x) + 0.1
        return np.concatenate([x, x], axis=1)


def test_a_robot_whose_step_is_too_long_is_refused():
    robot_graph = RobotGraph(Iterated())
    message = r"Iterated cannot be compiled: a step takes \d+ lines, and more than 4000 take numba minutes"
    with pytest.raises(TaskError, match=message):
        trace_robot_gradient(robot_graph)


@pytest.mark.slow
@pytest.mark.reproduction
def test_machine_code_of_many_sensors_and_walls_has_the_gradient_of_numpy_for_any_number_of_threads(monkeypatch):
    pytest.importorskip("numba", reason="compiling needs numba: pip install 'evorobo[fast]'")
    task = ControlTask("evorobo/ObstacleAvoidance-v0", max_steps=20)
    results = []
    for threads in "1", "3":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        results.append(check_equal(task, genome_of(task, (Dense(8),)), horizon=7))
    np.testing.assert_array_equal(results[0].gradient, results[1].gradient)
