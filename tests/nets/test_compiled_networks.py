"""The network of the compiled kernel, run by Python, has the outputs of the network in NumPy."""

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest
from package_keys import ACTIVATIONS

from evorobo import CTRNN, GRU, LSTM, Activation, Dense, Elman, LayerNorm, NetworkSpec, register_component
from evorobo.machine_code.weighted_rows import compiled_weighted_rows
from evorobo.nets.activations import activation
from evorobo.nets.compiled import choices, network
from evorobo.nets.compiled.activations import KERNEL_NUMBERS, activation_source, generated_activations
from evorobo.nets.compiled.double_network import NetworkCode
from evorobo.nets.compiled.layout import pack_networks
from evorobo.nets.controller import Controller


def test_the_quick_tanh_is_within_5e_7():
    x = np.linspace(-12, 12, 20_001).astype(np.float32)
    quick = np.array([network.quick_tanh(value) for value in x])
    assert quick.dtype == np.float32
    assert np.abs(quick - np.tanh(x.astype(float))).max() < 5e-7


def test_the_kernel_has_code_for_every_activation_of_the_package():
    assert set(KERNEL_NUMBERS) == set(ACTIVATIONS)
    assert len(set(KERNEL_NUMBERS.values())) == len(KERNEL_NUMBERS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_the_kernel_have_the_values_of_numpy(name):
    z = np.linspace(-6, 6, 997).astype(np.float32)
    values = z.copy()
    network.activate(KERNEL_NUMBERS[name], values, len(values))
    np.testing.assert_allclose(values, activation(name).function(z), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(
    "values", [[1, 3, 2], [2, 2, 1], [1, np.nan, 9], [np.nan, np.nan, 9], [-np.inf, -np.inf, -np.inf]]
)
def test_the_index_of_the_largest_is_that_of_numpy(values):
    assert network.argmax(np.array(values, np.float32), 3) == np.argmax(values)


@pytest.mark.skipif(find_spec("numba") is None, reason="compiling needs numba: pip install 'evorobo[fast]'")
def test_the_weighted_rows_of_machine_code_are_those_of_python_to_the_last_bit():
    rng = np.random.default_rng(0)
    for n_rows, n_columns in ((4, 8), (12, 56), (8, 120), (68, 128)):
        weights = rng.normal(size=5 + (1 + n_rows) * n_columns).astype(np.float32)
        factors = rng.normal(size=n_rows).astype(np.float32)
        sums = np.zeros((2, n_columns + 1), np.float32)
        for function, row in zip((network.weighted_rows, compiled_weighted_rows()), sums, strict=True):
            function(weights, 5, n_rows, n_columns, factors, row)
        np.testing.assert_array_equal(sums[1], sums[0])
        matrix = weights[5 + n_columns :].reshape(n_rows, n_columns)
        np.testing.assert_allclose(sums[0, :-1], weights[5 : 5 + n_columns] + factors @ matrix, rtol=1e-4, atol=1e-5)
        assert not sums[:, -1].any()


def run_kernel(spec, weights, sensors):
    """Outputs `(steps, members, out)` of the kernel for sensors `(steps, members, in)`."""
    rows, table = pack_networks(spec, weights)
    outputs = np.empty((*sensors.shape[:2], spec.n_outputs), np.float32)
    members = np.arange(len(weights))
    cache = np.zeros((len(weights), len(table), table[0, 6]), np.float32)
    for step, values in enumerate(sensors):
        one, other = np.zeros((2, len(weights), table[0, 6]), np.float32)
        one[:, : spec.n_inputs] = values
        network.network_outputs(rows, members, table, cache, one, other, outputs[step])
    return outputs


@pytest.mark.parametrize(
    "hidden", [(6,), (Elman(5),), (GRU(5),), (LSTM(5), 3), (4, CTRNN(5)), (GRU(2), LayerNorm(1e-3))]
)
def test_outputs_are_those_of_numpy_over_fifty_steps(hidden):
    spec = NetworkSpec.build(3, hidden, 2)
    weights = np.random.default_rng(0).normal(0, 1, (4, spec.n_params))
    sensors = np.random.default_rng(1).normal(0, 1, (50, 4, 3)).astype(np.float32)
    controller = Controller(spec, weights)
    expected = np.array([controller(values[:, None])[:, 0] for values in sensors])
    np.testing.assert_allclose(run_kernel(spec, weights, sensors), expected, atol=2e-5)
    assert expected.std(0).mean() > 0.05


class Shy(Dense):
    """A dense layer that begins near zero."""

    def parameters(self, n_inputs):
        return {
            name: dataclasses.replace(parameter, init=lambda rng, shape=parameter.shape: 0.01 * rng.normal(size=shape))
            for name, parameter in super().parameters(n_inputs).items()
        }


def test_derived_layers_that_compute_as_their_parent_are_compiled_as_it():
    own, plain = NetworkSpec(3, (Shy(4), Dense(2))), NetworkSpec(3, (Dense(4), Dense(2)))
    weights = np.stack([own.init(np.random.default_rng(seed)) for seed in range(2)])
    assert np.abs(weights[:, :12]).max() < 0.1
    for one, other in zip(pack_networks(own, weights), pack_networks(plain, weights), strict=True):
        np.testing.assert_array_equal(one, other)
    assert NetworkCode(own).source == NetworkCode(plain).source


def test_padding_is_zero():
    spec = NetworkSpec.build(3, (5,), 2)
    rows, table = pack_networks(spec, np.ones((2, spec.n_params)))
    assert table.tolist() == [[3, 0, 4, 8, network.TANH, 5, 8], [5, 0, 8, 8, network.IDENTITY, 2, 8]]
    assert rows.sum(1).tolist() == [spec.n_params] * 2


def test_code_is_generated_for_activations_of_users(monkeypatch):
    for key, function in {"test-cubic": lambda z: z - z**3 / 9, "test-bump": lambda z: np.exp(-z * z)}.items():
        register_component("activation", key)(Activation(function, np.ones_like))
    hidden = (Dense(5, "test-cubic"), Elman(4, "test-bump"), Dense(4, "gelu"))
    spec = NetworkSpec.build(3, hidden, 2)
    generated = generated_activations(spec)
    assert [key.rpartition(":")[2] for key in generated] == ["test-bump", "test-cubic"]
    names = {**vars(choices), "math": np, "float32": np.float32, "float64": np.float64}
    exec(activation_source(generated), names)
    monkeypatch.setattr(network, "activate_generated", names["activate_generated"])
    weights = np.random.default_rng(0).normal(0, 0.5, (3, spec.n_params))
    sensors = np.random.default_rng(1).normal(0, 1, (20, 3, 3)).astype(np.float32)
    controller = Controller(spec, weights)
    expected = np.array([controller(values[:, None])[:, 0] for values in sensors])
    np.testing.assert_allclose(run_kernel(spec, weights, sensors), expected, atol=2e-5)


def test_nothing_is_generated_for_activations_of_the_package():
    spec = NetworkSpec.build(3, tuple(Dense(2, key) for key in ACTIVATIONS), 2)
    assert generated_activations(spec) == ()
    assert activation_source(()) == ""
