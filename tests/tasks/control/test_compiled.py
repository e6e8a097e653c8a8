"""Compiled episodes equal those of vectorized robots, for any population and any number of threads."""

import sys

import numpy as np
import pytest
from own_layer import Doubled

from evorobo import (
    CTRNN,
    GRU,
    LSTM,
    BatchNorm,
    ControlTask,
    Dense,
    Dropout,
    Elman,
    Genome,
    LayerNorm,
    NetworkSpec,
    Robot,
    SettingsError,
    TaskError,
    register,
)
from evorobo.machine_code import compiling
from evorobo.nets.scaling import Scaler
from evorobo.tasks.control.compiled.episodes import CompiledRunner
from evorobo.tasks.control.compiled.tracing import trace_robot
from evorobo.tasks.control.policies import Networks
from evorobo.tasks.control.rollout import ObservationMoments
from evorobo.tasks.control.runner import make_runner
from evorobo.tasks.control.simulators.lookup import make_env
from evorobo.testing import check_robot
from evorobo.testing.compiled import check_compiled

CLASSIC = ["CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0"]
COMPILED = ["CartPole-v1", "Pendulum-v1", "compiled/Busy-v0"]


def numba():
    return pytest.importorskip("numba", reason="compiling needs numba: pip install 'evorobo[fast]'")


