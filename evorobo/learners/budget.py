"""How much a trial may spend, in any cost column, and when its solution is evaluated."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated, Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, unknown
from evorobo.fields import Example, Limits, PositiveFloat
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Scoring

MAX_EVALS = 1_000_000
"""Maximum number of evals of a trial."""


@register_component("settings", "Budget")
@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a trial may spend: one or more limits on its cost.

    With several limits, the first one reached ends the trial. The last step may exceed the limit; the log holds what
    was really spent. Give at least one limit.

    Parameters
    ----------
    env_steps : float, optional
        Steps of the environment, all robots together.
    episodes : float, optional
        Episodes of the environment, all robots together.
    samples : float, optional
        Labeled samples that were trained on.
    flops : float, optional
        Floating-point operations of networks, forward and backward, and of updates by the strategy or the optimizer.
        Backpropagation and evolution both spend them, so they are the usual limit of a comparison.
    forward_flops, backward_flops, update_flops : float, optional
        The three parts of `flops`.
    robot_flops : float, optional
        Floating-point operations of the robot's own step and of its derivative, where the robot can be traced.
    cpu_seconds, wall_seconds : float, optional
        Processor time and elapsed time. Runs with such a limit cannot be repeated exactly.
    generations : float, optional
        Steps of the learner: generations of evolution, mini-batches of backpropagation.
    n_evals : int, default 25
        Number of evals, at least 1. At an eval the current solution is scored on validation and test data and one row
        is logged. Evals are spaced evenly on a logarithmic scale, from 1 % of the budget to its end; one more is made
        before the first step.

    Raises
    ------
    SettingsError
        Where there is no limit, or a number is out of range.

    Examples
    --------
    >>> from evorobo import Budget
    >>> Budget(flops=1e9).limits
    {'flops': 1000000000.0}
    >>> Budget(env_steps=200_000, wall_seconds=60, n_evals=10).as_text
    'env_steps=200000, wall_seconds=60'
    """

    env_steps: PositiveFloat | None = None
    episodes: PositiveFloat | None = None
    samples: PositiveFloat | None = None
    flops: PositiveFloat | None = None
    forward_flops: PositiveFloat | None = None
    backward_flops: PositiveFloat | None = None
    update_flops: PositiveFloat | None = None
    robot_flops: PositiveFloat | None = None
    cpu_seconds: PositiveFloat | None = None
    wall_seconds: PositiveFloat | None = None
    generations: PositiveFloat | None = None
    n_evals: Annotated[int, Limits(ge=1, le=MAX_EVALS)] = 25

    def __post_init__(self) -> None:
        if not self.limits:
            raise SettingsError("a budget needs a limit: Budget(flops=1e9), Budget(env_steps=200_000), ...")

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read a budget as the command line writes it.

        Parameters
        ----------
        text : str
            Limits and `n_evals`, separated by commas: `flops=1e9` or `env_steps=1e5,n_evals=10`.

        Returns
        -------
        Budget
            The budget with these limits.

        Raises
        ------
        SettingsError
            For an unknown cost column, or a value that is not a number.
        """
        settings: dict[str, float] = {}
        known = [field.name for field in fields(cls)]
        for part in text.split(","):
            name, _, value = part.partition("=")
            if name.strip() not in known:
                raise unknown("cost column", name.strip(), known)
            try:
                settings[name.strip()] = float(value)
            except ValueError as error:
                raise SettingsError(f"{part!r} is not a budget; write {name.strip()}=1e6.") from error
        n_evals = settings.pop("n_evals", cls.n_evals)
        return cls(**settings, n_evals=int(n_evals) if float(n_evals).is_integer() else n_evals)  # type: ignore[arg-type]

    @property
    def as_text(self) -> str:
        """Limits as the command line writes them."""
        return ", ".join(f"{name}={limit:g}" for name, limit in self.limits.items())

    @cached_property
    def limits(self) -> dict[str, float]:
        """Limits that were given, by cost column."""
        names = [field.name for field in fields(self) if field.name != "n_evals"]
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def used_fractions(self, cost: Cost, generations: int) -> list[float]:
        """Compute which fraction of each limit is spent.

        Parameters
        ----------
        cost : Cost
            What the trial has spent so far.
        generations : int
            Number of steps of the learner so far.

        Returns
        -------
        list of float
            One fraction for each limit, 0 at the start. The trial is over when the largest reaches 1.
        """
        return [
            (generations if name == "generations" else getattr(cost, name)) / limit
            for name, limit in self.limits.items()
        ]

    @property
    def has_seconds(self) -> bool:
        """Whether seconds are limited, which are known only after a step."""
        return not self.limits.keys().isdisjoint(("cpu_seconds", "wall_seconds"))

    def fractions_after_steps(self, costs: Cost, generations: int) -> list[Array]:
        """Compute which fraction of each limit is spent after each of several steps.

        Parameters
        ----------
        costs : Cost
            What is spent after each of the steps, in arrays of shape (steps,). A number stands for all steps.
        generations : int
            Number of steps of the learner before them.

        Returns
        -------
        list of array of shape (steps,)
            The fractions of each limit.
        """
        counts = generations + np.arange(1, np.size(costs.samples) + 1)
        spent = self.used_fractions(costs, counts)  # type: ignore[arg-type]
        return [np.broadcast_to(each, counts.shape) for each in spent]

    @property
    def eval_fractions(self) -> list[float]:
        """Fractions of the budget at which the solution is evaluated."""
        if self.n_evals == 1:
            return [1.0]
        return [float(fraction) for fraction in np.geomspace(0.01, 1.0, self.n_evals)]


def costs_within(budget: Budget, costs: Cost, generations: int) -> Cost:
    """Return the costs after each of several steps, in arrays, up to the step that spends the budget."""
    spent = np.max(budget.fractions_after_steps(costs, generations), axis=0)
    n_steps = np.searchsorted(spent, 1.0) + 1
    columns: dict[str, Any] = vars(costs)
    return Cost(**{name: cost[:n_steps] if np.ndim(cost) else cost for name, cost in columns.items()})


StudiedBudget = Annotated[Budget, Example("Budget(flops=1e9)")]


@runtime_checkable
class ChecksBudget(Protocol):
    """A method that knows cost columns in which its steps never cost anything."""

    def check_budget(self, task: Scoring, budget: Budget) -> None:
        """Check that learning comes to the end of a budget.

        Parameters
        ----------
        task : Scoring
            What is to be learned.
        budget : Budget
            What the trial may spend.

        Raises
        ------
        SettingsError
            If no step of the method spends any of it.
        """


def check_budget(method: object, task: Scoring, budget: Budget) -> None:
    """Raise `SettingsError` for a budget that a method never spends, as far as it knows."""
    if isinstance(method, ChecksBudget):
        method.check_budget(task, budget)


def require_spending(name: str, task: Scoring, budget: Budget, unspent: Collection[str]) -> None:
    """Raise `SettingsError` where all limits are on `unspent` columns, which the method `name` never adds to."""
    if budget.limits.keys() <= set(unspent):
        raise SettingsError(
            f"{name} spends none of {', '.join(budget.limits)} on {task.name}, so this budget never ends; add a limit "
            "that it does spend, for example flops=1e9."
        )
