"""Activations of each layer agree with the outputs of the network."""

import numpy as np
import pytest

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, Genome, LayerNorm, NetworkSpec
from evorobo.nets.activity import layer_activations
from evorobo.nets.scaling import Scaler


def genome(*hidden):
    rng = np.random.default_rng(0)
    spec = NetworkSpec.build(3, hidden, 2, "tanh")
    scaler, running_stats = (
        Scaler(rng.normal(size=3), rng.uniform(1, 2, 3)),
        rng.uniform(0.5, 1.5, spec.n_running_stats),
    )
    return Genome(
        spec, rng.normal(size=spec.n_params), scaler, running_stats=running_stats if spec.n_running_stats else None
    )


SENSORS = np.random.default_rng(1).normal(size=(7, 3))


@pytest.mark.parametrize(
    "hidden", [(4,), (Dense(5, "relu"), LayerNorm(), Dropout(0.3)), (Elman(4), 3), (GRU(3),), (4, BatchNorm())]
)
def test_the_values_of_the_last_layer_are_the_outputs_of_the_genome(hidden):
    values = layer_activations(genome(*hidden), SENSORS)
    np.testing.assert_allclose(values[-1], genome(*hidden)(SENSORS, n_steps=7), rtol=0, atol=1e-12)


def test_the_first_values_are_scaled_sensors_and_each_layer_is_computed_from_the_previous_one():
    network = genome(4)
    inputs, hidden, outputs = layer_activations(network, SENSORS)
    first, last = network.spec.unpack(network.weights)
    np.testing.assert_allclose(inputs, (SENSORS - network.input_scaler.mean) / network.input_scaler.sd)
    np.testing.assert_allclose(hidden, np.tanh(inputs @ first["weight"] + first["bias"]))
    np.testing.assert_allclose(outputs, np.tanh(hidden @ last["weight"] + last["bias"]))


@pytest.mark.parametrize("layer", [Elman(4), GRU(4), LSTM(4), CTRNN(4)])
def test_recurrent_layers_step_through_time_as_a_controller_does(layer):
    network = genome(layer)
    controller = network.controller()
    outputs = [controller(sensors[None, None])[0, 0] for sensors in SENSORS]
    np.testing.assert_allclose(layer_activations(network, SENSORS)[-1], outputs, rtol=0, atol=1e-12)


def test_a_new_sequence_starts_with_zero_state():
    network = genome(Elman(4))
    first, second = layer_activations(network, SENSORS[:3])[-1], layer_activations(network, SENSORS[3:])[-1]
    both = layer_activations(network, SENSORS, np.array([0, 0, 0, 1, 1, 1, 1]))[-1]
    np.testing.assert_array_equal(both, np.concatenate([first, second]))
