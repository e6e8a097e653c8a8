"""PPO: its loss and gradient, its advantages, ratios of 1, memory, state, costs, and what it refuses."""

import json

import gymnasium
import numpy as np
import pytest
from record_ppo_reference import ACTOR, CRITIC, FILE, N_INPUTS, N_MOTORS, ROWS, SETTINGS, VALUE_COEF, problem

from evorobo import (
    A2C,
    GRU,
    LSTM,
    PPO,
    Adam,
    BatchNorm,
    Budget,
    ControlTask,
    DatasetTask,
    Dense,
    Dropout,
    Elman,
    LearningError,
    NetworkSpec,
    Robot,
    SettingsError,
    Stage,
    Stages,
    TaskError,
    register,
)
from evorobo.learners.policy_gradients.distributions import Categorical, Gaussian
from evorobo.learners.policy_gradients.policy_model import Batch, LossSettings, PolicyModel
from evorobo.learners.policy_gradients.rollout import Rollout, rollout_values, run_rollout
from evorobo.learners.returns import td_lambda_targets
from evorobo.testing import check_method, methods


class Cliff(Robot):
    """A cart that falls off a cliff at 1.1 on both sides, with two motors; sensors are noisy."""

    sensors, motors, max_steps = ("x", "v"), ("push", "turn"), 7

    def initial(self, rng):
        return rng.uniform(-1, 1, 2)

    def observation(self, state, rng):
        return 3 + 2 * state + rng.normal(0.1, 2)

    def transition(self, state, action, rng):
        x, v = state.T
        v = 0.9 * v + 0.6 * action[:, 0] * np.cos(action[:, 1])
        return np.stack([x + 0.3 * v, v], axis=1)

    def reward(self, state, action, next_state):
        return 1 - np.square(next_state[:, 0])

    def terminal(self, state):
        return np.abs(state[:, 0]) > 1.1


class Broken(Cliff):
    """A cliff whose rewards are roots of negative numbers."""

    def reward(self, state, action, next_state):
        return np.sqrt(next_state[:, 0])


class Camera(gymnasium.Env):
    """An environment that shows images."""

    observation_space = gymnasium.spaces.Box(0, 255, (8, 8, 3), np.uint8)
    action_space = gymnasium.spaces.Discrete(2)


