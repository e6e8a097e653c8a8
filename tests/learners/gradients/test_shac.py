"""Short-horizon actor-critic: its gradient with the value of what follows, its targets, its state, what it refuses."""

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import pytest
from toys import Bowl

from evorobo import (
    GRU,
    SGD,
    SHAC,
    Adam,
    AnalyticGradient,
    BatchNorm,
    ControlTask,
    Dense,
    Dropout,
    Genome,
    LearningError,
    NetworkSpec,
    Robot,
    SettingsError,
    TaskError,
    register,
)
from evorobo.learners.gradients.critic import discounts
from evorobo.learners.returns import td_lambda_targets
from evorobo.nets.before_tanh import log_tanh_slope
from evorobo.nets.passes import forward
from evorobo.testing import check_method


class Ledge(Robot):
    """A cart that falls off a ledge at 1.2 on both sides; sensors, motors and first states are noisy."""

    sensors, motors, max_steps = ("x", "v"), ("push", "turn"), 9

    def initial(self, rng):
        return rng.uniform(-1, 1, 2)

    def observation(self, state, rng):
        return np.sin(state) + rng.normal(0.1, 2)

    def transition(self, state, action, rng):
        x, v = state.T
        v = 0.9 * v + 0.5 * action[:, 0] * np.cos(action[:, 1]) + rng.normal(0.05, 1)[:, 0]
        return np.stack([x + 0.3 * v, v], axis=1)

    def reward(self, state, action, next_state):
        return 1 - np.square(next_state[:, 0]) - 0.1 * np.square(action).sum(1)

    def terminal(self, state):
        return np.abs(state[:, 0]) > 1.2


class Broken(Ledge):
    """A ledge whose rewards are roots of negative numbers."""

    def reward(self, state, action, next_state):
        return np.sqrt(next_state[:, 0])


register(Ledge, "shac/Ledge-v0")
register(Broken, "shac/Broken-v0")
LEDGE = ControlTask("shac/Ledge-v0", test_episodes=5)
SMALL = {"n_envs": 5, "horizon": 12, "critic": (6,), "critic_iterations": 2}


def start(method, task=LEDGE, hidden=(4,), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, getattr(task, "output", "identity"))
    return method.start(task, spec, np.random.default_rng(seed))


def objective(learner, window):
    """The objective of Xu et al. (2022), eq. 5, as its sums are written; where episodes end, the sum begins anew."""
    method, total = learner._method, 0.0
    steps, n_envs = window.rewards.shape
    values = learner._critic.values(window.last_observations, learner._observed.scaler)
    for env in range(n_envs):
        begin = 0
        for t in range(steps):
            reward = method.reward_scale * window.rewards[t, env] + method.entropy_coef * window.entropies[t, env]
            total += method.discount ** (t - begin) * reward
            terminated, truncated = window.terminated[t, env], window.truncated[t, env]
            if not terminated and (truncated or t == steps - 1):
                total += method.discount ** (t + 1 - begin) * values[t, env]
            if terminated or truncated:
                begin = t + 1
    return total / (steps * n_envs)


@pytest.mark.parametrize(
    ("task", "hidden", "settings"),
    [
        (LEDGE, (4,), {"discount": 0.9, "reward_scale": 0.3, "entropy_coef": 0.2}),
        (ControlTask("shac/Ledge-v0", normalize=True), (Dense(4, "elu"), BatchNorm(), Dropout(0.2)), {}),
        (ControlTask("evorobo/SwingUp-v0", max_steps=7), (4,), {"discount": 0.8}),
        (ControlTask("evorobo/Phototaxis-v0", max_steps=9, env_kwargs={"noise": 0.05}), (4,), {"n_envs": 2}),
    ],
    ids=["ends", "normalized", "swing-up", "noise"],
)
def test_the_gradient_of_a_window_agrees_with_differences_the_value_of_what_follows_included(task, hidden, settings):
    learner = start(SHAC(**{**SMALL, **settings}), task, hidden)
    for _ in range(2):  # the critic, the scalers and the running episodes are no longer those of the start
        learner.step(0.0)
    params, state = learner._params, deepcopy(learner.state())
    params = params + np.random.default_rng(1).normal(0, 0.3, params.shape)
    n_weights, method = learner._spec.n_params, learner._method

    def run(params):
        learner.restore(deepcopy(state))
        learner._params = params
        window = learner._windows.run(learner.genome, params[n_weights:], method.horizon, learner._rng)
        return objective(learner, window), window

    window = run(params)[1]
    assert window.truncated.any()
    assert window.terminated.any() == ("Ledge" in task.env)
    gradient = learner._gradient(window)
    width, wrong = 1e-6, []
    for number in range(len(params)):
        step = width * (np.arange(len(params)) == number)
        slope = (run(params + step)[0] - run(params - step)[0]) / (2 * width)
        if abs(gradient[number] - slope) > 1e-6 * (1 + abs(slope)):
            wrong.append((number, gradient[number], slope))
    assert not wrong, wrong
    assert np.abs(gradient[n_weights:]).min() > 0


