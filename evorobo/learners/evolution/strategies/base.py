"""What a strategy is: DEAP's `generate` and `update`, and the answer it would bet on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.evolution.deap_bridge import Individual


class Strategy(Protocol):
    """A strategy at work, on genomes `(p,)`, higher fitness being better."""

    @property
    def answer(self) -> Array:
        """The genome it would hand in now: usually the centre of its search, scores of single members being noisy."""

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]: ...
    def update(self, population: list[Individual]) -> None: ...
    def info(self) -> dict[str, float]:
        """What to log: its step size, for example."""

    def state(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...


class StrategySettings(Protocol):
    """The frozen settings of a strategy; `start` puts it to work around `weights (p,)`."""

    @property
    def name(self) -> str: ...

    def start(self, weights: Array, rng: np.random.Generator) -> Strategy: ...


@runtime_checkable
class Watching(Protocol):
    """Settings of a strategy that goes by what members do, besides their score.

    When `update` gets them, individuals have `measures (k,)` of these names, in units of their ranges (0 to 1).
    """

    @property
    def measures(self) -> tuple[str, ...]: ...


def scores(population: list[Individual]) -> Array:
    """The fitness of each member `(n,)`."""
    return np.array([individual.fitness.values[0] for individual in population])


def best(population: list[Individual], count: int) -> list[Individual]:
    """The `count` fittest, best first; of equals the earlier."""
    return [population[at] for at in np.argsort(-scores(population), kind="stable")[:count]]


def best_first(population: list[Individual]) -> Array:
    """The genomes as rows `(n, p)`, best first."""
    rows = np.array(population, dtype=np.float64)
    return rows[np.argsort(-scores(population), kind="stable")]


def around(weights: Array, population: int, spread: float, rng: np.random.Generator) -> Array:
    """A first generation `(population, p)`: `weights (p,)` themselves, and the others `spread` about them."""
    return np.concatenate([weights[None], weights + rng.normal(0, spread, (population - 1, len(weights)))])


def at_least(lowest: int, **settings: int | None) -> None:
    """Raise `SettingsError` for what is no whole number from `lowest` on; None means "choose for me"."""
    for name, value in settings.items():
        if value is not None and not (_is_number(value) and isinstance(value, int) and value >= lowest):
            raise SettingsError(f"{name} must be a whole number of at least {lowest}, not {value!r}.")


def within(lowest: float, highest: float, **settings: float) -> None:
    """Raise `SettingsError` for what is no number from `lowest` to `highest`."""
    for name, value in settings.items():
        if not (_is_number(value) and lowest <= value <= highest):
            end = f"from {lowest:g} to {highest:g}" if highest < np.inf else f"of at least {lowest:g}"
            raise SettingsError(f"{name} must be a number {end}, not {value!r}.")


def positive(**settings: float) -> None:
    """Raise `SettingsError` for what is no finite number above zero."""
    for name, value in settings.items():
        if not (_is_number(value) and 0 < value < np.inf):
            raise SettingsError(f"{name} must be a number above 0, not {value!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def usual_population(p: int) -> int:
    """4 + 3 ln p (Hansen & Ostermeier 2001, table 1)."""
    return 4 + int(3 * np.log(p))
