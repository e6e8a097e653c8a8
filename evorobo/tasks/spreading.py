"""Scores the members of a generation in one call, or in parts elsewhere, to the same scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Scores, Scoring
from evorobo.tasks.capabilities import HasIndependentMembers, HasMeasures

ScoreFunction = Callable[[Scoring, Sequence[str], NetworkSpec, Array, np.random.Generator, Scaler | None], Scores]
"""Scores networks `weights (n, p)` on a task, with the measures of these names."""


def member_scoring(task: Scoring) -> ScoreFunction:
    """Return the function that scores the members of a generation: here, or where `spread_members` sends them."""
    spread = _spread.get()
    return score_here if spread is None or not can_be_spread(task) else spread


def score_here(
    task: Scoring,
    measures: Sequence[str],
    spec: NetworkSpec,
    weights: Array,
    rng: np.random.Generator,
    input_scaler: Scaler | None,
) -> Scores:
    """Return the scores of networks `weights (n, p)`, with the task's measures of these names, in this process."""
    if measures and isinstance(task, HasMeasures):
        return task.score_with_measures(measures, spec, weights, rng, input_scaler)
    return task.score(spec, weights, rng, input_scaler)


def can_be_spread(task: Scoring) -> bool:
    """Return whether parts of a generation get the same scores as the whole, bit for bit."""
    return isinstance(task, HasIndependentMembers) and task.has_independent_members


@contextmanager
def spread_members(score: ScoreFunction) -> Iterator[None]:
    """Let `score` score the generations in the block, of tasks that can be spread."""
    token = _spread.set(score)
    try:
        yield
    finally:
        _spread.reset(token)


_spread: ContextVar[ScoreFunction | None] = ContextVar("spread", default=None)
