"""Restarts: where a search stands still, begin another one, with a larger population or elsewhere (IPOP, BIPOP)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import check_at_least, check_positive, check_within
from evorobo.errors import SettingsError, unknown
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures, fitness_values
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.registry import register_component


@register_component("settings", "TerminationCriteria")
@dataclass(frozen=True)
class TerminationCriteria:
    """A search of p weights, n to a generation, is over when one of these holds (Hansen 2009, section 3):

    - the best scores of the last 10 + 30 p / n generations differ by no more than `tolerance`;
    - over `window` generations (120 + 30 p / n if None) neither the best nor the median score of the last third is
      higher than that of the first, in the median of the third;
    - its step size has fallen below `min_step_ratio` times the first one, or its `condition` has passed `max_condition`.
    """

    tolerance: float = 1e-12
    window: int | None = None
    min_step_ratio: float = 1e-12
    max_condition: float = 1e14

    def __post_init__(self) -> None:
        check_at_least(3, window=self.window)
        check_within(0, np.inf, tolerance=self.tolerance, min_step_ratio=self.min_step_ratio)
        check_positive(max_condition=self.max_condition)

    def start(self) -> TerminationMonitor:
        return TerminationMonitor(self)


class TerminationMonitor:
    """The best and the median score of the last generations `(k, 2)`; `over` when they show that a search has ended."""

    def __init__(self, settings: TerminationCriteria) -> None:
        self._settings = settings
        self._scores = np.empty((0, 2))
        self._first_step, self.terminated = 0.0, False

    def update(self, values: Array, p: int, info: dict[str, float]) -> None:
        """Take in a generation's scores `values (n,)` and what the strategy tells, on `p` weights."""
        settings, wait = self._settings, 30 * p // len(values)
        window, flat = settings.window or 120 + wait, 10 + wait
        latest = [values.max(), np.median(values)]
        self._scores = np.concatenate([self._scores[-max(window, flat) + 1 :], [latest]])
        step = info.get("step_size", np.inf)
        self._first_step = self._first_step or min(step, 1e300)
        best = self._scores[-flat:, 0]
        self.terminated = (
            step < settings.min_step_ratio * self._first_step
            or info.get("condition", 0.0) > settings.max_condition
            or (len(best) == flat and float(np.ptp(best)) <= settings.tolerance)
            or (len(self._scores) >= window and self._no_better(self._scores[-window:]))
        )

    @staticmethod
    def _no_better(scores: Array) -> bool:
        third = max(1, len(scores) // 3)
        return bool((np.median(scores[-third:], axis=0) <= np.median(scores[:third], axis=0)).all())

    def state(self) -> dict[str, Any]:
        return {"scores": self._scores, "first_step": self._first_step, "terminated": self.terminated}

    def restore(self, state: dict[str, Any]) -> None:
        self._scores, self._first_step = state["scores"], float(state["first_step"])
        self.terminated = bool(state["terminated"])


SCHEMES = ("ipop", "bipop")


@register_component("strategy", "Restarts")
@dataclass(frozen=True)
class Restarts:
    """`Restarts(CMAES())` begins `strategy` anew whenever it stands still, for as long as the budget lasts.

    Under "ipop" each search has `factor` times the population of the one before (Auger & Hansen 2005). Under "bipop"
    such large searches take turns with small ones, of random smaller populations and step sizes, so that both have
    made about as many evaluations (Hansen 2009, section 2). When a search stands still, `termination` says. A new one
    begins at the first genome plus a normal step, `init_std` wide.

    From the second search on every generation also scores the answer of the best search before and that of the
    present one, two members more, under the same chances; the answer is whichever scores higher.
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    scheme: str = "ipop"
    factor: int = 2
    init_std: float = 1.0
    termination: TerminationCriteria = TerminationCriteria()
    name: str = ""

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise unknown("scheme of restarts", self.scheme, SCHEMES)
        check_at_least(1, factor=self.factor)
        check_positive(init_std=self.init_std)
        if "population_size" not in setting_names(self.strategy):
            raise SettingsError(f"{type(self.strategy).__name__} has no population to enlarge at a restart.")
        if isinstance(self.strategy, UsesMeasures):
            raise SettingsError(
                f"{self.strategy.name} goes by more than its score; when it stands still, nobody can tell."
            )
        if not self.name:
            object.__setattr__(self, "name", f"{self.scheme}-{self.strategy.name}")

    def start(self, weights: Array, rng: np.random.Generator) -> RunningRestarts:
        return RunningRestarts(self, weights, rng)


class RunningRestarts:
    """The present search and how it was set up, the answer kept from those before, and what they have cost."""

    def __init__(self, settings: Restarts, weights: Array, rng: np.random.Generator) -> None:
        self._settings, self._rng, self._first = settings, rng, weights
        self._kept: Array = np.empty(0)
        self._kept_leads = False
        self._restarts, self._larger, self._usual = 0, 0, 0
        self._spent, self._latest = {"large": 0, "small": 0}, 0
        self._begin(weights, {}, "large", np.inf)

    def _begin(self, weights: Array, changes: dict[str, Any], kind: str, allowed: float) -> None:
        """Another search from `weights`, of at most `allowed` evaluations."""
        self._origin, self._changes, self._kind, self._allowed = weights, changes, kind, allowed
        strategy: StrategySettings = replace(self._settings.strategy, **changes)  # type: ignore[type-var]
        self._search = strategy.start(weights, self._rng)
        self._monitor = self._settings.termination.start()
        self._evaluations = 0

    @property
    def solution(self) -> Array:
        return self._kept.copy() if self._kept_leads else self._search.solution

    def generate(self, ind_init: Callable[[Array], Individual]) -> list[Individual]:
        rivals = [ind_init(self._kept), ind_init(self._search.solution)] if self._restarts else []
        return self._search.generate(ind_init) + rivals

    def update(self, population: list[Individual]) -> None:
        self._evaluations += len(population)
        if self._restarts:
            kept, present = fitness_values(population[-2:])
            self._kept_leads, population = bool(kept >= present), population[:-2]
        self._usual = self._usual or len(population)
        self._search.update(population)
        self._monitor.update(fitness_values(population), len(self._first), self._search.info())
        if self._monitor.terminated or self._evaluations >= self._allowed:
            self._restart()

    def _restart(self) -> None:
        settings, rng = self._settings, self._rng
        self._kept, self._kept_leads = self.solution, True
        self._restarts += 1
        self._spent[self._kind] += self._evaluations
        if self._kind == "large":
            self._latest = self._evaluations
        origin = self._first + rng.normal(0, settings.init_std, len(self._first))
        largest = self._usual * settings.factor**self._larger
        if settings.scheme == "bipop" and self._larger and self._spent["small"] < self._spent["large"]:
            between = (largest / (2 * self._usual)) ** (rng.random() ** 2)
            changes: dict[str, Any] = {"population_size": _even(max(1.0, between) * self._usual)}
            if "sigma" in setting_names(settings.strategy):
                changes["sigma"] = settings.strategy.sigma * 10 ** (-2 * rng.random())  # type: ignore[attr-defined]
            self._begin(origin, changes, "small", self._latest / 2)
        else:
            self._larger += 1
            self._begin(origin, {"population_size": settings.factor * largest}, "large", np.inf)

    def info(self) -> dict[str, float]:
        size = self._changes.get("population_size", self._usual)
        return {**self._search.info(), "restarts": self._restarts, "population": size}

    def state(self) -> dict[str, Any]:
        return {
            "kept": self._kept,
            "kept_leads": self._kept_leads,
            "restarts": self._restarts,
            "larger": self._larger,
            "usual": self._usual,
            "spent": self._spent,
            "latest": self._latest,
            "origin": self._origin,
            "changes": self._changes,
            "kind": self._kind,
            "allowed": self._allowed,
            "evaluations": self._evaluations,
            "search": self._search.state(),
            "history": self._monitor.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._begin(state["origin"], state["changes"], state["kind"], float(state["allowed"]))
        self._kept, self._kept_leads = state["kept"], state["kept_leads"]
        self._restarts, self._larger, self._usual = state["restarts"], state["larger"], state["usual"]
        self._spent, self._latest = dict(state["spent"]), state["latest"]
        self._evaluations = state["evaluations"]
        self._search.restore(state["search"])
        self._monitor.restore(state["history"])


def setting_names(strategy: StrategySettings) -> set[str]:
    """What can be set of a strategy."""
    return {each.name for each in fields(strategy)}  # type: ignore[arg-type]


def _even(number: float) -> int:
    """For strategies whose members come in pairs."""
    return int(number) + int(number) % 2
