"""The network in front of the tanh of its last layer, to whose outputs exploration is added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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
