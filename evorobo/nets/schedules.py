"""Learning rate schedules: a factor of the learning rate as a function of the fraction of the budget that is spent.

A schedule in fractions fits any budget, in any unit of cost, and any number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, inf, pi
from typing import Annotated, Protocol, TypeAlias

from evorobo.docstrings import inherit_docs
from evorobo.fields import Limits, NonNegativeFloat, NonNegativeInt, PositiveFloat, Probability
from evorobo.registry import register_component

ScheduleState: TypeAlias = dict[str, float]
"""State of a schedule: numbers by name."""


class Schedule(Protocol):
    """Interface of a learning rate schedule: frozen settings. Its state is a dict of numbers.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from evorobo import Schedule
    >>> @dataclass(frozen=True)
    ... class Squared(Schedule):
    ...     def factor(self, budget_fraction, state):
    ...         return (1 - budget_fraction) ** 2
    >>> Squared().factor(0.5, Squared().start())
    0.25
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

    def start(self) -> ScheduleState:
        """Return the initial state.

        Returns
        -------
        dict of str to float
            The state for `factor` and `on_epoch_end`.
        """
        return {}

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        """Return the factor of the learning rate. It is called before every step.

        Parameters
        ----------
        budget_fraction : float
            Fraction of the budget that is spent, 0 to 1.
        state : dict of str to float
            State from `start`.

        Returns
        -------
        float
            Factor of the learning rate.
        """

    def on_epoch_end(self, loss: float, state: ScheduleState) -> None:
        """Update the state. It is called after every epoch.

        Parameters
        ----------
        loss : float
            Mean training loss of the epoch.
        state : dict of str to float
            State from `start`. It may be changed.
        """
        return


@register_component("schedule", "Constant")
@dataclass(frozen=True)
@inherit_docs
class Constant(Schedule):
    """Constant learning rate.

    Examples
    --------
    >>> from evorobo import Constant
    >>> Constant().factor(0.5, {})
    1.0
    """

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return 1.0


@register_component("schedule", "Step")
@dataclass(frozen=True)
@inherit_docs
class Step(Schedule):
    """Step decay: the learning rate is multiplied by `drop` at each milestone.

    Parameters
    ----------
    milestones : tuple of float, default (0.5, 0.75)
        Fractions of the budget, 0 to 1.
    drop : float, default 0.1
        Factor at each milestone.

    Examples
    --------
    >>> from evorobo import Step
    >>> schedule = Step(milestones=(0.5,), drop=0.1)
    >>> schedule.factor(0.4, {}), schedule.factor(0.6, {})
    (1.0, 0.1)
    """

    milestones: tuple[Probability, ...] = (0.5, 0.75)
    drop: NonNegativeFloat = 0.1

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return self.drop ** sum(budget_fraction >= milestone for milestone in self.milestones)


@register_component("schedule", "Linear")
@dataclass(frozen=True)
@inherit_docs
class Linear(Schedule):
    """Linear decay from 1 to `final` at the end of the budget.

    Parameters
    ----------
    final : float, default 0.0
        Factor at the end of the budget.

    Examples
    --------
    >>> from evorobo import Linear
    >>> Linear().factor(0.25, {}), Linear(0.5).factor(1.0, {})
    (0.75, 0.5)
    """

    final: NonNegativeFloat = 0.0

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return 1 + (self.final - 1) * min(budget_fraction, 1.0)


@register_component("schedule", "Exponential")
@dataclass(frozen=True)
@inherit_docs
class Exponential(Schedule):
    """Exponential decay from 1 to `final` at the end of the budget.

    Parameters
    ----------
    final : float, default 0.01
        Factor at the end of the budget, above 0.

    Raises
    ------
    SettingsError
        If `final` is 0 or less.

    Examples
    --------
    >>> from evorobo import Exponential
    >>> Exponential(0.01).factor(0.5, {})
    0.1
    """

    final: PositiveFloat = 0.01

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return self.final**budget_fraction


@register_component("schedule", "Cosine")
@dataclass(frozen=True)
@inherit_docs
class Cosine(Schedule):
    """Cosine decay: half a cosine from 1 to `final` at the end of the budget.

    Parameters
    ----------
    final : float, default 0.0
        Factor at the end of the budget.

    References
    ----------
    Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", eq. 5, one period.

    Examples
    --------
    >>> from evorobo import Cosine
    >>> Cosine().factor(0.0, {}), Cosine().factor(1.0, {})
    (1.0, 0.0)
    """

    final: NonNegativeFloat = 0.0

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return self.final + (1 - self.final) * (1 + cos(pi * min(budget_fraction, 1.0))) / 2


@register_component("schedule", "WarmUp")
@dataclass(frozen=True)
@inherit_docs
class WarmUp(Schedule):
    """Warm-up: the factor grows linearly from 0 to 1, then another schedule spans the rest of the budget.

    Parameters
    ----------
    fraction : float, default 0.05
        Fraction of the budget for the warm-up, between 0 and 1.
    then : Schedule, default Constant()
        Schedule after the warm-up.

    Raises
    ------
    SettingsError
        If `fraction` is out of its range.

    Examples
    --------
    >>> from evorobo import Cosine, WarmUp
    >>> schedule = WarmUp(0.1, Cosine())
    >>> schedule.factor(0.05, {}), schedule.factor(0.1, {}), schedule.factor(1.0, {})
    (0.5, 1.0, 0.0)
    """

    fraction: Annotated[float, Limits(gt=0, lt=1)] = 0.05
    then: Schedule = Constant()

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
@inherit_docs
class ReduceOnPlateau(Schedule):
    """Reduce on plateau: the learning rate is multiplied by `drop` when the training loss no longer improves.

    Parameters
    ----------
    drop : float, default 0.1
        Factor at each reduction.
    patience : int, default 10
        Number of epochs without improvement that are tolerated.
    threshold : float, default 1e-4
        Smallest improvement that counts, as a fraction of the loss.

    Examples
    --------
    >>> from evorobo import ReduceOnPlateau
    >>> schedule = ReduceOnPlateau(drop=0.5, patience=1)
    >>> state = schedule.start()
    >>> for loss in (1.0, 1.0, 1.0):
    ...     schedule.on_epoch_end(loss, state)
    >>> schedule.factor(0.1, state)
    0.5
    """

    drop: NonNegativeFloat = 0.1
    patience: NonNegativeInt = 10
    threshold: NonNegativeFloat = 1e-4

    def start(self) -> ScheduleState:
        return {"factor": 1.0, "best": inf, "waited": 0}

    def factor(self, budget_fraction: float, state: ScheduleState) -> float:
        return state["factor"]

    def on_epoch_end(self, loss: float, state: ScheduleState) -> None:
        best = state["best"]
        if loss < min(best * (1 - self.threshold), best * (1 + self.threshold)):  # a likelihood may be negative
            state.update(best=loss, waited=0)
            return
        state["waited"] += 1
        if state["waited"] > self.patience:
            state.update(factor=state["factor"] * self.drop, waited=0)
