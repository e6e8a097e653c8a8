"""Every activation against PyTorch, at the edges of its range and in both precisions; and activations of users."""

import json

import numpy as np
import pytest
from package_keys import ACTIVATIONS
from record_torch_reference import FILE

from evorobo import Activation, SettingsError, TaskError, register_component
from evorobo.nets.activations import activation
from evorobo.testing import check_activation

TORCH = json.loads(FILE.read_text())["activations"]
every = pytest.mark.parametrize("name", ACTIVATIONS)


def test_torch_has_recorded_every_activation():
    assert set(TORCH["answers"]) == set(ACTIVATIONS)


@every
def test_values_and_slopes_are_those_of_torch(name):
    z = np.array(TORCH["points"])
    y, cache = activation(name).forward(z.copy())
    slope = activation(name).backward(cache, np.ones_like(z))
    np.testing.assert_allclose(y, TORCH["answers"][name]["value"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(slope, TORCH["answers"][name]["slope"], rtol=1e-10, atol=1e-12)


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_fast_version_has_the_values_of_the_function_to_the_last_bit(name, dtype):
    z = np.concatenate([np.linspace(-9, 9, 1001), [-1e4, 0.0, 1e4]]).astype(dtype)
    y, _ = activation(name).forward(z.copy())
    expected = activation(name).function(z)
    assert y.dtype == expected.dtype == dtype
    np.testing.assert_array_equal(y, expected)


@every
def test_the_backward_pass_is_the_derivative(name):
    z = np.linspace(-3.1, 3.3, 64)
    one = activation(name)
    slope = one.backward(one.forward(z.copy())[1], np.ones_like(z))
    np.testing.assert_allclose(slope, one.derivative(z), rtol=1e-12, atol=1e-15)
    step = 1e-6
    finite = (one.function(z + step) - one.function(z - step)) / (2 * step)
    np.testing.assert_allclose(slope, finite, rtol=1e-7, atol=1e-8)


@every
def test_the_backward_pass_multiplies_the_derivative_by_the_incoming_gradient(name):
    z = np.linspace(-2.2, 2.3, 10)
    dy = np.linspace(-3, 5, 10)
    one = activation(name)
    slope = one.backward(one.forward(z.copy())[1], np.ones(10))
    dz = one.backward(one.forward(z.copy())[1], dy.copy())
    np.testing.assert_allclose(dz, dy * slope, rtol=1e-14)


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_and_large_inputs_neither_overflow_nor_lose_their_slope(name, dtype):
    z = np.array([-1e4, -100, -1, 0, 1, 100, 1e4], dtype)
    y, cache = activation(name).forward(z.copy())
    slope = activation(name).backward(cache, np.ones_like(z))
    assert y.dtype == slope.dtype == dtype
    # beyond +-100 every activation is a straight line: y = slope z + a constant of at most 1
    far = np.abs(z) >= 100
    assert np.abs(y - slope * z)[far].max() <= 1
    assert np.isfinite(y).all()
    assert np.isfinite(slope).all()


def test_worked_values():
    at_zero = {key: float(activation(key).forward(np.zeros(1))[0][0]) for key in ACTIVATIONS}
    assert at_zero == pytest.approx(
        {"sigmoid": 0.5, "softplus": np.log(2)}
        | dict.fromkeys(("elu", "gelu", "identity", "leaky_relu", "relu", "tanh"), 0)
    )
    assert activation("leaky_relu").forward(np.array([-2.0]))[0] == pytest.approx(-0.02)
    assert activation("elu").forward(np.array([-np.log(2)]))[0] == pytest.approx(-0.5)
    assert activation("sigmoid").forward(np.array([np.log(3)]))[0] == pytest.approx(0.75)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_function_and_derivative_are_enough_and_keep_the_precision_of_the_network(dtype):
    # z^2, with constants of double precision
    square = Activation(lambda z: np.float64(1) * z * z, lambda z: np.float64(2) * z)
    z = np.array([-1.5, 0.0, 2.0], dtype)
    y, cache = square.forward(z.copy())
    dz = square.backward(cache, np.full(3, 0.5, dtype))
    assert y.dtype == dz.dtype == dtype
    assert y.tolist() == [2.25, 0.0, 4.0]
    assert dz.tolist() == [-1.5, 0.0, 2.0]


def test_a_fast_version_needs_both_passes():
    with pytest.raises(SettingsError, match="only one of forward and backward; give both or neither"):
        Activation(np.tanh, np.cos, forward=lambda z: (z, z))


def test_an_unknown_initializer_is_named_when_an_activation_is_defined():
    with pytest.raises(SettingsError, match="unknown initializer 'glorrot'; did you mean 'glorot'"):
        Activation(np.tanh, np.cos, "glorrot")


def test_an_unknown_activation_is_named_with_the_nearest_one():
    with pytest.raises(SettingsError, match="unknown activation 'tahn'; did you mean 'tanh'"):
        activation("tahn")


# ---- the contract


@every
def test_the_packages_own_activations_keep_the_contract(name):
    check_activation(name)


def hard_swish(z):
    return z * np.clip(z + 3, 0, 6) / 6


def hard_swish_derivative(z):
    return np.select([z < -3, z < 3], [0, (2 * z + 3) / 6], 1)


def mish(z):
    return z * np.tanh(np.logaddexp(0, z))


def mish_derivative(z):
    t = np.tanh(np.logaddexp(0, z))
    return t + z * (1 - t * t) / (1 + np.exp(-z))


def mixture(z):
    """Logic, comparisons, powers and shared terms."""
    inside = (np.abs(z) < 2) & ~(z > 1.5) | (z == 0)
    wave = np.sin(z) ** 2
    return np.where(inside, wave * wave + np.square(z) * 0.1, wave + 1.0 * (z > 3)) - np.sign(z) / np.float64(7)


def mixture_derivative(z):
    inside = (np.abs(z) < 2) & ~(z > 1.5)
    slope = 2 * np.sin(z) * np.cos(z)
    return np.where(inside, 2 * np.sin(z) ** 2 * slope + 0.2 * z, slope)


OWN = {
    "test-hard-swish": Activation(hard_swish, hard_swish_derivative),
    "test-mish": Activation(mish, mish_derivative, "he"),
    "test-mixture": Activation(mixture, mixture_derivative),
}
for key, one in OWN.items():
    register_component("activation", key)(one)


@pytest.mark.parametrize("key", OWN)
def test_a_users_activation_keeps_the_contract(key):
    check_activation(key)


def overwriting(z):
    z *= 2
    return z


BROKEN = {
    "overwrites": (Activation(overwriting, lambda z: 2), "overwrites the input of its function"),
    "sums": (Activation(lambda z: z - z.mean(), lambda z: 1), "has other values for one element than for an array"),
    "reduces": (Activation(lambda z: z.sum(0), lambda z: 1), r"returns shape \(67,\) for an input of shape \(3, 67\)"),
    "slopes": (Activation(np.tanh, lambda z: 1 - np.tanh(z)), "is not that of its function, for example at z = -4.03"),
    "forward": (Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, "glorot", lambda z: (z, z), lambda c, dy: dy),
                "forward of the activation .* has other values than its function"),
    "backward": (Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, "glorot", lambda z: (np.tanh(z), z),
                            lambda c, dy: dy),
                 "backward of the activation .* is not dy times its derivative"),
    "branches": (Activation(lambda z: np.array([max(x, 0) for x in z.ravel()]).reshape(z.shape), lambda z: z > 0),
                 "can be neither compiled nor exported: it decides by a number that is not known yet"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_activation_fails_with_one_sentence(name):
    one, sentence = BROKEN[name]
    register_component("activation", f"test-{name}")(one)
    with pytest.raises(TaskError, match=sentence):
        check_activation(f"test-{name}")
