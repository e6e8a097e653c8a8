"""Stages: several methods one after another in one trial, each beginning at the solution of the one before."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from evorobo.docstrings import inherit_docs
from evorobo.errors import LearningError, SettingsError
from evorobo.fields import Example, Limits, Probability
from evorobo.learners.base import HandsOver, HasStages, Learner, ManySteps, Method, StepResult, WarmStartable
from evorobo.learners.budget import Budget, ChecksBudget, check_budget, costs_within
from evorobo.learners.warm_start import genome_state, restored_genome
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.processes import cpu_seconds
from evorobo.registry import register_component
from evorobo.settings import iter_settings
from evorobo.tasks.base import Cost, Scoring, Task

ROUNDING = 1e-9
"""By how much the sum of shares may differ from 1."""


@register_component("settings", "Stage")
@dataclass(frozen=True)
class Stage:
    """A method as one of the stages of `Stages`, and when it ends.

    Parameters
    ----------
    method : Method
        The method.
    budget : Budget or None, default None
        A limit of its own, counted from the start of the stage, for example `Budget(generations=3000)`.
    share : float or None, default None
        Its share of the trial's budget, 0 to 1. With 0 the stage is left out.

    Raises
    ------
    SettingsError
        If both are given.

    Examples
    --------
    >>> from evorobo import Backprop, Budget, Stage
    >>> Stage(Backprop(), Budget(generations=3000)).share is None
    True
    """

    method: Annotated[Method, Example("Backprop()")]
    budget: Annotated[Budget, Example("Budget(generations=3000)")] | None = None
    share: Probability | None = None

    def __post_init__(self) -> None:
        if self.budget is None:
            return
        if self.share is not None:
            raise SettingsError(
                f"the stage {self.method.name} has both a budget and a share of the trial's; give one of them."
            )
        if self.budget.n_evals != Budget.n_evals:
            raise SettingsError(
                f"the evals of a trial belong to its own budget; leave n_evals out of the budget of {self.method.name}."
            )


@register_component("method", "Stages")
@dataclass(frozen=True, init=False)
@inherit_docs
class Stages(Method, WarmStartable, ChecksBudget):
    """Run several methods one after another in one trial, each beginning at the solution of the one before.

    All stages are one trial with one log, whose column `stage` counts them from 1. The solution is evaluated at the end
    of each. Weights, scalers, running statistics and those of the observations go on to the next stage, but not the
    state of an optimizer or of a strategy. A method with a critic and action noise that follows another one goes on
    with its noise, and with its critic if that has the same layers, discount and scale of rewards.

    A stage ends at its limit, or when its method is done. Shares add up: with shares of 0.2 and 0.3 the first stage
    ends when 0.2 of the trial's budget is spent, and the second one at 0.5. So a stage that ends early leaves its rest
    to the next, and what a stage spends beyond its share is missing there. The last stage needs no share; it has the
    rest. Demonstrations count in the stage that shows them. Schedules run from 0 to 1 within their stage.

    If learning diverges, the next stage begins at the last finite genome, and the column `diverged_stages` counts it;
    in the last stage it ends the trial. The column `train` is the training score of the present method, so stages are
    compared by `validation` and `test`.

    Parameters
    ----------
    *stages : Stage or Method
        The stages in order, at least one. Each but the last has a share or a budget of its own. A method alone is a
        stage that has the rest.
    name : str, optional
        Name in results and figures; by default the names of the methods, for example `"backprop-then-cma-es"`.

    Raises
    ------
    SettingsError
        If limits are missing or the shares do not sum to 1, or if a later method cannot begin at a genome.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import CMAES, Backprop, Budget, ControlTask, Evolution, NetworkSpec, Stage, Stages
    >>> method = Stages(Stage(Backprop(), Budget(generations=50)), Evolution(CMAES()))
    >>> method.name
    'backprop-then-cma-es'
    >>> task = ControlTask("evorobo/Phototaxis-v0", max_steps=50)
    >>> spec = NetworkSpec.build(task.n_inputs, (8,), task.n_outputs, task.output)
    >>> learner = method.start(task, spec, np.random.default_rng(0))
    >>> [learner.step(0.0).info["stage"] for _ in range(52)][48:]
    [1, 1, 2, 2]
    """

    stages: Annotated[tuple[Stage | Method, ...], Limits(min_length=1)]
    name: str = ""

    def __init__(self, *stages: Stage | Method, name: str = "") -> None:
        listed = tuple(stage if isinstance(stage, Stage) else Stage(stage) for stage in stages)
        object.__setattr__(self, "stages", listed)
        object.__setattr__(self, "name", name or "-then-".join(stage.method.name for stage in listed))
        self._check_limits(listed)
        _, *later = self.numbered
        for number, stage in later:
            _check_warm_start(number, stage.method)

    @staticmethod
    def _check_limits(stages: tuple[Stage, ...]) -> None:
        total = sum(stage.share or 0.0 for stage in stages)
        for number, stage in enumerate(stages[:-1], 1):
            if stage.share is None and stage.budget is None:
                raise SettingsError(
                    f"stage {number}, {stage.method.name}, has no end; give it a share of the trial's budget, as "
                    "Stage(method, share=0.5), or a budget of its own, as Stage(method, Budget(generations=3000))."
                )
        if total > 1 + ROUNDING or (stages[-1].share is not None and total < 1 - ROUNDING):
            raise SettingsError(
                f"the shares of the stages sum to {total:g}; let them sum to 1, or leave out that of the last stage, "
                "which then has the rest."
            )
        if all(stage.share == 0 for stage in stages):
            raise SettingsError("all stages have a share of 0; give one of them a share above 0.")

    @property
    def numbered(self) -> list[tuple[int, Stage]]:
        """The stages that are not left out, with their numbers from 1."""
        stages: Any = self.stages
        return [(number, stage) for number, stage in enumerate(stages, 1) if stage.share != 0]

    @property
    def marks(self) -> dict[int, float]:
        """The fraction of the trial's budget at which a stage ends, by its number; 1 for one with its own limit."""
        totals = np.cumsum([stage.share or 0.0 for _, stage in self.numbered]).round(9).tolist()
        return {
            number: 1.0 if stage.share is None else total
            for (number, stage), total in zip(self.numbered, totals, strict=True)
        }

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> StagesLearner:
        return StagesLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> Stages:
        first, stage = self.numbered[0]
        _check_warm_start(first, stage.method)
        begun: Any = stage.method
        stages: Any = list(self.stages)
        stages[first - 1] = Stage(begun.with_warm_start(genome), stage.budget, stage.share)
        return Stages(*stages, name=self.name)

    def check_budget(self, task: Scoring, budget: Budget) -> None:
        for number, stage in self.numbered:
            limited = stage.budget or budget
            try:
                check_budget(stage.method, task, limited)
            except SettingsError as error:
                if isinstance(stage.method, Stages):
                    raise
                raise SettingsError(
                    f"stage {number}, {stage.method.name}, spends none of {', '.join(limited.limits)} on {task.name}, "
                    "so it never ends; give it a limit of its own, as Stage(method, Budget(generations=3000))."
                ) from error


