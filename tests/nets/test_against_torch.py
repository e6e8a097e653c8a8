"""Every layer with every loss against PyTorch's autograd, on random inputs, where torch is installed.

Without torch, `torch_reference.json` holds recorded results for the tests of each layer.
"""

import numpy as np
import pytest
from every_layer import LAYERS, LAYOUT, LENGTHS, LOSSES, loss_and_gradient, problem
from record_torch_reference import torch_activations

from evorobo import CTRNN, GRU, MAE, MSE, BatchNorm, CrossEntropy, Dense, Dropout, Elman, GaussianNLL, Huber, LayerNorm
from evorobo.nets.batch_norm import Affine

torch = pytest.importorskip(
    "torch", reason="torch is not installed; recorded results are compared in the tests of each layer"
)
functional = torch.nn.functional

# the random masks of dropout differ from PyTorch's: see test_layers.py
CASES = [(layer, mode) for layer in LAYERS for mode in (True, False) if not (mode and isinstance(layer, Dropout))]

ACTIVATIONS = torch_activations()


def torch_layer(layer, params, running_stats, x, mask, training):
    """The outputs of one layer by torch's functions, from our parameters as tensors: `x (sequences, n_steps, in)`."""
    if isinstance(layer, Dense):
        return ACTIVATIONS[layer.activation](functional.linear(x, params["weight"].T, params.get("bias")))
    if isinstance(layer, Affine):
        return ACTIVATIONS[layer.activation](torch.addcmul(params["shift"], x, params["gain"]))
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
        return ACTIVATIONS[layer.activation](y)
    if isinstance(layer, CTRNN):
        return torch_ctrnn(params, x)
    return torch_recurrent(layer, params, x)


def torch_recurrent(layer, params, x):
    """The outputs of a recurrent layer by torch's module, with our parameters."""
    recurrent_bias = torch.zeros(params["recurrent"].shape[1])
    if isinstance(layer, GRU):
        recurrent_bias = torch.cat([recurrent_bias[: 2 * layer.units], params["candidate"]])
    settings = {"nonlinearity": layer.activation} if isinstance(layer, Elman) else {}
    kind = torch.nn.RNN if isinstance(layer, Elman) else getattr(torch.nn, type(layer).__name__)
    module = kind(x.shape[-1], layer.units, batch_first=True, bias="bias" in params, **settings)
    parameters = {"weight_ih_l0": params["weight"].T, "weight_hh_l0": params["recurrent"].T}
    if "bias" in params:
        parameters |= {"bias_ih_l0": params["bias"], "bias_hh_l0": recurrent_bias}
    return torch.func.functional_call(module, parameters, (x,))[0]


def torch_ctrnn(params, x):
    """Beer 1995, eq. 1, by Euler steps: tau (y' - y) = -y + o U + x W, o = sigmoid(y + shift)."""
    tau = torch.exp(torch.clamp(params["log_tau"], min=0))
    y, outputs = torch.zeros(len(x), len(tau)), []
    for t in range(x.shape[1]):
        o = torch.sigmoid(y + params["shift"])
        y = y + (-y + o @ params["recurrent"] + x[:, t] @ params["weight"]) / tau
        outputs.append(torch.sigmoid(y + params["shift"]))
    return torch.stack(outputs, dim=1)


def torch_loss(loss, y, targets):
    if isinstance(loss, CrossEntropy):
        weight = torch.tensor(loss.class_weights) if loss.class_weights else None
        parts = torch.split(y, loss.choices, dim=1) if loss.choices else [y]
        targets = targets.T if loss.choices else [targets]
        losses = [
            functional.cross_entropy(logits, classes, weight, label_smoothing=loss.label_smoothing)
            for logits, classes in zip(parts, targets, strict=True)
        ]
        return sum(losses) / len(losses)
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
@pytest.mark.parametrize(
    ("layer", "training"), CASES, ids=lambda case: {True: "training", False: "evaluation"}.get(case)
)
def test_outputs_loss_gradient_and_running_statistics_equal_those_of_torch(layer, training, loss):
    spec, weights, running_stats, x, targets = problem(layer, loss)
    stats_after, flat = torch.tensor(running_stats.copy()), torch.tensor(weights, requires_grad=True)
    outputs, value, gradient = loss_and_gradient(spec, weights, running_stats, x, targets, loss, training)

    y = torch.tensor(x).reshape(len(LENGTHS), LAYOUT.n_steps, 3)
    mask = torch.tensor(LAYOUT.mask).reshape(len(LENGTHS), LAYOUT.n_steps)
    all_stats = spec.unpack_running_stats(stats_after)
    for layer, params, stats in zip(spec.layers, spec.unpack(flat), all_stats, strict=True):
        y = torch_layer(layer, params, stats, y, mask, training)
    torch_value = torch_loss(loss, y[mask], torch.tensor(targets))
    torch_value.backward()

    close = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(outputs, y[mask].detach().numpy(), **close)
    np.testing.assert_allclose(value, torch_value.item(), **close)
    np.testing.assert_allclose(gradient, flat.grad.numpy(), **close)
    np.testing.assert_allclose(running_stats, stats_after.numpy(), **close)
