"""AnalyticGradient: its contract, what it drops and shortens, what it costs, what it refuses, and that it learns."""

from dataclasses import dataclass

import numpy as np
import pytest
from toys import Bowl

from evorobo import (
    GRU,
    SGD,
    Adam,
    AnalyticGradient,
    BatchNorm,
    ControlTask,
    Dense,
    Dropout,
    LearningError,
    NetworkSpec,
    Robot,
    SettingsError,
    TaskError,
    register,
)
from evorobo.learners.gradients.analytic import gradient_norms, shorten
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import ReturnGradients
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.testing import check_method

SHORT = ControlTask("evorobo/Phototaxis-v0", max_steps=30, test_episodes=5)


def start(method, task=SHORT, hidden=(4,), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, getattr(task, "output", "identity"))
    return method.start(task, spec, np.random.default_rng(seed))


@pytest.mark.parametrize(
    "method",
    [
        AnalyticGradient(),
        AnalyticGradient(Adam(0.01), episodes=3, horizon=5, discount=0.9, max_grad_norm=None),
        AnalyticGradient(SGD(0.05), clipping="mean", action_noise=0.1, name="noisy"),
    ],
    ids=lambda method: method.name,
)
def test_it_keeps_the_contract_of_methods(method):
    check_method(method)


@pytest.mark.parametrize(
    ("task", "hidden"),
    [
        (SHORT, (4,)),
        (ControlTask("evorobo/Phototaxis-v0", max_steps=20, normalize=True), (GRU(3),)),
        (ControlTask("Pendulum-v1", max_steps=20), (Dense(4, "identity"), BatchNorm(activation="relu"), Dropout(0.2))),
    ],
    ids=["plain", "normalized", "layers"],
)
def test_runs_on_robots_are_resumed_byte_for_byte(task, hidden):
    check_method(AnalyticGradient(episodes=2, action_noise=0.05), task, hidden)


@dataclass(frozen=True)
class Listed(Bowl):
    """A bowl whose episodes have the gradients of a list."""

    gradients: tuple[tuple[float, ...], ...] = ()

    def return_gradient(self, **settings):
        def differentiate(genome, n_episodes, rng):
            found = np.array(self.gradients)
            return ReturnGradients(np.arange(len(found), dtype=float), found, Cost(env_steps=10, episodes=len(found)))

        return differentiate


def moved(gradients, **settings):
    """The learner after one step with these gradients, and how its weights changed."""
    learner = start(AnalyticGradient(SGD(1.0), **settings), Listed(gradients=gradients), ())
    before = learner.genome.weights
    result = learner.step(0.0)
    return learner, result, learner.genome.weights - before


LONG, SMALL = (30.0, 40.0, 0.0), (0.0, 0.1, 0.2)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"max_grad_norm": None}, [15.0, 20.05, 0.1]),
        ({"max_grad_norm": 1.0}, [0.3, 0.45, 0.1]),
        ({"max_grad_norm": 1.0, "clipping": "mean"}, np.array([15.0, 20.05, 0.1]) / np.linalg.norm([15.0, 20.05, 0.1])),
        ({"max_grad_norm": 100.0}, [15.0, 20.05, 0.1]),
    ],
)
def test_gradients_are_climbed_and_shortened_as_the_settings_say(settings, expected):
    learner, result, step = moved((LONG, SMALL), **settings)
    np.testing.assert_allclose(step, expected, rtol=1e-12)
    assert result.score == 0.5
    assert result.info["dropped"] == 0
    assert result.info["grad_norm"] == pytest.approx((50 + np.hypot(0.1, 0.2)) / 2)
    assert (learner.cost.env_steps, learner.cost.episodes) == (10, 2)
    assert learner.cost.update_flops > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_episodes_without_a_finite_gradient_are_left_out_and_counted(bad):
    learner, result, step = moved((LONG, (0.0, bad, 1.0), SMALL, (bad, bad, bad)), max_grad_norm=1.0)
    np.testing.assert_allclose(step, [0.3, 0.45, 0.1], rtol=1e-12)
    assert result.info["dropped"] == 2
    assert learner.step(0.0).info["dropped"] == 4


def test_a_step_in_which_every_episode_is_dropped_changes_nothing_but_the_cost():
    learner, result, step = moved(((np.nan, 0.0, 0.0),))
    assert not step.any()
    assert (result.info["dropped"], result.info["grad_norm"]) == (1, 0.0)
    assert (learner.cost.env_steps, learner.cost.update_flops) == (10, 0)


def test_huge_gradients_keep_their_direction():
    huge = np.array([[3e200, 4e200], [0.0, 0.0], [3e-200, 4e-200]])
    norms = gradient_norms(huge)
    np.testing.assert_allclose(norms, [5e200, 0.0, 5e-200])
    np.testing.assert_allclose(shorten(huge, norms, 1.0), [[0.6, 0.8], [0.0, 0.0], [3e-200, 4e-200]])


def test_weights_that_are_not_finite_end_learning_with_the_last_finite_ones():
    learner = start(AnalyticGradient(SGD(1e308), max_grad_norm=None), Listed(gradients=((1e308, 0.0, 0.0),)), ())
    before = learner.genome.weights
    with pytest.raises(
        LearningError, match=r"learning diverged: the weights are no longer finite after 0 steps; try a "
    ):
        learner.step(0.0)
    np.testing.assert_array_equal(learner.genome.weights, before)


