"""Backpropagation step by step: what it computes, what it costs, and how it resumes."""

from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np
import pytest
from toys import Bowl, Line

from evorobo import (
    MSE,
    SGD,
    Adam,
    Backprop,
    Cosine,
    Dense,
    LearningError,
    Momentum,
    NetworkSpec,
    ReduceOnPlateau,
    SettingsError,
)
from evorobo.nets.scaling import Scaler
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, Examples

LINEAR = NetworkSpec.build(2, (), 1)
SMALL = NetworkSpec.build(2, (3,), 1)


def start(method, task=None, spec=LINEAR, seed=0):
    return method.start(task or Line(), spec, np.random.default_rng(seed))


@dataclass(frozen=True)
class OneRow(Bowl):
    """Sensors (1, 2), target 3."""

    def examples(self, rng):
        return Examples(np.array([[1.0, 2.0]]), np.array([[3.0]]), MSE())


def test_one_step_matches_a_calculation_by_hand():
    # y = 0 w1 + 0 w2 + 0 = 0, error -3, loss 9; gradient 2 (-3) (1, 2, 1) = (-6, -12, -6), step a tenth of it
    learner = start(Backprop(SGD(0.1)), OneRow(), NetworkSpec(2, (Dense(1, "identity", "zeros"),)))
    result = learner.step(0.0)
    np.testing.assert_allclose(learner.genome.weights, [0.6, 1.2, 0.6], rtol=1e-15)
    assert result.score == -9
    assert result.info["grad_norm"] == pytest.approx(np.sqrt(36 + 144 + 36))
    # y = 0.6 + 2.4 + 0.6 = 3.6, error 0.6, loss 0.36
    assert learner.step(0.0).score == pytest.approx(-0.36)


def test_one_step_on_all_rows_follows_the_mean_of_their_gradients():
    learner = start(Backprop(SGD(0.05), batch_size=100))
    before = learner.genome.weights
    examples = Line().examples(None)
    gradient = np.zeros(3)
    for x, target in zip(examples.inputs, examples.targets[:, 0], strict=True):
        error = x @ before[:2] + before[2] - target
        gradient += 2 * error * np.array([*x, 1.0]) / len(examples.inputs)
    learner.step(0.0)
    np.testing.assert_allclose(learner.genome.weights, before - 0.05 * gradient, rtol=1e-13)


def test_backprop_learns_a_line_exactly():
    learner = start(Backprop(Adam(0.1), batch_size=5))
    for _ in range(1500):
        learner.step(0.0)
    np.testing.assert_allclose(learner.genome.weights, [2, -3, 1], atol=1e-3)


@dataclass(frozen=True)
class RecordingLoss(MSE):
    """A loss that records its targets."""

    seen: list = field(default_factory=list)

    def value_and_gradient(self, outputs, targets):
        self.seen.append(targets[0, :, 0].tolist())
        return super().value_and_gradient(outputs, targets)


def test_each_epoch_visits_every_row_once_in_a_new_order():
    recording = RecordingLoss()
    learner = start(Backprop(SGD(1e-3), batch_size=4, loss=recording))
    epochs = [learner.step(0.0).info["epoch"] for _ in range(6)]
    assert epochs == [0, 0, 0, 1, 1, 1]
    assert [len(batch) for batch in recording.seen] == [4, 4, 2, 4, 4, 2]
    first, second = [list(chain(*batches)) for batches in (recording.seen[:3], recording.seen[3:])]
    assert sorted(first) == sorted(second) == sorted(Line().examples(None).targets[:, 0].tolist())
    assert first != second


