"""The shape of a network: its genes, views and costs."""

import numpy as np
import pytest

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, LayerNorm, NetworkSpec, Parameter, SettingsError

SPEC = NetworkSpec.build(3, (5,), 2)


def test_build_makes_tanh_layers_and_one_output_layer():
    assert NetworkSpec.build(3, (16, 8), 2) == NetworkSpec(
        3, (Dense(16, "tanh"), Dense(8, "tanh"), Dense(2, "identity"))
    )
    assert NetworkSpec.build(3, [Dense(16, "relu"), 4], 1, "tanh").layers == (
        Dense(16, "relu"),
        Dense(4),
        Dense(1, "tanh"),
    )
    assert NetworkSpec.build(3, (), 2) == NetworkSpec(3, (Dense(2, "identity"),))


def test_widths_and_numbers_of_a_3_5_2_network():
    assert SPEC.widths == (3, 5, 2)
    assert SPEC.n_outputs == 2
    assert SPEC.n_params == 3 * 5 + 5 + 5 * 2 + 2
    assert SPEC.init(np.random.default_rng(0)).shape == (32,)


def test_the_cost_of_a_3_5_2_network_by_hand():
    # forward, one multiplication and one addition for each weight: 2 (3 x 5) + 2 (5 x 2)
    assert SPEC.forward_flops == 30 + 20
    # backward: the same for the gradients of the weights, and for those of the second layer's inputs
    assert SPEC.backward_flops == 30 + 2 * 20


@pytest.mark.parametrize(
    ("layer", "first", "later"),
    [
        # 3 inputs, 2 units: forward 2 x 3 x 2 = 12 for the inputs and 2 x 2 x 2 = 8 for the state, for each gate
        (Dense(2), 12, 24),
        (Elman(2), 12 + 2 * 8, 2 * (12 + 8)),
        (CTRNN(2), 12 + 2 * 8, 2 * (12 + 8)),
        (GRU(2), 3 * (12 + 2 * 8), 3 * 2 * (12 + 8)),
        (LSTM(2), 4 * (12 + 2 * 8), 4 * 2 * (12 + 8)),
        # gains 2 and shifts 1 for each input, then 5 for the inputs of batch norm and 8 for those of layer norm
        (BatchNorm(), 9, 24),
        (LayerNorm(), 9, 33),
        (Dropout(), 0, 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_first_layer_has_no_gradient_of_its_inputs_by_hand(layer, first, later):
    assert layer.backward_flops(3, needs_input_grad=False) == NetworkSpec(3, (layer,)).backward_flops == first
    assert layer.backward_flops(3) == later
    assert NetworkSpec(3, (Dense(3), layer)).backward_flops == 18 + later


def test_a_layer_behind_dropout_computes_the_gradient_of_its_inputs():
    assert NetworkSpec(3, (Dropout(), Dense(2))).backward_flops == 24


def test_a_layer_that_derives_from_none_counts_twice_forward_and_once_as_the_first():
    class Gain:
        def width(self, n_inputs):
            return n_inputs

        def parameters(self, n_inputs):
            return {"gain": Parameter((n_inputs,), lambda rng: np.ones(n_inputs))}

        def flops(self, n_inputs):
            return n_inputs

        def forward(self, params, x, context):
            return params["gain"][..., None, :] * x, x

        def backward(self, params, cache, dy, gradients, needs_input_grad=True):
            gradients["gain"][...] = (dy * cache).sum(-2)
            return params["gain"][..., None, :] * dy

    assert NetworkSpec(3, (Gain(),)).backward_flops == 3
    assert NetworkSpec(3, (Dense(3), Gain())).backward_flops == 18 + 6


def test_equal_settings_are_equal_networks():
    other = NetworkSpec.build(3, (5,), 2)
    assert SPEC.n_params == other.n_params  # cached values do not count
    assert other == SPEC
    assert hash(SPEC) == hash(other)
    assert NetworkSpec.build(3, (6,), 2) != SPEC


def test_writing_to_views_changes_the_genome():
    weights = np.zeros(32)
    first, last = SPEC.unpack(weights)
    first["weight"][1, 2] = 1
    first["bias"] += 2
    last["weight"][:] = 3
    last["bias"][1] = 4
    # weight[1, 2] of a 3 x 5 block is gene 1 x 5 + 2
    expected = np.zeros(32)
    expected[7] = 1
    expected[15:20] = 2
    expected[20:30] = 3
    expected[31] = 4
    np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize("shape", [(32,), (4, 32), (2, 3, 32)])
def test_views_of_any_number_of_genomes_share_their_memory(shape):
    weights = np.arange(np.prod(shape), dtype=float).reshape(shape)
    params = SPEC.unpack(weights)
    assert [{name: view.shape[len(shape) - 1 :] for name, view in layer.items()} for layer in params] == [
        {"weight": (3, 5), "bias": (5,)},
        {"weight": (5, 2), "bias": (2,)},
    ]
    for layer in params:
        for view in layer.values():
            view += 1000
    np.testing.assert_array_equal(weights.ravel(), np.arange(np.prod(shape)) + 1000)


def test_views_work_on_every_second_row():
    population = np.zeros((6, 32))
    for layer in SPEC.unpack(population[::2]):
        for view in layer.values():
            view += 1
    np.testing.assert_array_equal(population.sum(1), [32, 0, 32, 0, 32, 0])


def test_a_wrong_number_of_weights_is_refused_with_both_numbers():
    with pytest.raises(SettingsError, match="this network has 32 weights, the genome 31; layers are 3 -> 5 -> 2 wide"):
        SPEC.unpack(np.zeros((4, 31)))


def test_a_network_without_inputs_or_layers_is_refused():
    with pytest.raises(SettingsError, match="n_inputs must be a whole number of at least 1, not 0"):
        NetworkSpec.build(0, (5,), 2)
    with pytest.raises(SettingsError, match="layers must be a tuple of at least 1 item"):
        NetworkSpec(3, ())
