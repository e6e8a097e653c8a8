"""Initializers: large samples against theory."""

import numpy as np
import pytest
from package_keys import ACTIVATIONS, package_keys

from evorobo import Dense, NetworkSpec, SettingsError
from evorobo.nets.activations import activation
from evorobo.nets.initializers import initializer
from evorobo.nets.layer import ForwardContext

IN, OUT = 200, 300


def sample(name, seed=0):
    return initializer(name)(np.random.default_rng(seed), IN, OUT)


@pytest.mark.parametrize(
    ("name", "variance"), [("glorot", 2 / (IN + OUT)), ("he", 2 / IN), ("lecun", 1 / IN), ("normal", 1)]
)
def test_mean_and_variance_of_large_samples_are_those_of_the_paper(name, variance):
    weights = sample(name)
    assert weights.shape == (IN, OUT)
    # five standard errors of 60,000 numbers; of a normal distribution's variance: sqrt(2 / N)
    assert abs(weights.mean()) < 5 * np.sqrt(variance / weights.size)
    assert weights.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / weights.size))


def test_glorot_is_uniform_and_reaches_its_limit():
    size, limit = np.abs(sample("glorot")), np.sqrt(6 / (IN + OUT))
    assert 0.999 * limit < size.max() <= limit
    assert np.mean(size < limit / 2) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", ["he", "lecun", "normal"])
def test_the_others_are_normal(name):
    weights = sample(name)
    beyond = np.mean(np.abs(weights) > 2 * weights.std())
    assert beyond == pytest.approx(0.0455, abs=0.005)


def test_zeros_are_zero():
    assert not sample("zeros").any()
    assert not NetworkSpec(3, (Dense(4, init="zeros"), Dense(2, init="zeros"))).init(np.random.default_rng(0)).any()


@pytest.mark.parametrize(
    ("activation", "name"),
    [(name, "glorot") for name in ("identity", "tanh", "sigmoid")]
    + [(name, "he") for name in ("relu", "leaky_relu", "elu", "softplus", "gelu")],
)
def test_each_activation_has_its_usual_initializer(activation, name):
    usual, named = (
        NetworkSpec(IN, (Dense(OUT, activation, init),)).init(np.random.default_rng(5)) for init in (None, name)
    )
    np.testing.assert_array_equal(usual, named)
    np.testing.assert_array_equal(usual[: IN * OUT].reshape(IN, OUT), sample(name, seed=5))


def test_every_activation_has_an_initializer():
    assert {activation(key).initializer for key in ACTIVATIONS} <= set(package_keys("initializer"))


@pytest.mark.parametrize("name", sorted(set(package_keys("initializer")) - {"normal"}))
def test_biases_start_at_zero(name):
    spec = NetworkSpec(3, (Dense(400, init=name),))
    assert not spec.unpack(spec.init(np.random.default_rng(0)))[0]["bias"].any()


def test_under_normal_biases_are_drawn_like_weights():
    spec = NetworkSpec(3, (Dense(4000, init="normal"),))
    bias = spec.unpack(spec.init(np.random.default_rng(0)))[0]["bias"]
    assert bias.var() == pytest.approx(1, rel=5 * np.sqrt(2 / 4000))


def test_he_keeps_a_signal_alive_through_twenty_relu_layers_and_glorot_keeps_it_through_identities():
    for name in ("relu", "identity"):
        spec = NetworkSpec(100, tuple(Dense(100, name) for _ in range(20)))
        rng = np.random.default_rng(0)
        x = rng.normal(size=(50, 100))
        params = spec.unpack(spec.init(rng))
        for layer, view in zip(spec.layers, params, strict=True):
            x, _ = layer.forward(view, x, ForwardContext())
        assert 0.1 < np.square(x).mean() < 10


def test_the_same_generator_gives_the_same_weights_and_another_seed_gives_others():
    spec = NetworkSpec.build(3, (5,), 2)
    one, same, other = (spec.init(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).sum() == 3 * 5 + 5 * 2


def test_two_equal_layers_start_differently():
    spec = NetworkSpec.build(4, (4, 4), 4)
    first, second, _ = spec.unpack(spec.init(np.random.default_rng(0)))
    assert not np.isclose(first["weight"], second["weight"]).any()


def test_an_unknown_initializer_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="unknown initializer 'gloro'; did you mean 'glorot'"):
        initializer("gloro")
