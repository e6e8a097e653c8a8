"""Held-out examples: whole sequences, not used for training, with the correct loss, logged as a curve."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import MAE, MSE, Adam, Backprop, Budget, EarlyStopping, Elman, Genome, NetworkSpec, SettingsError, Trial
from evorobo.learners.backprop.stopping import HeldOutLoss, split_held_out
from evorobo.nets.scaling import Scaler
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, Examples

LENGTHS = (3, 5, 2, 4, 6)


def examples(sequence=True):
    rng = np.random.default_rng(0)
    rows = sum(LENGTHS)
    numbers = (
        np.repeat([7, 3, 7, 9, 1], LENGTHS) if sequence else None
    )  # a number that appears again is another sequence
    return Examples(
        rng.normal(size=(rows, 2)), rng.normal(size=(rows, 1)), MSE(), Cost(env_steps=rows), numbers, rng.random(rows)
    )


def genome(spec):
    return Genome(spec, spec.init(np.random.default_rng(1)), Scaler(np.array([0.1, 0.2]), np.array([2.0, 3.0])))


@pytest.mark.parametrize("fraction", [0.01, 0.2, 0.4, 0.99])
def test_whole_sequences_are_held_out_and_every_row_is_in_one_part(fraction):
    whole = examples()
    training, held_out = split_held_out(whole, fraction, np.random.default_rng(2))
    rows = np.concatenate([training.inputs, held_out.inputs])
    assert sorted(map(tuple, rows)) == sorted(map(tuple, whole.inputs))
    starts = np.cumsum((0, *LENGTHS))
    sequences = [whole.inputs[start:end] for start, end in pairwise(starts)]
    chosen = [rows for rows in sequences if (rows[0] == held_out.inputs).all(1).any()]
    np.testing.assert_array_equal(np.concatenate(chosen), held_out.inputs)
    assert len(chosen) == min(max(round(5 * fraction), 1), 4)
    assert (training.cost, held_out.cost) == (whole.cost, Cost())


def test_single_rows_are_held_out_one_by_one():
    training, held_out = split_held_out(examples(sequence=False), 0.25, np.random.default_rng(2))
    assert (len(training.inputs), len(held_out.inputs)) == (15, 5)


@pytest.mark.parametrize(("sequence", "kind"), [(np.zeros(4, int), "sequence"), (None, "row")])
def test_a_single_row_or_sequence_cannot_be_split(sequence, kind):
    rows = 4 if sequence is not None else 1
    one = Examples(np.zeros((rows, 2)), np.zeros((rows, 1)), MSE(), sequence=sequence)
    with pytest.raises(
        SettingsError, match=f"one {kind} of examples cannot be split; increase the number of demonstrations"
    ):
        split_held_out(one, 0.2, np.random.default_rng(0))


def test_the_loss_is_the_weighted_mean_over_all_rows_and_costs_a_forward_pass():
    rows, spec = examples(), NetworkSpec.build(2, (4,), 1)
    value, cost = HeldOutLoss(rows).validate_with_cost(genome(spec))
    errors = np.square(genome(spec)(rows.inputs) - rows.targets)[:, 0]
    assert value == pytest.approx(errors @ rows.sample_weight / rows.sample_weight.sum(), rel=1e-12)
    assert cost == Cost(samples=20, forward_flops=20 * spec.forward_flops)


def test_recurrent_networks_start_each_sequence_with_zero_state():
    rows, spec = replace(examples(), sample_weight=None), NetworkSpec.build(2, (Elman(3),), 1)
    value, cost = HeldOutLoss(rows).validate_with_cost(genome(spec))
    starts, total = np.cumsum((0, *LENGTHS)), 0.0
    for start, end in pairwise(starts):
        outputs = genome(spec)(rows.inputs[start:end], n_steps=end - start)
        total += np.square(outputs - rows.targets[start:end]).sum()
    assert value == pytest.approx(total / 20, rel=1e-12)
    assert cost.forward_flops == len(LENGTHS) * max(LENGTHS) * spec.forward_flops


@dataclass(frozen=True)
class Hard(Bowl):
    """Few rows whose targets are mostly noise, so that a network overfits."""

    name: str = "hard"

    def examples(self, rng):
        x = np.random.default_rng(3).normal(size=(40, 2))
        return Examples(x, x[:, :1] + np.random.default_rng(4).normal(size=(40, 1)), MSE())


def learner(method, task=Hard(), seed=0):
    return method.start(task, NetworkSpec.build(2, (20,), 1), np.random.default_rng(seed))


def test_training_does_not_use_held_out_examples():
    trained = learner(Backprop(batch_size=8, early_stopping=EarlyStopping(held_out=0.25)))
    trained.step(0.0)
    for _ in range(3):
        trained.step(0.0)
    assert trained.epochs == 1
    assert trained.cost.samples - 2 * 10 == 30  # two evals on ten rows, and thirty rows to train on


def test_the_solution_has_the_lowest_held_out_loss_and_training_ends_after_patience():
    for seed in range(3):
        stopped = learner(
            Backprop(Adam(0.02), batch_size=8, early_stopping=EarlyStopping(15, held_out=0.25)), seed=seed
        )
        curve, genomes = [], []
        while not stopped.done:
            epochs = stopped.epochs
            result = stopped.step(0.0)
            if stopped.epochs > epochs:
                curve.append(result.info["held_out_loss"])
                genomes.append(stopped._current_genome.weights)
        best = int(np.argmin(curve))
        assert len(curve) == best + 1 + 15
        np.testing.assert_array_equal(stopped.genome.weights, genomes[best])


def test_the_held_out_loss_is_the_loss_of_training():
    trained = learner(Backprop(loss=MAE(), batch_size=8, early_stopping=EarlyStopping(held_out=0.25)))
    rng = np.random.default_rng(0)
    spec = NetworkSpec.build(2, (20,), 1)
    weights = spec.init(rng)
    _, held_out = split_held_out(Hard().examples(rng), 0.25, rng)
    error = np.abs(Genome(spec, weights)(held_out.inputs) - held_out.targets).mean()
    assert trained.step(0.0).info["held_out_loss"] == pytest.approx(error, rel=1e-12)


def test_the_held_out_loss_is_logged(tmp_path):
    method = Backprop(batch_size=4, early_stopping=EarlyStopping(patience=500, held_out=0.2))
    assert Trial(Line(), method, Budget(generations=200, n_evals=5), (), 0).run(tmp_path) == "finished"
    with (tmp_path / "curve.csv").open() as file:
        curve = [float(row["held_out_loss"]) for row in csv.DictReader(file) if row["held_out_loss"]]
    assert len(curve) == 5
    assert curve[-1] < curve[0]


def test_without_held_out_no_random_numbers_are_drawn_and_no_column_is_added():
    plain, stopped = (learner(Backprop(early_stopping=early_stopping)) for early_stopping in (None, EarlyStopping()))
    assert plain.step(0.0).info == stopped.step(0.0).info


@pytest.mark.parametrize("steps", [0, 7])
def test_a_restored_learner_continues_bit_for_bit(steps, tmp_path):
    method = Backprop(Adam(0.05), batch_size=8, early_stopping=EarlyStopping(patience=5, held_out=0.3))
    one, other = learner(method), learner(method)
    for _ in range(steps):
        one.step(0.0)
    checkpoint.save(tmp_path / "state.npz", one.state())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    while not one.done:
        assert one.step(0.5) == other.step(0.5)
        np.testing.assert_array_equal(one.genome.weights, other.genome.weights)
    np.testing.assert_equal(other.state(), one.state())


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_invalid_fractions_are_refused(fraction):
    with pytest.raises(SettingsError, match=r"held_out must be a (finite )?number above 0 and below 1 or None, not"):
        EarlyStopping(held_out=fraction)


def test_the_sum_of_examples_keeps_their_sequences_separate():
    one, other = examples(), replace(examples(), sample_weight=None)
    both = one + other
    np.testing.assert_array_equal(both.inputs, np.concatenate([one.inputs, other.inputs]))
    assert both.cost == Cost(env_steps=40)
    assert np.count_nonzero(np.diff(both.sequence)) == 2 * len(LENGTHS) - 1
    np.testing.assert_array_equal(both.sample_weight, np.r_[one.sample_weight, np.ones(20)])
    assert (replace(one, sequence=None) + other).sequence is None
