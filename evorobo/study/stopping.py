"""Callbacks that end a trial before its budget is spent: at a score, at a passed exam, or at stagnation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType

import numpy as np

from evorobo.errors import SettingsError
from evorobo.fields import NonNegativeFloat, PositiveInt
from evorobo.learners.base import StepResult
from evorobo.nets.genome import Genome
from evorobo.registry import register_component
from evorobo.study.callbacks import Callback, TrialState
from evorobo.tasks.base import Task


@register_component("callback", "StopAt")
@dataclass(frozen=True)
class StopAt(Callback):
    """Stop at the first eval with a validation score of `score` or better.

    What the trial has spent by then is the cost of reaching that score, to the accuracy of the evals: more evals
    measure it more finely.

    Parameters
    ----------
    score : float
        Validation score, in the units of the task's metric.

    Examples
    --------
    >>> from evorobo import StopAt
    >>> StopAt(475.0)
    StopAt(score=475.0)
    """

    score: float

    def on_eval(self, state: TrialState) -> str | None:
        """Stop the trial if its newest validation score reaches `score`.

        Parameters
        ----------
        state : TrialState
            The state of the trial.

        Returns
        -------
        str or None
            The score that was reached, or None to continue.

        Raises
        ------
        SettingsError
            Where the task has no validation data.
        """
        metric = state.trial.task.metric_info
        now = _validation_scores(state)[-1]
        reached = now >= self.score if metric.higher_is_better else now <= self.score
        return f"validation {metric.name} {now:.6g} reached {self.score:g}" if reached else None


@register_component("callback", "StopWhen")
@dataclass(frozen=True)
class StopWhen(Callback):
    """Stop after the first generation with a solution that passes an exam.

    It is meant for tasks that are solved by another criterion than their score, such as double pole balancing. The
    exam is not counted as cost. Where evaluations are counted, each examined solution counts as one; see `solving`.

    Parameters
    ----------
    exam : callable
        `exam(task, genome) -> bool`, a function defined at the top level of a file.

    Raises
    ------
    SettingsError
        Where `exam` is not a function.

    Examples
    --------
    >>> from evorobo import StopWhen
    >>> def always_upright(task, genome):
    ...     return task.validate(genome) >= 500
    >>> StopWhen(always_upright).exam.__name__
    'always_upright'
    """

    exam: Callable[[Task, Genome], bool]

    def __post_init__(self) -> None:
        if not isinstance(self.exam, FunctionType):
            raise SettingsError(f"StopWhen: exam must be a function of a task and a genome, not {self.exam!r}.")

    def on_generation(self, state: TrialState, result: StepResult) -> str | None:
        """Stop the trial if its solution passes the exam.

        Parameters
        ----------
        state : TrialState
            The state of the trial.
        result : StepResult
            The result of the step; it is not used.

        Returns
        -------
        str or None
            The name of the exam that was passed, or None to continue.
        """
        return f"the solution passed {self.exam.__name__}" if self.exam(state.trial.task, state.genome) else None


@register_component("callback", "Stagnation")
@dataclass(frozen=True)
class Stagnation(Callback):
    """Stop when the validation score has not improved during the last evals.

    Evals are spaced evenly on a logarithmic scale: with 25 of them, the last 6 cover two thirds of what was spent so
    far. The solution is the current one. (`EarlyStopping` of backprop counts epochs and returns the best genome.)

    Parameters
    ----------
    patience : int, default 6
        Number of evals without improvement, at least 1.
    min_delta : float, default 0.0
        The smallest difference that counts as an improvement, in the units of the task's metric.

    Raises
    ------
    SettingsError
        Where a number is out of range.

    Examples
    --------
    >>> from evorobo import Stagnation
    >>> Stagnation(patience=8)
    Stagnation(patience=8, min_delta=0.0)
    """

    patience: PositiveInt = 6
    min_delta: NonNegativeFloat = 0.0

    def on_eval(self, state: TrialState) -> str | None:
        """Stop the trial if the last evals brought no better validation score.

        Parameters
        ----------
        state : TrialState
            The state of the trial.

        Returns
        -------
        str or None
            The best score before the last evals, or None to continue.

        Raises
        ------
        SettingsError
            Where the task has no validation data.
        """
        metric = state.trial.task.metric_info
        sign = 1 if metric.higher_is_better else -1
        scores = [sign * score if score == score else -np.inf for score in _validation_scores(state)]
        before, last = scores[: -self.patience], scores[-self.patience :]
        if not before or max(last) > max(before) + self.min_delta:
            return None
        return f"no better validation {metric.name} than {sign * max(before):.6g} in {self.patience} evals"


def _validation_scores(state: TrialState) -> list[float]:
    """Return the validation scores of all evals. Raises `SettingsError` where the task has no validation data."""
    scores = [row["validation"] for row in state.evals]
    if np.isnan(scores[0]):
        raise SettingsError(
            f"{state.trial.task.name} has no validation rows to stop by; split some off, for example with "
            "split=RandomSplit(validation=0.1)."
        )
    return scores