# ---- targets


def published_targets(rewards, next_values, ended, discount, lam):
    """As in the code of Xu et al. (2022), SHAC.compute_target_values."""
    targets, ended = np.empty_like(rewards), ended.astype(float)
    ended[-1] = 1.0
    a = b = np.zeros(rewards.shape[1])
    weight = np.ones(rewards.shape[1])
    for i in reversed(range(len(rewards))):
        weight = weight * lam * (1 - ended[i]) + ended[i]
        a = (1 - ended[i]) * (lam * discount * a + discount * next_values[i] + (1 - weight) / (1 - lam) * rewards[i])
        b = discount * (next_values[i] * ended[i] + b * (1 - ended[i])) + rewards[i]
        targets[i] = (1 - lam) * a + weight * b
    return targets


def test_targets_are_those_of_the_published_code():
    rng = np.random.default_rng(0)
    rewards, values, ended = rng.normal(size=(12, 7)), rng.normal(size=(12, 7)), rng.random((12, 7)) < 0.25
    expected = published_targets(rewards, values, ended, 0.9, 0.7)
    np.testing.assert_allclose(td_lambda_targets(rewards, values, ended, 0.9, 0.7), expected, rtol=1e-12)


def test_targets_of_a_worked_example():
    # rewards 1, 2, 3, 4; a termination after the second step, whose value is 0, and 10 after the last
    rewards, values = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[5.0], [0.0], [8.0], [10.0]])
    ended = np.array([[False], [True], [False], [False]])
    # 4 + .5 * 10 = 9; 3 + .5 (.75 * 8 + .25 * 9) = 7.125; 2; 1 + .5 (.75 * 5 + .25 * 2) = 3.125
    found = td_lambda_targets(rewards, values, ended, 0.5, 0.25)
    np.testing.assert_array_equal(found.ravel(), [3.125, 2.0, 7.125, 9.0])
    one_step = td_lambda_targets(rewards, values, ended, 0.5, 0.0)
    np.testing.assert_array_equal(one_step, rewards + 0.5 * values)


def test_discounts_begin_anew_with_each_episode():
    ended = np.array([[False, True], [True, False], [False, False]])
    np.testing.assert_array_equal(discounts(ended, 0.5), [[1, 1], [0.5, 1], [1, 0.5]])


# ---- the run


@pytest.mark.parametrize(
    ("method", "task", "hidden"),
    [
        (SHAC(**SMALL), None, (8,)),
        (AnalyticGradient.shac(**SMALL), LEDGE, (4,)),
        (
            SHAC(SGD(0.01), Adam(), **SMALL, max_grad_norm=None, critic_minibatches=1, name="sgd"),
            ControlTask("Pendulum-v1", max_steps=7, normalize=True),
            (Dense(4, "identity"), BatchNorm(activation="relu"), Dropout(0.2)),
        ),
    ],
    ids=["wave", "ledge", "normalized"],
)
def test_it_keeps_the_contract_of_methods(method, task, hidden):
    check_method(method, task, hidden)


def test_episodes_go_on_from_window_to_window_and_their_costs_are_counted():
    learner = start(SHAC(**{**SMALL, "horizon": 4, "critic": (6,), "critic_minibatches": 2}), LEDGE)
    first = learner.step(0.0)
    envs = learner._windows._envs
    assert envs.clock.max() == 4
    for _ in range(4):
        learner.step(0.0)
    cost, spec, critic = learner.cost, learner._spec, learner._critic
    assert (cost.env_steps, cost.samples) == (5 * 4 * 5, 0)
    assert cost.episodes > 5 + 5
    # per window: the values of 20 observations, the gradients of the valued ones, 2 passes of the critic over 20 rows
    c = critic._spec
    fit = 5 * 2 * 20
    assert critic.cost.backward_flops >= fit * c.backward_flops
    assert critic.cost.forward_flops >= (fit + 5 * 20) * c.forward_flops
    assert cost.forward_flops == 100 * spec.forward_flops + critic.cost.forward_flops
    assert cost.update_flops > 0
    assert first.info["noise_sd"] == pytest.approx(np.exp(-1))


def test_the_logged_score_is_the_return_of_the_last_episodes():
    learner = start(SHAC(**{**SMALL, "n_envs": 3, "horizon": 5}))
    returns, running = [None] * 3, np.zeros(3)
    for _ in range(6):
        state = deepcopy(learner.state())
        window = learner._windows.run(learner.genome, learner._params[learner._spec.n_params :], 5, learner._rng)
        learner.restore(state)
        for t in range(5):
            running += window.rewards[t]
            for env in np.flatnonzero(window.terminated[t] | window.truncated[t]):
                returns[env], running[env] = running[env], 0.0
        expected = [now if last is None else last for last, now in zip(returns, running, strict=True)]
        assert learner.step(0.0).score == pytest.approx(np.mean(expected), rel=1e-12)


