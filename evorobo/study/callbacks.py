"""Callbacks: told how a trial stands, at every look, after every step and at its end; they may stop it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from evorobo.errors import SettingsError
from evorobo.learners.base import StepResult
from evorobo.nets.genome import Genome
from evorobo.study.base import TrialSettings
from evorobo.study.folders import error_text
from evorobo.tasks.base import Cost


@dataclass(frozen=True, eq=False)
class TrialState:
    """How a trial stands: its settings and its folder, the answer that it would give now, and what it has paid.

    `looks` are the rows of its log so far, by column name, the newest last; the test score is not among the columns,
    for whoever may stop a trial must not be taught by what judges it.
    """

    trial: TrialSettings
    folder: Path
    genome: Genome
    cost: Cost
    generations: int
    evals: tuple[dict[str, float], ...]


class Callback:
    """Derive from it, as a frozen dataclass at the top of a file, and fill in what you want to hear of.

    A callback belongs to the settings of a trial and remembers nothing: all there is to know is in `News`, so that a
    trial is stopped at the same step in any process and after any interruption (unless you go by seconds). What it
    takes is not on the bill. One that raises fails its trial, with its error as the reason.
    """

    def on_eval(self, state: TrialState) -> str | None:
        """After each look, the one before the first step too; return in words why the trial should stop, or None."""

    def on_generation(self, state: TrialState, result: StepResult) -> str | None:
        """After each step of the learner (a generation, a mini-batch); return why the trial should stop, or None."""

    def on_finish(self, state: TrialState, status: str) -> None:
        """At the end: "finished", "diverged" or "failed", with `genome.npz` in the folder. Told again where the
        process is killed before that is written down; not told of trials that could not begin."""


def check_callbacks(callbacks: Sequence[Any]) -> None:
    """Raise `SettingsError` for what is no callback."""
    for callback in callbacks:
        if isinstance(callback, FunctionType):
            raise SettingsError(
                f"the function {callback.__name__} is no callback: a trial keeps its callbacks as settings, to run "
                "again with them. Make it on_eval(self, state) of a frozen dataclass derived from evorobo.Callback."
            )
        if not isinstance(callback, Callback):
            hint = "write it with brackets" if isinstance(callback, type) else "derive its class from evorobo.Callback"
            raise SettingsError(f"{callback!r} is no callback; {hint}.")
        if not is_dataclass(callback):
            name = type(callback).__name__
            raise SettingsError(
                f"the callback {name} cannot be kept as a setting; put @dataclass(frozen=True) above it."
            )


def with_on_generation(callbacks: Sequence[Callback]) -> tuple[Callback, ...]:
    """Those that want to hear of every step, which costs time."""
    return tuple(each for each in callbacks if type(each).on_generation is not Callback.on_generation)


class Stop(NamedTuple):
    """A callback's wish to stop the trial: the name of its class, and its reason in words."""

    callback: str
    reason: str


def notify(callbacks: Sequence[Callback], event: str, *state: Any) -> list[Stop]:
    """Call `event` ("on_eval", ...) of all of them; returns which of them ask the trial to stop, and why.

    Raises `SettingsError`, with the name of the callback, when one breaks.
    """
    stops = []
    for callback in callbacks:
        name = f"{type(callback).__name__}.{event}"
        try:
            answer = getattr(callback, event)(*state)
        except Exception as error:
            raise SettingsError(f"the callback {name} broke: {error_text(error)}") from error
        if not isinstance(answer, str | None):
            raise SettingsError(f"{name} returned {answer!r}; return None to go on, or in words why to stop.")
        if answer:
            stops.append(Stop(type(callback).__name__, answer))
    return stops
