"""Recurrent layers, layer normalization and dropout: against recorded results of PyTorch, and their laws."""

import json

import numpy as np
import pytest
from loss_gradient import loss_and_gradient
from record_torch_reference import FILE, N_STEPS, ROWS, UNITS, layer_parameters, wavy

from evorobo import CTRNN, GRU, LSTM, MSE, Dense, Dropout, Elman, Genome, LayerNorm, NetworkSpec, SettingsError, forward
from evorobo.nets.controller import Controller
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import backward_pass, forward_pass

TORCH = json.loads(FILE.read_text())["layers"]
TORCH_LAYERS = {"Elman": Elman(UNITS), "GRU": GRU(UNITS), "LSTM": LSTM(UNITS), "LayerNorm": LayerNorm()}
RECURRENT = [Elman(4), Elman(3, "sigmoid", bias=False), GRU(4), LSTM(4), CTRNN(4)]
LAYERS = [*RECURRENT, LayerNorm()]
TIME = 5


def network(layer):
    return NetworkSpec(3, (Dense(4), layer, Dense(2, "identity")))


def batch(rng, rows=3):
    """Sequences of TIME steps, and targets for a network with two outputs."""
    return rng.normal(size=(rows * TIME, 3)), rng.normal(size=(rows * TIME, 2))


def genome(spec, rng):
    return spec.init(rng) + 0.3 * rng.normal(size=spec.n_params)


@pytest.mark.parametrize("kind", TORCH_LAYERS)
def test_forward_and_backward_through_time_equal_those_of_torch(kind):
    layer, parameters, answers = TORCH_LAYERS[kind], layer_parameters(kind), TORCH[kind]
    x = wavy(ROWS, N_STEPS, 2, phase=5.0).reshape(ROWS * N_STEPS, 2)
    y, cache = layer.forward(parameters, x, ForwardContext(n_steps=N_STEPS))
    expected = np.array(answers["outputs"])
    np.testing.assert_allclose(y, expected.reshape(y.shape), rtol=1e-9, atol=1e-11)
    gradients = {name: np.empty_like(value) for name, value in parameters.items()}
    dx = layer.backward(parameters, cache, wavy(*expected.shape, phase=6.0).reshape(y.shape), gradients)
    np.testing.assert_allclose(dx, np.array(answers["inputs"]).reshape(dx.shape), rtol=1e-9, atol=1e-11)
    assert gradients.keys() == answers["gradients"].keys()
    for name, value in gradients.items():
        np.testing.assert_allclose(value, answers["gradients"][name], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_several_networks_have_the_values_and_gradients_of_each_alone(layer):
    rng = np.random.default_rng(4)
    spec = network(layer)
    several, (x, targets) = np.stack([genome(spec, rng) for _ in range(3)]), batch(rng)
    values, gradients = loss_and_gradient(spec, several, x, targets, MSE(), n_steps=TIME)
    for weights, value, gradient in zip(several, values, gradients, strict=True):
        alone = loss_and_gradient(spec, weights, x, targets, MSE(), n_steps=TIME)
        assert alone[0] == value
        np.testing.assert_array_equal(alone[1], gradient)


@pytest.mark.parametrize("layer", RECURRENT, ids=repr)
def test_a_controller_computes_step_by_step_what_one_pass_through_time_does(layer):
    rng = np.random.default_rng(5)
    spec = network(layer)
    assert spec.recurrent
    weights, rows = np.stack([genome(spec, rng) for _ in range(4)]), 2
    x = rng.normal(size=(4, rows, TIME, 3))
    in_one_pass = forward(spec, weights, x.reshape(4, rows * TIME, 3), n_steps=TIME).reshape(4, rows, TIME, 2)
    controller = Controller(spec, weights)
    members = np.arange(4)
    for t in range(TIME):
        if t == 3:  # two members are removed; the others continue unchanged
            members = np.array([1, 3])
            controller.keep(members)
        outputs = controller(x[members][:, :, t])
        np.testing.assert_allclose(outputs, in_one_pass[members][:, :, t], rtol=1e-12, atol=1e-14)
    new = Controller(spec, weights)
    np.testing.assert_allclose(new(x[:, :, 0]), in_one_pass[:, :, 0], rtol=1e-12, atol=1e-14)


def test_a_genome_returns_a_controller():
    rng = np.random.default_rng(6)
    spec = network(GRU(3))
    weights, x = genome(spec, rng), rng.normal(size=(TIME, 3))
    drive = Genome(spec, weights).controller()
    outputs = [drive(row[None, None])[0, 0] for row in x]
    np.testing.assert_allclose(outputs, forward(spec, weights, x, n_steps=TIME), rtol=1e-12)


def test_a_ctrnn_with_time_constants_of_one_step_is_an_elman_layer():
    rng = np.random.default_rng(7)
    ctrnn, elman = CTRNN(4), Elman(4, "sigmoid")
    weight, recurrent, bias = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)
    x, context = rng.normal(size=(6, 3)), ForwardContext(n_steps=6)
    params = {"weight": weight, "recurrent": recurrent, "shift": bias, "log_tau": np.zeros(4)}
    y, _ = ctrnn.forward(params, x, context)
    # both start with state 0; the output of a CTRNN neuron is then sigmoid(shift), that of an Elman unit 0
    elman_params = {"weight": weight, "recurrent": recurrent, "bias": bias}
    state = {"h": np.broadcast_to(1 / (1 + np.exp(-bias)), (1, 4)).copy()}
    expected, _ = elman.forward(elman_params, x, ForwardContext(n_steps=6, state=state))
    np.testing.assert_allclose(y, expected, rtol=1e-13)


