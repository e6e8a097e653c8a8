"""The fully connected layer, by hand."""

import numpy as np
import pytest

from evorobo import Dense, SettingsError
from evorobo.nets.layer import ForwardContext

X = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
VIEWS = {"weight": np.array([[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]), "bias": np.array([0.5, -0.5])}


def test_outputs_by_hand():
    # row 1: 1 + 3 + 0.5, 4 - 3 - 0.5; row 2: 1 + 0.5, -2 - 1 - 0.5
    z = np.array([[4.5, 0.5], [1.5, -3.5]])
    np.testing.assert_array_equal(Dense(2, "identity").forward(VIEWS, X, ForwardContext())[0], z)
    np.testing.assert_array_equal(Dense(2, "relu").forward(VIEWS, X, ForwardContext())[0], np.maximum(z, 0))
    np.testing.assert_allclose(Dense(2).forward(VIEWS, X, ForwardContext())[0], np.tanh(z))


def test_gradients_by_hand():
    layer, dy = Dense(2, "relu"), np.array([[1.0, 10.0], [2.0, 5.0]])
    gradients = {name: np.empty_like(view) for name, view in VIEWS.items()}
    dx = layer.backward(VIEWS, layer.forward(VIEWS, X, ForwardContext())[1], dy.copy(), gradients)
    # the second unit is inactive for row 2: dz = [[1, 10], [2, 0]]
    np.testing.assert_array_equal(gradients["bias"], [3, 10])
    np.testing.assert_array_equal(gradients["weight"], [[1, 10], [2 - 2, 20], [3 + 2, 30]])
    np.testing.assert_array_equal(dx, [[1, 20, 1 - 10], [2, 0, 2]])


def test_a_layer_without_bias_has_no_bias_genes_and_maps_zero_to_zero():
    layer = Dense(2, "identity", bias=False)
    assert list(layer.parameters(3)) == ["weight"]
    assert not layer.forward({"weight": VIEWS["weight"]}, np.zeros((4, 3)), ForwardContext())[0].any()


def test_inputs_and_weights_are_not_changed():
    layer = Dense(2)
    x, params = X.copy(), {name: view.copy() for name, view in VIEWS.items()}
    _, cache = layer.forward(params, x, ForwardContext())
    layer.backward(params, cache, np.ones((2, 2)), {name: np.empty_like(view) for name, view in params.items()})
    np.testing.assert_array_equal(x, X)
    for name, view in VIEWS.items():
        np.testing.assert_array_equal(params[name], view)


@pytest.mark.parametrize("units", [0, -3, 2.5, "8", None])
def test_an_invalid_number_of_units_is_refused(units):
    with pytest.raises(SettingsError, match="units must be a whole number of at least 1, not"):
        Dense(units)


@pytest.mark.parametrize("init", [None, "he"])
def test_an_unknown_activation_is_refused(init):
    with pytest.raises(SettingsError, match="unknown activation 'tahn'; did you mean 'tanh'"):
        Dense(3, "tahn", init)


def test_an_unknown_initializer_is_refused():
    with pytest.raises(SettingsError, match="unknown initializer 'xavier'; known: glorot, he, lecun, normal, zeros"):
        Dense(3, init="xavier")
