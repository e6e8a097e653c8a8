"""DAgger: rounds as in the paper, costs, checkpoints, and a network that stays on the road."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import road  # noqa: F401 - registers its id
from toys import Bowl

from evorobo import (
    MSE,
    Adam,
    Backprop,
    Budget,
    ControlTask,
    DAgger,
    EarlyStopping,
    Elman,
    NetworkSpec,
    NoisyTeacher,
    SettingsError,
    TaskError,
    Trial,
)
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, Examples
from evorobo.testing import check_method

ROAD = ControlTask("tests/Road-v0", n_demonstrations=2, validation_episodes=5, test_episodes=50)


@dataclass(frozen=True)
class LabeledBowl(Bowl):
    """A bowl with an expert that labels eight rows per episode and records its calls."""

    calls: list = field(default_factory=list)

    def expert_labeller(self):
        def label(genome, share, episodes, rng):
            self.calls.append((genome.weights.copy(), share, episodes))
            x = rng.normal(size=(8 * episodes, 2))
            return Examples(x, x.sum(1, keepdims=True), MSE(), Cost(env_steps=len(x), episodes=episodes))

        return label


def start(method, task, hidden=(4,), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return method.start(task, spec, np.random.default_rng(seed))


def finished(method, task, hidden=(8,), flops=2e7, seed=0):
    learner = start(method, task, hidden, seed)
    while not learner.done and learner.cost.flops < flops:
        learner.step(learner.cost.flops / flops)
    return learner


@pytest.mark.parametrize(
    "method",
    [
        DAgger(rounds=4, epochs=2, mixture=0.5),
        DAgger(Backprop(early_stopping=EarlyStopping(patience=2)), rounds=3, epochs=1),
        DAgger(Backprop(batch_size=8, early_stopping=EarlyStopping(held_out=0.3)), rounds=3, epochs=1, episodes=2),
    ],
    ids=["plain", "validation", "held-out"],
)
def test_dagger_passes_the_contract_of_methods(method):
    check_method(method)


def test_rounds_are_those_of_the_paper():
    task = LabeledBowl()
    learner = start(DAgger(Backprop(batch_size=16), rounds=4, epochs=3, episodes=2, mixture=0.5), task, ())
    rounds, samples, weights = [], [], []
    for _ in range(80):
        weights.append(learner.genome.weights)
        before = learner.cost.samples
        rounds.append(learner.step(0.0).info["round"])
        samples.append(learner.cost.samples - before)
    # rounds of 3 epochs over 32, 48, 64 and 80 rows; the last one continues
    assert rounds == [1] * 6 + [2] * 9 + [3] * 12 + [4] * 53
    assert samples == [16] * 80
    assert [(share, episodes) for _, share, episodes in task.calls] == [(0.5, 2), (0.25, 2), (0.125, 2)]
    for (driver, _, _), step in zip(task.calls, (6, 15, 27), strict=True):
        np.testing.assert_array_equal(driver, weights[step])  # the network drives with its current weights


def test_by_default_the_network_drives_alone_from_round_two_on():
    task = LabeledBowl()
    learner = start(DAgger(Backprop(batch_size=64), rounds=3, epochs=1), task, ())
    for _ in range(5):
        learner.step(0.0)
    assert [share for _, share, _ in task.calls] == [0, 0]


def test_one_round_equals_backprop_on_demonstrations():
    dagger, plain = start(DAgger(rounds=1), LabeledBowl()), start(Backprop(), LabeledBowl())
    for _ in range(30):
        assert dagger.step(0.0).score == plain.step(0.0).score
    np.testing.assert_array_equal(dagger.genome.weights, plain.genome.weights)
    assert dagger.cost == plain.cost


def test_the_cost_includes_steps_of_the_teacher_and_of_the_network():
    learner = start(DAgger(Backprop(batch_size=64), rounds=3, epochs=1, episodes=2), LabeledBowl(), ())
    learner.step(0.0)
    assert (learner.cost.env_steps, learner.cost.episodes) == (32, 1)  # the demonstrations of the bowl
    for _ in range(5):
        learner.step(0.0)
    assert (learner.cost.env_steps, learner.cost.episodes) == (32 + 2 * 16, 1 + 2 * 2)


def test_a_round_ends_when_patience_is_exhausted_and_the_last_one_ends_training():
    task, early_stopping = LabeledBowl(), EarlyStopping(patience=2, min_delta=1e9)  # no improvement is large enough
    learner = start(DAgger(Backprop(batch_size=500, early_stopping=early_stopping), rounds=3, epochs=100), task, ())
    rounds = []
    while not learner.done:
        rounds.append(learner.step(0.0).info["round"])
    assert rounds == [1, 1, 2, 2, 3, 3]


def test_the_solution_is_the_best_genome_on_validation_over_all_rounds():
    method = DAgger(Backprop(Adam(0.05), early_stopping=EarlyStopping(patience=3)), rounds=5, epochs=2, episodes=1)
    learner = start(method, ROAD)
    scores = [ROAD.validate(learner.genome)]
    while not learner.done:
        epochs = learner._training.epochs
        learner.step(0.0)
        scores.append(ROAD.validate(learner._training._current_genome))
        if learner._training.epochs > epochs:
            assert ROAD.validate(learner.genome) >= scores[-1]
    assert ROAD.validate(learner.genome) > scores[0]


def test_held_out_examples_grow_with_the_rounds_and_the_best_genome_is_evaluated_again():
    method = DAgger(
        Backprop(batch_size=200, early_stopping=EarlyStopping(held_out=0.5)), rounds=2, epochs=2, episodes=4
    )
    learner = start(method, LabeledBowl(), ())
    samples = []
    for _ in range(5):
        before = learner.cost.samples
        learner.step(0.0)
        samples.append(learner.cost.samples - before)
    # 16 rows to train on and 16 held out; then 16 more of each, and one more eval of the best genome
    assert samples == [32, 32, 32 + 32 + 32, 64, 64]


@pytest.mark.parametrize("hidden", [(6,), (Elman(4),)], ids=["feedforward", "recurrent"])
@pytest.mark.parametrize("held_out", [None, 0.4])
@pytest.mark.parametrize("steps", [0, 3, 23])
def test_a_restored_learner_continues_bit_for_bit(hidden, held_out, steps, tmp_path):
    early_stopping = EarlyStopping(patience=50, held_out=held_out) if held_out else None
    task = replace(ROAD, teacher=NoisyTeacher(noise=0.2), max_steps=20)
    method = DAgger(
        Backprop(Adam(0.01), batch_size=10, early_stopping=early_stopping), rounds=4, epochs=2, episodes=2, mixture=0.5
    )
    one, other = start(method, task, hidden), start(method, task, hidden)
    for _ in range(steps):
        one.step(0.0)
    checkpoint.save(tmp_path / "state.npz", one.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for _ in range(25):
        assert one.step(0.5) == other.step(0.5)
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)
        assert one.cost == other.cost
    np.testing.assert_equal(other.state(), one.state())


def test_dagger_stays_on_the_road_where_cloning_fails_at_the_same_cost():
    flops = 1.5e7
    cloned, aggregated, noisy = [], [], []
    for seed in range(5):
        plain = finished(Backprop(), replace(ROAD, n_demonstrations=10), flops=flops, seed=seed)
        noise = finished(
            Backprop(), replace(ROAD, n_demonstrations=10, teacher=NoisyTeacher(noise=0.3)), flops=flops, seed=seed
        )
        dagger = finished(DAgger(rounds=9, epochs=10, episodes=1), ROAD, flops=flops, seed=seed)
        assert dagger.cost.env_steps <= plain.cost.env_steps
        assert dagger.cost.flops == pytest.approx(plain.cost.flops, rel=0.01)
        cloned.append(ROAD.test(plain.genome))
        aggregated.append(ROAD.test(dagger.genome))
        noisy.append(ROAD.test(noise.genome))
    assert ROAD.references()["teacher"] == 100
    assert np.mean(cloned) < 75
    assert np.min(aggregated) > 95
    assert np.min(noisy) > 95  # a noisy teacher visits such states, too


def test_a_recurrent_network_stays_on_the_road():
    method = DAgger(Backprop(Adam(0.01), batch_size=4), rounds=9, epochs=20, episodes=1)
    learner = finished(method, ROAD, (Elman(6),), flops=6e7)
    assert ROAD.test(learner.genome) > 90


def test_a_trial_logs_rounds_and_the_cost_of_driving(tmp_path):
    trial = Trial(ROAD, DAgger(rounds=3, epochs=2), Budget(flops=5e5, n_evals=4), (4,), 0)
    assert trial.run(tmp_path) == "finished"
    header, *_, last = [line.split(",") for line in (tmp_path / "curve.csv").read_text().splitlines()]
    row = dict(zip(header, last, strict=True))
    assert row["round"] == "3"
    assert int(row["episodes"]) == 2 + 2 * 5


def test_a_task_without_an_expert_is_refused():
    with pytest.raises(
        SettingsError,
        match=r"bowl has no teacher that can label .*; use Backprop, or give the task a method expert_labeller",
    ):
        start(DAgger(), Bowl())


def test_a_recording_as_teacher_is_refused_at_the_start(tmp_path):
    path = str(tmp_path / "recording.csv")
    ROAD.demonstrate(np.random.default_rng(0)).save(path)
    with pytest.raises(TaskError, match="holds recorded episodes of tests/Road-v0, which cannot act, label new steps"):
        start(DAgger(), replace(ROAD, teacher=path))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rounds": 0}, "rounds must be a whole number of at least 1, not 0"),
        ({"epochs": 1.5}, "epochs must be a whole number of at least 1, not 1.5"),
        ({"episodes": True}, "episodes must be a whole number of at least 1, not True"),
        ({"mixture": 1.1}, "mixture must be a number from 0 to 1, not 1.1"),
        ({"mixture": float("nan")}, "mixture must be a finite number from 0 to 1, not nan"),
    ],
)
def test_invalid_settings_are_refused(settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        DAgger(**settings)
