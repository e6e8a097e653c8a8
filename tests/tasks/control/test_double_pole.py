"""Double pole balancing: its physics from the mass matrix, its two fitness definitions by their formulas, its exam."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from scipy.linalg import solve_discrete_are

from evorobo import (
    CMAES,
    Budget,
    ControlTask,
    Dense,
    Elman,
    Evolution,
    Genome,
    NetworkSpec,
    Output,
    SettingsError,
    StopWhen,
    Trial,
)
from evorobo.tasks.control import double_pole_exam
from evorobo.tasks.control.double_pole_exam import generalization, solves, steps_balanced
from evorobo.tasks.control.robots import double_pole
from evorobo.tasks.control.robots.double_pole import GAINS, SCALE, TILTED, DoublePole, DoublePoleBlind, rates
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.tasks.control.robots.registry import registered_robots
from evorobo.testing import check_robot
from evorobo.testing.compiled import check_compiled

IDS = {"evorobo/DoublePole-v0": DoublePole, "evorobo/DoublePoleBlind-v0": DoublePoleBlind}
each_id = pytest.mark.parametrize("id", IDS)
STATE = np.array([0.4, -0.7, 0.3, 1.1, -0.2, -2.3])
TASK, BLIND = (ControlTask(id, env_kwargs={"fitness": "damping"}) for id in IDS)
M, (M1, M2), (L1, L2), G = 1.0, (0.1, 0.01), (0.5, 0.05), 9.8  # kg, kg, m (half lengths), m/s^2


def chance(*seeds):
    return RandomStreams([RandomStream(np.random.default_rng(seed)) for seed in seeds], np.arange(len(seeds)))


def regulator(scale=1.0):
    """A network of one linear layer that drives as the teacher does, or `scale` times as hard."""
    return Genome(NetworkSpec(6, (Dense(1, "identity", bias=False),)), -scale * GAINS)


def blind():
    """A network with memory and 21 weights, the least that has balanced without velocities, before it has learned."""
    spec = NetworkSpec.build(3, (Elman(3, bias=False), Output(bias=False)), 1, "tanh")
    return Genome(spec, spec.init(np.random.default_rng(0)))


# ---- the contract


@pytest.mark.parametrize(
    "robot", [*IDS, DoublePole("damping"), DoublePoleBlind("damping", "spread", 0.1), DoublePole(starts="spread")]
)
def test_double_poles_keep_their_contract(robot):
    check_robot(robot)


@pytest.mark.parametrize("robot", [DoublePole(), DoublePoleBlind("damping", noise=0.1)])
def test_double_poles_can_be_compiled_to_the_story_of_their_rows(robot):
    assert check_compiled(robot, np.random.default_rng(0).uniform(-0.1, 0.1, (3, 30, 1)))


@each_id
def test_gymnasiums_checker_finds_nothing(id):
    check_env(gymnasium.make(id, noise=0.1).unwrapped)
    assert (registered_robots()[id].max_episode_steps, registered_robots()[id].reward_threshold) == (
        1000,
        IDS[id].reward_threshold,
    )


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"fitness": "damped"}, 'fitness must be "steps" or "damping", not \'damped\''),
        ({"starts": "spred"}, 'starts must be "tilted" or "spread", not \'spred\''),
        ({"noise": -1.0}, "noise must be a number of at least 0, not -1.0"),
    ],
)
def test_settings_that_cannot_be_are_reported(settings, match):
    with pytest.raises(SettingsError, match=match):
        DoublePole(**settings)


# ---- the physics


def by_mass_matrix(state, push):
    """Accelerations from Lagrange's equations of a cart with two uniform rods, solved as a linear system of three."""
    _, speed, a1, w1, a2, w2 = state
    c1, c2, s1, s2 = np.cos(a1), np.cos(a2), np.sin(a1), np.sin(a2)
    matrix = [
        [M + M1 + M2, M1 * L1 * c1, M2 * L2 * c2],
        [M1 * L1 * c1, 4 / 3 * M1 * L1**2, 0],
        [M2 * L2 * c2, 0, 4 / 3 * M2 * L2**2],
    ]
    forces = [
        push - 5e-4 * np.sign(speed) + M1 * L1 * w1**2 * s1 + M2 * L2 * w2**2 * s2,
        M1 * G * L1 * s1 - 2e-6 * w1,
        M2 * G * L2 * s2 - 2e-6 * w2,
    ]
    return np.linalg.solve(matrix, forces)


@pytest.mark.parametrize("push", [0.0, 7.5, -10.0])
def test_accelerations_are_those_of_lagranges_equations(push):
    derived = rates(STATE[:, None], np.array([push]))[:, 0]
    np.testing.assert_allclose(derived[[1, 3, 5]], by_mass_matrix(STATE, push), rtol=1e-12)
    np.testing.assert_array_equal(derived[[0, 2, 4]], STATE[[1, 3, 5]])


