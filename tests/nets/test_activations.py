"""Every activation against PyTorch, at the edges of its range and in both precisions."""

import json

import numpy as np
import pytest
from record_torch_reference import FILE

from evorobo import SettingsError
from evorobo.nets.activations import ACTIVATIONS, activation

TORCH = json.loads(FILE.read_text())["activations"]
every = pytest.mark.parametrize("name", sorted(ACTIVATIONS))


def test_torch_has_recorded_every_activation():
    assert set(TORCH["answers"]) == set(ACTIVATIONS)


@every
def test_values_and_slopes_are_those_of_torch(name):
    z = np.array(TORCH["points"])
    y, kept = activation(name).forward(z.copy())
    slope = activation(name).backward(kept, np.ones_like(z))
    np.testing.assert_allclose(y, TORCH["answers"][name]["value"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(slope, TORCH["answers"][name]["slope"], rtol=1e-10, atol=1e-12)


@every
def test_the_backward_pass_multiplies_the_slope_by_what_comes_in(name):
    z = np.linspace(-2.2, 2.3, 10)
    coming = np.linspace(-3, 5, 10)
    one_by_one = activation(name)
    slope = one_by_one.backward(one_by_one.forward(z.copy())[1], np.ones(10))
    both = one_by_one.backward(one_by_one.forward(z.copy())[1], coming.copy())
    np.testing.assert_allclose(both, coming * slope, rtol=1e-14)


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_and_far_inputs_neither_overflow_nor_lose_their_slope(name, dtype):
    z = np.array([-1e4, -100, -1, 0, 1, 100, 1e4], dtype)
    y, kept = activation(name).forward(z.copy())
    slope = activation(name).backward(kept, np.ones_like(z))
    assert y.dtype == slope.dtype == dtype
    # beyond +-100 every activation is a straight line: y = slope z + a constant of at most 1
    far = np.abs(z) >= 100
    assert np.abs(y - slope * z)[far].max() <= 1
    assert np.isfinite(y).all()
    assert np.isfinite(slope).all()


def test_worked_values():
    at_zero = {name: float(each.forward(np.zeros(1))[0][0]) for name, each in ACTIVATIONS.items()}
    assert at_zero == pytest.approx(
        {"sigmoid": 0.5, "softplus": np.log(2)}
        | dict.fromkeys(("elu", "gelu", "identity", "leaky_relu", "relu", "tanh"), 0)
    )
    assert activation("leaky_relu").forward(np.array([-2.0]))[0] == pytest.approx(-0.02)
    assert activation("elu").forward(np.array([-np.log(2)]))[0] == pytest.approx(-0.5)
    assert activation("sigmoid").forward(np.array([np.log(3)]))[0] == pytest.approx(0.75)


def test_an_unknown_activation_is_answered_with_the_nearest_one():
    with pytest.raises(SettingsError, match="unknown activation 'tahn'; did you mean 'tanh'"):
        activation("tahn")
