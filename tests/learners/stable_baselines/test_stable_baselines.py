"""`StableBaselines`: its genome acts as the policy of the library does, and runs repeat, continue and are counted."""

from dataclasses import replace

import numpy as np
import pytest

from evorobo import (
    Adam,
    Backprop,
    BatchNorm,
    Budget,
    ControlTask,
    Dense,
    Genome,
    LearningError,
    Linear,
    NetworkSpec,
    ReduceOnPlateau,
    SettingsError,
    StableBaselines,
    Stage,
    Stages,
    import_genome,
)
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.study import checkpoint
from evorobo.tasks.control.spaces import DiscreteDecoder, decoder_of
from evorobo.testing.common import forbid_global_rng

OFF_POLICY = {"learning_starts": 5, "batch_size": 8, "buffer_size": 24}
RUNS = {
    "PPO": ("Pendulum-v1", StableBaselines("PPO", {"n_steps": 16, "batch_size": 16, "n_epochs": 2}, n_envs=2)),
    "A2C": ("Acrobot-v1", StableBaselines("A2C")),
    "DQN": (
        "CartPole-v1",
        StableBaselines("DQN", {**OFF_POLICY, "target_update_interval": 12}, schedule=ReduceOnPlateau(0.5, patience=0)),
    ),
    "SAC": ("Pendulum-v1", StableBaselines("SAC", OFF_POLICY)),
    "TD3": ("Pendulum-v1", StableBaselines("TD3", OFF_POLICY, n_envs=2, action_noise=0.1)),
    "DDPG": ("MountainCarContinuous-v0", StableBaselines("DDPG", OFF_POLICY, action_noise=0.2)),
}
STEPS = 14
SPEC = NetworkSpec.build(3, (8,), 1, "tanh")
TANH = Genome(SPEC, np.zeros(SPEC.n_params))


def make_task(env, **settings):
    return ControlTask(env, max_steps=9, test_episodes=4, **settings)


