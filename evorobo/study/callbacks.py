"""Callbacks: called at every eval, after every step and at the end of a trial; they may stop it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from evorobo.errors import SettingsError
from evorobo.fields import Example
from evorobo.learners.base import StepResult
from evorobo.nets.genome import Genome
from evorobo.study.base import TrialSettings
from evorobo.tasks.base import Cost
from evorobo.user_code import as_error, error_text


@dataclass(frozen=True, eq=False)
class TrialState:
    """The state of a running trial, as callbacks receive it.

    Parameters
    ----------
    trial : Trial
        The settings of the trial: task, method, budget, hidden layers, seed.
    folder : pathlib.Path
        The folder of the trial.
    genome : Genome
        The current solution.
    cost : Cost
        What the trial has spent so far.
    generations : int
        Number of steps of the learner so far.
    evals : sequence of dict
        The rows of the log so far, by column name, the newest last. The test score is left out: what stops a trial
        must not depend on the data that evaluate it.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from evorobo import Callback, TrialState
    >>> @dataclass(frozen=True)
    ... class PrintSteps(Callback):
    ...     def on_eval(self, state: TrialState):
    ...         print(state.generations, state.evals[-1]["validation"])
    """

    trial: TrialSettings
    folder: Path
    genome: Genome
    cost: Cost
    generations: int
    evals: Sequence[dict[str, float]]


class Callback:
    """Base class of callbacks: derive a frozen dataclass from it and override the methods that you need.

    A callback is a setting of the trial and keeps no state of its own. Everything it may use is in the `TrialState`,
    so that a trial stops at the same step in every process and after every interruption. Its work is not counted as
    cost. A callback that raises an error fails its trial. Define the class at the top level of a file.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from evorobo import Callback
    >>> @dataclass(frozen=True)
    ... class StopAfter(Callback):
    ...     generations: int
    ...     def on_generation(self, state, result):
    ...         return "enough generations" if state.generations >= self.generations else None
    >>> StopAfter(100)
    StopAfter(generations=100)
    """

    def on_eval(self, state: TrialState) -> str | None:
        """Act after an eval; the first one comes before the first step.

        Parameters
        ----------
        state : TrialState
            The state of the trial.

        Returns
        -------
        str or None
            Why the trial should stop, in words, or None to continue.
        """

    def on_generation(self, state: TrialState, result: StepResult) -> str | None:
        """Act after a step of the learner: a generation or a mini-batch.

        Parameters
        ----------
        state : TrialState
            The state of the trial.
        result : StepResult
            The result of the step: training score and columns of the log.

        Returns
        -------
        str or None
            Why the trial should stop, in words, or None to continue.
        """

    def on_finish(self, state: TrialState, status: str) -> None:
        """Act at the end of a trial, when its folder holds `genome.npz`.

        It is called again if the process is killed before the end is recorded. It is not called for a trial that
        could not start.

        Parameters
        ----------
        state : TrialState
            The state of the trial.
        status : {"finished", "diverged", "failed"}
            How the trial ended.
        """


StudiedCallback = Annotated[Callback, Example("StopAt(475.0), of a class derived from evorobo.Callback")]


def check_callbacks(callbacks: Sequence[Callback]) -> None:
    """Raise `SettingsError` for a callback that is not a dataclass."""
    for callback in callbacks:
        if not is_dataclass(callback):
            name = type(callback).__name__
            raise SettingsError(f"the callback {name} is not a dataclass; put @dataclass(frozen=True) above its class.")


def with_on_generation(callbacks: Sequence[Callback]) -> tuple[Callback, ...]:
    """Return the callbacks that override `on_generation`; calling it after every step takes time."""
    return tuple(callback for callback in callbacks if type(callback).on_generation is not Callback.on_generation)


class Stop(NamedTuple):
    """The request of a callback to stop the trial: the name of its class, and its reason in words."""

    callback: str
    reason: str


def notify(callbacks: Sequence[Callback], event: str, *state: Any) -> list[Stop]:
    """Call the method `event` ("on_eval", ...) of all callbacks; return which of them ask the trial to stop, and why.

    Raises `SettingsError`, with the name of the callback, when one raises an error.
    """
    stops = []
    for callback in callbacks:
        name = f"{type(callback).__name__}.{event}"
        try:
            reason = getattr(callback, event)(*state)
        except BaseException as raised:
            error = as_error(raised)
            raise SettingsError(f"the callback {name} failed: {error_text(error)}") from error
        if not isinstance(reason, str | None):
            raise SettingsError(
                f"{name} returned {reason!r}; return None to continue, or a text that says why to stop."
            )
        if reason:
            stops.append(Stop(type(callback).__name__, reason))
    return stops
