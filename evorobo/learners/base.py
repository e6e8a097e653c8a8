"""How it is learned: a method is frozen settings, a learner is a method at work on one task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.learners.archive import Archive
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task


@dataclass(frozen=True)
class StepResult:
    """After one step: the training score as the method sees it (higher is better), and what else it has to tell."""

    score: float
    info: dict[str, float] = field(default_factory=dict)


class Method(Protocol):
    """Settings of a way to learn. Every method's first draw from `rng` is `spec.init(rng)`: same seed, same start."""

    @property
    def name(self) -> str: ...

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> Learner: ...


class Learner(Protocol):
    """A method at work. Between two steps everything it is lies in `state()`, so it can be stopped and go on.

    `genome` is the answer it would give now (its bet, not its luckiest find); `cost` what it has paid so far,
    seconds left out (the runner has the clock); `done` says that it has nothing more to learn, and ends its trial.
    """

    @property
    def genome(self) -> Genome: ...
    @property
    def cost(self) -> Cost: ...
    @property
    def done(self) -> bool: ...

    def step(self, budget_fraction: float) -> StepResult:
        """Go on by one generation or mini-batch; `spent` is the share of the budget that is gone, 0 to 1.

        Raises `LearningError` when learning runs away; `genome` is then the last one before that.
        """

    def state(self) -> dict[str, Any]:
        """Arrays and plain values, nested dicts allowed, from which `restore` goes on identically."""

    def restore(self, state: dict[str, Any]) -> None: ...


@runtime_checkable
class HasArchive(Protocol):
    """A learner that may have more to hand in than one genome: a front, a map of behaviours; None if it has not."""

    @property
    def archive(self) -> Archive | None: ...


@runtime_checkable
class HasRivals(Protocol):
    """A learner with a rival that learns, too: both sides' champions of all generations are handed in.

    They come by the names of their files, "champions" and "rivals"; there are none before the first generation.
    """

    @property
    def champions(self) -> dict[str, Archive]: ...


@runtime_checkable
class HasGenealogy(Protocol):
    """A learner that may know who descends from whom: a table in CSV, None if it does not keep one."""

    @property
    def genealogy(self) -> str | None: ...


@runtime_checkable
class Batchable(Protocol):
    """A method whose learners can be stepped in one call, which costs less than one by one and changes no number."""

    def max_batched_learners(self, spec: NetworkSpec) -> int:
        """How many learners at a time gain by it; 1 if none do."""

    def batch_learners(self, learners: Sequence[Any]) -> BatchedLearners:
        """These learners of one task and spec, each with a run of its own; from then on they are stepped as a crew."""


class BatchedLearners(Protocol):
    """Learners at work side by side."""

    def step(self, budget_fraction: Sequence[float]) -> Sequence[StepResult | Exception]:
        """`Learner.step` for each of them; whoever has an error to tell must leave the crew."""