def population(task, members=9, hidden=(6,), spread=1.0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return spec, np.random.default_rng(0).normal(0, spread, (members, spec.n_params))


def pair(id, **settings):
    return ControlTask(id, **settings), ControlTask(id, **settings, compiled=True)


def interpret(patch):
    """From now on the text for numba is run by Python, on one thread."""

    def episodes(text, name, allocates):
        names = {}
        exec(text, names)
        return names[name]

    patch.setattr("evorobo.tasks.control.compiled.episodes.compile_kernel", episodes)
    patch.setenv("OMP_NUM_THREADS", "1")


# ---- robots, traced


def actions(robot, robots=4, steps=60):
    rng = np.random.default_rng(0)
    if robot.moves:
        return rng.integers(len(robot.moves), size=(robots, steps))
    return rng.uniform(-robot.action_limit, robot.action_limit, (robots, steps, len(robot.motors)))


@pytest.mark.parametrize("id", [*CLASSIC, "evorobo/Phototaxis-v0"])
def test_robots_are_traced_to_the_story_of_their_rows(id):
    robot = make_env(id, {}).robot
    assert check_compiled(robot, actions(robot))


@pytest.mark.parametrize("id", ["evorobo/ObstacleAvoidance-v0", "evorobo/WallFollowing-v0"])
def test_many_sensors_and_walls_are_compiled_as_loops(id):
    robot = make_env(id, {}).robot
    assert check_compiled(robot, actions(robot, robots=3, steps=6))


class Busy(Robot):
    """Does with arrays what robots do, and is noisy in three ways."""

    sensors = ("a", "b", "c", "d")
    motors = ("left", "right")
    max_steps = 60

    def initial(self, rng):
        return rng.uniform(-1, 1, 3)

    def observation(self, state, rng):
        a, b, c = state.T
        seen = np.column_stack([np.hypot(a, b), np.arctan2(b, a), np.exp(-np.abs(c))])
        seen = seen + rng.normal([0.1, 0.2, 0.3], 3)
        seen[:, 0] = np.maximum(seen[:, 0], 0)
        return np.concatenate([seen, np.sign(state[:, 2:]) * rng.uniform(0.5, [1.5], 1)], axis=1)

    def transition(self, state, action, rng):
        near = np.linalg.norm(state[:, :2], axis=1) < 0.7
        turn = np.select([near, state[:, 2] > 0], [0.1, -0.2], 0.3)
        rates = np.stack([action[:, 0] - 0.3 * state[:, 0], action[:, 1] * np.cos(state[:, 1]), turn], axis=1)
        after = state + 0.1 * rates + rng.normal(0.01, 3)
        after[:, 2] = (after[:, 2] + np.pi) % (2 * np.pi) - np.pi
        return np.clip(after, [-2, -2, -np.inf], [2, 2, np.inf])

    def reward(self, state, action, next_state):
        effort = (action**2).sum(1) + 1.0 * np.any(np.abs(action) > 0.9, axis=1)
        return next_state.mean(1) - 0.1 * effort.astype(np.float32) + np.array([state.min(1), state.max(1)]).sum(0)

    def terminal(self, state):
        return ((state[:, 0] > 1.2) & ~(state[:, 1] < 0)) | (np.power(state[:, 2], 2) > 9.5)


class Fork(Robot):
    """Asks with `if` where it stands."""

    sensors = ("x",)
    moves = ("left", "right")

    def initial(self, rng):
        return rng.uniform(-1, 1, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + np.array([-0.1, 0.1])[action][:, None]

    def reward(self, state, action, next_state):
        return np.array([1.0 if x > 0 else 0.0 for x in next_state[:, 0]])


class Rolling(Fork):
    """Moves to the position of the next row, which a single robot does not have."""

    def reward(self, state, action, next_state):
        return np.interp(next_state[:, 0], [-1, 1], [0, 1])


class Iterated(Fork):
    """Applies a map again and again, which no loop can shorten."""

    def reward(self, state, action, next_state):
        x = next_state[:, 0]
        for _ in range(1100):
            x = np.sin(x) + 0.1
        return x


class Counting(Fork):
    """Has a clock of its own."""

    time = 0

    def reward(self, state, action, next_state):
        type(self).time += 1
        return next_state[:, 0] + self.time


def test_a_robot_that_does_all_sorts_of_things_is_traced_to_the_last_draw():
    check_robot(Busy())
    assert check_compiled(Busy(), actions(Busy(), robots=20))


@pytest.mark.parametrize(
    ("robot", "why"),
    [
        (Fork(), r"Fork cannot be compiled: it decides by a number that is not known yet; np.where, & and \| do not"),
        (Rolling(), "Rolling cannot be compiled: with arrays of names it raises .*; leave compiled=True"),
        (Iterated(), "a step takes .* lines, and more than 4000 take numba minutes"),
    ],
)
def test_what_cannot_be_traced_is_reported(robot, why):
    with pytest.raises(TaskError, match=why):
        trace_robot(robot, 1)
    assert not check_compiled(robot, actions(robot))


def test_a_robot_that_would_live_another_life_compiled_is_found_out():
    with pytest.raises(TaskError, match=r"Counting.reward\(\) returns .* and .* when compiled"):
        check_compiled(Counting(), actions(Counting()))


def test_moves_that_draw_other_chances_cannot_be_compiled():
    class Slips(Fork):
        def transition(self, state, action, rng):
            return state + (rng.normal(1, 1) if action[0] else 0.0)

        def reward(self, state, action, next_state):
            return next_state[:, 0]

    with pytest.raises(TaskError, match="what it draws from rng depends on the move"):
        trace_robot(Slips(), 1)


# ---- the kernel


@pytest.mark.parametrize("id", COMPILED)
def test_machine_code_equals_plain_python_bit_for_bit(id):
    numba()
    task = ControlTask(id, max_steps=25, compiled=True)
    spec, weights = population(task, members=3, hidden=(5, LayerNorm(), Elman(3), GRU(3), LSTM(2), CTRNN(3)))
    inputs = Scaler(np.full(task.n_inputs, 0.1), np.full(task.n_inputs, 0.7))
    networks, collectors = (
        Networks(task.decoder, spec, weights, inputs),
        [ObservationMoments(task.n_inputs) for _ in "12"],
    )
    made = CompiledRunner(task.env_spec).run(networks, np.arange(2), collectors[0])
    with pytest.MonkeyPatch.context() as patch:
        interpret(patch)
        read = CompiledRunner(task.env_spec).run(networks, np.arange(2), collectors[1])
    for one, other in ((made.returns, read.returns), (made.steps, read.steps)):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(*(vars(each.running_moments).values() for each in collectors), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(np.unique(made.returns)) > 1


# ---- tasks


@pytest.mark.parametrize(("id", "rtol"), [("CartPole-v1", 1e-12), ("Pendulum-v1", 1e-3), ("compiled/Busy-v0", 1e-3)])
@pytest.mark.parametrize(
    "hidden", [(8,), (6, Elman(4)), (Dense(5, "identity"), BatchNorm(activation="relu"), Dropout(0.1))]
)
def test_scores_are_those_of_the_lock_step_but_for_rounding(id, rtol, hidden):
    numba()
    plain, fast = pair(id, episodes=3, max_steps=150)
    spec, weights = population(plain, hidden=hidden)
    inputs = Scaler(np.full(plain.n_inputs, 0.1), np.full(plain.n_inputs, 0.8))
    running_stats = (
        np.abs(np.random.default_rng(1).normal(1, 0.2, spec.n_running_stats)) if spec.n_running_stats else None
    )
    seeds = np.arange(3)
    networks, collectors = Networks(plain.decoder, spec, weights, inputs, running_stats), []
    rollouts = []
    for task in (plain, fast):
        collectors.append(ObservationMoments(task.n_inputs))
        rollouts.append(make_runner(task.env_spec, task.compiled).run(networks, seeds, collectors[-1]))
    one, other = rollouts
    np.testing.assert_allclose(other.returns, one.returns, rtol=rtol)
    assert other.steps.sum() == one.steps.sum()
    one_stats, other_stats = (each.running_moments for each in collectors)
    np.testing.assert_allclose(other_stats.mean, one_stats.mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(other_stats.squared_deviations, one_stats.squared_deviations, rtol=1e-3)
    assert len(np.unique(one.returns)) > 3


def test_the_four_sides_of_a_task_agree():
    numba()
    plain, fast = pair("CartPole-v1", episodes=2)
    spec, weights = population(plain)
    genome = Genome(spec, weights[0])
    assert (fast.test(genome), fast.validate_with_cost(genome)) == (
        plain.test(genome),
        plain.validate_with_cost(genome),
    )
    one, other = (each.score(spec, weights, np.random.default_rng(3), None) for each in (plain, fast))
    assert one.values.tolist() == other.values.tolist()
    assert one.cost == other.cost


@pytest.mark.parametrize("id", ["Pendulum-v1", "compiled/Busy-v0"])
def test_no_score_depends_on_threads_or_on_who_else_drives(id, monkeypatch):
    numba()
    task = ControlTask(id, episodes=3, compiled=True)
    spec, weights = population(task, members=11)
    told = []
    for threads, parts in (
        ("1", [slice(None)]),
        ("3", [slice(None)]),
        ("2", [slice(0, 1), slice(1, 8), slice(8, None)]),
    ):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        scored = [task.score(spec, weights[part], np.random.default_rng(5), None) for part in parts]
        told.append(np.concatenate([each.values for each in scored]))
    np.testing.assert_array_equal(told[1], told[0])
    np.testing.assert_array_equal(told[2], told[0])


class Bursts(Busy):
    """Comes to no number after ten steps or so."""

    def transition(self, state, action, rng):
        return state * 1e40

    def terminal(self, state):
        return np.zeros(len(state), bool)


register(Busy, "compiled/Busy-v0")
register(Bursts, "compiled/Bursts-v0")


def test_a_robot_of_ones_own_is_compiled_without_writing_anything_special():
    numba()
    plain, fast = pair("compiled/Busy-v0", episodes=4)
    spec, weights = population(plain, members=20)
    one, other = (each.score(spec, weights, np.random.default_rng(3), None) for each in (plain, fast))
    np.testing.assert_allclose(other.values, one.values, rtol=1e-3)
    assert one.cost == other.cost


def test_what_is_not_finite_is_reported_with_its_step(monkeypatch):
    interpret(monkeypatch)
    task = ControlTask("compiled/Bursts-v0", compiled=True)
    with (
        np.errstate(all="ignore"),
        pytest.raises(TaskError, match="compiled/Bursts-v0 computed a number that is not finite at step 1; "),
    ):
        task.score(*population(task), np.random.default_rng(3), None)


def test_layers_of_ones_own_are_refused():
    task = ControlTask("CartPole-v1", compiled=True)
    with pytest.raises(TaskError, match="networks with Doubled layers cannot be compiled, these can: Dense, "):
        task.score(*population(task, hidden=(Doubled(3),)), np.random.default_rng(3), None)


def test_environments_of_others_are_refused():
    task = ControlTask("CartPole-v1", env_kwargs={"sutton_barto_reward": True}, compiled=True)
    with pytest.raises(TaskError, match="CartPole-v1 runs code that cannot be compiled"):
        task.score(*population(task), np.random.default_rng(3), None)


def test_without_numba_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    task = ControlTask("CartPole-v1", compiled=True)
    with pytest.raises(SettingsError, match=r"compiled=True needs numba: pip install 'evorobo\[fast\]'"):
        task.score(*population(task), np.random.default_rng(3), None)


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch, tmp_path):
    numba()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    episodes = compiling._import_text("def episodes():\n    return 7\n", "episodes").episodes
    assert episodes() == 7
