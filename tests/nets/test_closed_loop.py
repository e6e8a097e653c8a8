"""Networks in a closed loop: their passes are those of sequences, and what has no gradient is refused."""

import numpy as np
import pytest
from every_layer import LAYERS
from own_layer import Doubled

from evorobo import Dense, Elman, NetworkSpec, Scaler, SettingsError, gradient
from evorobo.nets.closed_loop import ClosedLoopNetwork
from evorobo.nets.controller import Controller

STEPS, ROWS = 5, 3


def case(layer):
    rng = np.random.default_rng(0)
    spec = NetworkSpec(3, (Dense(4), layer, Dense(2, "identity")))
    running_stats = np.abs(spec.init_running_stats() + rng.normal(0, 0.4, spec.n_running_stats))
    return spec, rng.normal(0, 0.7, (2, spec.n_params)), running_stats if spec.n_running_stats else None, rng


@pytest.mark.parametrize("layer", [*LAYERS, Doubled(4)], ids=str)
def test_without_feedback_the_gradient_is_that_of_whole_sequences(layer):
    spec, weights, running_stats, rng = case(layer)
    x, dy = rng.normal(size=(STEPS, 2, ROWS, 3)), rng.normal(size=(STEPS, 2, ROWS, 2))
    network = ClosedLoopNetwork(spec, weights, None, running_stats)
    for step in range(STEPS):
        network.forward(x[step])
    for step in reversed(range(STEPS)):
        network.backward(dy[step].copy())

    def sequences(array):  # (steps, n, rows, k) to (n, rows * steps, k)
        return np.moveaxis(array, 0, 2).reshape(2, ROWS * STEPS, -1)

    expected = gradient(spec, weights, sequences(x), sequences(dy), running_stats=running_stats, n_steps=STEPS)
    np.testing.assert_allclose(network.gradient, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_outputs_are_those_of_the_controller(layer):
    spec, weights, running_stats, rng = case(layer)
    scaler = Scaler(rng.normal(size=3), rng.uniform(0.5, 2, 3))
    controller = Controller(spec, weights, scaler, running_stats=running_stats)
    network = ClosedLoopNetwork(spec, weights, scaler, running_stats)
    for sensors in rng.normal(size=(STEPS, 2, ROWS, 3)):
        outputs, expected = network.forward(sensors), controller(sensors)
        assert outputs.dtype == np.float64
        if running_stats is None:
            np.testing.assert_array_equal(outputs, expected)
        else:  # the controller folds the running statistics into weights, which rounds differently
            np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-14)


def test_cut_passes_no_gradient_to_earlier_steps():
    spec, weights, _, rng = case(Elman(4))
    x, dy = rng.normal(size=(2, 2, ROWS, 3)), rng.normal(size=(2, ROWS, 2))
    gradients = []
    for cut in (True, False):
        network = ClosedLoopNetwork(spec, weights)
        network.forward(x[0])
        network.forward(x[1])
        network.backward(dy.copy())
        if cut:
            network.cut()
        after_one = network.gradient.copy()
        network.backward(np.zeros_like(dy))
        gradients.append((after_one, network.gradient))
    np.testing.assert_array_equal(*gradients[0])
    assert not np.array_equal(*gradients[1])


class Own(Elman):
    """A recurrent layer with a backward pass of its own."""

    def backward(self, params, cache, dy, gradients, needs_input_grad=True):
        return super().backward(params, cache, 2 * dy, gradients, needs_input_grad)


def test_a_backward_pass_that_would_be_bypassed_is_refused():
    spec = NetworkSpec.build(3, (Own(4),), 1)
    with pytest.raises(SettingsError, match=r"Own has its own backward\(\)"):
        ClosedLoopNetwork(spec, spec.init(np.random.default_rng(0))[None])
