"""Backpropagation through time, on sequences of unequal length and on windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from loss_gradient import loss_and_gradient
from toys import Bowl

from evorobo import GRU, MSE, SGD, Adam, Backprop, Dense, Dropout, Elman, NetworkSpec, SettingsError
from evorobo.study import checkpoint
from evorobo.tasks.base import Examples

LENGTHS = (6, 2, 9, 4)


@dataclass(frozen=True)
class Echo(Bowl):
    """The target is the first of two inputs two time steps earlier; sequences have unequal lengths."""

    single_rows: bool = False

    def examples(self, rng):
        x = np.random.default_rng(5).normal(size=(sum(LENGTHS), 2))
        targets, start = np.zeros((len(x), 1)), 0
        for length in LENGTHS:
            targets[start + 2 : start + length, 0] = x[start : start + max(0, length - 2), 0]
            start += length
        return Examples(x, targets, MSE(), sequence=None if self.single_rows else np.repeat(np.arange(4), LENGTHS))


def start(spec, method, task=Echo()):
    return method.start(task, spec, np.random.default_rng(0))


def recurrent(layer=Elman(8)):  # noqa: B008
    return NetworkSpec.build(2, (layer,), 1)


def test_a_step_on_one_sequence_is_one_gradient_step_through_time():
    spec = recurrent()
    learner = start(spec, Backprop(SGD(0.1), batch_size=1))
    before = learner.genome.weights.copy()
    learner.step(0.0)
    examples, errors = Echo().examples(None), []
    for number in range(len(LENGTHS)):
        rows = examples.sequence == number
        x, targets = examples.inputs[rows], examples.targets[rows]
        _, gradient = loss_and_gradient(spec, before, x, targets, MSE(), n_steps=len(x))
        errors.append(np.abs(learner.genome.weights - (before - 0.1 * gradient)).max())
    assert min(errors) < 1e-15
    assert learner.cost.samples == LENGTHS[int(np.argmin(errors))]


def test_a_batch_of_all_sequences_is_one_gradient_step_on_all_their_rows():
    spec = recurrent(GRU(3))
    learner = start(spec, Backprop(SGD(0.1), batch_size=10))
    before = learner.genome.weights.copy()
    learner.step(0.0)
    examples, total = Echo().examples(None), np.zeros_like(before)
    for number, length in enumerate(LENGTHS):
        rows = examples.sequence == number
        x, targets = examples.inputs[rows], examples.targets[rows]
        _, gradient = loss_and_gradient(spec, before, x, targets, MSE(), n_steps=length)
        total += gradient * length / sum(LENGTHS)
    np.testing.assert_allclose(learner.genome.weights, before - 0.1 * total, rtol=1e-12, atol=1e-14)
    assert learner.cost.samples == sum(LENGTHS)
    assert learner.cost.forward_flops == 4 * max(LENGTHS) * spec.forward_flops


def test_a_recurrent_network_learns_the_echo_and_windows_of_one_row_do_not():
    def final(bptt_steps):
        learner = start(recurrent(), Backprop(Adam(0.01), batch_size=2, bptt_steps=bptt_steps))
        for _ in range(1500):
            result = learner.step(0.0)
        return -result.score

    assert final(None) < 0.05
    assert final(1) > 0.2


@dataclass(frozen=True)
class LongEpisodes(Echo):
    """Twenty sequences of 200 steps, as a teacher's episodes."""

    length: int = 200

    def examples(self, rng):
        x = np.random.default_rng(5).normal(size=(20 * self.length, 2))
        return Examples(x, x[:, :1], MSE(), sequence=np.repeat(np.arange(20), self.length))


def updates_of_one_epoch(task, **settings):
    learner, count = start(recurrent(), Backprop(SGD(0.1), **settings), task), 0
    while learner.cost.samples < 20 * task.length:
        learner.step(0.0)
        count += 1
    return count, learner.genome.weights


def test_long_sequences_are_cut_by_default_so_that_an_epoch_has_more_updates():
    task = LongEpisodes()
    by_default, weights = updates_of_one_epoch(task)
    assert by_default == 2  # 20 episodes of 200 steps are 80 windows of at most 64 steps, in batches of 64
    assert np.array_equal(weights, updates_of_one_epoch(task, bptt_steps=64)[1])
    assert updates_of_one_epoch(task, bptt_steps=None)[0] == 1
    assert updates_of_one_epoch(task, batch_size=4)[0] == 20


@pytest.mark.parametrize("length", [1, 15, 64])
def test_sequences_of_up_to_64_steps_are_trained_on_as_before(length):
    task = LongEpisodes(length=length)
    weights = [updates_of_one_epoch(task, bptt_steps=bptt_steps)[1] for bptt_steps in (64, None)]
    assert np.array_equal(*weights)


def test_training_through_time_resumes_bit_for_bit(tmp_path):
    spec = NetworkSpec(2, (Elman(4), Dropout(0.3), Dense(1, "identity")))
    one, other = start(spec, Backprop(batch_size=2)), start(spec, Backprop(batch_size=2))
    for _ in range(5):
        one.step(0.0)
    checkpoint.save(tmp_path / "state.npz", one.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for _ in range(5):
        one.step(0.0)
        other.step(0.0)
    np.testing.assert_array_equal(one.genome.weights, other.genome.weights)
    assert one.cost == other.cost


def test_dropout_is_active_in_training():
    plain = NetworkSpec(2, (Dense(20), Dense(1, "identity")))
    dropped = NetworkSpec(2, (Dense(20), Dropout(0.5), Dense(1, "identity")))
    losses = []
    for spec in (plain, dropped):
        learner = start(spec, Backprop(Adam(0.01)), Echo(single_rows=True))
        losses.append(-learner.step(0.0).score)
    assert losses[0] != losses[1]


def test_a_recurrent_network_requires_sequences():
    with pytest.raises(
        SettingsError, match="the examples of bowl are single rows, but a recurrent network needs sequences"
    ):
        start(recurrent(), Backprop(), Echo(single_rows=True))


@pytest.mark.parametrize("bptt_steps", [0, -3, 2.5])
def test_invalid_windows_are_refused(bptt_steps):
    with pytest.raises(SettingsError, match="bptt_steps must be a whole number of at least 1"):
        Backprop(bptt_steps=bptt_steps)
