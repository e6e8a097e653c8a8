"""Every loss against PyTorch, by hand, and by the laws that it must follow."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from record_torch_reference import FILE, LOSSES

import evorobo
from evorobo import MAE, MSE, SGD, Backprop, CrossEntropy, DatasetTask, GaussianNLL, Huber, NetworkSpec, SettingsError

TORCH = json.loads(FILE.read_text())["losses"]
OUTPUTS = np.array(TORCH["outputs"])


def targets_of(kind):
    if kind == "CrossEntropy":
        return np.array(TORCH["classes"])
    return np.array(TORCH["targets"])[:, : 2 if kind == "GaussianNLL" else 4]


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_equal_those_of_torch(name):
    kind, settings = LOSSES[name]
    loss, targets, answer = getattr(evorobo, kind)(**settings), targets_of(kind), TORCH["answers"][name]
    np.testing.assert_allclose(loss.value(OUTPUTS, targets), answer["value"], rtol=1e-10)
    np.testing.assert_allclose(loss.gradient(OUTPUTS, targets), answer["gradient"], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_several_networks_have_the_values_and_gradients_of_each_alone(name):
    kind, settings = LOSSES[name]
    loss, targets = getattr(evorobo, kind)(**settings), targets_of(kind)
    several = np.stack([OUTPUTS, 2 * OUTPUTS, 1 - OUTPUTS])
    values, gradients = loss.value(several, targets), loss.gradient(several, targets)
    assert values.shape == (3,)
    for outputs, value, gradient in zip(several, values, gradients, strict=True):
        np.testing.assert_allclose(value, loss.value(outputs, targets), rtol=1e-14)
        np.testing.assert_array_equal(gradient, loss.gradient(outputs, targets))


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_of_weight_two_counts_twice_and_a_row_of_weight_zero_not_at_all(name):
    kind, settings = LOSSES[name]
    loss, targets = getattr(evorobo, kind)(**settings), targets_of(kind)
    times = np.arange(len(OUTPUTS)) % 3
    several = np.repeat(np.arange(len(OUTPUTS)), times)
    weights = times.astype(float)
    for scale in (1, 7):  # only the ratio of weights matters
        value = loss.value(OUTPUTS, targets, scale * weights)
        np.testing.assert_allclose(value, loss.value(OUTPUTS[several], targets[several]), rtol=1e-12)
        expected = np.zeros_like(OUTPUTS)
        np.add.at(expected, several, loss.gradient(OUTPUTS[several], targets[several]))
        np.testing.assert_allclose(loss.gradient(OUTPUTS, targets, scale * weights), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_of_a_weighted_loss_equals_central_differences(name):
    kind, settings = LOSSES[name]
    loss, targets = getattr(evorobo, kind)(**settings), targets_of(kind)
    weights = np.random.default_rng(0).uniform(0, 3, len(OUTPUTS))
    gradient = loss.gradient(OUTPUTS, targets, weights)
    for index in np.ndindex(OUTPUTS.shape):
        step = np.zeros_like(OUTPUTS)
        step[index] = 1e-6
        difference = loss.value(OUTPUTS + step, targets, weights) - loss.value(OUTPUTS - step, targets, weights)
        assert gradient[index] == pytest.approx(difference / 2e-6, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_weights_are_shared_by_several_networks_and_zero_weights_give_zero(name):
    kind, settings = LOSSES[name]
    loss, targets = getattr(evorobo, kind)(**settings), targets_of(kind)
    several, weights = np.stack([OUTPUTS, 1 - OUTPUTS]), np.linspace(0, 1, len(OUTPUTS))
    values, gradients = loss.value(several, targets, weights), loss.gradient(several, targets, weights)
    for outputs, value, gradient in zip(several, values, gradients, strict=True):
        np.testing.assert_allclose(value, loss.value(outputs, targets, weights), rtol=1e-14)
        np.testing.assert_allclose(gradient, loss.gradient(outputs, targets, weights), rtol=1e-14)
    assert loss.value(OUTPUTS, targets, 0 * weights) == 0
    assert not loss.gradient(OUTPUTS, targets, 0 * weights).any()


@pytest.mark.parametrize("name", LOSSES)
def test_outputs_and_targets_are_not_changed(name):
    kind, settings = LOSSES[name]
    loss, targets = getattr(evorobo, kind)(**settings), targets_of(kind)
    outputs, before = OUTPUTS.copy(), targets.copy()
    loss.value(outputs, targets)
    loss.gradient(outputs, targets)
    np.testing.assert_array_equal(outputs, OUTPUTS)
    np.testing.assert_array_equal(targets, before)


@pytest.mark.parametrize("name", LOSSES)
def test_single_precision_is_kept(name):
    kind, settings = LOSSES[name]
    loss, targets = getattr(evorobo, kind)(**settings), targets_of(kind)
    targets = targets if kind == "CrossEntropy" else targets.astype(np.float32)
    outputs = OUTPUTS.astype(np.float32)
    assert loss.value(outputs, targets).dtype == np.float32
    assert loss.gradient(outputs, targets).dtype == np.float32


def test_regression_losses_by_hand():
    # two rows of two: errors 1, -3, 0, 0.5
    outputs, targets = np.array([[2.0, 1.0], [0.0, 1.5]]), np.array([[1.0, 4.0], [0.0, 1.0]])
    assert MSE().value(outputs, targets) == (1 + 9 + 0 + 0.25) / 4
    assert MAE().value(outputs, targets) == (1 + 3 + 0 + 0.5) / 4
    # within delta = 1 half the square, beyond it delta (|error| - delta / 2)
    assert Huber().value(outputs, targets) == (0.5 + 2.5 + 0 + 0.125) / 4
    np.testing.assert_array_equal(MSE().gradient(outputs, targets), [[0.5, -1.5], [0, 0.25]])
    np.testing.assert_array_equal(MAE().gradient(outputs, targets), [[0.25, -0.25], [0, 0.25]])
    np.testing.assert_array_equal(Huber().gradient(outputs, targets), [[0.25, -0.25], [0, 0.125]])


def test_a_wide_huber_is_half_the_squared_error_and_a_narrow_one_the_absolute_error():
    targets = targets_of("Huber")
    assert Huber(100.0).value(OUTPUTS, targets) == pytest.approx(MSE().value(OUTPUTS, targets) / 2)
    assert Huber(1e-6).value(OUTPUTS, targets) / 1e-6 == pytest.approx(MAE().value(OUTPUTS, targets), rel=1e-5)


def test_gaussian_likelihood_by_hand():
    # mean 1, log-variance log 4, target 3: (log 4 + 2^2 / 4) / 2
    outputs, targets = np.array([[1.0, np.log(4)]]), np.array([[3.0]])
    assert GaussianNLL().value(outputs, targets) == pytest.approx((np.log(4) + 1) / 2)
    # by the mean: (1 - 3) / 4; by the log-variance: (1 - 2^2 / 4) / 2
    np.testing.assert_allclose(GaussianNLL().gradient(outputs, targets), [[-0.5, 0.0]], atol=1e-15)


def test_the_gaussian_likelihood_is_best_at_the_true_standard_deviation():
    targets = np.random.default_rng(0).normal(2, 0.3, (1000, 1))
    best_mean, best_sd = targets.mean(), targets.std()

    def value(mean, sd):
        return float(GaussianNLL().value(np.tile([mean, np.log(sd**2)], (1000, 1)), targets))

    best = value(best_mean, best_sd)
    assert all(best < value(best_mean + a, best_sd * b) for a, b in ((0.1, 1), (-0.1, 1), (0, 1.2), (0, 0.8)))


def test_cross_entropy_by_hand():
    # probabilities 1/4 and 3/4; the true classes are 1 and 0
    outputs, targets = np.array([[0, np.log(3)], [0, np.log(3)]]), np.array([1, 0])
    right, wrong = np.log(4 / 3), np.log(4)
    assert CrossEntropy().value(outputs, targets) == pytest.approx((right + wrong) / 2)
    np.testing.assert_allclose(CrossEntropy().gradient(outputs, targets), [[1 / 8, -1 / 8], [-3 / 8, 3 / 8]])
    # the second row counts three times as much, and the mean is weighted
    assert CrossEntropy(class_weights=(3.0, 1.0)).value(outputs, targets) == pytest.approx((right + 3 * wrong) / 4)
    # label smoothing of 0.2 gives targets 0.9 and 0.1
    smooth = (0.9 * right + 0.1 * wrong + 0.9 * wrong + 0.1 * right) / 2
    assert CrossEntropy(label_smoothing=0.2).value(outputs, targets) == pytest.approx(smooth)


def test_cross_entropy_of_equal_logits_is_the_logarithm_of_the_number_of_classes():
    assert CrossEntropy().value(np.zeros((3, 5)), np.array([0, 4, 2])) == pytest.approx(np.log(5))


def test_adding_a_constant_to_all_logits_changes_nothing_and_large_logits_do_not_overflow():
    targets = targets_of("CrossEntropy")
    near, far = CrossEntropy().value(OUTPUTS, targets), CrossEntropy().value(OUTPUTS + 1e4, targets)
    assert far == pytest.approx(near, rel=1e-10)
    assert CrossEntropy().value(np.array([[1e4, -1e4]]), np.array([1])) == 2e4
    np.testing.assert_array_equal(CrossEntropy().gradient(np.array([[1e4, -1e4]]), np.array([1])), [[1, -1]])


def test_several_choices_are_the_mean_of_single_ones():
    rng = np.random.default_rng(3)
    choices, cuts = (4, 2, 3), [4, 6]
    outputs, targets = rng.normal(size=(8, 9)), np.stack([rng.integers(n, size=8) for n in choices], axis=1)
    weights = (1.0, 2.0, 0.5, 1.5, 3.0, 1.0, 0.2, 1.0, 2.0)
    together = CrossEntropy(label_smoothing=0.1, class_weights=weights, choices=choices)
    parts, part_weights = np.split(outputs, cuts, axis=1), np.split(np.array(weights), cuts)
    values, gradients = [], []
    for part, class_weights, target in zip(parts, part_weights, targets.T, strict=True):
        alone = CrossEntropy(0.1, tuple(class_weights))
        values.append(alone.value(part, target))
        gradients.append(alone.gradient(part, target))
    assert together.value(outputs, targets) == pytest.approx(np.mean(values))
    np.testing.assert_allclose(together.gradient(outputs, targets), np.hstack(gradients) / 3)
    single = [part.argmax(1) for part in parts]
    np.testing.assert_array_equal(together.predict(outputs), np.transpose(single))


def test_predictions_are_outputs_means_or_the_most_probable_classes():
    outputs = np.array([[0.1, 0.7, 0.2, 0.9, 0.3, 0.4], [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]])
    for loss in (MSE(), MAE(), Huber()):
        np.testing.assert_array_equal(loss.predict(outputs), outputs)
    np.testing.assert_array_equal(GaussianNLL().predict(outputs), outputs[:, :3])
    np.testing.assert_array_equal(CrossEntropy().predict(outputs), [3, 0])
    np.testing.assert_array_equal(CrossEntropy(choices=(2, 4)).predict(outputs), [[1, 1], [0, 0]])
    # and for several networks at once
    several = np.tile(outputs, (3, 1, 1))
    for loss in (MSE(), GaussianNLL(), CrossEntropy(), CrossEntropy(choices=(2, 4))):
        np.testing.assert_array_equal(loss.predict(several), [loss.predict(outputs)] * 3)


def test_the_number_of_outputs_follows_from_the_targets():
    assert [loss.width(3) for loss in (MSE(), MAE(), Huber(), GaussianNLL(), CrossEntropy())] == [3, 3, 3, 6, 3]
    assert CrossEntropy(choices=(4, 2)).width(2) == 6


def test_invalid_settings_are_refused():
    with pytest.raises(SettingsError, match="delta must be a number above 0, not 0"):
        Huber(0)
    with pytest.raises(SettingsError, match="label_smoothing must be a number of at least 0 and below 1, not 1"):
        CrossEntropy(label_smoothing=1)
    with pytest.raises(SettingsError, match="class_weights\\[1\\] must be a number of at least 0"):
        CrossEntropy(class_weights=(1, -1))
    with pytest.raises(SettingsError, match="2 class weights for 3 outputs; give one for each"):
        CrossEntropy(class_weights=(1, 1)).value(np.zeros((1, 3)), np.array([0]))


# ---- classes derived from a loss: training, scoring and early stopping use what they define

ONE_ROW, ZERO = np.array([[1.0, 3.0]]), np.array([[0.0, 0.0]])  # MSE 5, its gradient [1, 3]


def double(number):
    return 2 * number


def overriding(parent, *names):
    """A class derived from `parent` that overrides these methods by twice their results."""
    members = {}
    for name in names:

        def method(self, *arguments, name=name):
            result = getattr(super(derived, self), name)(*arguments)
            return tuple(map(double, result)) if isinstance(result, tuple) else 2 * result

        members[name] = method
    derived = dataclass(frozen=True)(type("Derived", (parent,), members))
    return derived


@pytest.mark.parametrize("parent", [MSE, MAE, Huber])
def test_a_gradient_alone_is_what_training_uses(parent):
    loss, plain = overriding(parent, "gradient")(), parent()
    value, gradient = loss.value_and_gradient(ONE_ROW, ZERO)
    assert value == plain.value(ONE_ROW, ZERO)
    np.testing.assert_array_equal(gradient, 2 * plain.gradient(ONE_ROW, ZERO))
    np.testing.assert_array_equal(loss.gradient(ONE_ROW, ZERO), gradient)


def test_both_parts_are_what_training_uses_with_row_weights_too():
    loss, targets, weights = overriding(CrossEntropy, "value", "gradient")(), np.array([0, 2, 1]), np.array([1.0, 2, 0])
    outputs = np.random.default_rng(0).normal(size=(3, 3))
    for given in ((), (weights,)):
        value, gradient = loss.value_and_gradient(outputs, targets, *given)
        expected_value, expected_gradient = CrossEntropy().value_and_gradient(outputs, targets, *given)
        assert value == pytest.approx(2 * expected_value, rel=1e-14)
        np.testing.assert_array_equal(gradient, 2 * expected_gradient)


def test_one_pass_for_both_is_what_scoring_uses():
    loss = overriding(MSE, "value_and_gradient")()
    assert loss.value(ONE_ROW, ZERO) == 10
    np.testing.assert_array_equal(loss.gradient(ONE_ROW, ZERO), [[2, 6]])


def test_a_value_alone_scores_but_cannot_be_trained_on():
    loss = overriding(MSE, "value")()
    assert loss.value(ONE_ROW, ZERO) == 10
    with pytest.raises(
        SettingsError, match=r"^Derived defines value\(\) but not its gradient, so it cannot be trained on"
    ):
        loss.value_and_gradient(ONE_ROW, ZERO)
    with pytest.raises(SettingsError, match=r"define gradient\(\) or value_and_gradient\(\) as well\.$"):
        loss.gradient(ONE_ROW, ZERO)


def test_a_value_with_the_gradient_of_its_parent_named_trains():
    @dataclass(frozen=True)
    class Rooted(MSE):  # logged as a root, trained as the square
        gradient = MSE.gradient

        def value(self, outputs, targets, sample_weight=None):
            return np.sqrt(super().value(outputs, targets, sample_weight))

    value, gradient = Rooted().value_and_gradient(ONE_ROW, ZERO)
    assert value == pytest.approx(np.sqrt(5))
    np.testing.assert_array_equal(gradient, [[1, 3]])


def test_overrides_of_overrides_and_of_mixins_are_used():
    twice = overriding(overriding(MSE, "gradient"), "gradient")()
    np.testing.assert_array_equal(twice.value_and_gradient(ONE_ROW, ZERO)[1], [[4, 12]])
    above = overriding(overriding(MSE, "gradient"), "value_and_gradient")()
    np.testing.assert_array_equal(above.gradient(ONE_ROW, ZERO), [[4, 12]])
    assert above.value(ONE_ROW, ZERO) == 10

    class Doubling:
        def gradient(self, *arguments):
            return 2 * super().gradient(*arguments)

    @dataclass(frozen=True)
    class Mixed(Doubling, Huber):
        pass

    np.testing.assert_array_equal(Mixed().value_and_gradient(ONE_ROW, ZERO)[1], [[1, 1]])


def test_backprop_takes_the_step_of_an_overridden_gradient():
    x = np.random.default_rng(0).normal(size=(20, 2))
    task = DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum", normalize=False)
    spec = NetworkSpec.build(2, (), 1)

    def first_step(loss, rate):
        learner = Backprop(SGD(rate), loss=loss).start(task, spec, np.random.default_rng(0))
        before = learner.weights.copy()
        learner.step(0.0)
        return learner.weights - before

    np.testing.assert_allclose(first_step(overriding(MSE, "gradient")(), 0.1), first_step(MSE(), 0.2), rtol=1e-12)
