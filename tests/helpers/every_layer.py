"""Every layer and every loss, and a training problem for each pair, with padded sequences of unequal length."""

import numpy as np
from package_keys import ACTIVATIONS

from evorobo import (
    CTRNN,
    GRU,
    LSTM,
    MAE,
    MSE,
    BatchNorm,
    CrossEntropy,
    Dense,
    Dropout,
    Elman,
    GaussianNLL,
    Huber,
    LayerNorm,
    NetworkSpec,
)
from evorobo.nets.batch_norm import Affine
from evorobo.nets.layer import ForwardContext
from evorobo.nets.passes import backward_pass, forward_pass, shared_context
from evorobo.nets.sequences import SequenceBatches

LAYERS = [
    *(Dense(4, name) for name in ACTIVATIONS),
    Dense(4, bias=False),
    BatchNorm(momentum=0.3, epsilon=1e-3),
    BatchNorm(activation="relu"),
    Affine("tanh"),
    LayerNorm(),
    Dropout(0.5),
    Elman(4),
    Elman(4, "relu", bias=False),
    GRU(4),
    LSTM(4),
    CTRNN(4),
]
LOSSES = [
    MSE(),
    MAE(),
    Huber(0.4),
    GaussianNLL(),
    CrossEntropy(),
    CrossEntropy(0.2, (0.5, 1.0, 2.0, 0.3)),
    CrossEntropy(0.1, choices=(3, 1)),
]
LENGTHS = (5, 3, 4)
LAYOUT = SequenceBatches(sum(LENGTHS), np.repeat(range(3), LENGTHS)).take(np.arange(3))


def problem(layer, loss):
    """A network with the layer, its weights and running statistics, a batch of sequences, targets of the real rows."""
    rng = np.random.default_rng(len(repr(layer) + repr(loss)))
    spec = NetworkSpec(3, (Dense(4), layer, Dense(4, "identity")))
    running_stats = np.abs(spec.init_running_stats() + rng.normal(0, 0.4, spec.n_running_stats))
    x, rows = rng.normal(size=(len(LAYOUT.rows), 3)), sum(LENGTHS)
    if not isinstance(loss, CrossEntropy):
        targets = rng.normal(size=(rows, 2 if isinstance(loss, GaussianNLL) else 4))
    elif loss.choices:
        targets = np.stack([rng.integers(n, size=rows) for n in loss.choices], axis=1)
    else:
        targets = rng.integers(4, size=rows)
    return spec, spec.init(rng) + rng.normal(0, 0.4, spec.n_params), running_stats, x, targets


def loss_and_gradient(spec, weights, running_stats, x, targets, loss, training):
    """Outputs, loss and gradient, in training or outside it, for `weights (p,)` or `(n, p)`.

    Training updates `running_stats`.
    """
    rngs = [np.random.default_rng(0) for _ in np.atleast_2d(weights)]  # the same for all
    context = ForwardContext(training, rngs if weights.ndim > 1 else rngs[0], LAYOUT.n_steps, LAYOUT.mask)
    outputs, caches = forward_pass(spec, spec.unpack(weights), x, shared_context(spec, context, running_stats))
    outputs, gradient = LAYOUT.remove_padding(outputs), np.empty_like(weights)
    value, dy = loss.value_and_gradient(outputs, targets)
    backward_pass(spec, spec.unpack(weights), caches, LAYOUT.add_padding(dy), spec.unpack(gradient))
    return outputs, value, gradient
