"""Batch normalization: against recorded results of PyTorch, finite differences with padding, and its laws."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from record_torch_reference import FILE, INPUTS, N_STEPS, ROWS, layer_parameters, wavy

from evorobo import GRU, LSTM, BatchNorm, Dense, Dropout, Elman, NetworkSpec, SettingsError, forward, gradient
from evorobo.nets.controller import Controller
from evorobo.nets.fold import estimate_running_stats, freeze_batch_norm
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import backward_pass, forward_pass, shared_context
from evorobo.nets.sequences import SequenceBatches

TORCH = json.loads(FILE.read_text())["batch norm"]
NETWORKS = {
    "first": NetworkSpec(3, (BatchNorm(), Dense(4), Dense(2, "identity"))),
    "before the activation": NetworkSpec(3, (Dense(4, "identity"), BatchNorm(activation="relu"), Dense(2, "identity"))),
    "after the activation": NetworkSpec(3, (Dense(4, "relu"), BatchNorm(), Dense(2, "identity"))),
    "twice": NetworkSpec(3, (Dense(4), BatchNorm(0.3), GRU(3), BatchNorm(epsilon=0.1), Dense(2, "identity"))),
    "last": NetworkSpec(3, (Elman(4), Dense(2, "identity"), BatchNorm(activation="tanh"))),
}
every_network = pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)
UNEVEN = SequenceBatches(12, np.repeat([0, 1, 2], [5, 3, 4])).take(np.arange(3))  # 5, 3 and 4 rows, padded to 5


def genes(spec, rng, *lead):
    return rng.normal(0, 0.7, (*lead, spec.n_params)) + 0.3


def running_stats(spec, rng, *lead):
    return np.abs(spec.init_running_stats() + rng.normal(0, 0.4, (*lead, spec.n_running_stats)))


def training(spec, weights, x, stats, layout=UNEVEN):
    """The outputs and caches of a training pass over a batch of sequences. It updates `stats`."""
    context = ForwardContext(training=True, n_steps=layout.n_steps, mask=layout.mask)
    return forward_pass(spec, spec.unpack(weights), x, shared_context(spec, context, stats))


@pytest.mark.parametrize("mode", ["training", "use"])
def test_forward_backward_and_running_statistics_equal_those_of_torch(mode):
    layer, parameters, answers = BatchNorm(momentum=0.3, epsilon=0.01), layer_parameters("BatchNorm"), TORCH[mode]
    stats = {"mean": wavy(INPUTS, phase=7.0), "variance": 1 + wavy(INPUTS, phase=8.0)}
    if mode == "use":
        stats = {name: np.array(values) for name, values in TORCH["training"]["running_stats"].items()}
    context = ForwardContext(training=mode == "training", running_stats=stats)
    y, cache = layer.forward(parameters, wavy(ROWS * N_STEPS, INPUTS, phase=5.0), context)
    gradients = {name: np.empty_like(value) for name, value in parameters.items()}
    dx = layer.backward(parameters, cache, wavy(*y.shape, phase=6.0), gradients)
    for ours, theirs in ((y, "outputs"), (dx, "inputs")):
        np.testing.assert_allclose(ours, answers[theirs], rtol=1e-9, atol=1e-11)
    for ours, theirs in ((gradients, "gradients"), (stats, "running_stats")):
        assert ours.keys() == answers[theirs].keys()
        for name in ours:
            np.testing.assert_allclose(ours[name], answers[theirs][name], rtol=1e-9, atol=1e-11)


def test_a_batch_by_hand():
    # mean 3, deviations -2, 0, 2, variance 8 / 3 (unbiased 4); normalized -1, 0, 1 times sqrt(3 / 2)
    layer, stats = BatchNorm(momentum=0.25, epsilon=1e-12), {"mean": np.array([1.0]), "variance": np.array([2.0])}
    params = {"gain": np.array([2.0]), "shift": np.array([0.5])}
    y, _ = layer.forward(params, np.array([[1.0], [3.0], [5.0]]), ForwardContext(training=True, running_stats=stats))
    np.testing.assert_allclose(y[:, 0], [0.5 - 2 * np.sqrt(1.5), 0.5, 0.5 + 2 * np.sqrt(1.5)], rtol=1e-11)
    assert stats["mean"] == 1.5  # a quarter of the way from 1 to 3
    assert stats["variance"] == pytest.approx(2.5)  # a quarter of the way from 2 to 4
    # outside training: (3 - 1.5) / sqrt(2.5), for any batch
    used, _ = layer.forward(params, np.array([[3.0]]), ForwardContext(running_stats=stats))
    assert used[0, 0] == pytest.approx(2 * 1.5 / np.sqrt(2.5) + 0.5)


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh"])
def test_its_activation_equals_that_of_a_dense_layer_after_it(activation):
    rng = np.random.default_rng(0)
    x, params = rng.normal(size=(6, 3)), {"gain": rng.normal(size=3), "shift": rng.normal(size=3)}
    for in_training in (True, False):
        activated, plain = (
            BatchNorm(activation=name).forward(
                params, x, ForwardContext(training=in_training, running_stats=BatchNorm().init_running_stats(3))
            )[0]
            for name in (activation, "identity")
        )
        eye = {"weight": np.eye(3), "bias": np.zeros(3)}
        np.testing.assert_array_equal(activated, Dense(3, activation).forward(eye, plain, ForwardContext())[0])


def test_running_statistics_converge_to_those_of_the_data():
    rng = np.random.default_rng(1)
    layer, stats = BatchNorm(momentum=0.01), BatchNorm().init_running_stats(2)
    params = {"gain": np.ones(2), "shift": np.zeros(2)}
    for _ in range(3000):
        layer.forward(
            params, rng.normal([5.0, -2.0], [3.0, 0.5], (20, 2)), ForwardContext(training=True, running_stats=stats)
        )
    np.testing.assert_allclose(stats["mean"], [5.0, -2.0], atol=0.2)
    np.testing.assert_allclose(stats["variance"], [9.0, 0.25], rtol=0.1)


def test_padding_has_no_effect():
    rng = np.random.default_rng(2)
    layer, params = BatchNorm(), {"gain": rng.normal(size=3), "shift": rng.normal(size=3)}
    x, dy = rng.normal(size=(15, 3)), UNEVEN.add_padding(rng.normal(size=(12, 3)))
    results = []
    for rows, mask in ((slice(None), UNEVEN.mask), (UNEVEN.mask, None)):
        stats, grads = layer.init_running_stats(3), {name: np.empty(3) for name in params}
        y, cache = layer.forward(params, x[rows], ForwardContext(training=True, mask=mask, running_stats=stats))
        dx = layer.backward(params, cache, dy[rows], grads)
        results.append((y[UNEVEN.mask] if mask is not None else y, dx[dx.any(1)], *stats.values(), *grads.values()))
    assert len(results[0][1]) == 12
    for padded, alone in zip(*results, strict=True):
        np.testing.assert_allclose(padded, alone, rtol=1e-12, atol=1e-14)


@every_network
def test_the_gradient_in_training_with_padding_equals_central_differences(spec):
    rng = np.random.default_rng(3)
    weights, x, dy = genes(spec, rng), rng.normal(size=(15, 3)), UNEVEN.add_padding(rng.normal(size=(12, 2)))
    grad, step = np.empty_like(weights), 1e-5
    _, caches = training(spec, weights, x, running_stats(spec, rng))
    backward_pass(spec, spec.unpack(weights), caches, dy, spec.unpack(grad))
    several = np.concatenate([weights + step * np.eye(len(weights)), weights - step * np.eye(len(weights))])
    outputs, _ = training(spec, several, x, running_stats(spec, rng, len(several)))
    up, down = np.split((outputs * dy).sum((1, 2)), 2)
    numeric = (up - down) / (2 * step)
    assert np.abs(grad - numeric).max() < 1e-6 * np.abs(grad).max()


@every_network
def test_the_gradient_outside_training_equals_central_differences(spec):
    rng = np.random.default_rng(4)
    weights, stats = genes(spec, rng), running_stats(spec, rng)
    x, dy, step = rng.normal(size=(10, 3)), rng.normal(size=(10, 2)), 1e-5
    grad = gradient(spec, weights, x, dy, running_stats=stats, n_steps=5)
    several = np.concatenate([weights + step * np.eye(len(weights)), weights - step * np.eye(len(weights))])
    up, down = np.split((forward(spec, several, x, running_stats=stats, n_steps=5) * dy).sum((1, 2)), 2)
    assert np.abs(grad - (up - down) / (2 * step)).max() < 1e-6 * np.abs(grad).max()


@every_network
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shared", [True, False], ids=["shared inputs", "own inputs"])
def test_several_networks_in_one_batch_equal_each_alone_bit_for_bit(spec, dtype, shared):
    rng = np.random.default_rng(5)
    several, stats = genes(spec, rng, 4).astype(dtype), running_stats(spec, rng, 4).astype(dtype)
    x = rng.normal(size=(15, 3) if shared else (4, 15, 3)).astype(dtype)
    dy = UNEVEN.add_padding(rng.normal(size=(4, 12, 2)).astype(dtype))
    before, grads = stats.copy(), np.empty_like(several)
    outputs, caches = training(spec, several, x, stats)
    backward_pass(spec, spec.unpack(several), caches, dy, spec.unpack(grads))
    assert outputs.dtype == grads.dtype == dtype
    assert not np.array_equal(stats, before)
    for at, weights in enumerate(several):
        own, grad = before[at].copy(), np.empty_like(weights)
        alone, caches = training(spec, weights, x if shared else x[at], own)
        backward_pass(spec, spec.unpack(weights), caches, dy[at], spec.unpack(grad))
        for ours, theirs in ((outputs[at], alone), (stats[at], own), (grads[at], grad)):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("batch", [2, 3, 64, 129])
@pytest.mark.parametrize("units", [1, 2, 8])
def test_this_holds_for_batches_and_layers_of_any_size(batch, units):
    rng = np.random.default_rng(6)
    spec = NetworkSpec(2, (Dense(units), BatchNorm(), Dense(1, "identity")))
    several, stats, x = genes(spec, rng, 3), running_stats(spec, rng, 3), rng.normal(size=(3, batch, 2))
    own, layout = stats.copy(), SequenceBatches(batch).take(np.arange(batch))
    outputs, _ = training(spec, several, x, stats, layout)
    for at in range(3):
        np.testing.assert_array_equal(outputs[at], training(spec, several[at], x[at], own[at], layout)[0])
    np.testing.assert_array_equal(stats, own)


@every_network
def test_outside_training_population_controller_and_frozen_network_are_equal_bit_for_bit(spec):
    rng = np.random.default_rng(7)
    several, stats, x = genes(spec, rng, 4), running_stats(spec, rng, 4), rng.normal(size=(4, 6, 3))
    together = forward(spec, several, x, running_stats=stats)
    frozen, weights = freeze_batch_norm(spec, several, stats)
    assert frozen.n_running_stats == 0
    assert frozen.n_params == spec.n_params
    np.testing.assert_array_equal(forward(frozen, weights, x), together)
    controller = Controller(spec, several, running_stats=stats)
    np.testing.assert_array_equal(controller(x), together)
    for at in range(4):
        np.testing.assert_array_equal(forward(spec, several[at], x[at], running_stats=stats[at]), together[at])


def test_a_controller_keeps_the_running_statistics_of_the_remaining_genomes():
    rng, spec = np.random.default_rng(8), NETWORKS["twice"]
    several, stats, x = genes(spec, rng, 4), running_stats(spec, rng, 4), rng.normal(size=(4, 6, 3))
    controller, staying = Controller(spec, several, running_stats=stats), np.array([3, 1])
    controller.keep(staying)
    np.testing.assert_array_equal(controller(x[staying]), forward(spec, several, x, running_stats=stats)[staying])


def test_outside_training_rows_do_not_mix():
    rng, spec = np.random.default_rng(9), NETWORKS["before the activation"]
    weights, stats, x = genes(spec, rng), running_stats(spec, rng), rng.normal(size=(8, 3))
    together = forward(spec, weights, x, running_stats=stats)
    for at in range(8):
        np.testing.assert_allclose(forward(spec, weights, x[[at]], running_stats=stats)[0], together[at], rtol=1e-13)


def test_a_single_row_is_normalized_by_running_statistics_and_does_not_change_them():
    rng, layer = np.random.default_rng(10), BatchNorm()
    params, x = {"gain": rng.normal(size=3), "shift": rng.normal(size=3)}, rng.normal(size=(1, 3))
    stats = {"mean": rng.normal(size=3), "variance": rng.uniform(0.5, 2, 3)}
    before = {name: array.copy() for name, array in stats.items()}
    y, cache = layer.forward(params, x, ForwardContext(training=True, running_stats=stats))
    np.testing.assert_array_equal(y, layer.forward(params, x, ForwardContext(running_stats=stats))[0])
    for name in stats:
        np.testing.assert_array_equal(stats[name], before[name])
    grads = {name: np.empty(3) for name in params}
    dx = layer.backward(params, cache, np.ones((1, 3)), grads)
    np.testing.assert_allclose(dx[0], params["gain"] / np.sqrt(stats["variance"] + 1e-5), rtol=1e-13)


@every_network
def test_with_statistics_of_a_batch_the_outputs_for_that_batch_are_those_of_training(spec):
    rng = np.random.default_rng(11)
    several, x = genes(spec, rng, 3), rng.normal(size=(15, 3))
    context = ForwardContext(n_steps=UNEVEN.n_steps, mask=UNEVEN.mask)
    estimated = estimate_running_stats(spec, several, x, context)
    used, _ = forward_pass(spec, spec.unpack(several), x, shared_context(spec, context, estimated))
    trained, _ = training(spec, several, x, running_stats(spec, rng, 3))
    np.testing.assert_allclose(UNEVEN.remove_padding(used), UNEVEN.remove_padding(trained), rtol=1e-10, atol=1e-12)
    for at in range(3):
        np.testing.assert_array_equal(estimate_running_stats(spec, several[at], x, context), estimated[at])


def test_statistics_of_a_large_population_are_estimated_in_parts():
    rng, spec = np.random.default_rng(12), NETWORKS["twice"]
    several, x = genes(spec, rng, 150), rng.normal(size=(1000, 3))  # 65 members at a time
    estimated = estimate_running_stats(spec, several, x, ForwardContext(n_steps=4))
    for at in (0, 64, 65, 149):
        np.testing.assert_array_equal(
            estimate_running_stats(spec, several[at], x, ForwardContext(n_steps=4)), estimated[at]
        )


def test_estimating_statistics_ignores_dropout():
    rng = np.random.default_rng(13)
    dropped = NetworkSpec(3, (Dropout(0.9), Dense(4), Dropout(0.5), BatchNorm(), Dense(2, "identity")))
    plain = NetworkSpec(3, (Dense(4), BatchNorm(), Dense(2, "identity")))
    weights, x = genes(plain, rng), rng.normal(size=(20, 3))
    np.testing.assert_array_equal(
        estimate_running_stats(dropped, weights, x, ForwardContext()),
        estimate_running_stats(plain, weights, x, ForwardContext()),
    )


def test_outputs_do_not_depend_on_the_scale_of_the_weights_before_it():
    # the gradient is therefore inversely proportional to that scale
    rng, spec = np.random.default_rng(14), NetworkSpec(3, (Dense(4, "identity"), BatchNorm(epsilon=1e-12), Dense(2)))
    weights, x, dy = genes(spec, rng), rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    layout, larger = SequenceBatches(20).take(np.arange(20)), weights.copy()
    block = spec.genes.block(0, "weight")
    larger[block.start : block.stop] *= 10
    results = []
    for genome in (weights, larger):
        outputs, caches = training(spec, genome, x, spec.init_running_stats(), layout)
        grad = np.empty_like(genome)
        backward_pass(spec, spec.unpack(genome), caches, dy, spec.unpack(grad))
        results.append((outputs, grad[block.start : block.stop]))
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=1e-9)
    np.testing.assert_allclose(10 * results[1][1], results[0][1], rtol=1e-7, atol=1e-12)


def test_the_map_of_running_statistics_names_each_number():
    spec = NETWORKS["twice"]
    assert spec.n_running_stats == 2 * 4 + 2 * 3
    assert str(spec.running_stats_map[5]) == "layer 1 variance[1]"
    assert spec.running_stats_map.index(3, "mean", 2) == 10
    np.testing.assert_array_equal(spec.init_running_stats(), np.repeat([0.0, 1.0, 0.0, 1.0], [4, 4, 3, 3]))
    plain = NetworkSpec(3, (LSTM(2),))
    assert plain.n_running_stats == 0
    assert plain.init_running_stats().shape == (0,)


def test_pack_is_the_inverse_of_unpack():
    rng, spec = np.random.default_rng(15), NETWORKS["twice"]
    for weights in (genes(spec, rng), genes(spec, rng, 3)):
        np.testing.assert_array_equal(spec.pack(spec.unpack(weights)), weights)


def test_missing_running_statistics_are_refused():
    spec = NETWORKS["first"]
    with pytest.raises(SettingsError, match=r"has 6 running statistics, but 0 were given; use those of the genome"):
        forward(spec, spec.init(np.random.default_rng(0)), np.zeros((2, 3)))
    with pytest.raises(SettingsError, match="but 4 were given"):
        Controller(spec, spec.init(np.random.default_rng(0)), running_stats=np.zeros(4))


def test_a_derived_layer_with_another_forward_pass_is_not_frozen_as_if_it_had_none():
    @dataclass(frozen=True)
    class Shifted(BatchNorm):
        def forward(self, params, x, context):
            y, cache = BatchNorm.forward(BatchNorm(self.momentum, self.epsilon), params, x, context)
            return y + 1, cache

    spec = NetworkSpec(3, (Dense(4, "identity"), Shifted(), Dense(2, "identity")))
    with pytest.raises(SettingsError, match=r"^Shifted changes forward\(\) but not freeze\(\), .*; define both\.$"):
        Controller(spec, genes(spec, np.random.default_rng(0)), running_stats=spec.init_running_stats())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"momentum": 0.0}, "momentum must be a number above 0 and at most 1"),
        ({"momentum": 1.5}, "momentum must be a number above 0 and at most 1"),
        ({"epsilon": 0.0}, "epsilon must be a number above 0"),
        ({"activation": "rely"}, "did you mean 'relu'"),
    ],
)
def test_invalid_settings_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        BatchNorm(**settings)
