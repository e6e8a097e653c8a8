"""Warm starts: what travels, what stays as in a cold start, what is refused, and what a run remembers of the file."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evorobo import (
    PPO,
    SHAC,
    Adam,
    AnalyticGradient,
    Backprop,
    BatchNorm,
    Budget,
    ControlTask,
    DAgger,
    DataError,
    DatasetTask,
    Dense,
    EarlyStopping,
    Genome,
    NetworkSpec,
    ResultsError,
    Scaler,
    SettingsError,
    Trial,
)

LAMP = ControlTask("evorobo/Phototaxis-v0", max_steps=25, n_demonstrations=2, test_episodes=5)
METHODS = [
    Backprop(batch_size=20),
    Backprop(batch_size=20, early_stopping=EarlyStopping(patience=2), dtype="float32"),
    AnalyticGradient(episodes=2),
    SHAC(n_envs=2, horizon=4, critic=(4,), critic_iterations=1),
    PPO(n_envs=2, n_steps=8, critic=(4,), initial_log_sd=-1.0),
]


def spec_for(task, hidden=(4,)):
    return NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)


def genome_for(task, hidden=(4,), seed=9, **parts):
    spec, rng = spec_for(task, hidden), np.random.default_rng(seed)
    stats = np.abs(rng.normal(size=spec.n_running_stats)) if spec.n_running_stats else None
    weights = rng.normal(size=spec.n_params).astype(np.float32).astype(float)
    return Genome(spec, weights, task.input_scaler, task.output_scaler, stats, **parts)


def start(method, task=LAMP, hidden=(4,)):
    return method.start(task, spec_for(task, hidden), np.random.default_rng(0))


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("weights", "running_stats"))


@pytest.mark.parametrize(
    "method", METHODS, ids=lambda method: f"{method.name} {hasattr(method, 'dtype') and method.dtype}"
)
def test_learning_starts_at_the_genome_or_its_file(method, tmp_path):
    genome = genome_for(LAMP)
    genome.save(tmp_path / "clone.npz")
    given = start(replace(method, warm_start=genome))
    read = start(replace(method, warm_start=str(tmp_path / "clone.npz")))
    assert np.array_equal(given.genome.weights, genome.weights)
    for step in range(3):
        assert given.step(step / 3) == read.step(step / 3)
    assert same(given.genome, read.genome)
    if not getattr(method, "early_stopping", None):  # which may return the first genome
        assert not np.array_equal(given.genome.weights, genome.weights)


@pytest.mark.parametrize(
    "method", METHODS, ids=lambda method: f"{method.name} {hasattr(method, 'dtype') and method.dtype}"
)
def test_random_numbers_are_those_of_a_cold_start(method):
    cold = start(method)
    warm = start(replace(method, warm_start=cold.genome))  # the genome from which this seed starts anyway
    for step in range(3):
        assert cold.step(step / 3) == warm.step(step / 3)
    assert same(cold.genome, warm.genome)


def test_dagger_starts_where_its_backprop_does():
    genome = genome_for(LAMP)
    learner = start(DAgger(Backprop(warm_start=genome), rounds=2, epochs=1, episodes=1))
    np.testing.assert_array_equal(learner.genome.weights, genome.weights)


def test_running_statistics_and_scalers_travel():
    hidden = (Dense(4, "identity"), BatchNorm())
    genome = replace(genome_for(LAMP, hidden), input_scaler=Scaler(np.array([0.1, 0.2]), np.array([2.0, 3.0])))
    for method in METHODS:
        learner = start(replace(method, warm_start=genome), hidden=hidden)
        assert np.array_equal(learner.genome.running_stats.astype(np.float32), genome.running_stats.astype(np.float32))
        assert learner.genome.input_scaler is genome.input_scaler
        learner.step(0.0)
        assert learner.genome.input_scaler is genome.input_scaler
    # the gradient goes through the network at the scaled sensors: another scaler, another step
    one, other = (
        start(AnalyticGradient(warm_start=start_at), hidden=hidden)
        for start_at in (genome, replace(genome, input_scaler=None))
    )
    one.step(0.0)
    other.step(0.0)
    assert not np.array_equal(one.genome.weights, other.genome.weights)


def test_an_optimizers_state_does_not_travel():
    learner = start(Backprop(Adam(0.01), batch_size=20))
    for _ in range(5):
        learner.step(0.0)
    first = learner.genome
    warm = start(Backprop(Adam(0.01), batch_size=20, warm_start=first))
    warm.step(0.0)
    # the first step of a new Adam has the size of its learning rate for every weight with a gradient
    sizes = np.abs(warm.genome.weights - first.weights)
    np.testing.assert_allclose(sizes[sizes > 0], 0.01, rtol=1e-3)


def table(seed=0, shift=0.0):
    x = np.random.default_rng(seed).normal(shift, 1, (60, 2))
    return DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")


@pytest.mark.parametrize(
    ("task", "genome", "message"),
    [
        (LAMP, genome_for(LAMP, (5,)), "2 -> Dense 5 tanh -> Dense 2 tanh.* by one 2 -> Dense 4 tanh -> Dense 2 tanh"),
        (LAMP, genome_for(LAMP, (Dense(4, "relu"),)), "Dense 4 relu .*; set hidden to the layers of the genome"),
        (LAMP, genome_for(ControlTask("Pendulum-v1")), "the warm start is a network 3 -> "),
        (LAMP, genome_for(LAMP, actions="clip"), "gives motor values, clipped"),
        (
            replace(LAMP, normalize=True),
            genome_for(LAMP),
            "holds no statistics of observations, .* set normalize=False",
        ),
        (table(), genome_for(table(1, 5.0)), "scales its inputs in another way than sum, whose scaling comes from"),
        (table(), replace(genome_for(table()), output_scaler=None), "scales its outputs in another way"),
        (table(), replace(genome_for(table()), input_scaler=None), "scales its inputs in another way"),
        (LAMP, replace(genome_for(LAMP), weights=np.full(22, np.nan)), "holds weights that are not finite numbers"),
    ],
    ids=["units", "activation", "robot", "clip", "normalize", "rows", "outputs", "inputs", "nan"],
)
def test_a_warm_start_that_does_not_fit_is_refused(task, genome, message):
    with pytest.raises(SettingsError, match=message) as raised:
        start(Backprop(warm_start=genome), task)
    assert "\n" not in str(raised.value)


def test_a_data_set_starts_at_a_genome_of_the_same_rows():
    genome = genome_for(table())
    np.testing.assert_array_equal(start(Backprop(warm_start=genome), table()).genome.weights, genome.weights)


def test_a_missing_or_damaged_file_is_reported(tmp_path):
    with pytest.raises(DataError, match=r"there is no genome file .*none\.npz"):
        start(Backprop(warm_start=str(tmp_path / "none.npz")))
    (tmp_path / "bad.npz").write_bytes(b"bad")
    with pytest.raises(DataError, match=r"bad\.npz"):
        start(AnalyticGradient(warm_start=str(tmp_path / "bad.npz")))
    with pytest.raises(SettingsError, match="warm_start must be"):
        Backprop(warm_start=3)


def test_a_run_remembers_the_content_of_the_file(tmp_path):
    file = tmp_path / "clone.npz"
    genome_for(LAMP).save(file)

    def trial(method):
        return Trial(LAMP, method, Budget(generations=2, n_evals=2), (4,), seed=0)

    for name, method in (
        ("gradient", AnalyticGradient(episodes=1, warm_start=str(file))),
        ("dagger", DAgger(Backprop(warm_start=str(file)), rounds=2, episodes=1)),
    ):
        assert trial(method).run(tmp_path / name) == "finished"
        assert len(json.loads((tmp_path / name / "machine.json").read_text())["warm_start_sha256"]) == 64
    trial(Backprop()).run(tmp_path / "cold")
    assert "warm_start_sha256" not in json.loads((tmp_path / "cold/machine.json").read_text())

    trial(AnalyticGradient(episodes=1, warm_start=str(file))).check(tmp_path / "gradient")
    genome_for(LAMP, seed=10).save(file)
    with pytest.raises(ResultsError, match="holds a run of a warm start that has changed since"):
        trial(AnalyticGradient(episodes=1, warm_start=str(file))).check(tmp_path / "gradient")


def test_a_study_needs_the_file_of_a_genome(tmp_path):
    trial = Trial(LAMP, Backprop(warm_start=genome_for(LAMP)), Budget(generations=1, n_evals=1), (4,), seed=0)
    assert trial.run(tmp_path / "run") == "failed"
    reason = json.loads((tmp_path / "run/result.json").read_text())["reason"]
    assert reason.endswith("put arrays into a file and give its path.")
    assert "\n" not in reason