def _check_warm_start(number: int, method: Method) -> None:
    """Raise `SettingsError` for a method that cannot begin at the solution of another one."""
    if not isinstance(method, WarmStartable):
        raise SettingsError(
            f"stage {number}, {method.name}, cannot begin at the solution of the stage before; make it the first "
            "stage, or give the method with_warm_start(genome) (see evorobo.learners.base.WarmStartable)."
        )
    if any(getattr(part, "warm_start", None) is not None for part in iter_settings(method)):
        raise SettingsError(
            f"stage {number}, {method.name}, begins at the solution of the stage before; leave its warm_start out."
        )


class StagesLearner:
    """Running stages: the learner of the present one, and the genome and the random state at which it began."""

    def __init__(self, method: Stages, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self._method, self._task, self._spec, self._rng = method, task, spec, rng
        self._stages, self._marks = method.numbered, method.marks
        self._earlier_cost, self._n_diverged = Cost(), 0
        self._artifacts: dict[str, bytes | str] = {}
        self._learner: Learner
        self._begin(0, None, 0.0)

    def _begin(self, position: int, genome: Genome | None, budget_fraction: float, parts: Any = None) -> None:
        """Start the stage at a position in the list, at a genome; None stands for the start of the trial."""
        self._position, self._first_genome, self._first_fraction = position, genome, budget_fraction
        self._first_rng_state = self._rng.bit_generator.state
        self._n_steps, self._seconds = 0, Cost()
        method: Any = self._stage.method
        if genome is not None:
            method = method.with_warm_start(genome)
        self._learner = method.start(self._task, self._spec, self._rng)
        # asked for in each step, and a check of a protocol takes as long as a small step
        self._inner_stages = self._learner if isinstance(self._learner, HasStages) else None
        self._many_steps = self._learner if isinstance(self._learner, ManySteps) else None
        self._upcoming: Cost | None = None  # the costs of the next steps of the present learner
        if parts is not None:
            self.take_over(parts)

    @property
    def _stage(self) -> Stage:
        return self._stages[self._position][1]

    @property
    def _number(self) -> int:
        return self._stages[self._position][0]

    @property
    def genome(self) -> Genome:
        return self._learner.genome

    @property
    def cost(self) -> Cost:
        return self._earlier_cost + self._learner.cost

    @property
    def done(self) -> bool:
        return self._position == len(self._stages) - 1 and self._is_complete

    @property
    def _is_complete(self) -> bool:
        """Whether the present stage is over, whatever the trial has spent."""
        return self._learner.done or max(self._own_fractions, default=0.0) >= 1

    @property
    def _own_fractions(self) -> list[float]:
        """The spent fraction of each limit of the stage itself."""
        budget = self._stage.budget
        return budget.used_fractions(self._learner.cost + self._seconds, self._n_steps) if budget else []

    @property
    def has_own_limit(self) -> bool:
        return self._stage.budget is not None or (self._inner_stages is not None and self._inner_stages.has_own_limit)

    def ends_stage(self, budget_fraction: float) -> bool:
        if self._next(budget_fraction) is not None:
            return True
        inner = self._inner_stages
        return inner is not None and inner.ends_stage(self._fraction_of_stage(budget_fraction))

    def _next(self, budget_fraction: float, *, diverged: bool = False) -> int | None:
        """The position of the stage with which the next step begins; None if the present one goes on."""
        if not (diverged or self._is_complete or budget_fraction >= self._marks[self._number]):
            return None
        later = range(self._position + 1, len(self._stages))
        return next((place for place in later if self._marks[self._stages[place][0]] > budget_fraction), None)

    def step(self, budget_fraction: float) -> StepResult:
        if (position := self._next(budget_fraction)) is not None:
            self._hand_over(position, budget_fraction)
        before, cpu, wall = self._own_fractions, cpu_seconds(), time.perf_counter()
        try:
            result = self._learner.step(self._fraction_of_stage(budget_fraction))
        except LearningError as error:
            return self._step_after_divergence(error, budget_fraction)
        self._seconds = self._seconds + Cost(cpu_seconds=cpu_seconds() - cpu, wall_seconds=time.perf_counter() - wall)
        self._n_steps += 1
        return self._finished(result, before)

    def _step_after_divergence(self, error: LearningError, budget_fraction: float) -> StepResult:
        """Do the first step of the next stage, or raise the error of the last one."""
        if (position := self._next(budget_fraction, diverged=True)) is None:
            raise error
        self._n_diverged += 1
        self._hand_over(position, budget_fraction, with_parts=False)
        return self.step(budget_fraction)

    def _finished(self, result: StepResult, before: list[float]) -> StepResult:
        """The result of the stage's last step, with the columns of stages; `before` are its own fractions before it."""
        if (budget := self._stage.budget) and self._own_fractions == before:
            raise SettingsError(
                f"stage {self._number}, {self._stage.method.name}, spends none of {', '.join(budget.limits)} on "
                f"{self._task.name}, so it never ends; give it a limit that it does spend, for example "
                "Budget(generations=3000)."
            )
        diverged = {"diverged_stages": self._n_diverged} if self._n_diverged else {}
        return StepResult(result.score, {**result.info, **diverged, "stage": self._number})

    def _hand_over(self, position: int, budget_fraction: float, *, with_parts: bool = True) -> None:
        """Begin the stage at a position, at the solution of the present one, and with its critic if it has one."""
        self._artifacts |= {f"stage-{self._number}-{name}": file for name, file in self._learner.artifacts().items()}
        self._earlier_cost = self._earlier_cost + self._learner.cost
        parts = self.handed_over() if with_parts else None
        self._begin(position, self._learner.genome, budget_fraction, parts)

    def handed_over(self) -> Any:
        return self._learner.handed_over() if isinstance(self._learner, HandsOver) else None

    def take_over(self, parts: Any) -> None:
        if isinstance(self._learner, HandsOver):
            self._learner.take_over(parts)

    def _fraction_of_stage(self, budget_fraction: float) -> float:
        """How much of the present stage is over, 0 to 1, for schedules."""
        first, mark = self._first_fraction, self._marks[self._number]
        of_trial = (budget_fraction - first) / (mark - first)
        return min(max([of_trial, *self._own_fractions]), 1.0)

    def upcoming_costs(self, budget_fraction: float) -> Cost | None:
        budget = self._stage.budget
        if self._many_steps is None or (budget and budget.has_seconds) or self._next(budget_fraction) is not None:
            return None
        costs = self._many_steps.upcoming_costs(self._fraction_of_stage(budget_fraction))
        if costs is not None and budget:
            costs = costs_within(budget, costs, self._n_steps)
        self._upcoming = costs
        return costs and self._earlier_cost + costs

    def take_steps(self, budget_fractions: Sequence[float]) -> tuple[int, StepResult | LearningError]:
        assert self._many_steps
        before = self._own_fractions
        n_steps, result = self._many_steps.take_steps(self._fractions_of_stage(budget_fractions))
        self._n_steps += n_steps
        if isinstance(result, StepResult):
            return n_steps, self._finished(result, before)
        try:
            return n_steps + 1, self._step_after_divergence(result, budget_fractions[n_steps])
        except LearningError as error:
            return n_steps, error

    def _fractions_of_stage(self, budget_fractions: Sequence[float]) -> list[float]:
        """How much of the present stage is over before each of the next steps, those after its mark left out."""
        first, mark, budget = self._first_fraction, self._marks[self._number], self._stage.budget
        n_steps = max(bisect_left(budget_fractions, mark), 1)
        if n_steps < len(budget_fractions) and self._next(budget_fractions[n_steps]) is None:
            n_steps = len(budget_fractions)  # no other stage follows
        fractions = [(fraction - first) / (mark - first) for fraction in budget_fractions[:n_steps]]
        if budget and self._upcoming:
            after = np.max(budget.fractions_after_steps(self._upcoming, self._n_steps), axis=0).tolist()
            fractions = [max(pair) for pair in zip(fractions, [max(self._own_fractions), *after], strict=False)]
        return [min(fraction, 1.0) for fraction in fractions]

    def check_later_stages(self) -> None:
        for _, stage in self._stages[self._position + 1 :]:
            method: Any = stage.method
            begun = method.with_warm_start(self.genome)
            learner = begun.start(self._task, self._spec, np.random.default_rng(0))
            if isinstance(learner, HasStages):
                learner.check_later_stages()

    def artifacts(self) -> dict[str, bytes | str]:
        """Return the files of the last stage, and those of earlier ones with `stage-N-` in front of their names."""
        return self._artifacts | dict(self._learner.artifacts())

    def state(self) -> dict[str, Any]:
        return {
            "position": self._position,
            "first_genome": genome_state(self._first_genome) if self._first_genome else {},
            "first_fraction": self._first_fraction,
            "first_rng": self._first_rng_state,
            "n_steps": self._n_steps,
            "seconds": vars(self._seconds),
            "earlier_cost": vars(self._earlier_cost),
            "n_diverged": self._n_diverged,
            "artifacts": {name: _as_array(file) for name, file in self._artifacts.items()},
            "learner": self._learner.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        genome = restored_genome(self._spec, state["first_genome"]) if state["first_genome"] else None
        if genome is not None:  # what a start draws, such as demonstrations, is not part of a state
            self._rng.bit_generator.state = state["first_rng"]
            self._begin(state["position"], genome, state["first_fraction"])
        self._n_steps, self._seconds = state["n_steps"], Cost(**state["seconds"])
        self._earlier_cost, self._n_diverged = Cost(**state["earlier_cost"]), state["n_diverged"]
        self._artifacts = {name: np.asarray(file, np.uint8).tobytes() for name, file in state["artifacts"].items()}
        self._learner.restore(state["learner"])


def _as_array(file: bytes | str) -> np.ndarray:
    return np.frombuffer(file.encode() if isinstance(file, str) else file, np.uint8)
