"""Converts gymnasium's spaces: observations to flat vectors, network outputs to actions, actions to targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.cross_entropy import CrossEntropy
from evorobo.nets.genome import Genome
from evorobo.nets.losses import MSE, Loss

Flatten = Callable[[Any], np.ndarray]

LARGEST_END = 1e10
"""From here on the end of a box stands for "no limit", such as the largest number of its type."""


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
    are and clipped to it. Ends of 1e10 and more count as infinite. Values of an integer box are rounded to the nearest
    whole number. A motor with `low == high` always has this value, and its target is 0.
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

    @cached_property
    def bounded(self) -> bool:
        return bool((np.abs(self.low) < LARGEST_END).all() and (np.abs(self.high) < LARGEST_END).all())

    @cached_property
    def whole(self) -> bool:
        """Whether actions are whole numbers."""
        return np.dtype(self.dtype).kind in "iub"

    @cached_property
    def scaled(self) -> bool:
        return self.bounded and not self.clip

    @property
    def output(self) -> str:
        return "tanh" if self.scaled else "identity"

    def actions(self, outputs: Array) -> np.ndarray:
        values = outputs
        if self.scaled:
            values = self.low + (outputs.astype(np.float64) + 1) / 2 * (self.high - self.low)
        # scaled values as well: rounding may exceed the range, which strict environments refuse
        return np.clip(self._rounded(values), self.low, self.high)

    def to_env_action(self, action: np.ndarray) -> Any:
        if self.whole:  # a cast would cut fractions, and wrap what is out of range
            action = np.clip(self._rounded(action), self.low, self.high)
        return action.reshape(self.shape).astype(self.dtype)

    def from_env_actions(self, native: np.ndarray) -> np.ndarray:
        return self._rounded(np.asarray(native, float).reshape(len(native), self.n_outputs))

    def targets(self, actions: np.ndarray) -> np.ndarray:
        if not self.scaled:
            return actions
        width = self.high - self.low
        position = (np.clip(actions, self.low, self.high) - self.low) / np.where(width > 0, width, 1.0)
        return np.where(width > 0, 2 * position - 1, 0.0)

    def sample(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        if not self.bounded:
            return np.clip(self._rounded(rng.normal(size=(rows, self.n_outputs))), self.low, self.high)
        if self.whole:
            return rng.integers(self.low.astype(int), self.high.astype(int) + 1, (rows, self.n_outputs)).astype(float)
        return rng.uniform(self.low, self.high, (rows, self.n_outputs))

    def _rounded(self, values: np.ndarray) -> np.ndarray:
        return np.rint(values) if self.whole else values


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
            low, high = _as_floats(space.low), _as_floats(space.high)
            return BoxDecoder(low, high, space.shape, space.dtype)
    raise SettingsError(f"actions of kind {type(space).__name__} have no fixed length, which a network needs.")


def decoder_of(genome: Genome, decoder: Decoder) -> Decoder:
    """The decoder of an environment for this genome's outputs, which may be motor values already."""
    if genome.actions == "clip" and isinstance(decoder, BoxDecoder):
        return replace(decoder, clip=True)
    return decoder


def _as_floats(ends: np.ndarray) -> Array:
    """The ends of a box as floats within it: large integers may round to floats beyond their end."""
    exact, floats = np.ravel(ends), np.ravel(ends).astype(float)
    if ends.dtype.kind not in "iu":
        return floats
    is_beyond = [abs(int(number)) > abs(int(end)) for number, end in zip(floats, exact, strict=True)]
    return np.where(is_beyond, np.nextafter(floats, 0), floats)


def make_flattener(space: Any) -> tuple[int, Flatten]:
    """The length of flat observations and the function that flattens.

    Numbers keep their values, whatever type the space declares. The function raises `ValueError` for a value of a
    Discrete, MultiDiscrete or MultiBinary part that is none of its choices. Raises `SettingsError` for images.
    """
    from gymnasium import spaces

    _reject_images(space)
    if not space.is_np_flattenable:
        raise SettingsError(f"observations of kind {type(space).__name__} have no fixed length.")
    return spaces.flatdim(space), _flattener(space)


def _flattener(space: Any) -> Flatten:
    from gymnasium import spaces

    match space:
        case spaces.Box(shape=(_,)):
            return _numbers
        case spaces.Box():
            return lambda observation: _numbers(observation).ravel()
        case spaces.Discrete():
            return partial(_one_hot, np.array([space.n]), np.array([space.start]))
        case spaces.MultiDiscrete():
            return partial(_one_hot, np.ravel(space.nvec), np.ravel(space.start))
        case spaces.MultiBinary():
            return _binary
        case spaces.Dict() | spaces.Tuple():
            named = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
            parts = [(name, _flattener(part)) for name, part in named]
            return lambda observation: np.concatenate([flatten(observation[name]) for name, flatten in parts])
    return lambda observation: np.asarray(spaces.flatten(space, observation))


def _numbers(observation: Any) -> np.ndarray:
    """An array in single or double precision; other types of numbers become double."""
    numbers = np.asarray(observation)
    return numbers if numbers.dtype in (np.float32, np.float64) else numbers.astype(np.float64)


def _one_hot(sizes: np.ndarray, start: np.ndarray, observation: Any) -> np.ndarray:
    values = np.ravel(observation)
    if len(values) != len(sizes):
        raise ValueError(f"{len(values)} values stand where the observation space has {len(sizes)} choices")
    chosen = values - start
    wrong = ~((chosen >= 0) & (chosen < sizes) & (chosen == np.floor(chosen)))
    if wrong.any():
        at = int(wrong.argmax())
        raise ValueError(
            f"{values[at]} is out of the observation space, which has whole numbers from {start[at]} to "
            f"{start[at] + sizes[at] - 1} there"
        )
    flat = np.zeros(sizes.sum())
    flat[np.cumsum(sizes) - sizes + chosen.astype(int)] = 1
    return flat


def _binary(observation: Any) -> np.ndarray:
    values = _numbers(observation).ravel()
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        raise ValueError(f"{values[wrong][0]:g} is out of the observation space, which has 0 and 1 there")
    return values


def unflatten(space: Any, flat: np.ndarray) -> Any:
    """An observation as the environment returned it; numbers have the declared type if it can hold their values.

    Integers are returned in 64 bits, so that computing with small ones does not wrap.
    """
    from gymnasium import spaces

    match space:
        case spaces.Box():
            with np.errstate(all="ignore"):
                declared = flat.astype(np.int64 if space.dtype.kind in "iu" else space.dtype)
            return (declared if np.array_equal(declared, flat) else flat).reshape(space.shape)
        case spaces.Dict():
            values = _unflatten_parts(list(space.spaces.values()), flat)
            return dict(zip(space.spaces, values, strict=True))
        case spaces.Tuple():
            return tuple(_unflatten_parts(space.spaces, flat))
    return spaces.unflatten(space, flat)


def _unflatten_parts(parts: Sequence[Any], flat: np.ndarray) -> list[Any]:
    from gymnasium import spaces

    pieces = np.split(flat, np.cumsum([spaces.flatdim(part) for part in parts])[:-1])
    return [unflatten(part, piece) for part, piece in zip(parts, pieces, strict=True)]


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
