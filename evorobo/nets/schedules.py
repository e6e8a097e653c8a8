"""The learning rate over a run, as a factor of its start, by the share of the budget that is `spent` (0 to 1).

Counting in shares makes one schedule fit any budget, in any currency, and any number of rows.
`factor(spent, state)` is asked before every step; `watch(loss, state)` is told the training loss after every epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, inf, pi
from typing import Protocol, TypeAlias

from evorobo.errors import SettingsError
from evorobo.registry import register_component

ScheduleState: TypeAlias = dict[str, float]


class Schedule(Protocol):
    def start(self) -> ScheduleState: ...
    def factor(self, budget_fraction: float, state: ScheduleState) -> float: ...
    def on_epoch_end(self, loss: float, state: ScheduleState) -> None: ...


class _Blind:
    """A schedule that looks at the budget only."""

    def start(self) -> ScheduleState:
        return {}

    def on_epoch_end(self, loss: float, state: ScheduleState) -> None:
        pass


@register_component("schedule", "Constant")
@dataclass(frozen=True)
class Constant(_Blind):
    """The same rate throughout."""

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return 1.0


@register_component("schedule", "Step")
@dataclass(frozen=True)
class Step(_Blind):
    """Times `drop` at each share of the budget in `at`."""

    milestones: tuple[float, ...] = (0.5, 0.75)
    drop: float = 0.1

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return self.drop ** sum(budget_fraction >= share for share in self.milestones)


@register_component("schedule", "Exponential")
@dataclass(frozen=True)
class Exponential(_Blind):
    """A steady decay that reaches `final` at the end of the budget."""

    final: float = 0.01

    def __post_init__(self) -> None:
        if not self.final > 0:
            raise SettingsError(f"an exponential decay ends above 0, not at {self.final}.")

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return self.final**budget_fraction


@register_component("schedule", "Cosine")
@dataclass(frozen=True)
class Cosine(_Blind):
    """Half a cosine from 1 down to `final` (Loshchilov & Hutter 2017, eq. 5, one period)."""

    final: float = 0.0

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return self.final + (1 - self.final) * (1 + cos(pi * min(budget_fraction, 1.0))) / 2


@register_component("schedule", "WarmUp")
@dataclass(frozen=True)
class WarmUp:
    """Linear from 0 to 1 over the first `share` of the budget, then another schedule over the rest of it."""

    fraction: float = 0.05
    then: Schedule = Constant()

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise SettingsError(f"the share of a warm-up lies between 0 and 1, not at {self.fraction}.")

    def start(self) -> ScheduleState:
        return self.then.start()

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        if budget_fraction < self.fraction:
            return budget_fraction / self.fraction
        return self.then.factor((budget_fraction - self.fraction) / (1 - self.fraction), state)

    def on_epoch_end(self, loss: float, state: ScheduleState) -> None:
        self.then.on_epoch_end(loss, state)


@register_component("schedule", "ReduceOnPlateau")
@dataclass(frozen=True)
class ReduceOnPlateau:
    """Times `drop` after more than `patience` epochs without a training loss lower by the share `threshold`."""

    drop: float = 0.1
    patience: int = 10
    threshold: float = 1e-4

    def start(self) -> ScheduleState:
        return {"factor": 1.0, "best": inf, "waited": 0}

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return state["factor"]

    def on_epoch_end(self, loss: float, state: ScheduleState) -> None:
        best = state["best"]
        if loss < min(best * (1 - self.threshold), best * (1 + self.threshold)):  # a likelihood may be below zero
            state.update(best=loss, waited=0)
            return
        state["waited"] += 1
        if state["waited"] > self.patience:
            state.update(factor=state["factor"] * self.drop, waited=0)
