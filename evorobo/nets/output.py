"""Settings of the output layer, whose width and activation the task determines."""

from __future__ import annotations

from dataclasses import dataclass

from evorobo.nets.dense import Dense
from evorobo.nets.initializers import initializer_key
from evorobo.registry import register_component


@register_component("settings", "Output")
@dataclass(frozen=True)
class Output:
    """Settings of the output layer, at the end of `hidden`. Without it the output layer is a `Dense` layer by default.

    Parameters
    ----------
    bias : bool, default True
        Whether the outputs have biases.
    init : str, optional
        Name of the initializer of the weights, as in `Dense`.

    Raises
    ------
    SettingsError
        If the initializer is unknown.

    Examples
    --------
    >>> from evorobo import Dense, NetworkSpec, Output
    >>> NetworkSpec.build(4, (Dense(6, bias=False), Output(bias=False)), 1).n_params
    30
    """

    bias: bool = True
    init: str | None = None

    def __post_init__(self) -> None:
        if self.init is not None:
            object.__setattr__(self, "init", initializer_key(self.init))

    def layer(self, n_outputs: int, activation: str) -> Dense:
        """Return the output layer of a network.

        Parameters
        ----------
        n_outputs : int
            Number of outputs of the task.
        activation : str
            Name of the activation function that the task needs.

        Returns
        -------
        Dense
            The layer.
        """
        return Dense(n_outputs, activation, self.init, self.bias)
