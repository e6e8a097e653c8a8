"""DAgger: the learner drives, the teacher says what it would have done there, and training goes on with both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.learners.backprop.backprop import Backprop
from evorobo.learners.base import StepResult
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.base import Cost, Examples, Task
from evorobo.tasks.capabilities import HasExpert


@register_component("method", "DAgger")
@dataclass(frozen=True)
class DAgger:
    """Clone a teacher where the clone itself will go (Ross, Gordon & Bagnell 2011, algorithm 3.1).

    A clone errs, its errors carry it to where the teacher never was, and there it knows nothing. So in round 1 `train`
    learns from the task's demonstrations; each of the further `rounds` begins with `episodes` episodes in which the
    learner drives and the teacher labels what is met, and training goes on with all that was shown so far, from the
    weights at hand. In round i the teacher drives a share beta_i = mixture ** (i - 1) of the steps, so 0 leaves the
    wheel to the learner from round 2 on (the paper's indicator), and 0.5 hands it over by and by.

    A round lasts `epochs` epochs, the last one as long as the budget. With `train.early_stopping` it also ends when patience
    is over, and the answer is the genome that did best in its looks, over all rounds: what the paper promises. Without,
    it is the last genome, and nothing has to be paid for validation. Steps driven by anybody are on the bill.
    """

    backprop: Backprop = Backprop()
    rounds: int = 10
    epochs: int = 10
    episodes: int = 5
    mixture: float = 0.0
    name: str = "dagger"

    def __post_init__(self) -> None:
        for name in ("rounds", "epochs", "episodes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, not {value!r}.")
        if not 0 <= self.mixture <= 1:
            raise SettingsError(f"mixture must lie between 0 and 1, not {self.mixture!r}; 0 lets the learner drive.")

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> DAggerLearner:
        return DAggerLearner(self, task, spec, rng)


class DAggerLearner:
    """DAgger at work: one `step` is one mini-batch, and before the first of a round robots are driven."""

    def __init__(self, method: DAgger, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasExpert):
            raise SettingsError(
                f"{task.name} has nobody to ask what to do where the learner goes; take Backprop, or give the task a "
                "method expert_labeller() (see evorobo.tasks.base.HasExpert)."
            )
        self._method, self._rng = method, rng
        self._training = method.backprop.start(task, spec, rng)
        self._advise = task.expert_labeller()
        self._round, self._begun = 1, 0
        self._collected: list[
            tuple[Examples, Examples | None]
        ] = []  # of each round but the first: to train on, held out

    @property
    def genome(self) -> Genome:
        return self._training.genome

    @property
    def cost(self) -> Cost:
        return self._training.cost

    @property
    def done(self) -> bool:
        return self._round == self._method.rounds and self._training.done

    def step(self, budget_fraction: float) -> StepResult:
        if self._round < self._method.rounds and self._round_over:
            self._drive()
        progress = self._training.step(budget_fraction)
        return StepResult(progress.score, {**progress.info, "round": self._round})

    @property
    def _round_over(self) -> bool:
        return self._training.done or self._training.epochs >= self._begun + self._method.epochs

    def _drive(self) -> None:
        """Begin the next round."""
        teachers_share = self._method.mixture**self._round
        met = self._advise(self._training.genome, teachers_share, self._method.episodes, self._rng)
        early_stopping = self._method.backprop.early_stopping
        parts = early_stopping.split(met, self._rng) if early_stopping else (met, None)
        self._training.add_examples(*parts)
        self._collected.append(parts)
        self._round, self._begun = self._round + 1, self._training.epochs

    def artifacts(self) -> dict[str, bytes | str]:
        return self._training.artifacts()

    def state(self) -> dict[str, Any]:
        met = [
            {"shown": _plain(shown), "held_out": _plain(held_out) if held_out else None}
            for shown, held_out in self._collected
        ]
        return {"training": self._training.state(), "met": met, "round": self._round, "begun": self._begun}

    def restore(self, state: dict[str, Any]) -> None:
        for parts in state["met"]:
            self._collected.append(
                (_examples(parts["shown"]), _examples(parts["held_out"]) if parts["held_out"] else None)
            )
            self._training.add_examples(*self._collected[-1])
        self._training.restore(state["training"])
        self._round, self._begun = state["round"], state["begun"]


def _plain(examples: Examples) -> dict[str, Any]:
    """Examples as arrays and plain values."""
    return {**vars(examples), "loss": to_plain(examples.loss), "cost": vars(examples.cost)}


def _examples(plain: dict[str, Any]) -> Examples:
    return Examples(**{**plain, "loss": from_plain(plain["loss"]), "cost": Cost(**plain["cost"])})
