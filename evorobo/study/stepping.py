"""Steps of the learners of one batch: all in one call, or several steps of each where nothing is due in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from evorobo.learners.base import Batchable, BatchedLearners, Learner, ManySteps, Method, StepResult
from evorobo.learners.budget import Budget
from evorobo.tasks.base import Cost
from evorobo.user_code import as_error


class Stepped(Protocol):
    """A trial whose learner is stepped."""

    @property
    def budget_fraction(self) -> float: ...

    @property
    def many_steps(self) -> ManySteps | None: ...

    def fractions_before_steps(self, costs: Cost) -> list[float]: ...


def batch_learners(method: Method, learners: Sequence[Learner]) -> BatchedLearners | None:
    """Return learners of one method combined into one; None for a single one."""
    return method.batch_learners(learners) if len(learners) > 1 and isinstance(method, Batchable) else None


def step_together(
    runs: Sequence[Stepped], batched: BatchedLearners | None
) -> Sequence[tuple[int, StepResult | Exception]]:
    """Do several steps of each learner of `runs`, or one step of all batched ones.

    Return for each how many steps it has done, and the result of the last one; nothing where a single learner has to do
    a single step, which is left to the caller, so that few frames lead to the user's robot.
    """
    fractions = [_fractions_before_steps(run) for run in runs]
    n_steps = min(map(len, fractions))
    if n_steps:
        return [_take_steps(run, before[:n_steps]) for run, before in zip(runs, fractions, strict=True)]
    return [(1, result) for result in batched.step([run.budget_fraction for run in runs])] if batched else []


def _fractions_before_steps(run: Stepped) -> list[float]:
    """Return the spent fraction of the budget before each step of one call; empty where a learner does a single one."""
    costs = run.many_steps.upcoming_costs(run.budget_fraction) if run.many_steps else None
    return [] if costs is None else run.fractions_before_steps(costs)


def _take_steps(run: Stepped, fractions: Sequence[float]) -> tuple[int, StepResult | Exception]:
    assert run.many_steps
    try:
        return run.many_steps.take_steps(fractions)
    except BaseException as error:  # the others continue
        return 0, as_error(error)


def upcoming_fractions(
    budget: Budget, costs: Cost, generations: int, initial: Sequence[float], next_eval: float, pause_at: float
) -> list[float]:
    """Return the spent fraction of the budget after each of the next steps, up to the first after which one is due.

    `costs` are those after each step, in arrays. An eval is due where the fraction completed since the `initial` ones
    reaches `next_eval`.
    """
    spent = budget.fractions_after_steps(costs, generations)
    completed = np.max([(now - before) / (1 - before) for now, before in zip(spent, initial, strict=True)], axis=0)
    largest = np.max(spent, axis=0)
    due = (completed >= next_eval) | (largest >= min(1.0, pause_at))
    n_steps = int(due.argmax()) + 1 if due.any() else len(due)
    listed: list[float] = largest[:n_steps].tolist()
    return listed
