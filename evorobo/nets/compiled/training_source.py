"""The whole text of a training kernel: which losses, optimizers and layers can be compiled, and their settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import unchanged_kind
from evorobo.errors import SettingsError
from evorobo.machine_code.compiling import kernel_source
from evorobo.nets.clip_up import ClipUp
from evorobo.nets.compiled import (
    choices,
    double_functions,
    single_functions,
    training_kernel,
    training_layers,
    training_losses,
    training_recurrent,
    training_updates,
)
from evorobo.nets.compiled.training_network import LAYERS, TrainingNetwork
from evorobo.nets.cross_entropy import CrossEntropy
from evorobo.nets.layer import FREE_METHODS
from evorobo.nets.losses import MAE, MSE, GaussianNLL, Huber, Loss
from evorobo.nets.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSprop
from evorobo.nets.spec import NetworkSpec

LOSSES: dict[type, str] = {
    MSE: "mean_squared_error",
    MAE: "mean_absolute_error",
    Huber: "huber",
    GaussianNLL: "gaussian_nll",
    CrossEntropy: "cross_entropy",
}
"""The functions of `training_losses.py`."""
OPTIMIZERS: dict[type, tuple[str, tuple[str, ...]]] = {
    SGD: ("sgd", ()),
    Momentum: ("momentum", ("velocity",)),
    Nesterov: ("nesterov", ("velocity",)),
    RMSprop: ("rmsprop", ("square",)),
    Adam: ("adam", ("sum", "squares")),
    AdamW: ("adam", ("sum", "squares")),
    ClipUp: ("clip_up", ("velocity",)),
}
"""The functions of `training_updates.py`, and the arrays of their state."""


def require_compilable(spec: NetworkSpec, loss: Loss | None, optimizer: Optimizer) -> None:
    """Raise `SettingsError` for a network, a loss if there is one, or an optimizer that cannot be compiled.

    Losses and optimizers must be of this package, since a derived class may compute something else. Layers may be
    derived from those of this package if they compute the same.
    """
    for layer in spec.layers:
        _require(layer, "layers", LAYERS, unchanged_kind(layer, LAYERS, FREE_METHODS))
    if loss is not None:
        _require(loss, "losses", LOSSES, type(loss))
    _require(optimizer, "optimizers", OPTIMIZERS, type(optimizer))


def _require(part: object, plural: str, known: Collection[type], kind: type | None) -> None:
    if kind not in known:
        raise SettingsError(
            f"training with {type(part).__name__} {plural} cannot be compiled, these can: "
            f"{', '.join(each.__name__ for each in known)}; leave compiled=True out."
        )


def loss_settings(loss: Loss, n_outputs: int) -> tuple[Array, np.ndarray]:
    """Return the numbers that the loss's function takes, and the sizes of its choices."""
    if isinstance(loss, CrossEntropy):
        class_weights = loss.class_weights or np.ones(n_outputs)
        return np.array([loss.label_smoothing, *class_weights], float), np.array(loss.choices or [n_outputs])
    return np.array([loss.delta if isinstance(loss, Huber) else 0.0]), np.zeros(0, np.int64)


def optimizer_settings(optimizer: Optimizer) -> Array:
    """Return the numbers that the optimizer's function takes."""
    match optimizer:
        case Adam():
            decay = optimizer.weight_decay if isinstance(optimizer, AdamW) else 0.0
            numbers = [optimizer.beta1, optimizer.beta2, optimizer.epsilon, decay]
        case RMSprop():
            numbers = [optimizer.decay, optimizer.epsilon]
        case ClipUp():
            numbers = [optimizer.momentum, (optimizer.max_speed or 0.0) / optimizer.learning_rate]
        case Momentum():
            numbers = [optimizer.momentum]
        case _:
            numbers = [0.0]
    return np.array(numbers)


def training_source(network: TrainingNetwork, loss: Loss, optimizer: Optimizer, dtype: np.dtype[Any]) -> str:
    """Return the text of the kernel, whose function is `train`."""
    chosen = [f"compute_loss = {LOSSES[type(loss)]}", f"optimize = {OPTIMIZERS[type(optimizer)][0]}"]
    return kernel_text(dtype, [training_losses, training_kernel], [network.source], chosen)


def kernel_text(
    dtype: np.dtype[Any], modules: Sequence[ModuleType], networks: Sequence[str], chosen: Sequence[str]
) -> str:
    """Return the text of a kernel: what all of them need, then its own modules, networks and chosen functions."""
    functions = double_functions if dtype == np.float64 else single_functions
    files = [choices, functions, training_layers, training_recurrent, training_updates, *modules]
    return kernel_source([Path(str(module.__file__)) for module in files], *networks, "\n".join(chosen))
