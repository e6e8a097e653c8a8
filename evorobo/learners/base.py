"""Interfaces of learning: a method is frozen settings, a learner is a method applied to one task and one seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.errors import LearningError
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
    >>> from evorobo import StepResult
    >>> StepResult(-0.25, {"learning_rate": 0.003})
    StepResult(score=-0.25, info={'learning_rate': 0.003})
    """

    score: float
    info: dict[str, float] = field(default_factory=dict)


class Method(Protocol):
    """Interface of a method: frozen settings from which learners start.

    The first draw from `rng` is `spec.init(rng)`, so that all methods start from the same genome at the same seed.
    `evorobo.testing.check_method` tests whether a method follows the interface.

    Examples
    --------
    Hill climbing, with its learner:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import evorobo as er
    >>> @dataclass(frozen=True)
    ... class HillClimber(er.Method):
    ...     step_size: float = 0.1
    ...     name: str = "hill-climber"
    ...     def start(self, task, spec, rng):
    ...         return HillClimberLearner(self, task, spec, rng)
    >>> class HillClimberLearner:
    ...     done = False
    ...     def __init__(self, method, task, spec, rng):
    ...         self.method, self.task, self.spec, self.rng = method, task, spec, rng
    ...         self.weights, self.cost = spec.init(rng), er.Cost()
    ...     @property
    ...     def genome(self):
    ...         return er.Genome(self.spec, self.weights, self.task.input_scaler, self.task.output_scaler)
    ...     def step(self, budget_fraction):
    ...         noise = self.method.step_size * self.rng.normal(size=len(self.weights))
    ...         both = np.stack([self.weights, self.weights + noise])
    ...         scores = self.task.score(self.spec, both, self.rng, self.task.input_scaler)
    ...         self.weights, self.cost = both[scores.values.argmax()], self.cost + scores.cost
    ...         return er.StepResult(float(scores.values.max()))
    ...     def artifacts(self):
    ...         return {}
    ...     def state(self):
    ...         return {"weights": self.weights, "cost": vars(self.cost), "rng": self.rng.bit_generator.state}
    ...     def restore(self, state):
    ...         self.weights, self.cost = state["weights"], er.Cost(**state["cost"])
    ...         self.rng.bit_generator.state = state["rng"]
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> task = er.DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")
    >>> learner = HillClimber().start(task, er.NetworkSpec.build(2, (), 1), np.random.default_rng(0))
    >>> scores = [learner.step(0.0).score for _ in range(100)]
    >>> scores[-1] > scores[0]
    True
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

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

    `state()` holds everything that changes, so that a learner can be stopped and resumed. `Method` shows a complete
    example.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Backprop, DatasetTask, NetworkSpec
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> task = DatasetTask.from_arrays(x, x.sum(1, keepdims=True), label="sum")
    >>> learner = Backprop().start(task, NetworkSpec.build(2, (4,), 1), np.random.default_rng(0))
    >>> result = learner.step(budget_fraction=0.0)
    >>> learner.cost.samples > 0, learner.done
    (True, False)
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

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
class WarmStartable(Protocol):
    """A method that can begin at a genome."""

    def with_warm_start(self, genome: Genome) -> Method:
        """Return the same method, beginning at a genome.

        Parameters
        ----------
        genome : Genome
            The genome, of the task that will be learned.

        Returns
        -------
        Method
            The method.
        """


@runtime_checkable
class HasStages(Protocol):
    """A learner that runs several methods one after another."""

    @property
    def has_own_limit(self) -> bool:
        """Whether the present stage ends by a limit of its own, so that its steps need not spend the trial's budget."""

    def ends_stage(self, budget_fraction: float) -> bool:
        """Return whether the next step begins another stage.

        Parameters
        ----------
        budget_fraction : float
            Fraction of the trial's budget that is spent.

        Returns
        -------
        bool
            Whether the present stage is over and another one follows.
        """

    def check_later_stages(self) -> None:
        """Start each later stage once, to find settings that do not fit together before the long run.

        Raises
        ------
        SettingsError
            If task, network and settings of a later stage do not fit together.
        """


@runtime_checkable
class HandsOver(Protocol):
    """A learner that hands more than its genome to the next stage of `Stages`, such as a critic (see `ActorCritic`)."""

    def handed_over(self) -> Any:
        """Return what the next stage may go on with.

        Returns
        -------
        object
            The parts, as the next learner will not change them; None if there are none.
        """

    def take_over(self, parts: Any) -> None:
        """Go on with the parts of the stage before, where they fit, instead of fresh ones. Called after the start.

        What is taken must be part of `state`.

        Parameters
        ----------
        parts : object
            What `handed_over` of the stage before returned; not None, perhaps of a kind unknown to this learner.
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


@runtime_checkable
class ManySteps(Protocol):
    """A learner that can do several steps in one call, at times when it knows what they cost."""

    def upcoming_costs(self, budget_fraction: float) -> Cost | None:
        """Return what will be spent after each of the next steps, in arrays `(steps,)`; None if `step` must be called.

        The cost of what may follow the last one of these steps, such as a validation, is not included. Only the last
        one may end learning, or a stage by a limit of its own.
        """

    def take_steps(self, budget_fractions: Sequence[float]) -> tuple[int, StepResult | LearningError]:
        """Do a step for each fraction of the budget, after `upcoming_costs`; return how many were done, and the result.

        The numbers are those of single steps. Fewer steps are done where a stage is over before one of them. The result
        is that of the last step, or the error of the one after it.
        """
