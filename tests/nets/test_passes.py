"""The forward and the backward pass: against central differences, and one genome against many."""

from dataclasses import dataclass

import numpy as np
import pytest
from loss_gradient import loss_and_gradient
from package_keys import ACTIVATIONS

from evorobo import MAE, MSE, CrossEntropy, Dense, GaussianNLL, Huber, NetworkSpec, forward, gradient
from evorobo.nets.layer import Parameter

BATCH = 7
LOSSES = {
    "mse": MSE(),
    "mae": MAE(),
    "huber": Huber(0.5),
    "gaussian": GaussianNLL(),
    "cross entropy": CrossEntropy(),
    "smoothed": CrossEntropy(label_smoothing=0.1),
    "weighted": CrossEntropy(class_weights=(0.5, 1.0, 2.0, 4.0)),
    "both": CrossEntropy(label_smoothing=0.2, class_weights=(0.5, 1.0, 2.0, 4.0)),
    "choices": CrossEntropy(label_smoothing=0.1, class_weights=(1.0, 2.0, 3.0, 0.5, 1.0), choices=(3, 2)),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
every_activation = pytest.mark.parametrize("activation", sorted(ACTIVATIONS))


def problem(activation, loss, seed=0):
    """A network of three layers, weights, inputs, and targets for the loss."""
    rng = np.random.default_rng(seed)
    if not isinstance(loss, CrossEntropy):
        targets, outputs = rng.normal(size=(BATCH, 2)), loss.width(2)
    elif loss.choices:
        targets, outputs = np.stack([rng.integers(n, size=BATCH) for n in loss.choices], axis=1), loss.width(2)
    else:
        targets, outputs = rng.integers(4, size=BATCH), loss.width(4)
    layers = (Dense(5, activation), Dense(4, activation, bias=False), Dense(outputs, activation))
    spec = NetworkSpec(3, layers)
    return spec, rng.normal(0, 0.7, spec.n_params), rng.normal(size=(BATCH, 3)), targets


def central_differences(spec, weights, x, targets, loss, h=1e-5):
    """The gradient by a small change of each weight in both directions."""
    up, down = weights + h * np.eye(spec.n_params), weights - h * np.eye(spec.n_params)
    values = [np.array([loss.value(forward(spec, genome, x), targets) for genome in side]) for side in (up, down)]
    return (values[0] - values[1]) / (2 * h)


@every_activation
@every_loss
def test_the_gradient_equals_central_differences(activation, loss):
    spec, weights, x, targets = problem(activation, loss)
    value, flat = loss_and_gradient(spec, weights, x, targets, loss)
    assert value == pytest.approx(loss.value(forward(spec, weights, x), targets), rel=1e-14)
    assert all(flat[block.start : block.stop].any() for block in spec.genes.blocks)
    np.testing.assert_allclose(
        flat, central_differences(spec, weights, x, targets, loss), rtol=1e-6, atol=1e-9 * np.abs(flat).max()
    )


@every_loss
def test_several_networks_in_one_call_have_the_gradients_of_each_alone(loss):
    spec, weights, x, targets = problem("tanh", loss)
    several = np.random.default_rng(1).normal(0, 0.7, (5, spec.n_params))
    values, flats = loss_and_gradient(spec, several, x, targets, loss)
    assert values.shape == (5,)
    assert flats.shape == several.shape
    for weights, value, flat in zip(several, values, flats, strict=True):
        alone = loss_and_gradient(spec, weights, x, targets, loss)
        assert value == pytest.approx(alone[0], rel=1e-14)
        np.testing.assert_array_equal(flat, alone[1])


@every_activation
@pytest.mark.parametrize("batch", [1, 2, 33])
@pytest.mark.parametrize("outputs", [1, 2])
def test_several_networks_with_inputs_of_their_own_have_the_gradients_of_each_alone(activation, batch, outputs):
    rng = np.random.default_rng(2)
    spec = NetworkSpec.build(3, (Dense(5, activation), Dense(1, activation)), outputs)
    weights, x = rng.normal(size=(4, spec.n_params)), rng.normal(size=(4, batch, 3))
    dy = rng.normal(size=(4, batch, outputs))
    together = gradient(spec, weights, x, dy)
    assert together.shape == weights.shape
    for at in range(4):
        np.testing.assert_array_equal(together[at], gradient(spec, weights[at], x[at], dy[at]))


def test_the_gradient_of_a_batch_is_the_sum_of_its_rows():
    spec, weights, x, _ = problem("gelu", MSE())
    dy = np.random.default_rng(3).normal(size=(BATCH, 2))
    rows = [gradient(spec, weights, x[[at]], dy[[at]]) for at in range(BATCH)]
    np.testing.assert_allclose(gradient(spec, weights, x, dy), np.sum(rows, axis=0), rtol=1e-12, atol=1e-14)


def test_a_3_2_1_network_by_hand():
    spec = NetworkSpec(3, (Dense(2, "relu"), Dense(1, "identity")))
    # weights of layer 0 row by row, its biases, weights of layer 1, its bias
    weights = np.concatenate([[1, 0, 0, 1, 1, -1], [0.5, 0.5], [2, 3], [-1]])
    x = np.array([[1.0, 2.0, 1.0]])
    # hidden: 1 + 1 + 0.5 and 2 - 1 + 0.5; output: 2 x 2.5 + 3 x 1.5 - 1
    assert forward(spec, weights, x) == 8.5
    # dy = 1: gradients of output weights 2.5, 1.5, output bias 1, hidden units 2 and 3, their weights that times x
    flat = gradient(spec, weights, x, np.ones((1, 1)))
    np.testing.assert_array_equal(flat, np.concatenate([[2, 3, 4, 6, 2, 3], [2, 3], [2.5, 1.5], [1]]))


POPULATIONS = [
    NetworkSpec.build(3, (5,), 2),
    NetworkSpec.build(17, (32, 16), 6),
    NetworkSpec.build(1, (1,), 1),
    NetworkSpec.build(4, (), 1),
]


@pytest.mark.parametrize("spec", POPULATIONS, ids=lambda spec: "-".join(map(str, spec.widths)))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("batch", [1, 2, 9, 64])
@pytest.mark.parametrize("shared", [True, False], ids=["shared inputs", "own inputs"])
def test_outputs_of_a_population_equal_those_of_its_members_bit_for_bit(spec, dtype, batch, shared):
    rng = np.random.default_rng(4)
    population = rng.normal(size=(6, spec.n_params)).astype(dtype)
    x = rng.normal(size=(batch, spec.n_inputs) if shared else (6, batch, spec.n_inputs)).astype(dtype)
    together = forward(spec, population, x)
    assert together.shape == (6, batch, spec.n_outputs)
    assert together.dtype == dtype
    for at, weights in enumerate(population):
        np.testing.assert_array_equal(together[at], forward(spec, weights, x if shared else x[at]))


@every_activation
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_population_may_be_split_in_any_way(activation, dtype):
    rng = np.random.default_rng(5)
    spec = NetworkSpec.build(5, (Dense(7, activation), Dense(3, activation)), 2, activation)
    population = rng.normal(size=(11, spec.n_params)).astype(dtype)
    x = rng.normal(size=(11, 3, 5)).astype(dtype)
    together = forward(spec, population, x)
    assert together.dtype == dtype
    for part in (slice(0, 1), slice(3, 10), slice(None, None, 2), [9, 0, 4]):
        np.testing.assert_array_equal(together[part], forward(spec, population[part], x[part]))


def test_arguments_are_not_changed():
    spec, weights, x, targets = problem("sigmoid", MSE())
    copies = [array.copy() for array in (weights, x, targets)]
    _, flat = loss_and_gradient(spec, weights, x, targets, MSE())
    dy = flat[:14].reshape(7, 2).copy()
    before = dy.copy()
    gradient(spec, weights, x, dy)
    np.testing.assert_array_equal(dy, before)
    for array, copy in zip((weights, x, targets), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_gradient_in_single_precision_is_close_to_that_in_double_precision():
    spec, weights, x, targets = problem("tanh", MSE())
    low = [array.astype(np.float32) for array in (weights, x, targets)]
    _, single = loss_and_gradient(spec, *low, MSE())
    _, double = loss_and_gradient(spec, weights, x, targets, MSE())
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-6)


def test_a_step_against_the_gradient_lowers_the_loss():
    spec, weights, x, targets = problem("tanh", MSE())
    value, flat = loss_and_gradient(spec, weights, x, targets, MSE())
    lower, _ = loss_and_gradient(spec, weights - 1e-3 * flat, x, targets, MSE())
    # to first order by the step times the squared length of the gradient
    assert value - lower == pytest.approx(1e-3 * flat @ flat, rel=0.02)


@dataclass(frozen=True)
class Gain:
    """A layer as a user may write it: inputs times a learned and a fixed number."""

    fixed: float = 2.0

    def width(self, n_inputs):
        return n_inputs

    def parameters(self, n_inputs):
        return {"gain": Parameter((), lambda rng: rng.normal(size=()))}

    def flops(self, n_inputs):
        return 2 * n_inputs

    def forward(self, params, x, context):
        return self.fixed * params["gain"][..., None, None] * x, x

    def backward(self, params, cache, dy, gradients, needs_input_grad=True):
        gradients["gain"][...] = self.fixed * (dy * cache).sum((-2, -1))
        return self.fixed * params["gain"][..., None, None] * dy


def test_a_users_layer_is_trained_with_the_others():
    spec = NetworkSpec.build(3, (4, Gain(), 3), 2)
    rng = np.random.default_rng(6)
    weights, x, targets = spec.init(rng), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    assert spec.n_params == (12 + 4) + 1 + (12 + 3) + (6 + 2)
    assert spec.genes[16] == (1, "gain", ())
    assert spec.genes.index(1, "gain") == 16
    _, flat = loss_and_gradient(spec, weights, x, targets, MSE())
    np.testing.assert_allclose(flat, central_differences(spec, weights, x, targets, MSE()), rtol=1e-6, atol=1e-10)
    population = np.stack([weights, 2 * weights])
    np.testing.assert_array_equal(forward(spec, population, x)[1], forward(spec, 2 * weights, x))