def energy(state):
    """Of cart and rods, in J: 1/2 m v^2 of the cart and of the rods' middles, their turning, their height."""
    _, v, a1, w1, a2, w2 = state
    total = 0.5 * M * v**2
    for m, half, a, w in ((M1, L1, a1, w1), (M2, L2, a2, w2)):
        middle = (v + half * w * np.cos(a)) ** 2 + (half * w * np.sin(a)) ** 2
        total += 0.5 * m * middle + 0.5 * (m * half**2 / 3) * w**2 + m * G * half * np.cos(a)
    return total


def test_energy_comes_from_the_push_and_goes_into_friction_and_nowhere_else():
    push, step = 6.0, 1e-6
    slope = [(energy(STATE + step * way) - energy(STATE - step * way)) / (2 * step) for way in np.eye(6)]
    gained = np.dot(slope, rates(STATE[:, None], np.array([push]))[:, 0])
    _, v, _, w1, _, w2 = STATE
    assert gained == pytest.approx(push * v - 5e-4 * abs(v) - 2e-6 * (w1**2 + w2**2), abs=1e-8)


def test_without_friction_and_push_a_step_keeps_the_energy_to_the_order_of_runge_kutta(monkeypatch):
    monkeypatch.setattr(double_pole, "CART_FRICTION", 0.0)
    monkeypatch.setattr(double_pole, "RUB", 0.0)
    lost = []
    for halves in (1, 2):
        monkeypatch.setattr(double_pole, "HALF_STEP", 0.01 / halves)
        state = STATE[None]
        for _ in range(10 * halves):
            state = DoublePole().transition(state, np.zeros((1, 1)), chance(0))
        lost.append(abs(energy(state[0]) - energy(STATE)))
    assert lost[0] < 1e-6
    assert lost[1] < lost[0] / 10  # fourth order: 16 times less, or better


def test_a_push_lasts_a_fiftieth_of_a_second_in_two_steps_of_runge_kutta():
    many = STATE[None]  # the same time in steps that are a thousand times shorter
    for _ in range(2000):
        many = many + 1e-5 * rates(many.T, np.array([10.0])).T
    once = DoublePole().transition(STATE[None], np.ones((1, 1)), chance(0))
    np.testing.assert_allclose(once, many, rtol=2e-3)


def test_sensors_are_scaled_and_the_blind_robot_feels_no_velocity():
    sensed = DoublePole().observation(STATE[None], chance(0))
    np.testing.assert_allclose(sensed[0], STATE / [4.8, 2, 0.52, 2, 0.52, 2])
    np.testing.assert_array_equal(DoublePoleBlind().observation(STATE[None], chance(0)), sensed[:, [0, 2, 4]])


@pytest.mark.parametrize(
    ("at", "over"),
    [
        ((2.39, 0, 0.62), False),
        ((2.41, 0, 0), True),
        ((-2.41, 0, 0), True),
        ((0, 0.63, 0), True),
        ((0, 0, -0.63), True),
    ],
)
def test_an_episode_ends_at_the_end_of_the_track_and_at_36_degrees(at, over):
    state = np.zeros((1, 6))
    state[0, ::2] = at
    assert DoublePole().terminal(state).tolist() == [over]


# ---- starts, fitness, teacher


def test_the_benchmarks_start_is_always_the_same_and_the_spread_starts_are_among_the_625():
    np.testing.assert_array_equal(DoublePole().initial(chance(1, 2)), [TILTED, TILTED])
    all_starts = double_pole.generalization_starts()
    assert len(np.unique(all_starts, axis=0)) == len(all_starts) == 625
    # the figures of Gruau, Whitley & Pyeatt 1996, at 5 % and at 75 %
    first = [0.05 * 4.32 - 2.16, 0.05 * 2.70 - 1.35, 0.05 * 0.12566304 - 0.06283152, 0.05 * 0.30019504 - 0.15009752]
    np.testing.assert_allclose(all_starts[0], [*first, 0, 0])
    assert (np.abs(all_starts - [0.75 * 4.32 - 2.16, 0, 0.25 * 0.12566304 - 0.06283152, 0, 0, 0]) < 1e-12).all(1).any()
    drawn = DoublePole(starts="spread").initial(chance(*range(100)))
    assert all((np.abs(all_starts - each) < 1e-12).all(1).any() for each in drawn)
    assert len(np.unique(drawn, axis=0)) > 60


NOTHING, DRIFTING, ALL = np.zeros(6), np.array([-1, 1, 1, 1, 1, 1]), np.ones(6)
"""Factors for the teacher's gains: it falls at once, runs off the track after 477 steps, or balances."""


def lived(robot, factors):
    """The states after each step `(steps, 6)` of one episode under a changed teacher, and its return."""
    state, states, earned = robot.initial(chance(0)), [], 0.0
    for _ in range(1000):
        action = robot.teacher(factors * robot.observation(state, chance(0)))
        before, state = state, robot.transition(state, action, chance(0))
        earned += robot.reward(before, action, state)[0]
        states.append(state[0, :6])
        if robot.terminal(state)[0]:
            break
    return np.array(states), earned