def test_the_solution_is_the_network_without_noise():
    learner = start(SHAC(**SMALL, initial_log_sd=-40.0))
    window = learner._windows.run(learner.genome, np.full(2, -40.0), 3, np.random.default_rng(0))
    seen = window.observations[0]
    np.testing.assert_allclose(
        np.tanh(forward(NetworkSpec.build(2, (4,), 2), learner.genome.weights, seen)), learner.genome(seen), rtol=1e-12
    )


def test_the_whole_gradient_is_shortened_and_the_target_critic_follows_slowly():
    settings = {**SMALL, "optimizer": SGD(1.0), "critic_optimizer": SGD(0.1)}
    steps = []
    for limit in (None, 1e-3):
        learner = start(SHAC(**settings, max_grad_norm=limit))
        params, target = learner._params, learner._critic._target
        norm = learner.step(0.0).info["grad_norm"]
        steps.append(learner._params - params)
        # all weights and standard deviations are shortened together, so the direction stays
        assert np.linalg.norm(steps[-1]) == pytest.approx(limit or norm, rel=1e-9)
        np.testing.assert_allclose(learner._critic._target, 0.4 * target + 0.6 * learner._critic._weights, rtol=1e-12)
    np.testing.assert_allclose(steps[1] / 1e-3, steps[0] / norm, rtol=1e-9)


def test_observations_are_scaled_by_those_of_earlier_windows():
    learner = start(SHAC(**SMALL), ControlTask("shac/Ledge-v0", normalize=True))
    run, seen = learner._windows.run, []

    def listening(genome, *args):
        window = run(genome, *args)
        seen.append((genome.input_scaler, window.observations.reshape(-1, 2)))
        return window

    learner._windows.run = listening
    for _ in range(3):
        learner.step(0.0)
    for number, (scaler, _) in enumerate(seen[1:], 1):
        earlier = np.concatenate([observations for _, observations in seen[:number]])
        np.testing.assert_allclose((scaler.mean, scaler.sd), (earlier.mean(0), earlier.std(0)), rtol=1e-9)
    assert seen[0][0] is None


def test_a_window_without_finite_gradient_changes_the_critic_only_and_is_counted():
    learner = start(SHAC(**SMALL))
    before, critic = learner.genome.weights, learner._critic._weights.copy()
    run = learner._windows.run

    def spoiled(*args):
        window = run(*args)
        return replace(window, gradient=lambda *grads: [grad * np.inf for grad in window.gradient(*grads)])

    learner._windows.run = spoiled
    result = learner.step(0.0)
    assert (result.info["dropped"], result.info["grad_norm"]) == (1, 0.0)
    np.testing.assert_array_equal(learner.genome.weights, before)
    assert not np.array_equal(learner._critic._weights, critic)


def test_weights_that_are_not_finite_end_learning_with_the_last_finite_ones():
    learner = start(SHAC(SGD(1e308), **{**SMALL, "max_grad_norm": None, "reward_scale": 1e3}))
    before = learner.genome.weights
    with pytest.raises(LearningError, match="learning diverged: the weights are no longer finite after 60 steps"):
        learner.step(0.0)
    np.testing.assert_array_equal(learner.genome.weights, before)


def test_it_starts_at_a_genome():
    cold = start(SHAC(**SMALL))
    genome = Genome(cold._spec, cold.genome.weights + 1)
    warm = start(SHAC(**SMALL, warm_start=genome))
    np.testing.assert_array_equal(warm.genome.weights, genome.weights)
    np.testing.assert_array_equal(warm._critic._weights, cold._critic._weights)  # later random numbers are the same


# ---- what is refused


@dataclass(frozen=True)
class Shaped(ControlTask):
    """A task with a score of its own."""

    def score(self, spec, weights, rng, input_scaler):
        return super().score(spec, weights, rng, input_scaler)


@pytest.mark.parametrize(
    ("task", "hidden", "error", "message"),
    [
        (ControlTask("CartPole-v1"), (4,), TaskError, "CartPole: no slope through the robot, by argmax"),
        (ControlTask("Pendulum-v1", env_kwargs={"g": 9.0}), (4,), TaskError, "Pendulum-v1 has no gradient: only"),
        (Bowl(), (4,), SettingsError, "bowl has no gradient over windows of steps; use Backprop or Evolution"),
        (Shaped("shac/Ledge-v0"), (4,), SettingsError, r"Shaped changes score\(\) but not return_windows\(\)"),
        (LEDGE, (GRU(3),), SettingsError, "shac learns networks without memory; leave the recurrent layers out"),
    ],
    ids=["moves", "foreign", "no robot", "own score", "memory"],
)
def test_a_task_or_network_that_does_not_fit_is_refused_at_the_start(task, hidden, error, message):
    with pytest.raises(error, match=message):
        start(SHAC(**SMALL), task, hidden)