def start(method, task, hidden=(8, 8), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return method.start(task, spec, np.random.default_rng(seed))


def run(learner, steps=STEPS):
    """The results of some steps, with the weights after each."""
    return [(learner.step(0.0), learner.genome.weights.tobytes(), learner.cost) for _ in range(steps)]


@pytest.mark.parametrize("name", RUNS)
def test_the_genome_acts_as_the_policy_does_without_noise(name, tmp_path):
    pytest.importorskip("stable_baselines3")
    env, method = RUNS[name]
    task = make_task(env, normalize=name in ("PPO", "SAC", "DQN"))
    learner = start(method, task)
    run(learner)
    genome, model, normalizer = learner.genome, learner._model, learner._normalizer
    observations = np.random.default_rng(1).normal(0, 3, (1000, task.n_inputs)).astype(np.float32)
    expected = model.predict(normalizer.normalize_obs(observations) if normalizer else observations, deterministic=True)
    actions = decoder_of(genome, task.decoder).actions(genome(observations))
    np.testing.assert_allclose(actions, expected[0], atol=1e-5)
    assert len(np.unique(actions)) > 1
    model.save(tmp_path / "model.zip")
    imported = import_genome(tmp_path / "model.zip")
    assert imported.spec == genome.spec
    assert imported.actions == genome.actions or isinstance(task.decoder, DiscreteDecoder)  # does not depend on it
    np.testing.assert_array_equal(imported.weights, genome.weights)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_repeats_itself_and_continues_from_a_checkpoint(name, tmp_path):
    pytest.importorskip("stable_baselines3")
    env, method = RUNS[name]
    task = make_task(env, normalize=name in ("A2C", "TD3"))
    with forbid_global_rng(1, "the learner"):
        records = run(start(method, task))
    assert run(start(method, task, seed=1)) != records
    for done in (0, 8):
        stopped, resumed = start(method, task), start(method, task)
        assert run(stopped, done) == records[:done]
        checkpoint.save(tmp_path / "checkpoint.npz", stopped.state())
        resumed.restore(checkpoint.load(tmp_path / "checkpoint.npz"))
        assert run(resumed, STEPS - done) == records[done:]


def test_learning_starts_at_the_genome_of_the_seed_or_at_weights_of_the_library():
    pytest.importorskip("stable_baselines3")
    method, task = StableBaselines("TD3"), make_task("Pendulum-v1")
    learner, other = start(method, task), start(replace(method, initialization="library"), task)
    np.testing.assert_allclose(learner.genome.weights, learner._spec.init(np.random.default_rng(0)), atol=1e-7)
    assert np.abs(other.genome.weights - learner.genome.weights).max() > 0.1
    weights, target = (each.state_dict()["mu.0.weight"] for each in (learner._model.actor, learner._model.actor_target))
    assert (weights == target).all()


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("normalize", [True, False])
def test_the_actor_begins_at_a_genome_with_its_scaling(name, normalize):
    pytest.importorskip("stable_baselines3")
    env, method = RUNS[name]
    task, rng = make_task(env, normalize=normalize), np.random.default_rng(1)
    cold = start(replace(method, schedule=Linear()), task).genome
    n = task.n_inputs
    observed = RunningMoments(50.0, rng.normal(size=n), rng.uniform(20, 80, n))
    scaler = observed.scaler if normalize else Scaler(rng.normal(size=n), rng.uniform(0.5, 2, n))
    given = replace(
        cold,
        weights=rng.normal(0, 0.4, len(cold.weights)),
        input_scaler=scaler,
        observation_moments=observed if normalize else None,
    )
    learner = start(replace(method, warm_start=given, initialization="library"), task)
    observations = rng.normal(0, 2, (100, n))
    expected = decoder_of(given, task.decoder).actions(given(observations))
    np.testing.assert_allclose(
        decoder_of(learner.genome, task.decoder).actions(learner.genome(observations)), expected, atol=1e-5
    )
    actions = learner._model.predict(learner._normalizer.normalize_obs(observations), deterministic=True)[0]
    np.testing.assert_allclose(actions, expected, atol=1e-5)
    run(learner)
    if normalize:
        assert learner.genome.observation_moments.count >= 50 + STEPS
    else:
        assert learner.genome.input_scaler is scaler


def test_a_clone_goes_on_by_sac_and_a_stage_of_ppo_by_ppo_and_both_continue_from_a_checkpoint(tmp_path):
    pytest.importorskip("stable_baselines3")
    clone = Stage(Backprop(Adam(0.01)), Budget(generations=3))
    sac = StableBaselines("SAC", OFF_POLICY | {"learning_starts": 0})
    ppo = Stage(StableBaselines("PPO", {"n_steps": 4, "batch_size": 4}), Budget(env_steps=8))
    light, pendulum = make_task("evorobo/Phototaxis-v0"), make_task("Pendulum-v1")
    for task, stages in ((light, Stages(clone, sac)), (pendulum, Stages(ppo, replace(ppo.method, name="again")))):
        records = run(start(stages, task), 9)
        stopped, resumed = start(stages, task), start(stages, task)
        assert run(stopped, 6) == records[:6]
        checkpoint.save(tmp_path / "checkpoint.npz", stopped.state())
        resumed.restore(checkpoint.load(tmp_path / "checkpoint.npz"))
        assert run(resumed, 3) == records[6:]
        assert records[-1][0].info["stage"] == 2


def test_schedules_scale_the_learning_rate_over_the_budget():
    pytest.importorskip("stable_baselines3")
    for method, rate in ((StableBaselines("A2C"), 7e-4), (StableBaselines("SAC", {"learning_rate": 0.01}), 0.01)):
        learner = start(replace(method, schedule=Linear(0.2)), make_task("Pendulum-v1"))
        assert learner._model.lr_schedule(1.0) == pytest.approx(rate)
        learner._model.learning_starts = 0
        for fraction in (0.25, 1.0):
            learner.step(fraction)
            rates = (
                [group["lr"] for group in learner._model.policy.optimizer.param_groups]
                if rate < 0.01
                else [
                    learner._model.actor.optimizer.param_groups[0]["lr"],
                    learner._model.critic.optimizer.param_groups[0]["lr"],
                ]
            )
            assert rates == pytest.approx([rate * (1 - 0.8 * fraction)] * len(rates))


def test_operations_of_actor_and_critic_are_counted():
    pytest.importorskip("stable_baselines3")
    method = StableBaselines("PPO", {"n_steps": 8, "batch_size": 16, "n_epochs": 3}, n_envs=2, critic=(5,))
    learner = start(method, make_task("Pendulum-v1"), hidden=(4,))
    learner.step(0.0)
    actor, critic = 2 * (3 * 4 + 4 * 1), 2 * (3 * 5 + 5 * 1)
    back = 2 * (3 * 4 + 2 * 4 * 1) + 2 * (3 * 5 + 2 * 5 * 1)
    # 16 steps, the values of the last 2 observations, and 3 passes over 16 rows
    assert learner.cost.env_steps == 16
    assert learner.cost.forward_flops == (16 + 3 * 16) * (actor + critic) + 2 * critic
    assert learner.cost.backward_flops == 3 * 16 * back
    n_params = (3 * 4 + 4) + (4 + 1) + (3 * 5 + 5) + (5 + 1) + 1
    assert learner.cost.update_flops == 3 * 10 * n_params
    learner.step(0.0)  # the episodes of 9 steps end, are bootstrapped, and begin anew
    assert learner.cost.episodes == 4
    assert learner.cost.forward_flops == 2 * ((16 + 3 * 16) * (actor + critic) + 2 * critic) + 2 * critic


def test_it_balances_the_pole_after_few_steps():
    pytest.importorskip("stable_baselines3")
    settings = {"n_steps": 32, "batch_size": 256, "n_epochs": 20, "gamma": 0.98, "gae_lambda": 0.8}
    method = StableBaselines("PPO", settings | {"learning_rate": 1e-3}, n_envs=8, initialization="library")
    task = ControlTask("CartPole-v1", test_episodes=20)
    learner = start(method, task, hidden=(64, 64))
    run(learner, 12)
    assert learner.cost.env_steps == 12 * 256
    assert task.test(learner.genome) > 100  # 9 to 30 before


def test_weights_that_are_not_finite_end_the_run_with_the_last_finite_genome():
    pytest.importorskip("stable_baselines3")
    learner = start(StableBaselines("A2C", {"learning_rate": 1e30, "max_grad_norm": 1e30}), make_task("Acrobot-v1"))
    with pytest.raises(LearningError, match="no longer finite"):
        run(learner)
    assert np.isfinite(learner.genome.weights).all()


@pytest.mark.parametrize(
    ("method", "env", "hidden", "message"),
    [
        (StableBaselines("DQN"), "Pendulum-v1", (8,), "DQN chooses one of some moves"),
        (StableBaselines("SAC"), "CartPole-v1", (8,), "use PPO, A2C or DQN"),
        (StableBaselines("PPO"), "CartPole-v1", (8, BatchNorm()), "dense layers"),
        (StableBaselines("PPO"), "CartPole-v1", (8, Dense(8, "relu")), "relu, tanh"),
        (StableBaselines("PPO", {"nsteps": 8}), "CartPole-v1", (8,), "'nsteps'; did you mean 'n_steps'"),
        (StableBaselines("PPO", {"seed": 8}), "CartPole-v1", (8,), "'seed'"),
        (StableBaselines("PPO", {"n_steps": 1}), "CartPole-v1", (8,), "refuses the settings of sb3-ppo"),
        (StableBaselines("PPO", action_noise=0.1), "CartPole-v1", (8,), "takes no action_noise"),
        (
            StableBaselines("PPO", warm_start=TANH),
            "Pendulum-v1",
            (8,),
            "ends in a tanh, and this method in motor values",
        ),
        (StableBaselines("SAC", warm_start=TANH), "Pendulum-v1", (9,), "set hidden to the layers of the genome"),
        (StableBaselines("PPO", {"learning_rate": "1e-3"}), "CartPole-v1", (8,), "refuses the settings of sb3-ppo"),
    ],
)
def test_what_does_not_fit_is_one_sentence(method, env, hidden, message):
    pytest.importorskip("stable_baselines3")
    with pytest.raises(SettingsError, match=message):
        start(method, make_task(env), hidden)


def test_without_the_package_one_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("evorobo.learners.stable_baselines.method.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'evorobo\[sb3\]'"):
        start(StableBaselines(), make_task("CartPole-v1"))
