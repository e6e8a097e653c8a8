"""Every layer under every loss against PyTorch's autograd, on random inputs, where torch is installed.

`pip install torch` runs it; without, `torch_reference.json` holds recorded answers for the tests of each layer.
"""

import numpy as np
import pytest
from every_layer import LAYERS, LAYOUT, LENGTHS, LOSSES, descend, problem
from record_torch_reference import bends

from evorobo import CTRNN, GRU, MAE, MSE, BatchNorm, CrossEntropy, Dense, Dropout, Elman, GaussianNLL, Huber, LayerNorm
from evorobo.nets.batch_norm import Affine

torch = pytest.importorskip("torch", reason="torch is not installed; recorded answers are compared elsewhere")
functional = torch.nn.functional

# what dropout silences in training is its own affair: see test_layers.py
CASES = [(layer, mode) for layer in LAYERS for mode in (True, False) if not (mode and isinstance(layer, Dropout))]

BENDS = bends()


def theirs(layer, params, running_stats, x, mask, training):
    """One layer by torch's own functions, from our parameters as tensors: `x (sequences, time, in)`."""
    if isinstance(layer, Dense):
        return BENDS[layer.activation](functional.linear(x, params["weight"].T, params.get("bias")))
    if isinstance(layer, Affine):
        return BENDS[layer.activation](torch.addcmul(params["shift"], x, params["gain"]))
    if isinstance(layer, LayerNorm):
        return functional.layer_norm(x, x.shape[-1:], params["gain"], params["shift"], layer.epsilon)
    if isinstance(layer, Dropout):
        return functional.dropout(x, layer.rate, training=False)
    if isinstance(layer, BatchNorm):
        y = torch.zeros_like(x)
        y[mask] = functional.batch_norm(
            x[mask],
            running_stats["mean"],
            running_stats["variance"],
            params["gain"],
            params["shift"],
            training,
            layer.momentum,
            layer.epsilon,
        )
        return BENDS[layer.activation](y)
    if isinstance(layer, CTRNN):
        return fields(params, x)
    return remembered(layer, params, x)


def remembered(layer, params, x):
    """By torch's recurrent modules, whose parameters are replaced by ours."""
    recalled = torch.zeros(params["recurrent"].shape[1])
    if isinstance(layer, GRU):
        recalled = torch.cat([recalled[: 2 * layer.units], params["candidate"]])
    settings = {"nonlinearity": layer.activation} if isinstance(layer, Elman) else {}
    kind = torch.nn.RNN if isinstance(layer, Elman) else getattr(torch.nn, type(layer).__name__)
    module = kind(x.shape[-1], layer.units, batch_first=True, bias="bias" in params, **settings)
    parameters = {"weight_ih_l0": params["weight"].T, "weight_hh_l0": params["recurrent"].T}
    if "bias" in params:
        parameters |= {"bias_ih_l0": params["bias"], "bias_hh_l0": recalled}
    return torch.func.functional_call(module, parameters, (x,))[0]


def fields(params, x):
    """Beer 1995, eq. 1, by Euler steps, written out: tau (y' - y) = -y + o U + x W, o = sigmoid(y + shift)."""
    tau = torch.exp(torch.clamp(params["log_tau"], min=0))
    y, said = torch.zeros(len(x), len(tau)), []
    for moment in range(x.shape[1]):
        o = torch.sigmoid(y + params["shift"])
        y = y + (-y + o @ params["recurrent"] + x[:, moment] @ params["weight"]) / tau
        said.append(torch.sigmoid(y + params["shift"]))
    return torch.stack(said, dim=1)


def their_loss(loss, y, targets):
    if isinstance(loss, CrossEntropy):
        weight = torch.tensor(loss.class_weights) if loss.class_weights else None
        parts = torch.split(y, loss.choices, dim=1) if loss.choices else [y]
        chosen = targets.T if loss.choices else [targets]
        each = [
            functional.cross_entropy(logits, classes, weight, label_smoothing=loss.label_smoothing)
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
    spec, weights, running_stats, x, targets = problem(layer, loss)
    kept, flat = torch.tensor(running_stats.copy()), torch.tensor(weights, requires_grad=True)
    answers, value, gradient = descend(spec, weights, running_stats, x, targets, loss, training)

    y = torch.tensor(x).reshape(len(LENGTHS), LAYOUT.n_steps, 3)
    mask = torch.tensor(LAYOUT.mask).reshape(len(LENGTHS), LAYOUT.n_steps)
    for each, params, own in zip(spec.layers, spec.unpack(flat), spec.unpack_running_stats(kept), strict=True):
        y = theirs(each, params, own, y, mask, training)
    their_value = their_loss(loss, y[mask], torch.tensor(targets))
    their_value.backward()

    close = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(answers, y[mask].detach().numpy(), **close)
    np.testing.assert_allclose(value, their_value.item(), **close)
    np.testing.assert_allclose(gradient, flat.grad.numpy(), **close)
    np.testing.assert_allclose(running_stats, kept.numpy(), **close)