class Buttons(gymnasium.Env):
    """The reward is 1 for each button that is pressed where the observation is 1, and not where it is 0."""

    observation_space = gymnasium.spaces.MultiBinary(3)
    action_space = gymnasium.spaces.MultiBinary(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.shown = self.np_random.integers(0, 2, 3).astype(np.int8)
        return self.shown, {}

    def step(self, action):
        reward = float((action == self.shown).sum())
        self.shown = self.np_random.integers(0, 2, 3).astype(np.int8)
        return self.shown, reward, False, False, {}


class Endless(Buttons):
    """The same without a limit of time."""


register(Cliff, "ppo/Cliff-v0")
register(Broken, "ppo/Broken-v0")
gymnasium.register("ppo/Camera-v0", Camera, max_episode_steps=5)
gymnasium.register("ppo/Buttons-v0", Buttons, max_episode_steps=6)
gymnasium.register("ppo/Endless-v0", Endless)
CLIFF = ControlTask("ppo/Cliff-v0", test_episodes=5)
SMALL = {"n_envs": 4, "n_steps": 12, "n_epochs": 2, "batch_size": 16, "critic": (6,)}


def start(method, task=CLIFF, hidden=(4,), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return method.start(task, spec, np.random.default_rng(seed))


# ---- the loss


@pytest.mark.parametrize("name", SETTINGS)
def test_loss_and_gradient_are_those_of_pytorch(name):
    settings, given = SETTINGS[name], problem(name)
    expected = json.loads(FILE.read_text())[name]
    choices = settings["choices"]
    actor = NetworkSpec.build(N_INPUTS, ACTOR, sum(choices) or N_MOTORS)
    critic = NetworkSpec.build(N_INPUTS, CRITIC, 1)
    model = PolicyModel(actor, critic, Categorical(choices) if choices else Gaussian(N_MOTORS), None)
    model.params[:] = np.concatenate([given["actor"], given["log_sd"], given["critic"]])
    rows = np.arange(ROWS)
    arrays = {key: given[key][:, None] for key in ("inputs", "samples", "values", "advantages", "targets")}
    old = np.array(expected["old_log_probs"])[:, None]
    batch = Batch(sequences=rows, starts=np.zeros((ROWS, 1), bool), log_probs=old, **arrays)
    others = settings["clip_range"], settings["clip_range_vf"], True, settings["entropy_coef"], VALUE_COEF
    loss = model.loss(batch, LossSettings(*others))
    np.testing.assert_allclose(model.gradient, expected["gradient"], rtol=1e-10, atol=1e-12)
    shown = {"total": "loss", "policy": "policy_loss", "value": "value_loss"}
    for field, value in loss._asdict().items():
        assert value == pytest.approx(expected[shown.get(field, field)], rel=1e-10, abs=1e-13), field
    assert 0 < loss.clip_fraction < 1


def test_choices_are_drawn_by_the_softmax():
    outputs = np.log(np.tile([0.2, 0.5, 0.3, 0.9, 0.1], (40_000, 1)))
    samples = Categorical((3, 2)).sample(outputs + 7, np.empty(0), np.random.default_rng(0))
    shares = [*np.bincount(samples[:, 0]) / len(samples), *np.bincount(samples[:, 1]) / len(samples)]
    np.testing.assert_allclose(shares, [0.2, 0.5, 0.3, 0.9, 0.1], atol=0.01)
    # a choice of probability 0 is never taken, also where the random number is 0
    assert (Categorical((2,)).sample(np.tile([-1e9, 0.0], (50, 1)), np.empty(0), Zeros()) == 1).all()


class Zeros:
    def random(self, shape):
        return np.zeros(shape)


# ---- advantages


def test_advantages_of_a_worked_example_with_a_termination_and_a_limit_of_time():
    # row 0 terminates at step 1; row 1 is cut by its limit at step 0; both go on after the last step
    critic = NetworkSpec.build(1, (), 1)
    model = PolicyModel(critic, critic, Gaussian(1), None)
    model.critic_weights[:] = [1.0, 0.0]  # the value of an observation is the observation
    observations = np.array([[1.0, 2.0], [3.0, 5.0], [2.0, 4.0]])[..., None]
    last = np.array([[3.0, 6.0], [9.0, 4.0], [1.0, 3.0]])[..., None]
    never = np.zeros((3, 2), bool)
    terminated, truncated = never.copy(), never.copy()
    terminated[1, 0] = truncated[0, 1] = True
    rewards = np.array([[1.0, 2.0], [0.5, 1.0], [2.0, 0.0]])
    rollout = Rollout(observations, observations, observations, last, rewards, terminated, truncated)
    values, next_values, n_passes = rollout_values(rollout, model.critic, None)
    assert n_passes == 6 + 3
    advantages = td_lambda_targets(rewards, next_values, rollout.ended, 0.5, 0.8) - values
    # row 0: A1 = .5 - 3 = -2.5; A0 = 1 + .5 * 3 - 1 + .4 A1 = .5; A2 = 2 + .5 * 1 - 2 = .5
    # row 1: A0 = 2 + .5 * 6 - 2 = 3; A2 = 0 + .5 * 3 - 4 = -2.5; A1 = 1 + .5 * 4 - 5 + .4 A2 = -3
    np.testing.assert_allclose(advantages, [[0.5, 3.0], [-2.5, -3.0], [0.5, -2.5]], rtol=1e-14)


# ---- ratios and gradients


BUTTONS = ControlTask("ppo/Buttons-v0", test_episodes=5)
NETWORKS = {
    "motors": (CLIFF, (4,), (6,)),
    "buttons": (BUTTONS, (4,), (6,)),
    "normalized": (ControlTask("ppo/Cliff-v0", normalize=True), (Dense(4, "elu"), BatchNorm(), Dropout(0.3)), (6,)),
    "memory": (CLIFF, (GRU(3), Elman(3)), (LSTM(2),)),
    "memory of the critic": (BUTTONS, (4,), (Elman(3), BatchNorm())),
}


def next_batch(learner):
    """The batch of a rollout after some steps of learning."""
    method, model = learner._method, learner._model
    for _ in range(2):
        learner.step(0.0)
    scaler = learner.genome.input_scaler
    rollout = run_rollout(
        learner._envs, model.actor, model.distribution, model.log_sd, scaler, method.n_steps, learner._rng
    )
    values, next_values, _ = rollout_values(rollout, model.critic, scaler)
    targets = td_lambda_targets(rollout.rewards, next_values, rollout.ended, method.discount, method.gae_lambda)
    inputs = scaler.transform(rollout.observations) if scaler else rollout.observations
    assert rollout.truncated.any()
    assert rollout.terminated.any() == (learner._envs.bounded)
    return learner._batch(rollout, inputs, values, targets), rollout


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_first_ratio_is_1_and_the_gradient_agrees_with_differences(kind):
    task, hidden, critic = NETWORKS[kind]
    learner = start(PPO(**{**SMALL, "critic": critic, "entropy_coef": 0.1}, optimizer=Adam(0.01)), task, hidden)
    batch, _ = next_batch(learner)
    model, settings = learner._model, learner._loss_settings
    minibatch = next(iter(batch.minibatches(24, np.random.default_rng(1))))
    assert minibatch.n_rows == 24
    outputs = model.actor.forward(minibatch.inputs, minibatch.starts, minibatch.sequences)
    again = model.distribution.evaluate(outputs, model.log_sd, minibatch.samples.reshape(24, -1)).log_probs
    np.testing.assert_allclose(np.exp(again - minibatch.log_probs.ravel()), 1, rtol=1e-12)
    values = model.critic.forward(minibatch.inputs, minibatch.starts, minibatch.sequences)[:, 0]
    np.testing.assert_allclose(values, minibatch.values.ravel(), rtol=1e-12, atol=1e-12)

    model.params += np.random.default_rng(2).normal(0, 0.25, model.params.shape)  # some ratios are clipped now
    assert 0 < model.loss(minibatch, settings).clip_fraction < 1
    gradient, first, width = model.gradient.copy(), model.params.copy(), 1e-6
    for number in range(len(first)):
        sides = []
        for side in (-width, width):
            model.params[:] = first
            model.params[number] += side
            sides.append(model.loss(minibatch, settings).total)
        slope = (sides[1] - sides[0]) / (2 * width)
        assert abs(gradient[number] - slope) < 2e-6 * (1 + abs(slope)), number


def test_the_noise_free_action_is_the_genomes_and_noise_is_drawn_before_the_tanh():
    learner = start(PPO(**SMALL, initial_log_sd=-20.0))
    _, rollout = next_batch(learner)
    actions = np.tanh(rollout.samples)
    np.testing.assert_allclose(
        actions, learner.genome(rollout.observations.reshape(-1, 2)).reshape(actions.shape), atol=1e-6
    )


# ---- the method as a whole


@pytest.mark.parametrize(
    ("method", "task", "hidden"),
    [
        (PPO(Adam(0.02), n_envs=16, n_steps=4, n_epochs=2, batch_size=None, critic=(8,), discount=0.1), None, (8,)),
        (A2C(n_envs=4, critic=(6,), normalize_rewards=True), ControlTask("ppo/Cliff-v0", normalize=True), (4,)),
        (PPO(**{**SMALL, "critic": (Elman(3),), "n_steps": 4}, clip_range_vf=0.2, target_kl=0.01), CLIFF, (GRU(3),)),
        (PPO(**SMALL, entropy_coef=0.01, normalize_advantage=False), BUTTONS, (4,)),
        (PPO(**{**SMALL, "critic": (LSTM(3),), "n_steps": 4}, dtype="float32"), CLIFF, (BatchNorm(), GRU(3))),
    ],
    ids=["learns", "a2c", "memory", "objects", "single precision"],
)
def test_runs_repeat_and_continue_bit_for_bit(method, task, hidden):
    if task is None:
        check_method(method)
        return
    methods._check_runs(methods._Setup(method, task, hidden))


def test_it_learns_which_buttons_to_press():
    learner = start(PPO(Adam(0.02), n_envs=8, n_steps=18, n_epochs=5, critic=(8,), discount=0.1), BUTTONS, ())
    for step in range(15):
        result = learner.step(step / 15)
    assert BUTTONS.test(learner.genome) == 18.0  # 6 steps, 3 buttons
    assert 15 < result.score < 18


def test_costs_are_counted_by_hand():
    learner = start(PPO(n_envs=3, n_steps=7, n_epochs=2, batch_size=10, critic=(5,)))
    learner.step(0.0)
    cost, model = learner.cost, learner._model
    actor, critic = model.actor.spec, model.critic.spec
    assert (actor.forward_flops, critic.forward_flops) == (2 * (2 * 4 + 4 * 2), 2 * (2 * 5 + 5))
    n_steps, n_params = 21, 2 * 4 + 4 + 4 * 2 + 2 + 2 + 2 * 5 + 5 + 5 + 1
    assert (cost.env_steps, len(model.params)) == (n_steps, n_params)
    ends = cost.episodes - 3
    assert ends >= 3
    bootstrapped = cost.forward_flops - 3 * n_steps * (actor.forward_flops + critic.forward_flops)
    assert 0 <= bootstrapped <= (ends + 3) * critic.forward_flops
    assert bootstrapped % critic.forward_flops == 0
    assert cost.backward_flops == 2 * n_steps * (actor.backward_flops + critic.backward_flops)
    assert cost.update_flops == 2 * 3 * (10 + 4) * n_params  # minibatches of 10, 10 and 1; Adam and the norm
    assert cost.robot_flops == n_steps * CLIFF.env_spec.step_flops > 0
    assert cost.samples == 0


def test_a_divergence_limit_ends_the_passes_and_schedules_scale_the_steps():
    free, limited = (start(PPO(Adam(0.05), **SMALL, target_kl=kl)) for kl in (None, 1e-6))
    free.step(0.0)
    limited.step(0.0)
    assert limited.cost.update_flops < free.cost.update_flops
    frozen = start(PPO(**SMALL))
    before = frozen.genome.weights
    frozen.step(1.0)  # at the end of the budget the learning rate is 0
    assert np.array_equal(frozen.genome.weights, before)


def test_the_size_of_the_first_noise_and_orthogonal_weights():
    cold = start(PPO(**SMALL))
    warm = start(PPO(**SMALL, warm_start=cold.genome, orthogonal=True))
    assert cold._model.log_sd.tolist() == [0, 0]
    assert warm._model.log_sd.tolist() == [-1, -1]
    assert np.array_equal(warm.genome.weights, cold.genome.weights)
    assert start(PPO(**SMALL, warm_start=cold.genome, initial_log_sd=-2.5))._model.log_sd.tolist() == [-2.5, -2.5]
    learner = start(PPO(**SMALL, orthogonal=True), hidden=(5,))
    spec, model = learner.genome.spec, learner._model
    (first, last), (_, value) = spec.unpack(learner.genome.weights), model.critic.spec.unpack(model.critic_weights)
    np.testing.assert_allclose(first["weight"] @ first["weight"].T, 2 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(last["weight"].T @ last["weight"], 1e-4 * np.eye(2), atol=1e-14)
    np.testing.assert_allclose(value["weight"].T @ value["weight"], [[1]], rtol=1e-12)
    assert not first["bias"].any()


def test_statistics_of_observations_change_between_rollouts_only():
    learner = start(PPO(**SMALL), ControlTask("ppo/Cliff-v0", normalize=True))
    assert learner.genome.input_scaler is None
    learner.step(0.0)
    count = learner.genome.observation_moments.count
    scaler = learner.genome.input_scaler
    assert count == 48
    np.testing.assert_allclose(scaler.mean, 3, atol=1)
    batch, rollout = next_batch(learner)
    flat = (rollout.observations - learner.genome.input_scaler.mean) / learner.genome.input_scaler.sd
    np.testing.assert_allclose(batch.inputs.reshape(flat.shape), flat, rtol=1e-12)


def test_critic_and_noise_go_from_one_ppo_to_the_next_of_stages_if_they_fit():
    limit = Budget(generations=2)
    first, then = PPO(Adam(0.01), **SMALL, normalize_rewards=True), A2C(critic=(6,), normalize_rewards=True)
    other = PPO(**{**SMALL, "critic": (7,)})
    learner = start(Stages(Stage(first, limit), Stage(then, limit), Stage(other, limit), Stage(first)))
    inner = []
    for _ in range(7):
        learner.step(0.0)
        if learner._learner not in inner:
            inner.append(learner._learner)
    ppo, a2c, fresh, again = inner
    assert np.abs(ppo._model.log_sd).max() > 1e-3
    # a step of RMSprop without a mean square before it is 10 times the learning rate
    np.testing.assert_allclose(a2c._model.log_sd, ppo._model.log_sd, atol=0.05)
    np.testing.assert_allclose(a2c._model.critic_weights, ppo._model.critic_weights, atol=0.05)
    assert a2c._reward_scale.observed.count > ppo._reward_scale.observed.count == 96
    np.testing.assert_allclose(fresh._model.log_sd, a2c._model.log_sd, atol=0.01)
    assert np.abs(again._model.critic_weights - ppo._model.critic_weights).max() > 0.1


def test_stages_repeat_and_continue_bit_for_bit():
    method = Stages(Stage(PPO(**SMALL), Budget(generations=4)), PPO(**SMALL))
    methods._check_runs(methods._Setup(method, CLIFF, (4,)))


# ---- refusals


def test_what_cannot_be_learned_is_refused_in_one_sentence():
    x = np.random.default_rng(0).normal(size=(30, 2))
    data = DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")
    with pytest.raises(SettingsError, match=r"sum has no environments to step in; use Backprop or Evolution"):
        PPO().start(data, NetworkSpec.build(2, (), 1), np.random.default_rng(0))
    with pytest.raises(SettingsError, match="this environment shows images"):
        start(PPO(), ControlTask("ppo/Camera-v0"))
    with pytest.raises(SettingsError, match="has no limit of steps; give the task max_steps"):
        start(PPO(), ControlTask("ppo/Endless-v0"))
    with pytest.raises(TaskError, match="returned rewards with nan at step 1"):
        start(PPO(**SMALL), ControlTask("ppo/Broken-v0")).step(0.0)
    with pytest.raises(SettingsError, match="exploration is added before the tanh of the last layer"):
        PPO().start(CLIFF, NetworkSpec.build(2, (4,), 2), np.random.default_rng(0))
    with pytest.raises(SettingsError, match="ppo spends none of samples on cliff"):
        PPO().check_budget(CLIFF, Budget(samples=100))
    learner = start(PPO(Adam(1e300), **SMALL, max_grad_norm=None))
    with pytest.raises(LearningError, match=r"learning diverged: .* after 48 steps"):  # of the lost rollout, too
        learner.step(0.0)
    assert learner.cost.env_steps == 48
    assert learner.cost.update_flops > 0
    assert np.isfinite(learner.genome.weights).all()
