"""Record results of PyTorch as a reference for the tests: python tests/nets/record_torch_reference.py

It needs numpy and torch. The tests need only the file it writes, `torch_reference.json`, and the two problems below.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("torch_reference.json")
STEPS = (1, 2, 3, 10, 50, 100)
START = (-1.2, 1.0, 0.4, -0.6, 1.5, 0.3)


def rosenbrock_gradient(w: np.ndarray) -> np.ndarray:
    """The gradient of the chained Rosenbrock function, sum of 100 (w[i+1] - w[i]^2)^2 + (1 - w[i])^2, over 100."""
    g = np.zeros_like(w)
    residual = w[1:] - w[:-1] ** 2
    g[:-1] += -400 * w[:-1] * residual - 2 * (1 - w[:-1])
    g[1:] += 200 * residual
    return g / 100


def plateaus(epochs: int = 60) -> list[float]:
    """A loss that falls, varies within the threshold, falls again and then stays constant."""
    falls = [1.0 / (1 + epoch) for epoch in range(8)]
    varies = [falls[-1] * (1 - 0.0004 * (epoch % 3)) for epoch in range(14)]
    falls_again = [0.1 * 0.9**epoch for epoch in range(6)]
    return [*falls, *varies, *falls_again, *[falls_again[-1]] * (epochs - 28)]


# our name and settings, name and settings in PyTorch
OPTIMIZERS: dict[str, tuple[str, dict[str, float], str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 0.02}, "SGD", {"lr": 0.02}),
    "momentum": ("Momentum", {"learning_rate": 0.01}, "SGD", {"lr": 0.01, "momentum": 0.9}),
    "nesterov": (
        "Nesterov",
        {"learning_rate": 0.01, "momentum": 0.8},
        "SGD",
        {"lr": 0.01, "momentum": 0.8, "nesterov": True},
    ),
    "rmsprop default": ("RMSprop", {}, "RMSprop", {}),
    "rmsprop": (
        "RMSprop",
        {"learning_rate": 0.005, "decay": 0.9, "epsilon": 1e-4},
        "RMSprop",
        {"lr": 0.005, "alpha": 0.9, "eps": 1e-4},
    ),
    "adam default": ("Adam", {}, "Adam", {}),
    "adam": (
        "Adam",
        {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3},
        "Adam",
        {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-3},
    ),
    "adamw default": ("AdamW", {}, "AdamW", {}),
    "adamw": (
        "AdamW",
        {"learning_rate": 0.05, "weight_decay": 0.3},
        "AdamW",
        {"lr": 0.05, "weight_decay": 0.3},
    ),
}

LOSSES: dict[str, tuple[str, dict[str, Any]]] = {
    "mse": ("MSE", {}),
    "mae": ("MAE", {}),
    "huber default": ("Huber", {}),
    "huber": ("Huber", {"delta": 0.4}),
    "gaussian": ("GaussianNLL", {}),
    "cross entropy": ("CrossEntropy", {}),
    "cross entropy, smoothed": ("CrossEntropy", {"label_smoothing": 0.2}),
    "cross entropy, weighted": ("CrossEntropy", {"class_weights": (0.5, 1.0, 3.0, 0.0)}),
    "cross entropy, both": ("CrossEntropy", {"label_smoothing": 0.1, "class_weights": (0.5, 1.0, 3.0, 2.0)}),
}


def optimizer_paths() -> dict[str, Any]:
    import torch

    paths = {}
    for annealed in (False, True):
        for name, (_, _, torch_name, settings) in OPTIMIZERS.items():
            w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
            optimizer = getattr(torch.optim, torch_name)([w], **settings)
            anneal = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS[-1])
            path = []
            for step in range(1, STEPS[-1] + 1):
                w.grad = torch.from_numpy(rosenbrock_gradient(w.detach().numpy()))
                optimizer.step()
                if annealed:
                    anneal.step()
                if step in STEPS:
                    path.append(w.tolist())
            paths[f"{name}, annealed" if annealed else name] = path
    return paths


def loss_values() -> dict[str, Any]:
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(7)
    outputs, targets = rng.normal(0, 1.5, (6, 4)).round(4), rng.normal(0, 1.5, (6, 4)).round(4)
    classes = [0, 2, 1, 3, 2, 2]
    answers = {}
    for name, (kind, settings) in LOSSES.items():
        y = torch.tensor(outputs, requires_grad=True)
        if kind == "CrossEntropy":
            weight = torch.tensor(settings.get("class_weights", (1.0,) * 4), dtype=torch.float64)
            smoothing = settings.get("label_smoothing", 0.0)
            loss = functional.cross_entropy(y, torch.tensor(classes), weight, label_smoothing=smoothing)
        elif kind == "GaussianNLL":
            loss = functional.gaussian_nll_loss(y[:, :2], torch.tensor(targets[:, :2]), torch.exp(y[:, 2:]), eps=1e-300)
        elif kind == "Huber":
            loss = functional.huber_loss(y, torch.tensor(targets), delta=settings.get("delta", 1.0))
        else:
            loss = {"MSE": functional.mse_loss, "MAE": functional.l1_loss}[kind](y, torch.tensor(targets))
        loss.backward()
        assert y.grad is not None
        answers[name] = {"value": loss.item(), "gradient": y.grad.tolist()}
    return {"outputs": outputs.tolist(), "targets": targets.tolist(), "classes": classes, "answers": answers}


def torch_activations() -> dict[str, Any]:
    """PyTorch's activation functions by our names."""
    import torch
    from torch.nn import functional

    return {
        "identity": lambda z: z * 1,
        "tanh": torch.tanh,
        "relu": functional.relu,
        "leaky_relu": functional.leaky_relu,
        "elu": functional.elu,
        "sigmoid": torch.sigmoid,
        "softplus": functional.softplus,
        "gelu": lambda z: functional.gelu(z, approximate="tanh"),
    }


