"""Callbacks that end a trial before its budget does: a score is reached, an exam passed, or nothing more comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType

import numpy as np

from evorobo.checks import check_integer, check_within
from evorobo.errors import SettingsError
from evorobo.learners.base import StepResult
from evorobo.nets.genome import Genome
from evorobo.registry import register_component
from evorobo.study.callbacks import Callback, TrialState
from evorobo.tasks.base import Task


@register_component("callback", "StopAt")
@dataclass(frozen=True)
class StopAt(Callback):
    """Stop at the first look whose validation score is `score` or better, in the units of the task's metric.

    What the trial has paid by then is its price of reaching that score, to the next look: more looks, a sharper price.
    """

    score: float

    def on_eval(self, state: TrialState) -> str | None:
        metric = state.trial.task.metric_info
        now = _validation(state)[-1]
        reached = now >= self.score if metric.higher_is_better else now <= self.score
        return f"validation {metric.name} {now:.6g} reached {self.score:g}" if reached else None


@register_component("callback", "StopWhen")
@dataclass(frozen=True)
class StopWhen(Callback):
    """Stop after the first generation whose answer passes `exam`, a function of the task and a genome.

    For tasks that count as solved by something else than their score, such as double pole balancing. Like all looks the
    exam is not on the bill; where evaluations are counted, each answer that was examined is one (see `solving`).
    """

    exam: Callable[[Task, Genome], bool]

    def __post_init__(self) -> None:
        if not isinstance(self.exam, FunctionType):
            raise SettingsError(f"an exam is a function of a task and a genome, not {self.exam!r}.")

    def on_generation(self, state: TrialState, result: StepResult) -> str | None:
        return f"the answer passed {self.exam.__name__}" if self.exam(state.trial.task, state.genome) else None


@register_component("callback", "Stagnation")
@dataclass(frozen=True)
class Stagnation(Callback):
    """Stop when none of the last `looks` looks validated better than what came before them by more than `min_delta`.

    Looks are spaced evenly on a logarithmic scale: with 25 of them, the last 6 stand for two thirds of all that was
    spent so far. (`EarlyStopping` of backprop counts epochs instead, and answers with the best genome.)
    """

    patience: int = 6
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        check_integer(1, patience=self.patience)
        check_within(0, np.inf, min_delta=self.min_delta)

    def on_eval(self, state: TrialState) -> str | None:
        sign = 1 if state.trial.task.metric_info.higher_is_better else -1
        scores = [sign * score if score == score else -np.inf for score in _validation(state)]
        before, last = scores[: -self.patience], scores[-self.patience :]
        if not before or max(last) > max(before) + self.min_delta:
            return None
        return f"no better validation {state.trial.task.metric_info.name} than {sign * max(before):.6g} in {self.patience} looks"


def _validation(state: TrialState) -> list[float]:
    """The validation scores of all looks. Raises `SettingsError` where the task has none."""
    scores = [look["validation"] for look in state.evals]
    if np.isnan(scores[0]):
        raise SettingsError(
            f"{state.trial.task.name} has no validation rows to stop by; split some off, for example with "
            "split=RandomSplit(validation=0.1)."
        )
    return scores