def test_the_logged_score_is_that_of_the_plain_episodes_and_the_cost_that_of_the_differentiated_ones():
    learner = start(AnalyticGradient(episodes=5))
    genome, spec = learner.genome, learner.genome.spec
    seeds = np.random.default_rng(0)
    spec.init(seeds)
    expected = SHORT._run_genome(genome, seeds.integers(TRAIN, VALIDATION, 5)).returns.mean()
    assert learner.step(0.0).score == expected
    cost = learner.cost
    assert (cost.env_steps, cost.episodes, cost.samples) == (150, 5, 0)
    assert cost.forward_flops == 150 * spec.forward_flops
    # the gradient of the sensors is part of the backward pass: it passes on to the robot
    assert cost.backward_flops == 150 * 2 * spec.forward_flops


def test_normalized_observations_are_scaled_by_those_of_earlier_steps():
    learner = start(AnalyticGradient(episodes=2), ControlTask("evorobo/Phototaxis-v0", max_steps=30, normalize=True))
    assert learner.genome.input_scaler is None
    learner.step(0.0)
    first = learner.genome.input_scaler
    assert (first.mean > 0).all()
    assert (first.mean < 1).all()
    learner.step(0.0)
    assert not np.array_equal(learner.genome.input_scaler.mean, first.mean)
    assert learner._observed.count == 2 * 2 * 30


# ---- what is refused


@dataclass(frozen=True)
class Shaped(ControlTask):
    """A task with a score of its own."""

    def score(self, spec, weights, rng, input_scaler):
        return super().score(spec, weights, rng, input_scaler)


class Rail(Robot):
    """A cart on a rail whose reward is exchanged in the tests."""

    sensors, motors, max_steps = ("x",), ("push",), 20

    def initial(self, rng):
        return rng.uniform(-1, 1, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + 0.1 * action

    def reward(self, state, action, next_state):
        return np.sqrt(-np.abs(next_state[:, 0]))


register(Rail, "analytic/Rail-v0")


@pytest.mark.parametrize(
    ("task", "error", "message"),
    [
        (
            ControlTask("CartPole-v1"),
            TaskError,
            "CartPole: no slope through the robot, by argmax, which chooses a move",
        ),
        (ControlTask("evorobo/Predator-v0"), TaskError, "Predator: no slope through the robot, by np.less_equal in "),
        (ControlTask("Pendulum-v1", env_kwargs={"g": 9.0}), TaskError, "Pendulum-v1 has no gradient: only vectorized"),
        (Bowl(), SettingsError, "bowl has no gradient of its score; use Backprop or Evolution"),
        (Shaped("evorobo/Phototaxis-v0"), SettingsError, r"Shaped changes score\(\) but not return_gradient\(\)"),
    ],
    ids=["moves", "events", "foreign", "no robot", "own score"],
)
def test_a_task_without_gradient_is_refused_at_the_start(task, error, message):
    with pytest.raises(error, match=message):
        start(AnalyticGradient(), task)


def test_a_reward_that_is_not_a_number_is_reported():
    with (
        np.errstate(all="ignore"),
        pytest.raises(TaskError, match="analytic/Rail-v0 returned rewards with nan at step 1"),
    ):
        start(AnalyticGradient(), ControlTask("analytic/Rail-v0")).step(0.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"episodes": 0}, "episodes must be a whole number of at least 1"),
        ({"horizon": 0}, "horizon must be a whole number of at least 1"),
        ({"discount": 0.0}, "discount must be a number above 0"),
        ({"discount": 1.5}, "discount must be a number above 0 and at most 1"),
        ({"max_grad_norm": -1.0}, "max_grad_norm must be a number above 0"),
        ({"clipping": "episodes"}, 'clipping must be "episode" or "mean", not \'episodes\''),
        ({"action_noise": -0.1}, "action_noise must be a number of at least 0"),
        ({"action_noise": np.nan}, "action_noise must be a finite number of at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        AnalyticGradient(**settings)


# ---- learning


def test_it_finds_the_top_of_a_hill_without_noise():
    @dataclass(frozen=True)
    class Hill(Bowl):
        def return_gradient(self, **settings):
            def differentiate(genome, n_episodes, rng):
                values = np.full(n_episodes, -np.square(genome.weights - 1).sum())
                return ReturnGradients(values, np.tile(2 * (1 - genome.weights), (n_episodes, 1)), Cost(env_steps=1))

            return differentiate

    learner = start(AnalyticGradient(SGD(0.1)), Hill(), ())
    for _ in range(300):
        learner.step(0.0)
    np.testing.assert_allclose(learner.genome.weights, 1.0, atol=1e-6)


@pytest.mark.slow
def test_a_robot_learns_to_find_the_lamp_without_a_teacher():
    # CMA-ES scores about 47 with as many steps
    task, scores = ControlTask("evorobo/Phototaxis-v0"), []
    for seed in range(2):
        learner = start(AnalyticGradient(), task, (8,), seed)
        assert task.test(learner.genome) < 20
        for _ in range(65):
            learner.step(0.0)
        assert learner.cost.env_steps == 104_000
        scores.append(task.test(learner.genome))
    assert min(scores) > 55, scores
