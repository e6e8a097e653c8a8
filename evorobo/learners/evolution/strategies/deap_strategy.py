"""Any strategy of DEAP's kind, an object with `generate` and `update`, as a strategy of `Evolution`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError, unknown
from evorobo.fields import NonNegativeInt
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, sampling_flops, select_best
from evorobo.registry import register_component


@runtime_checkable
class GenerateUpdate(Protocol):
    """An object for DEAP's ask-and-tell loop, `deap.algorithms.eaGenerateUpdate`."""

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]: ...
    def update(self, population: list[Individual]) -> None: ...


@register_component("strategy", "DEAPStrategy")
@dataclass(frozen=True)
class DEAPStrategy:
    """Adapter for a strategy object written for DEAP, for example `deap.cma.Strategy`.

    The object needs `generate(ind_init)` and `update(population)`, must draw random numbers from `random` or
    `numpy.random`, and must keep its state in attributes that are numbers, texts, arrays, individuals, or lists, tuples
    and dicts of these. Attributes that are functions are left as `make` sets them. Individuals are arrays with a
    `fitness` of one value; higher is better.

    Parameters
    ----------
    make : callable
        The class of the object, or a function at the top of a file that returns one. It is called as
        `make(weights, **kwargs)` with the starting genome, an individual of shape (n_params,) without fitness value.
    kwargs : dict, default {}
        Further arguments of `make`: numbers, texts, and lists of these.
    center : str or None, default None
        The attribute with the genome that the object proposes, for example `"centroid"` for `deap.cma.Strategy`; None
        proposes the best member of the last generation.
    log : tuple of str, default ()
        Attributes to log in each generation; they are numbers.
    update_flops : int or None, default None
        Floating-point operations of the object in a generation, for the cost column of this name. None counts 2 for
        each gene of a member, which is too few for a strategy with a covariance matrix.
    name : str, optional
        Name in results and figures; by default that of `make` in lower case, after `"deap-"`.

    References
    ----------
    Fortin, F.-A. et al. (2012). DEAP: evolutionary algorithms made easy. JMLR 13.

    Examples
    --------
    >>> from deap import cma
    >>> from evorobo import DEAPStrategy, Evolution
    >>> method = Evolution(DEAPStrategy(cma.Strategy, {"sigma": 0.5, "lambda_": 12}, center="centroid", log=("sigma",)))
    >>> method.name
    'deap-strategy'
    """

    make: Callable[..., Any]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    center: str | None = None
    log: tuple[str, ...] = ()
    update_flops: NonNegativeInt | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"deap-{self.make.__name__.lower()}")

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningDEAPStrategy:
        return RunningDEAPStrategy(self, weights)


class RunningDEAPStrategy:
    """The user's object, and the genome `(p,)` that it proposes."""

    def __init__(self, settings: DEAPStrategy, weights: Array) -> None:
        self._settings = settings
        self._strategy = settings.make(Individual(weights), **settings.kwargs)
        self._solution = weights.copy()
        self.update_flops = 0
        if not isinstance(self._strategy, GenerateUpdate):
            raise SettingsError(f"{settings.make.__name__} returns {self._strategy!r}, without generate and update.")
        for name in (*settings.log, *([settings.center] if settings.center else [])):
            if name not in vars(self._strategy):
                raise unknown(f"attribute of {type(self._strategy).__name__}", name, vars(self._strategy))
        self.state()  # an attribute that cannot be saved is refused now, not at the first checkpoint

    @property
    def solution(self) -> Array:
        return self._solution.copy()

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        return self._strategy.generate(ind_init)

    def update(self, population: list[Individual]) -> None:
        best, flops = select_best(population, 1)[0], self._settings.update_flops
        self.update_flops = sampling_flops(len(population), len(best)) if flops is None else flops
        self._strategy.update(list(population))  # DEAP's strategies sort the list in place
        center = getattr(self._strategy, self._settings.center) if self._settings.center else best
        self._solution = np.array(center, dtype=np.float64)

    def info(self) -> dict[str, float]:
        return {name: float(getattr(self._strategy, name)) for name in self._settings.log}

    def state(self) -> dict[str, Any]:
        kind = type(self._strategy).__name__
        attributes = {
            name: _to_plain(value, f"{kind}.{name}")
            for name, value in vars(self._strategy).items()
            if not callable(value)
        }
        return {"solution": self._solution, "attributes": attributes}

    def restore(self, state: dict[str, Any]) -> None:
        self._solution = state["solution"]
        for name, plain in state["attributes"].items():
            setattr(self._strategy, name, _from_plain(plain))


def _to_plain(value: Any, place: str) -> Any:
    """A value as arrays and plain values that keep its type; `place` names it in an error."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Individual):
        fitness = list(value.fitness.values) if "fitness" in vars(value) else None  # None: a result of arithmetic
        return {"individual": np.asarray(value), "fitness": fitness}
    if type(value) is np.ndarray and value.dtype != object:
        return {"array": value}
    if isinstance(value, np.generic):
        return {"number": np.asarray(value)}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_to_plain(item, f"an item of {place}") for item in value]}
    if type(value) is dict:
        return {"dict": [[_to_plain(part, f"an item of {place}") for part in item] for item in value.items()]}
    raise SettingsError(
        f"{place} is {type(value).__name__}, which cannot be saved; use numbers, texts, arrays, lists, tuples or dicts."
    )


def _from_plain(plain: Any) -> Any:
    """The value of which `_to_plain` was called."""
    match plain:
        case {"individual": genes, "fitness": fitness}:
            if fitness is None:
                return genes.view(Individual)
            return Individual.scored(genes, fitness[0]) if fitness else Individual(genes)
        case {"array": array}:
            return array
        case {"number": number}:
            return number[()]
        case {"list": items}:
            return [_from_plain(item) for item in items]
        case {"tuple": items}:
            return tuple(_from_plain(item) for item in items)
        case {"dict": items}:
            return {_from_plain(key): _from_plain(value) for key, value in items}
    return plain