def activation_values() -> dict[str, Any]:
    import torch

    points = [-15.0, -6.0, *np.linspace(-3, 3, 13).tolist(), 6.0, 15.0]
    answers = {}
    for name, function in torch_activations().items():
        z = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        y = function(z)
        y.sum().backward()
        assert z.grad is not None
        answers[name] = {"value": y.tolist(), "slope": z.grad.tolist()}
    return {"points": points, "answers": answers}


def schedule_factors() -> dict[str, Any]:
    import torch
    from torch.optim import lr_scheduler

    def follow(make: Any, losses: list[float] | None = None, steps: int = 20) -> list[float]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        schedule = make(optimizer)
        factors = []
        for step in range(steps if losses is None else len(losses)):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step(*([] if losses is None else [losses[step]]))
        return [*factors, optimizer.param_groups[0]["lr"]]

    return {
        "cosine": follow(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.05)),
        "exponential": follow(lambda optimizer: lr_scheduler.ExponentialLR(optimizer, gamma=0.02 ** (1 / 20))),
        "step": follow(lambda optimizer: lr_scheduler.MultiStepLR(optimizer, milestones=[5, 15], gamma=0.3)),
        "plateau": follow(
            lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=4, threshold=1e-3),
            plateaus(),
        ),
    }


UNITS, INPUTS, ROWS, N_STEPS = 3, 2, 2, 4


def wavy(*shape: int, phase: float = 0.0) -> np.ndarray:
    """Reproducible numbers between -0.9 and 0.9."""
    return 0.9 * np.sin(1.7 * np.arange(int(np.prod(shape))) + phase).reshape(shape)


def layer_parameters(kind: str) -> dict[str, np.ndarray]:
    """Parameters by our names, in our shapes."""
    if kind in ("LayerNorm", "BatchNorm"):
        return {"gain": 1 + wavy(INPUTS, phase=1.0), "shift": wavy(INPUTS, phase=2.0)}
    gates = {"Elman": 1, "GRU": 3, "LSTM": 4}[kind] * UNITS
    parameters = {
        "weight": wavy(INPUTS, gates, phase=1.0),
        "recurrent": wavy(UNITS, gates, phase=2.0),
        "bias": wavy(gates, phase=3.0),
    }
    return parameters | ({"candidate": wavy(UNITS, phase=4.0)} if kind == "GRU" else {})