@pytest.mark.parametrize("method", [SHAC(**SMALL), AnalyticGradient(episodes=2)])
def test_motors_that_are_all_saturated_at_the_start_are_named(method):
    cold = start(method)
    genome = Genome(cold._spec, 1e4 * (1 + np.abs(cold.genome.weights)))
    learner = start(replace(method, warm_start=genome))
    named = r"no slope left: motor 0 \(push\) and motor 1 \(turn\) are saturated in 100 % of the steps"
    with pytest.raises(LearningError, match=named):
        learner.step(0.0)
    np.testing.assert_array_equal(learner.genome.weights, genome.weights)


@pytest.mark.parametrize("method", [SHAC(**SMALL, initial_log_sd=-3.0), AnalyticGradient(episodes=2)])
def test_one_saturated_motor_of_two_has_its_own_column(method):
    cold = start(method)
    genome = Genome(cold._spec, np.append(np.zeros(cold._spec.n_params - 1), 40.0))  # the bias of "turn"
    info = start(replace(method, warm_start=genome)).step(0.0).info
    assert [info[name] for name in ("saturated", "saturated_0_push", "saturated_1_turn")] == [0.5, 0.0, 1.0]


def test_the_entropy_of_a_window_is_that_of_the_drawn_motor_values():
    learner = start(SHAC(**SMALL))
    log_sd = np.array([-0.5, 0.25])
    window = learner._windows.run(learner.genome, log_sd, 4, np.random.default_rng(0))
    # a normal number has .5 log(2 pi e) + log sd; a tanh adds the logarithm of its slope, 1 - action ** 2
    actions = np.stack([inputs[:, 2:4] for inputs in learner._windows._rows.inputs])
    expected = (0.5 * np.log(2 * np.pi * np.e) + log_sd + np.log(1 - np.square(actions))).sum(-1)
    np.testing.assert_allclose(window.entropies, expected, rtol=1e-12)
    np.testing.assert_allclose(
        log_tanh_slope(np.array([-400.0, 0.0, 400.0])), [2 * np.log(2) - 800, 0, 2 * np.log(2) - 800]
    )


def test_entropy_frees_a_saturated_motor_that_rewards_leave_where_it_is():
    spec, shares = start(SHAC(**SMALL))._spec, []
    genome = Genome(spec, np.append(np.zeros(spec.n_params - 1), 5.0))  # tanh(5) = .9999, with a slope of .0002
    for coef in (0.0, 0.05):
        learner = start(SHAC(SGD(1.0), **SMALL, initial_log_sd=-3.0, entropy_coef=coef, warm_start=genome))
        shares.append([learner.step(0.0).info["saturated_1_turn"] for _ in range(25)])
    assert set(shares[0]) == {1.0}
    assert (shares[1][0], shares[1][-1]) == (1.0, 0.0)
    # the slope of the entropy is -2 tanh(5) a step, weighed by discounts: 5 is left by about .05 * 2 in a window
    assert learner.genome.weights[-1] < 5 - 25 * 0.05 * 2 * 0.7


def test_compiled_windows_are_refused_in_a_sentence():
    with pytest.raises(SettingsError, match=r"shac has no compiled=True: .* take AnalyticGradient\(compiled=True\)"):
        AnalyticGradient.shac(compiled=True)
    assert AnalyticGradient.shac(compiled=False) == AnalyticGradient.shac()


def test_another_last_layer_is_refused():
    spec = NetworkSpec(2, (Dense(2, "sigmoid"),))
    with pytest.raises(SettingsError, match="exploration is added before the tanh of the last layer, which is Dense"):
        SHAC(**SMALL).start(LEDGE, spec, np.random.default_rng(0))


def test_a_reward_that_is_not_a_number_is_reported():
    with pytest.raises(TaskError, match=r"shac/Broken-v0 returned rewards with nan at step \d"):
        start(SHAC(**SMALL), ControlTask("shac/Broken-v0")).step(0.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_envs": 0}, "n_envs must be a whole number of at least 1"),
        ({"horizon": 0}, "horizon must be a whole number of at least 1"),
        ({"td_lambda": 1.5}, "td_lambda must be a number from 0 to 1"),
        ({"target_decay": 1.0}, "target_decay must be a number of at least 0 and below 1"),
        ({"entropy_coef": -0.1}, "entropy_coef must be a number of at least 0"),
        ({"reward_scale": 0.0}, "reward_scale must be a number above 0"),
        ({"critic": (0,)}, "critic"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        SHAC(**settings)
