"""Restarts: start another search where one has ended, with a larger population or elsewhere (IPOP, BIPOP)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import PositiveFloat
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    UsesMeasures,
    fitness_values,
    generation_flops,
    sampling_flops,
)
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.learners.evolution.wrappers.restart_schemes import IPOP, RestartScheme, Search, SearchHistory
from evorobo.learners.evolution.wrappers.termination import TerminationCriteria
from evorobo.registry import register_component


@register_component("strategy", "Restarts")
@dataclass(frozen=True)
class Restarts:
    """Restart a strategy whenever its search has ended, until the budget is used up.

    A new search starts at the first genome plus a normal random step. From the second search on, each generation also
    scores the solution of the best search before and that of the present one, with the same random seeds. The solution
    is the one that scores higher.

    Parameters
    ----------
    strategy : StrategySettings, default CMAES()
        The strategy; it must have a `population_size`.
    scheme : RestartScheme, default IPOP()
        The population size of the next search: `IPOP` or `BIPOP`.
    init_std : float, default 1.0
        Standard deviation of the step from the first genome to the start of a new search, above 0.
    termination : TerminationCriteria, default TerminationCriteria()
        When a search has ended.
    name : str, optional
        Name in results and figures; by default those of scheme and strategy, for example `"ipop-cma-es"`.

    References
    ----------
    Auger, A. and Hansen, N. (2005). A restart CMA evolution strategy with increasing population size. CEC.
    Hansen, N. (2009). Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed. GECCO.

    Examples
    --------
    >>> from evorobo import BIPOP, CMAES, Restarts
    >>> Restarts(CMAES(sigma=0.3), BIPOP()).name
    'bipop-cma-es'
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    scheme: RestartScheme = IPOP()
    init_std: PositiveFloat = 1.0
    termination: TerminationCriteria = TerminationCriteria()
    name: str = ""

    def __post_init__(self) -> None:
        if "population_size" not in setting_names(self.strategy):
            raise SettingsError(f"{type(self.strategy).__name__} has no population to enlarge at a restart.")
        if isinstance(self.strategy, UsesMeasures):
            raise SettingsError(
                f"{self.strategy.name} does not climb the score alone, so Restarts cannot see when its search "
                "has ended."
            )
        if not self.name:
            object.__setattr__(self, "name", f"{self.scheme.name}-{self.strategy.name}")

    @copy_doc(StrategySettings.start)
    def start(self, weights: Array, rng: np.random.Generator) -> RunningRestarts:
        return RunningRestarts(self, weights, rng)


class RunningRestarts:
    """State of the present search, the best solution of the searches before, and their history."""

    def __init__(self, settings: Restarts, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._previous: Array = np.empty(0)
        self._previous_is_better = False
        self._n_restarts, self._history = 0, SearchHistory()
        self.update_flops = 0
        self._begin(weights, None)

    def _begin(self, origin: Array, search: Search | None) -> None:
        """Start a search at `origin (p,)`; None is the first one, with the settings as they are."""
        self._origin, self._search = origin, search
        strategy = self._settings.strategy
        if search is not None:
            strategy = scale_sigma(strategy, search.sigma_factor)
            strategy = replace(strategy, population_size=search.population_size)
        self._running = strategy.start(origin, self._rng)
        self._monitor = self._settings.termination.start()
        self._evaluations = 0

    @property
    def solution(self) -> Array:
        return self._previous.copy() if self._previous_is_better else self._running.solution

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        rivals = [ind_init(self._previous), ind_init(self._running.solution)] if self._n_restarts else []
        return self._running.generate(ind_init) + rivals

    def update(self, population: list[Individual]) -> None:
        self._evaluations += len(population)
        if self._n_restarts:
            previous, present = fitness_values(population[-2:])
            self._previous_is_better, population = bool(previous >= present), population[:-2]
        history = self._history
        history.first_population_size = history.first_population_size or len(population)
        self._running.update(population)
        self.update_flops = generation_flops(self._running, population)
        self._monitor.update(fitness_values(population), len(self._first), self._running.info())
        max_evaluations = self._search.max_evaluations if self._search else np.inf
        if self._monitor.terminated or self._evaluations >= max_evaluations:
            self._restart()

    def _restart(self) -> None:
        settings, rng = self._settings, self._rng
        self._previous, self._previous_is_better = self.solution, True
        self._n_restarts += 1
        self._history.add(self._search or Search(self._history.first_population_size), self._evaluations)
        self.update_flops += sampling_flops(1, len(self._first))
        origin = self._first + rng.normal(0, settings.init_std, len(self._first))
        self._begin(origin, settings.scheme.next_search(self._history, has_sigma(settings.strategy), rng))

    def info(self) -> dict[str, float]:
        size = self._search.population_size if self._search else self._history.first_population_size
        return {**self._running.info(), "restarts": self._n_restarts, "population": size}

    def state(self) -> dict[str, Any]:
        return {
            "previous": self._previous,
            "previous_is_better": self._previous_is_better,
            "n_restarts": self._n_restarts,
            "history": vars(self._history),
            "origin": self._origin,
            "search": vars(self._search) if self._search else {},
            "evaluations": self._evaluations,
            "running": self._running.state(),
            "monitor": self._monitor.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._begin(state["origin"], Search(**state["search"]) if state["search"] else None)
        self._previous, self._previous_is_better = state["previous"], state["previous_is_better"]
        self._n_restarts, self._history = state["n_restarts"], SearchHistory(**state["history"])
        self._evaluations = state["evaluations"]
        self._running.restore(state["running"])
        self._monitor.restore(state["monitor"])


def setting_names(settings: Any) -> set[str]:
    """The names of the fields of settings."""
    return {setting.name for setting in fields(settings)}


def has_sigma(settings: Any) -> bool:
    """Whether settings, or those of their mutation, have a first step size `sigma`."""
    names = setting_names(settings)
    return "sigma" in names or ("mutation" in names and has_sigma(settings.mutation))


def scale_sigma(settings: Any, factor: float) -> Any:
    """The settings with a first step size, their own or that of their mutation, times `factor`."""
    names = setting_names(settings)
    if "sigma" in names:
        return replace(settings, sigma=settings.sigma * factor)
    if has_sigma(settings):
        return replace(settings, mutation=scale_sigma(settings.mutation, factor))
    return settings