def layer_answers() -> dict[str, Any]:
    """Outputs, and the gradients of the sum of outputs times `wavy` numbers with respect to inputs and parameters."""
    import torch

    answers: dict[str, Any] = {}
    for kind in ("Elman", "GRU", "LSTM", "LayerNorm"):
        ours = layer_parameters(kind)
        x = torch.tensor(wavy(ROWS, N_STEPS, INPUTS, phase=5.0), requires_grad=True)
        if kind == "LayerNorm":
            module = torch.nn.LayerNorm(INPUTS).double()
            theirs = {"weight": ours["gain"], "bias": ours["shift"]}
        else:
            name = {"Elman": "RNN"}.get(kind, kind)
            module = getattr(torch.nn, name)(INPUTS, UNITS, batch_first=True).double()
            recurrent_bias = np.zeros_like(ours["bias"])
            recurrent_bias[2 * UNITS :] = ours.get("candidate", recurrent_bias[2 * UNITS :])
            theirs = {"weight_ih_l0": ours["weight"].T, "weight_hh_l0": ours["recurrent"].T}
            theirs |= {"bias_ih_l0": ours["bias"], "bias_hh_l0": recurrent_bias}
        module.load_state_dict({key: torch.tensor(np.ascontiguousarray(value)) for key, value in theirs.items()})
        y = module(x) if kind == "LayerNorm" else module(x)[0]
        (y * torch.tensor(wavy(*y.shape, phase=6.0))).sum().backward()
        grads = {key: parameter.grad.numpy() for key, parameter in module.named_parameters()}
        if kind == "LayerNorm":
            grads = {"gain": grads["weight"], "shift": grads["bias"]}
        else:
            candidate = grads["bias_hh_l0"][2 * UNITS :]
            grads = {"weight": grads["weight_ih_l0"].T, "recurrent": grads["weight_hh_l0"].T} | {
                "bias": grads["bias_ih_l0"]
            }
            grads |= {"candidate": candidate} if kind == "GRU" else {}
        answers[kind] = {
            "outputs": y.detach().numpy().tolist(),
            "inputs": x.grad.numpy().tolist(),
            "gradients": {key: value.tolist() for key, value in grads.items()},
        }
    return answers


def batch_norm_answers() -> dict[str, Any]:
    """As `layer_answers`, for batch normalization in training, its running statistics, and then outside training."""
    import torch

    ours = layer_parameters("BatchNorm")
    module = torch.nn.BatchNorm1d(INPUTS, eps=0.01, momentum=0.3).double()
    running = {"running_mean": wavy(INPUTS, phase=7.0), "running_var": 1 + wavy(INPUTS, phase=8.0)}
    state = {"weight": ours["gain"], "bias": ours["shift"], **running, "num_batches_tracked": np.array(0)}
    module.load_state_dict({key: torch.tensor(value) for key, value in state.items()})
    answers: dict[str, Any] = {}
    for mode in ("training", "use"):
        module.train(mode == "training").zero_grad()
        x = torch.tensor(wavy(ROWS * N_STEPS, INPUTS, phase=5.0), requires_grad=True)
        y = module(x)
        (y * torch.tensor(wavy(*y.shape, phase=6.0))).sum().backward()
        assert x.grad is not None
        answers[mode] = {
            "outputs": y.tolist(),
            "inputs": x.grad.tolist(),
            "gradients": {"gain": module.weight.grad.tolist(), "shift": module.bias.grad.tolist()},
            "running_stats": {"mean": module.running_mean.tolist(), "variance": module.running_var.tolist()},
        }
    return answers


def main() -> None:
    import torch

    reference = {
        "torch": torch.__version__,
        "optimizers": optimizer_paths(),
        "losses": loss_values(),
        "activations": activation_values(),
        "schedules": schedule_factors(),
        "layers": layer_answers(),
        "batch norm": batch_norm_answers(),
    }
    FILE.write_text(json.dumps(reference, indent=None, separators=(",", ":")).replace("],[", "],\n[") + "\n")


if __name__ == "__main__":
    main()
