"""Every layer under every loss against PyTorch's autograd, on random inputs, where torch is installed.

`pip install torch` runs it; without, `torch_reference.json` holds recorded answers for the tests of each layer.
"""

import numpy as np
import pytest
from every_layer import LAYERS, LAYOUT, LENGTHS, LOSSES, descend, problem
from record_torch_reference import bends

from evorobo.nets.batch_norm import Affine, BatchNorm
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.losses import MAE, MSE, CrossEntropy, GaussianNLL, Huber

torch = pytest.importorskip("torch", reason="torch is not installed; recorded answers are compared elsewhere")
functional = torch.nn.functional

# what dropout silences in training is its own affair: see test_layers.py
CASES = [(layer, mode) for layer in LAYERS for mode in (True, False) if not (mode and isinstance(layer, Dropout))]

BENDS = bends()


def theirs(layer, views, moments, x, real, training):
    """One layer by torch's own functions, from our parameters as tensors: `x (sequences, time, in)`."""
    if isinstance(layer, Dense):
        return BENDS[layer.activation](functional.linear(x, views["weight"].T, views.get("bias")))
    if isinstance(layer, Affine):
        return BENDS[layer.activation](torch.addcmul(views["shift"], x, views["gain"]))
    if isinstance(layer, LayerNorm):
        return functional.layer_norm(x, x.shape[-1:], views["gain"], views["shift"], layer.epsilon)
    if isinstance(layer, Dropout):
        return functional.dropout(x, layer.rate, training=False)
    if isinstance(layer, BatchNorm):
        y = torch.zeros_like(x)
        y[real] = functional.batch_norm(
            x[real],
            moments["mean"],
            moments["variance"],
            views["gain"],
            views["shift"],
            training,
            layer.momentum,
            layer.epsilon,
        )
        return BENDS[layer.activation](y)
    if isinstance(layer, CTRNN):
        return fields(views, x)
    return remembered(layer, views, x)


def remembered(layer, views, x):
    """By torch's recurrent modules, whose parameters are replaced by ours."""
    recalled = torch.zeros(views["recurrent"].shape[1])
    if isinstance(layer, GRU):
        recalled = torch.cat([recalled[: 2 * layer.units], views["candidate"]])
    settings = {"nonlinearity": layer.activation} if isinstance(layer, Elman) else {}
    kind = torch.nn.RNN if isinstance(layer, Elman) else getattr(torch.nn, type(layer).__name__)
    module = kind(x.shape[-1], layer.units, batch_first=True, bias="bias" in views, **settings)
    parameters = {"weight_ih_l0": views["weight"].T, "weight_hh_l0": views["recurrent"].T}
    if "bias" in views:
        parameters |= {"bias_ih_l0": views["bias"], "bias_hh_l0": recalled}
    return torch.func.functional_call(module, parameters, (x,))[0]


def fields(views, x):
    """Beer 1995, eq. 1, by Euler steps, written out: tau (y' - y) = -y + o U + x W, o = sigmoid(y + shift)."""
    tau = torch.exp(torch.clamp(views["pace"], min=0))
    y, said = torch.zeros(len(x), len(tau)), []
    for moment in range(x.shape[1]):
        o = torch.sigmoid(y + views["shift"])
        y = y + (-y + o @ views["recurrent"] + x[:, moment] @ views["weight"]) / tau
        said.append(torch.sigmoid(y + views["shift"]))
    return torch.stack(said, dim=1)


def their_loss(loss, y, targets):
    if isinstance(loss, CrossEntropy):
        weight = torch.tensor(loss.class_weights) if loss.class_weights else None
        parts = torch.split(y, loss.choices, dim=1) if loss.choices else [y]
        chosen = targets.T if loss.choices else [targets]
        each = [
            functional.cross_entropy(logits, classes, weight, label_smoothing=loss.smoothing)
            for logits, classes in zip(parts, chosen, strict=True)
        ]
        return sum(each) / len(each)
    if isinstance(loss, GaussianNLL):
        mean, log_variance = torch.chunk(y, 2, dim=1)
        return functional.gaussian_nll_loss(mean, targets, torch.exp(log_variance), eps=1e-300)
    if isinstance(loss, Huber):
        return functional.huber_loss(y, targets, delta=loss.delta)
    return {MSE: functional.mse_loss, MAE: functional.l1_loss}[type(loss)](y, targets)


@pytest.fixture(autouse=True)
def double_precision():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize(("layer", "training"), CASES, ids=lambda each: {True: "training", False: "use"}.get(each))
def test_outputs_loss_gradient_and_moments_are_those_of_torch(layer, training, loss):
    spec, weights, moments, x, targets = problem(layer, loss)
    kept, flat = torch.tensor(moments.copy()), torch.tensor(weights, requires_grad=True)
    answers, value, gradient = descend(spec, weights, moments, x, targets, loss, training)

    y = torch.tensor(x).reshape(len(LENGTHS), LAYOUT.time, 3)
    real = torch.tensor(LAYOUT.real).reshape(len(LENGTHS), LAYOUT.time)
    for each, views, own in zip(spec.layers, spec.unpack(flat), spec.unpack_moments(kept), strict=True):
        y = theirs(each, views, own, y, real, training)
    their_value = their_loss(loss, y[real], torch.tensor(targets))
    their_value.backward()

    close = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(answers, y[real].detach().numpy(), **close)
    np.testing.assert_allclose(value, their_value.item(), **close)
    np.testing.assert_allclose(gradient, flat.grad.numpy(), **close)
    np.testing.assert_allclose(moments, kept.numpy(), **close)
