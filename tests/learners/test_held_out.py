"""Held-out examples: whole sequences, never trained on, a loss that is what it says, and a curve in the log."""

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
    numbers = np.repeat([7, 3, 7, 9, 1], LENGTHS) if sequence else None  # a number that comes back is another run
    return Examples(
        rng.normal(size=(rows, 2)), rng.normal(size=(rows, 1)), MSE(), Cost(env_steps=rows), numbers, rng.random(rows)
    )


def genome(spec):
    return Genome(spec, spec.init(np.random.default_rng(1)), Scaler(np.array([0.1, 0.2]), np.array([2.0, 3.0])))


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.99])
def test_whole_sequences_are_held_out_and_every_row_is_in_one_part(share):
    whole = examples()
    shown, held_out = split_held_out(whole, share, np.random.default_rng(2))
    rows = np.concatenate([shown.inputs, held_out.inputs])
    assert sorted(map(tuple, rows)) == sorted(map(tuple, whole.inputs))
    starts = np.cumsum((0, *LENGTHS))
    runs = [whole.inputs[start:end] for start, end in pairwise(starts)]
    held = [run for run in runs if (run[0] == held_out.inputs).all(1).any()]
    np.testing.assert_array_equal(np.concatenate(held), held_out.inputs)
    assert len(held) == min(max(round(5 * share), 1), 4)
    assert (shown.cost, held_out.cost) == (whole.cost, Cost())


def test_rows_that_stand_alone_are_held_out_one_by_one():
    shown, held_out = split_held_out(examples(sequence=False), 0.25, np.random.default_rng(2))
    assert (len(shown.inputs), len(held_out.inputs)) == (15, 5)


@pytest.mark.parametrize(("sequence", "what"), [(np.zeros(4, int), "sequence"), (None, "row")])
def test_what_cannot_be_divided_is_told(sequence, what):
    rows = 4 if sequence is not None else 1
    one = Examples(np.zeros((rows, 2)), np.zeros((rows, 1)), MSE(), sequence=sequence)
    with pytest.raises(SettingsError, match=f"one {what} of examples cannot be divided; have more shown"):
        split_held_out(one, 0.2, np.random.default_rng(0))


def test_the_loss_is_the_weighted_mean_over_all_rows_and_costs_a_forward_pass():
    shown, spec = examples(), NetworkSpec.build(2, (4,), 1)
    value, cost = HeldOutLoss(shown).validate_with_cost(genome(spec))
    errors = np.square(genome(spec)(shown.inputs) - shown.targets)[:, 0]
    assert value == pytest.approx(errors @ shown.sample_weight / shown.sample_weight.sum(), rel=1e-12)
    assert cost == Cost(samples=20, forward_flops=20 * spec.forward_flops)


def test_a_network_that_remembers_is_told_where_sequences_begin():
    shown, spec = replace(examples(), sample_weight=None), NetworkSpec.build(2, (Elman(3),), 1)
    value, cost = HeldOutLoss(shown).validate_with_cost(genome(spec))
    starts, total = np.cumsum((0, *LENGTHS)), 0.0
    for start, end in pairwise(starts):
        answers = genome(spec)(shown.inputs[start:end], n_steps=end - start)
        total += np.square(answers - shown.targets[start:end]).sum()
    assert value == pytest.approx(total / 20, rel=1e-12)
    assert cost.forward_flops == len(LENGTHS) * max(LENGTHS) * spec.forward_flops


@dataclass(frozen=True)
class Hard(Bowl):
    """Few rows whose targets are mostly noise: a net learns them by heart."""

    name: str = "hard"

    def examples(self, rng):
        x = np.random.default_rng(3).normal(size=(40, 2))
        return Examples(x, x[:, :1] + np.random.default_rng(4).normal(size=(40, 1)), MSE())


def learner(method, task=Hard(), seed=0):
    return method.start(task, NetworkSpec.build(2, (20,), 1), np.random.default_rng(seed))


def test_nobody_trains_on_what_is_held_out():
    trained = learner(Backprop(batch_size=8, early_stopping=EarlyStopping(held_out=0.25)))
    trained.step(0.0)
    for _ in range(3):
        trained.step(0.0)
    assert trained.epochs == 1
    assert trained.cost.samples - 2 * 10 == 30  # two looks at ten rows, and thirty are trained on


def test_the_answer_is_the_genome_of_the_lowest_held_out_loss_and_training_ends_when_none_lower_comes():
    for seed in range(3):
        stopped = learner(
            Backprop(Adam(0.02), batch_size=8, early_stopping=EarlyStopping(15, held_out=0.25)), seed=seed
        )
        curve, genomes = [], []
        while not stopped.done:
            progress = stopped.step(0.0)
            if stopped._at >= len(stopped._units):
                curve.append(progress.info["held_out_loss"])
                genomes.append(stopped._current_genome.weights)
        best = int(np.argmin(curve))
        assert len(curve) == best + 1 + 15
        np.testing.assert_array_equal(stopped.genome.weights, genomes[best])


def test_the_loss_that_is_watched_is_the_loss_that_is_descended():
    watched = learner(Backprop(loss=MAE(), batch_size=8, early_stopping=EarlyStopping(held_out=0.25)))
    rng = np.random.default_rng(0)
    start = NetworkSpec.build(2, (20,), 1)
    weights = start.init(rng)
    _, held_out = split_held_out(Hard().examples(rng), 0.25, rng)
    error = np.abs(Genome(start, weights)(held_out.inputs) - held_out.targets).mean()
    assert watched.step(0.0).info["held_out_loss"] == pytest.approx(error, rel=1e-12)


def test_the_curve_is_in_the_log(tmp_path):
    method = Backprop(batch_size=4, early_stopping=EarlyStopping(patience=500, held_out=0.2))
    assert Trial(Line(), method, Budget(generations=200, n_evals=5), (), 0).run(tmp_path) == "finished"
    with (tmp_path / "curve.csv").open() as file:
        curve = [float(row["held_out_loss"]) for row in csv.DictReader(file) if row["held_out_loss"]]
    assert len(curve) == 5
    assert curve[-1] < curve[0]


def test_without_held_out_nothing_is_drawn_and_nothing_more_is_told():
    plain, stopped = (learner(Backprop(early_stopping=early_stopping)) for early_stopping in (None, EarlyStopping()))
    assert plain.step(0.0).info == stopped.step(0.0).info


@pytest.mark.parametrize("steps", [0, 7])
def test_a_learner_restored_goes_on_to_the_last_bit(steps, tmp_path):
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


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_impossible_shares_are_refused(share):
    with pytest.raises(SettingsError, match="held_out is a share of the examples between 0 and 1, not"):
        EarlyStopping(held_out=share)


def test_examples_add_up_with_their_sequences_apart():
    one, other = examples(), replace(examples(), sample_weight=None)
    both = one + other
    np.testing.assert_array_equal(both.inputs, np.concatenate([one.inputs, other.inputs]))
    assert both.cost == Cost(env_steps=40)
    assert np.count_nonzero(np.diff(both.sequence)) == 2 * len(LENGTHS) - 1
    np.testing.assert_array_equal(both.sample_weight, np.r_[one.sample_weight, np.ones(20)])
    assert (replace(one, sequence=None) + other).sequence is None