def test_the_score_is_minus_the_mean_loss_of_the_epoch_so_far():
    losses = []

    @dataclass(frozen=True)
    class RecordingLoss(MSE):
        def value_and_gradient(self, outputs, targets):
            value, gradient = super().value_and_gradient(outputs, targets)
            losses.append(float(value[0]))
            return value, gradient

    learner = start(Backprop(SGD(0.01), batch_size=4, loss=RecordingLoss()))
    scores = [learner.step(0.0).score for _ in range(4)]
    means = [-np.mean(losses[: n + 1]) for n in range(3)] + [-losses[3]]
    assert scores == pytest.approx(means)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_error_about_divergence_gives_the_loss_and_what_to_try(dtype):
    learner = start(Backprop(SGD(1000.0), dtype=dtype))
    sentence = (
        r"training diverged: loss \S+ and gradient norm \S+ in step \d+ \(epoch \d+\), after \d+ samples\. "
        r"Try a learning rate below 1000, max_grad_norm=1, or scaled inputs\."
    )
    with pytest.raises(LearningError, match=sentence):
        list(map(learner.step, np.linspace(0, 1, 500)))


def test_after_divergence_the_weights_are_the_last_ones_with_a_finite_loss():
    learner = start(Backprop(SGD(1000.0), batch_size=4))
    before = []

    def step():
        weights = learner.genome.weights
        learner.step(0.0)
        before.append(weights)

    with pytest.raises(LearningError) as caught:
        [step() for _ in range(500)]
    np.testing.assert_array_equal(learner.genome.weights, before[-1])
    assert f"in step {len(before) + 1} (epoch {len(before) // 3})" in str(caught.value)


def test_clipping_bounds_the_length_of_a_step_and_keeps_its_direction():
    free, clipped, loose = (
        start(Backprop(SGD(0.1), batch_size=100, max_grad_norm=limit)) for limit in (None, 0.5, 1e9)
    )
    before = free.genome.weights
    norms = [learner.step(0.0).info["grad_norm"] for learner in (free, clipped, loose)]
    whole, short = free.genome.weights - before, clipped.genome.weights - before
    assert norms[0] == norms[1] > 0.5
    assert np.linalg.norm(short) == pytest.approx(0.1 * 0.5)
    np.testing.assert_allclose(short / np.linalg.norm(short), whole / np.linalg.norm(whole), rtol=1e-12)
    np.testing.assert_array_equal(loose.genome.weights, free.genome.weights)


def test_a_schedule_scales_the_step_by_the_fraction_of_the_budget_that_is_spent():
    fixed = start(Backprop(SGD(0.2), batch_size=100))
    early, late = (start(Backprop(SGD(0.2), batch_size=100, schedule=Cosine())) for _ in range(2))
    before = fixed.genome.weights
    fixed.step(0.75)
    assert early.step(0.0).info["learning_rate"] == 0.2
    # half a cosine at three quarters: (1 + cos(3 pi / 4)) / 2
    factor = (1 - np.sqrt(0.5)) / 2
    assert late.step(0.75).info["learning_rate"] == pytest.approx(0.2 * factor)
    np.testing.assert_array_equal(early.genome.weights, fixed.genome.weights)
    np.testing.assert_allclose(late.genome.weights - before, factor * (fixed.genome.weights - before), rtol=1e-9)


def test_a_plateau_is_detected_after_the_epochs_of_patience():
    # with zero inputs and targets the gradient is zero and the loss constant: one best epoch, then two of patience
    @dataclass(frozen=True)
    class Flat(Bowl):
        def examples(self, rng):
            return Examples(np.zeros((4, 2)), np.zeros((4, 1)), MSE())

    schedule = ReduceOnPlateau(drop=0.5, patience=1)
    learner = start(Backprop(SGD(0.1), batch_size=2, schedule=schedule), Flat())
    rates = [learner.step(0.0).info["learning_rate"] for _ in range(10)]
    # epochs of two batches; each is evaluated when the next begins
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05])


def test_training_in_single_precision_gives_nearly_the_same_weights():
    double, single = (
        start(Backprop(Adam(0.01), batch_size=4, dtype=dtype), spec=SMALL) for dtype in ("float64", "float32")
    )
    for _ in range(30):
        double.step(0.0)
        single.step(0.0)
    arrays = [single.state()["weights"], *single.state()["optimizer"].values()]
    assert {array.dtype for array in arrays if array.ndim} == {np.dtype("float32")}
    assert single.genome.weights.dtype == np.float64
    np.testing.assert_allclose(single.genome.weights, double.genome.weights, atol=1e-5)
    assert not np.array_equal(single.genome.weights, double.genome.weights)


