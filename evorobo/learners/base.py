"""Interfaces of learning: a method is frozen settings, a learner is a method applied to one task and one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task


@dataclass(frozen=True)
class StepResult:
    """Result of one step of a learner.

    Parameters
    ----------
    score : float
        Training score as the method measures it. Higher is better.
    info : dict of str to float, optional
        Further columns of the log, by name.

    Examples
    --------
    >>> from evorobo.learners.base import StepResult
    >>> StepResult(-0.25, {"learning_rate": 0.003})
    StepResult(score=-0.25, info={'learning_rate': 0.003})
    """

    score: float
    info: dict[str, float] = field(default_factory=dict)


class Method(Protocol):
    """Interface of a method: frozen settings from which learners start.

    The first draw from `rng` is `spec.init(rng)`, so that all methods start from the same genome at the same seed.
    """

    @property
    def name(self) -> str:
        """Name of the method in folders, tables and figures."""

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> Learner:
        """Start learning a task.

        Parameters
        ----------
        task : Task
            What is to be learned.
        spec : NetworkSpec
            Shape of the network.
        rng : numpy.random.Generator
            Source of all random numbers of this learner.

        Returns
        -------
        Learner
            The running method.

        Raises
        ------
        SettingsError
            If task, network and settings do not fit together.
        """


class Learner(Protocol):
    """Interface of a running method.

    `state()` holds everything that changes, so that a learner can be stopped and resumed.
    """

    @property
    def genome(self) -> Genome:
        """The current solution: the method's bet, not the best individual seen."""

    @property
    def cost(self) -> Cost:
        """Costs so far, without seconds, which the runner measures."""

    @property
    def done(self) -> bool:
        """Whether learning is complete. This ends the trial before its budget is spent."""

    def step(self, budget_fraction: float) -> StepResult:
        """Learn for one generation or one mini-batch.

        Parameters
        ----------
        budget_fraction : float
            Fraction of the budget that is spent, 0 to 1.

        Returns
        -------
        StepResult
            Training score and log columns.

        Raises
        ------
        LearningError
            If learning diverges. `genome` is then the last finite one.
        """

    def artifacts(self) -> Mapping[str, bytes | str]:
        """Return the files that a finished trial keeps beside its genome.

        Returns
        -------
        mapping of str to bytes or str
            Contents by file name, for example ``{"archive.npz": archive.to_bytes()}``. Empty if there are none.
        """

    def state(self) -> dict[str, Any]:
        """Return the state of this learner.

        Returns
        -------
        dict
            Arrays, plain values and nested dicts.
        """

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state, bit for bit as the learner that returned it.

        Parameters
        ----------
        state : dict
            What `state` returned.
        """


@runtime_checkable
class Batchable(Protocol):
    """A method that can step several learners in one call. This is faster and changes no number."""

    def max_batched_learners(self, spec: NetworkSpec) -> int:
        """Return how many learners are stepped in one call at most.

        Parameters
        ----------
        spec : NetworkSpec
            Shape of the networks.

        Returns
        -------
        int
            Number of learners; 1 if batching is no faster.
        """

    def batch_learners(self, learners: Sequence[Any]) -> BatchedLearners:
        """Combine learners of one task and one network shape.

        Parameters
        ----------
        learners : sequence of Learner
            Learners of this method.

        Returns
        -------
        BatchedLearners
            Steps all of them in one call.
        """


class BatchedLearners(Protocol):
    """Several learners that are stepped in one call."""

    def step(self, budget_fraction: Sequence[float]) -> Sequence[StepResult | Exception]:
        """Call `Learner.step` for each learner. One with an error must leave the batch."""