@pytest.mark.parametrize(("factors", "fails"), [(ALL, False), (DRIFTING, True)])
def test_the_return_under_damping_is_the_fitness_of_gruau_on_the_recorded_episode(factors, fails):
    states, earned = lived(DoublePole("damping"), factors)
    t = len(states) - fails  # the step that fell is not one that was balanced
    assert DoublePole().terminal(states).any() == fails
    assert t == (476 if fails else 1000)
    last = np.abs(states[t - 100 : t, :4]).sum()
    assert earned == pytest.approx(0.1 * t / 1000 + 0.9 * 0.75 / last, rel=1e-9)


def test_who_falls_within_a_hundred_steps_has_no_damping():
    states, earned = lived(DoublePole("damping"), NOTHING)
    assert len(states) < 100
    assert earned == pytest.approx(0.1 * (len(states) - 1) / 1000)


@pytest.mark.parametrize("factors", [NOTHING, DRIFTING])
def test_steps_are_counted_up_to_the_fall(factors):
    states, earned = lived(DoublePole(), factors)
    assert earned == len(states) - 1 == (~DoublePole().terminal(states)).sum()


def test_the_teacher_is_the_optimal_regulator_of_the_linearised_robot(monkeypatch):
    monkeypatch.setattr(double_pole, "CART_FRICTION", 0.0)  # its sign has no slope at rest
    step = 1e-6

    def after(state, push):
        return DoublePole().transition(state[None], np.array([[push]]), chance(0))[0]

    rest = np.zeros(6)
    a = np.stack([(after(step * way, 0) - after(-step * way, 0)) / (2 * step) for way in np.eye(6)], axis=1)
    b = ((after(rest, step) - after(rest, -step)) / (2 * step))[:, None]
    cost = solve_discrete_are(a, b, np.diag(SCALE**-2.0), np.eye(1))
    gains = np.linalg.solve(1 + b.T @ cost @ b, b.T @ cost @ a)[0] * SCALE
    np.testing.assert_allclose(GAINS, gains, rtol=1e-3)


def test_the_teacher_balances_and_chance_does_not():
    references = ControlTask("evorobo/DoublePole-v0", test_episodes=2).references()
    assert references["teacher"] == references["solved"] == 1000
    assert references["random"] < 100


# ---- the exam


def test_generalization_counts_the_starts_from_which_single_episodes_balance(monkeypatch):
    picked = double_pole.generalization_starts()[::89]
    ups = []
    for start in picked:
        state, up = start[None], True
        for _ in range(1000):
            push = DoublePole().teacher((state / SCALE).astype(np.float32)).astype(np.float32)
            state = DoublePole().transition(state, push.astype(float), chance(0))
            if DoublePole().terminal(state)[0]:
                up = False
                break
        ups.append(up)
    assert 0 < sum(ups) < len(ups)  # some of each: corners are hard
    monkeypatch.setattr(double_pole_exam, "generalization_starts", lambda: picked)
    assert generalization(TASK, regulator()) == sum(ups)


def test_who_falls_early_fails_the_exam_with_and_without_velocities():
    assert blind().spec.n_params == 21
    assert not solves(TASK, regulator(0.0))
    assert not solves(BLIND, blind())


@pytest.mark.parametrize(("long", "solved"), [(2000, True), (2001, False)])
def test_the_exam_asks_for_all_steps_and_only_without_velocities_for_200_starts(monkeypatch, long, solved):
    asked = []
    monkeypatch.setattr(double_pole_exam, "LONG", long)
    monkeypatch.setattr(double_pole_exam, "steps_balanced", lambda task, genome, steps: min(steps, 2000))
    monkeypatch.setattr(double_pole_exam, "generalization", lambda task, genome: asked.append(genome) or 200)
    assert (solves(TASK, regulator()), len(asked)) == (solved, 0)
    assert (solves(BLIND, blind()), len(asked)) == (solved, 1)
    monkeypatch.setattr(double_pole_exam, "generalization", lambda task, genome: 199)
    assert not solves(BLIND, blind())


def balances(task, genome):
    return steps_balanced(task, genome, 1000) == 1000


def test_cma_es_learns_to_balance_with_velocities_in_few_evaluations(tmp_path):
    task = ControlTask("evorobo/DoublePole-v0", validation_episodes=1, test_episodes=1)
    hidden = (Dense(6, bias=False), Output(bias=False))
    trial = Trial(task, Evolution(CMAES(0.6, 15)), Budget(episodes=900, n_evals=1), hidden, 0, (StopWhen(balances),))
    assert trial.spec.n_params == 42
    assert trial.run(tmp_path) == "finished"
    assert task.test(Genome.load(tmp_path / "genome.npz")) == 1000