def test_a_slow_ctrnn_neuron_approaches_its_input_exponentially():
    layer, log_tau = CTRNN(1), np.log(8.0)
    params = {
        "weight": np.ones((1, 1)),
        "recurrent": np.zeros((1, 1)),
        "shift": np.zeros(1),
        "log_tau": np.array([log_tau]),
    }
    outputs, _ = layer.forward(params, np.ones((20, 1)), ForwardContext(n_steps=20))
    y = np.log(outputs / (1 - outputs))[:, 0]
    np.testing.assert_allclose(y, 1 - (1 - 1 / 8) ** np.arange(1, 21), rtol=1e-12)


def test_layer_norm_gives_each_row_mean_0_and_standard_deviation_1():
    x = np.random.default_rng(8).normal(3.0, 5.0, (4, 50))
    y, _ = LayerNorm().forward({"gain": np.ones(50), "shift": np.zeros(50)}, x, ForwardContext())
    np.testing.assert_allclose(y.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(1), 1, rtol=1e-5)


def test_dropout_changes_nothing_outside_training():
    x = np.random.default_rng(9).normal(size=(4, 5))
    assert Dropout(0.5).forward({}, x, ForwardContext())[0] is x


def test_the_expected_output_with_dropout_is_the_output_outside_training_for_a_linear_network():
    rng = np.random.default_rng(10)
    spec = NetworkSpec(6, (Dense(20, "identity"), Dropout(0.4), Dense(3, "identity")))
    weights, x = genome(spec, rng), rng.normal(size=(1, 6))
    expected = forward(spec, weights, x)
    context, params = ForwardContext(training=True, rng=rng), spec.unpack(weights)
    samples = np.stack([forward_pass(spec, params, x, [context] * 3)[0] for _ in range(20_000)])
    standard_error = samples.std(0) / np.sqrt(len(samples))
    assert (np.abs(samples.mean(0) - expected) < 4 * standard_error).all()
    assert (samples.std(0) > 0.1).all()


def test_the_gradient_of_dropout_uses_the_mask_of_the_forward_pass():
    rng = np.random.default_rng(11)
    layer, x = Dropout(0.5), np.ones((1, 1000))
    y, cache = layer.forward({}, x, ForwardContext(training=True, rng=rng))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert 0.4 < (y == 0).mean() < 0.6
    np.testing.assert_array_equal(layer.backward({}, cache, np.ones_like(x), {}), y)


def test_the_gradient_of_a_network_with_dropout_equals_central_differences():
    rng = np.random.default_rng(12)
    spec = NetworkSpec(3, (Dense(6), Dropout(0.3), Dense(2, "identity")))
    weights, x, dy = genome(spec, rng), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    params, grad = spec.unpack(weights), np.empty_like(weights)

    def training_pass(genes):
        context = ForwardContext(training=True, rng=np.random.default_rng(99))
        return forward_pass(spec, spec.unpack(genes), x, [context] * 3)

    backward_pass(spec, params, training_pass(weights)[1], dy, spec.unpack(grad))
    gene = spec.genes.index(0, "weight", 1, 2)
    step = np.zeros_like(weights)
    step[gene] = 1e-6
    numeric = ((training_pass(weights + step)[0] - training_pass(weights - step)[0]) * dy).sum() / 2e-6
    assert grad[gene] == pytest.approx(numeric, rel=1e-6)


@pytest.mark.parametrize("make", [lambda: Elman(0), lambda: GRU(0), lambda: LSTM(-1), lambda: CTRNN(2, max_tau=0.5)])
def test_invalid_layers_are_refused(make):
    with pytest.raises(SettingsError, match="at least 1"):
        make()


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_an_invalid_dropout_rate_is_refused(rate):
    with pytest.raises(SettingsError, match="rate must be a number of at least 0 and below 1"):
        Dropout(rate)


def test_dropout_in_training_requires_a_generator():
    with pytest.raises(SettingsError, match="needs a Generator"):
        Dropout(0.5).forward({}, np.ones((2, 2)), ForwardContext(training=True))
