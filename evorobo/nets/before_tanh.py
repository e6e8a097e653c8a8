"""The network in front of the tanh of its last layer, to whose outputs exploration is added."""

from __future__ import annotations

from dataclasses import replace
from math import log, pi
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.spec import NetworkSpec


def before_tanh(spec: NetworkSpec) -> NetworkSpec:
    """The network without the tanh of its last layer; the weights are the same.

    Raises `SettingsError` for another last layer.
    """
    last: Any = spec.layers[-1]
    if getattr(last, "activation", None) != "tanh":
        raise SettingsError(
            f"exploration is added before the tanh of the last layer, which is {last} here; end hidden with Output()."
        )
    return NetworkSpec(spec.n_inputs, (*spec.layers[:-1], replace(last, activation="identity")))


def gaussian_entropy(log_sd: Array) -> float:
    """The entropy of independent normal noise with these logarithms of standard deviations `(m,)`."""
    return float(log_sd.sum() + len(log_sd) * 0.5 * (log(2 * pi) + 1))


def log_tanh_slope(outputs: Array) -> Array:
    """The logarithm of the slope of tanh, `log(1 - tanh(y) ** 2)`, which does not overflow where tanh is flat.

    Its mean is what a tanh adds to the entropy of its input (Haarnoja et al. 2018, appendix C).
    """
    sizes = np.abs(outputs)
    logarithms: Array = 2 * (log(2) - sizes - np.log1p(np.exp(-2 * sizes)))
    return logarithms
