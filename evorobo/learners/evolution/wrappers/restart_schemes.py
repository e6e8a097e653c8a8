"""Schemes of restarts: the population size and the step size of the next search (IPOP, BIPOP)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from evorobo.docstrings import copy_doc
from evorobo.fields import PositiveInt
from evorobo.registry import register_component


@dataclass(frozen=True)
class Search:
    """One search: its population size, the factor of its first step size, and its largest number of evaluations.

    `large` is False for searches with a small population between the large ones.
    """

    population_size: int
    sigma_factor: float = 1.0
    max_evaluations: float = np.inf
    large: bool = True


@dataclass
class SearchHistory:
    """What a scheme knows of past searches: the first population size, and the evaluations of each kind so far."""

    first_population_size: int = 0
    n_enlarged: int = 0
    large_evaluations: int = 0
    small_evaluations: int = 0
    last_large_evaluations: int = 0

    def add(self, search: Search, evaluations: int) -> None:
        """Record a finished search."""
        if search.large:
            self.large_evaluations += evaluations
            self.last_large_evaluations = evaluations
        else:
            self.small_evaluations += evaluations


@runtime_checkable
class RestartScheme(Protocol):
    """What `Restarts` needs of a scheme. Its name goes before that of the strategy."""

    @property
    def name(self) -> str: ...

    def next_search(self, history: SearchHistory, has_sigma: bool, rng: np.random.Generator) -> Search:
        """Return the next search.

        Parameters
        ----------
        history : SearchHistory
            The searches so far; `n_enlarged` is updated in place.
        has_sigma : bool
            Whether the strategy has a first step size that can be changed.
        rng : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        Search
            Settings of the next search.
        """
        ...


@register_component("settings", "IPOP")
@dataclass(frozen=True)
class IPOP:
    """Restart with an increasing population: each search has `factor` times the members of the one before.

    Parameters
    ----------
    factor : int, default 2
        Factor of the population size, at least 1; 1 restarts with the same population size.

    References
    ----------
    Auger, A. and Hansen, N. (2005). A restart CMA evolution strategy with increasing population size. CEC.

    Examples
    --------
    >>> from evorobo import CMAES, IPOP, Restarts
    >>> Restarts(CMAES(), IPOP()).name
    'ipop-cma-es'
    """

    factor: PositiveInt = 2

    name = "ipop"

    @copy_doc(RestartScheme.next_search)
    def next_search(self, history: SearchHistory, has_sigma: bool, rng: np.random.Generator) -> Search:
        return enlarge(history, self.factor)


@register_component("settings", "BIPOP")
@dataclass(frozen=True)
class BIPOP:
    """Restart with large and small populations in turn, so that both use about the same number of evaluations.

    Large searches grow as under `IPOP`. Small searches have a random smaller population and a random smaller step size.

    Parameters
    ----------
    factor : int, default 2
        Factor of the population size from one large search to the next, at least 1.

    References
    ----------
    Hansen, N. (2009). Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed. GECCO, section 2.

    Examples
    --------
    >>> from evorobo import BIPOP, CMAES, Restarts
    >>> Restarts(CMAES(), BIPOP()).name
    'bipop-cma-es'
    """

    factor: PositiveInt = 2

    name = "bipop"

    @copy_doc(RestartScheme.next_search)
    def next_search(self, history: SearchHistory, has_sigma: bool, rng: np.random.Generator) -> Search:
        if not history.n_enlarged or history.small_evaluations >= history.large_evaluations:
            return enlarge(history, self.factor)
        first = history.first_population_size
        largest = first * self.factor**history.n_enlarged
        ratio = (largest / (2 * first)) ** (rng.random() ** 2)
        sigma_factor = 10 ** (-2 * rng.random()) if has_sigma else 1.0
        return Search(_even(max(1.0, ratio) * first), sigma_factor, history.last_large_evaluations / 2, large=False)


def enlarge(history: SearchHistory, factor: int) -> Search:
    """A search with `factor` times the members of the last large one."""
    history.n_enlarged += 1
    return Search(history.first_population_size * factor**history.n_enlarged)


def _even(number: float) -> int:
    """The next even number, for strategies whose members come in pairs."""
    return int(number) + int(number) % 2