def test_the_cost_is_samples_times_flops_plus_the_teachers_episodes():
    # 2 inputs, 3 hidden, 1 output: 2 (2 * 3 + 3 * 1) = 18 operations forward. Backward as many for the weights, and
    # 6 for the inputs of the output layer. Adam: 10 for each of 13 weights.
    learner = start(Backprop(batch_size=20), Bowl(), SMALL)
    teacher = Cost(env_steps=32, episodes=1)
    assert learner.cost == teacher
    learner.step(0.0)  # 20 of 32 rows
    assert learner.cost == replace(teacher, samples=20, forward_flops=20 * 18, backward_flops=20 * 24, update_flops=130)
    learner.step(0.0)  # the other 12
    learner.step(0.0)  # 20 of the next epoch
    assert learner.cost == replace(
        teacher, samples=52, forward_flops=52 * 18, backward_flops=52 * 24, update_flops=3 * 130
    )


def test_the_scalers_of_the_task_are_applied_in_training_and_stored_in_the_genome():
    @dataclass(frozen=True)
    class Shifted(Line):
        input_scaler = Scaler(np.array([10.0, 20.0]), np.array([2.0, 4.0]))
        output_scaler = Scaler(np.array([5.0]), np.array([3.0]))

        def examples(self, rng):
            plain = super().examples(rng)
            return Examples(self.input_scaler.inverse_transform(plain.inputs), plain.targets, plain.loss)

    plain, shifted = start(Backprop(SGD(0.1))), start(Backprop(SGD(0.1)), Shifted())
    for _ in range(5):
        plain.step(0.0)
        shifted.step(0.0)
    np.testing.assert_allclose(shifted.genome.weights, plain.genome.weights, rtol=1e-9)
    rows = np.array([[0.3, -0.2]])
    raw = Shifted.input_scaler.inverse_transform(rows)
    np.testing.assert_allclose(shifted.genome(raw), plain.genome(rows) * 3 + 5, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_of_weight_two_count_as_if_they_appeared_twice(dtype):
    times = np.arange(10) % 3

    @dataclass(frozen=True)
    class Weighted(Line):
        def examples(self, rng):
            return replace(super().examples(rng), sample_weight=times)

    @dataclass(frozen=True)
    class Repeated(Line):
        def examples(self, rng):
            plain, rows = super().examples(rng), np.repeat(np.arange(10), times)
            return replace(plain, inputs=plain.inputs[rows], targets=plain.targets[rows])

    one, other = (start(Backprop(SGD(0.1), batch_size=10, dtype=dtype), task) for task in (Weighted(), Repeated()))
    for _ in range(20):
        assert one.step(0.0).score == pytest.approx(other.step(0.0).score, rel=1e-5)
    np.testing.assert_allclose(one.genome.weights, other.genome.weights, rtol=1e-5)


@pytest.mark.parametrize("steps", [0, 1, 7])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_restored_learner_continues_bit_for_bit(tmp_path, steps, dtype):
    method = Backprop(Momentum(0.02), batch_size=4, schedule=ReduceOnPlateau(patience=0), dtype=dtype)
    learner = start(method, Bowl(), SMALL)
    for _ in range(steps):
        learner.step(0.0)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other = start(method, Bowl(), SMALL)
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    assert other.cost == learner.cost
    for _ in range(20):
        assert other.step(0.5) == learner.step(0.5)
    np.testing.assert_array_equal(other.genome.weights, learner.genome.weights)
    assert other.cost == learner.cost


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number of at least 1, not 2.5"),
        ({"max_grad_norm": 0}, "max_grad_norm must be a number above 0 or None, not 0"),
        ({"max_norm": 0}, "max_norm must be a number above 0 or None, not 0"),
        ({"input_noise": -0.1}, "input_noise must be a number of at least 0, not -0.1"),
        ({"dtype": "float16"}, 'dtype must be "float64" or "float32", not \'float16\''),
    ],
)
def test_invalid_settings_are_refused(settings, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Backprop(**settings)
