"""Steps of the learners of one batch: all in one call, and several steps of each where nothing is due in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from evorobo.learners.base import Batchable, BatchedLearners, Learner, ManySteps, Method, StepResult
from evorobo.learners.budget import Budget
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost

SECONDS = frozenset({"cpu_seconds", "wall_seconds"})


def batch_learners(method: Method, spec: NetworkSpec, learners: Sequence[Learner]) -> BatchedLearners | None:
    """Return learners of one method combined into one; None for a single learner that gains nothing by it."""
    if not isinstance(method, Batchable) or method.max_batched_learners(spec) == 1:
        return None
    batched = method.batch_learners(learners)
    return batched if len(learners) > 1 or isinstance(batched, ManySteps) else None


class Stepped(Protocol):
    """A trial whose learner is stepped."""

    budget_fraction: float

    def fractions_before_steps(self, costs: Cost) -> list[float]: ...


def step_batch(runs: Sequence[Stepped], batched: BatchedLearners) -> tuple[int, list[StepResult | Exception]]:
    """Step the learners of `runs`; return how many steps each has done, and the results of the last one."""
    if not isinstance(batched, ManySteps):
        return 1, list(batched.step([run.budget_fraction for run in runs]))
    pairs = zip(runs, batched.upcoming_costs(), strict=True)
    fractions = [run.fractions_before_steps(costs) for run, costs in pairs]
    n_steps = min(map(len, fractions))
    return n_steps, list(batched.take_steps([each[:n_steps] for each in fractions]))


def upcoming_fractions(
    budget: Budget, costs: Cost, generations: int, initial: Sequence[float], next_eval: float, pause_at: float
) -> list[float]:
    """Return the spent fraction of the budget after each of the next steps, up to the first after which one is due.

    `costs` are those after each step, in arrays. An eval is due where the fraction completed since the `initial` ones
    reaches `next_eval`.
    """
    counts = generations + np.arange(1, np.size(costs.samples) + 1)
    fractions = budget.used_fractions(costs, counts)  # type: ignore[arg-type]
    spent = [np.broadcast_to(each, counts.shape) for each in fractions]
    completed = np.max([(now - before) / (1 - before) for now, before in zip(spent, initial, strict=True)], axis=0)
    largest = np.max(spent, axis=0)
    due = (completed >= next_eval) | (largest >= min(1.0, pause_at))
    n_steps = int(due.argmax()) + 1 if due.any() else len(due)
    listed: list[float] = largest[:n_steps].tolist()
    return listed
