"""The passes of a workspace equal `forward_pass` and `backward_pass`, for any layers and batches of changing size."""

import numpy as np
import pytest
from own_layer import Doubled
from package_keys import ACTIVATIONS

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, LayerNorm, NetworkSpec
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import backward_pass, forward_pass, shared_context
from evorobo.nets.workspace import Workspace

NETWORKS, TIME = 3, 4
STACKS = {
    **{f"dense, {name}": (Dense(5, name), Dense(4, name, bias=False)) for name in sorted(ACTIVATIONS)},
    "one layer": (),
    "dropout": (Dense(6), Dropout(0.3), Dense(5)),
    "layer norm": (LayerNorm(), Dense(6, "relu"), LayerNorm()),
    "batch norm": (BatchNorm(), Dense(6, "identity"), BatchNorm(activation="relu"), GRU(4)),
    "derived": (Doubled(4), Dense(3)),
    "recurrent": (Elman(3), GRU(4), Dense(5), LSTM(3), CTRNN(4)),
}


def initial_stats(spec, dtype, networks=NETWORKS):
    return np.tile(spec.init_running_stats().astype(dtype), (networks, 1))


def by_layers(spec, weights, x, dy, context, running_stats):
    grads = np.empty_like(weights)
    params = spec.unpack(weights)
    y, caches = forward_pass(spec, params, x, shared_context(spec, context, running_stats))
    backward_pass(spec, params, caches, dy, spec.unpack(grads))
    return y, grads


@pytest.mark.parametrize("hidden", STACKS.values(), ids=STACKS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_outputs_and_gradients_equal_those_of_the_passes(hidden, dtype):
    rng = np.random.default_rng(0)
    spec = NetworkSpec.build(3, hidden, 2)
    weights = np.stack([spec.init(rng) + 0.1 * rng.normal(size=spec.n_params) for _ in range(NETWORKS)]).astype(dtype)
    grads = np.empty_like(weights)
    workspace, tolerance = Workspace(spec, weights, grads), 1e-12 if dtype == "float64" else 1e-4
    running_stats = initial_stats(spec, dtype), initial_stats(spec, dtype)
    for rows in (2, 2, 5, 1, 2):  # sequences of TIME steps
        x, dy = (rng.normal(size=(NETWORKS, rows * TIME, k)).astype(dtype) for k in (3, 2))
        contexts = [ForwardContext(training=True, rng=np.random.default_rng(rows), n_steps=TIME) for _ in range(2)]
        y, expected = by_layers(spec, weights, x, dy.copy(), contexts[0], running_stats[0])
        outputs = workspace.forward(x, shared_context(spec, contexts[1], running_stats[1]))
        np.testing.assert_allclose(outputs, y, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(running_stats[1], running_stats[0], rtol=tolerance, atol=tolerance)
        workspace.backward(dy)
        np.testing.assert_allclose(grads, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())
        weights -= 0.01 * grads  # a workspace reads the current weights


@pytest.mark.parametrize("hidden", STACKS.values(), ids=STACKS)
def test_each_network_is_processed_as_it_is_alone(hidden):
    rng = np.random.default_rng(1)
    spec = NetworkSpec.build(3, hidden, 2)
    weights = np.stack([spec.init(rng) for _ in range(NETWORKS)]).astype(np.float32)
    x, dy = (rng.normal(size=(NETWORKS, 3 * TIME, k)).astype(np.float32) for k in (3, 2))

    def results(members):
        grads = np.empty_like(weights[members])
        workspace, rngs = (
            Workspace(spec, weights[members], grads),
            [np.random.default_rng(seed) for seed in range(NETWORKS)][members],
        )
        running_stats = initial_stats(spec, np.float32, len(rngs))
        y = workspace.forward(
            x[members], shared_context(spec, ForwardContext(training=True, rng=rngs, n_steps=TIME), running_stats)
        ).copy()
        workspace.backward(dy[members].copy())
        return y, grads, running_stats

    together = results(slice(None))
    for row in range(NETWORKS):
        for all_rows, alone in zip(together, results(slice(row, row + 1)), strict=True):
            np.testing.assert_array_equal(all_rows[row], alone[0])
