"""Converts gymnasium's spaces: observations to flat vectors, network outputs to actions, actions to targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.cross_entropy import CrossEntropy
from evorobo.nets.genome import Genome
from evorobo.nets.losses import MSE, Loss

Flatten = Callable[[Any], Any]


class Decoder(Protocol):
    """Converts network outputs to actions, and the actions of a teacher to targets.

    `actions` maps outputs `(..., n_outputs)` to action rows `(..., k)` or class numbers `(...)`. `targets` maps actions
    to the targets of `loss`. `to_env_action` maps one action to what `env.step` takes. `from_env_actions` maps
    back and raises `ValueError` for what is no action. `sample` draws random actions.
    """

    @property
    def n_outputs(self) -> int: ...
    @property
    def output(self) -> str: ...
    @property
    def loss(self) -> Loss: ...

    def actions(self, outputs: Array) -> np.ndarray: ...
    def to_env_action(self, action: np.ndarray) -> Any: ...
    def from_env_actions(self, native: np.ndarray) -> np.ndarray: ...
    def targets(self, actions: np.ndarray) -> np.ndarray: ...
    def sample(self, rng: np.random.Generator, rows: int) -> np.ndarray: ...


@dataclass(frozen=True)
class DiscreteDecoder:
    """One of n moves (Discrete): the largest output wins."""

    n_outputs: int
    start: int = 0
    output: str = "identity"
    loss: Loss = CrossEntropy()

    def actions(self, outputs: Array) -> np.ndarray:
        return outputs.argmax(-1)

    def to_env_action(self, action: np.ndarray) -> Any:
        return int(action) + self.start

    def from_env_actions(self, native: np.ndarray) -> np.ndarray:
        return _check_choices(np.asarray(native).reshape(len(native)) - self.start, self.n_outputs)

    def targets(self, actions: np.ndarray) -> np.ndarray:
        return actions

    def sample(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        return rng.integers(self.n_outputs, size=rows)


@dataclass(frozen=True)
class MultiDiscreteDecoder:
    """Several choices at once (MultiDiscrete, MultiBinary): the largest output of each group wins."""

    sizes: tuple[int, ...]
    shape: tuple[int, ...]
    start: tuple[int, ...]
    dtype: Any
    output: str = "identity"

    @property
    def n_outputs(self) -> int:
        return sum(self.sizes)

    @property
    def loss(self) -> Loss:
        return CrossEntropy(choices=self.sizes)

    def actions(self, outputs: Array) -> np.ndarray:
        return self.loss.predict(outputs)

    def to_env_action(self, action: np.ndarray) -> Any:
        return (action + self.start).reshape(self.shape).astype(self.dtype)

    def from_env_actions(self, native: np.ndarray) -> np.ndarray:
        return _check_choices(
            np.asarray(native).reshape(len(native), len(self.sizes)) - np.array(self.start), self.sizes
        )

    def targets(self, actions: np.ndarray) -> np.ndarray:
        return actions

    def sample(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        return rng.integers(self.sizes, size=(rows, len(self.sizes)))


@dataclass(frozen=True, eq=False)
class BoxDecoder:
    """Values between `low` and `high` (Box).

    Outputs from -1 to 1 are scaled to the range. Where the range is infinite, or `clip` is set, they are taken as they
    are and clipped to it.
    """

    low: Array
    high: Array
    shape: tuple[int, ...]
    dtype: Any
    clip: bool = False
    loss: Loss = MSE()

    @property
    def n_outputs(self) -> int:
        return len(self.low)

    @property
    def bounded(self) -> bool:
        return bool(np.isfinite(self.low).all() and np.isfinite(self.high).all())

    @property
    def scaled(self) -> bool:
        return self.bounded and not self.clip

    @property
    def output(self) -> str:
        return "tanh" if self.scaled else "identity"

    def actions(self, outputs: Array) -> np.ndarray:
        if not self.scaled:
            return np.clip(outputs, self.low, self.high)
        # clipped as well: rounding may exceed the range, which strict environments refuse
        scaled = self.low + (outputs.astype(np.float64) + 1) / 2 * (self.high - self.low)
        return np.clip(scaled, self.low, self.high)

    def to_env_action(self, action: np.ndarray) -> Any:
        return action.reshape(self.shape).astype(self.dtype)

    def from_env_actions(self, native: np.ndarray) -> np.ndarray:
        return np.asarray(native, float).reshape(len(native), self.n_outputs)

    def targets(self, actions: np.ndarray) -> np.ndarray:
        if not self.scaled:
            return actions
        return 2 * (np.clip(actions, self.low, self.high) - self.low) / (self.high - self.low) - 1

    def sample(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        if not self.bounded:
            return np.clip(rng.normal(size=(rows, self.n_outputs)), self.low, self.high)
        return rng.uniform(self.low, self.high, (rows, self.n_outputs))


def _check_choices(numbers: np.ndarray, sizes: int | tuple[int, ...]) -> np.ndarray:
    """The numbers as integers. Raises `ValueError` for a number that is not from 0 to below its size."""
    valid = (numbers >= 0) & (numbers < sizes) & (numbers == np.floor(numbers))
    if not valid.all():
        raise ValueError(f"{numbers[~valid][0]} is none of the choices")
    return numbers.astype(int)


def make_decoder(space: Any) -> Decoder:
    """The decoder of an action space. Raises `SettingsError` for spaces without a fixed number of outputs."""
    from gymnasium import spaces

    match space:
        case spaces.Discrete():
            return DiscreteDecoder(int(space.n), int(space.start))
        case spaces.MultiDiscrete():
            start = tuple(np.ravel(space.start).tolist())
            return MultiDiscreteDecoder(tuple(np.ravel(space.nvec).tolist()), space.shape, start, space.dtype)
        case spaces.MultiBinary():
            size = int(np.prod(space.shape))
            return MultiDiscreteDecoder((2,) * size, space.shape, (0,) * size, space.dtype)
        case spaces.Box():
            low, high = np.ravel(space.low).astype(float), np.ravel(space.high).astype(float)
            return BoxDecoder(low, high, space.shape, space.dtype)
    raise SettingsError(f"actions of kind {type(space).__name__} have no fixed length, which a network needs.")


def decoder_of(genome: Genome, decoder: Decoder) -> Decoder:
    """The decoder of an environment for this genome's outputs, which may be motor values already."""
    if genome.actions == "clip" and isinstance(decoder, BoxDecoder):
        return replace(decoder, clip=True)
    return decoder


def make_flattener(space: Any) -> tuple[int, Flatten]:
    """The length of flat observations and the function that flattens. Raises `SettingsError` for images."""
    from gymnasium import spaces

    _reject_images(space)
    if not space.is_np_flattenable:
        raise SettingsError(f"observations of kind {type(space).__name__} have no fixed length.")
    size = spaces.flatdim(space)
    if isinstance(space, spaces.Box) and len(space.shape) == 1:
        return size, np.asarray
    return size, lambda observation: spaces.flatten(space, observation)


def _reject_images(space: Any) -> None:
    """Raise `SettingsError` if a space or a part of it holds images."""
    from gymnasium import spaces

    if isinstance(space, spaces.Box) and (len(space.shape) == 3 or (len(space.shape) == 2 and space.dtype == np.uint8)):
        raise SettingsError(
            f"this environment shows images of shape {space.shape}, and networks here read sensors. "
            "Choose a version with vector observations, or wrap it so that it returns features."
        )
    parts = space.spaces if isinstance(space, spaces.Dict | spaces.Tuple) else ()
    for part in parts.values() if isinstance(parts, dict) else parts:
        _reject_images(part)
