"""DAgger: the network drives, a teacher labels the states that it visits, and training continues on all labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evorobo.docstrings import inherit_docs
from evorobo.errors import LearningError, SettingsError
from evorobo.fields import PositiveInt, Probability
from evorobo.learners.backprop.backprop import NEVER_SPENT, Backprop
from evorobo.learners.base import Method, StepResult, WarmStartable
from evorobo.learners.budget import Budget, ChecksBudget, require_spending
from evorobo.nets.genome import Genome
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.settings import from_plain, to_plain
from evorobo.tasks.base import Cost, Examples, Scoring, Task
from evorobo.tasks.capabilities import HasExpert


@register_component("method", "DAgger")
@dataclass(frozen=True)
@inherit_docs
class DAgger(Method, WarmStartable, ChecksBudget):
    """Imitate a teacher in the states that the network itself visits (dataset aggregation).

    A network trained on demonstrations makes errors. They lead to states that the demonstrations do not contain, where
    it has learned nothing. DAgger therefore works in rounds. In round 1 the network learns from the task's
    demonstrations. Each further round starts with `episodes` episodes in which the network drives and the teacher
    labels all states. Training then continues, from the current weights, on all labels so far.

    With ``backprop=Backprop(early_stopping=...)`` a round also ends when patience is exhausted, and the solution is the
    best genome on validation over all rounds, as in the paper. Otherwise it is the last genome, and no validation is
    charged. Steps driven by the teacher and steps driven by the network both count as cost.

    Parameters
    ----------
    backprop : Backprop, default Backprop()
        How the network is trained.
    rounds : int, default 10
        Number of rounds, at least 1.
    epochs : int, default 10
        Epochs per round, at least 1. The last round lasts until the budget is spent.
    episodes : int, default 5
        Episodes that are driven before each round but the first, at least 1.
    mixture : float, default 0.0
        Probability, 0 to 1, from which the teacher's share of the steps follows: `mixture` ** (i - 1) in round i. With
        0 the network drives alone from round 2 on; with 0.5 the share of the teacher halves from round to round.
    name : str, default "dagger"
        Name in folders, tables and figures.

    Raises
    ------
    SettingsError
        If a value is out of its range, or if the task has no teacher that can label states.

    References
    ----------
    Ross, Gordon & Bagnell (2011), "A reduction of imitation learning and structured prediction to no-regret online
    learning", algorithm 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import Backprop, ControlTask, DAgger, NetworkSpec
    >>> task = ControlTask("evorobo/Phototaxis-v0", max_steps=20, n_demonstrations=2)
    >>> spec = NetworkSpec.build(task.n_inputs, (8,), task.n_outputs, task.output)
    >>> learner = DAgger(Backprop(batch_size=20), epochs=1, episodes=1).start(task, spec, np.random.default_rng(0))
    >>> [learner.step(0.0).info["round"] for _ in range(3)]
    [1, 1, 2]
    """

    backprop: Backprop = Backprop()
    rounds: PositiveInt = 10
    epochs: PositiveInt = 10
    episodes: PositiveInt = 5
    mixture: Probability = 0.0
    name: str = "dagger"

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> DAggerLearner:
        return DAggerLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> DAgger:
        return replace(self, backprop=self.backprop.with_warm_start(genome))

    def check_budget(self, task: Scoring, budget: Budget) -> None:
        require_spending(self.name, task, budget, NEVER_SPENT)  # there are mini-batches between any two rounds


class DAggerLearner:
    """Running DAgger: one `step` is one mini-batch. Before the first step of a round, robots are driven and labeled."""

    def __init__(self, method: DAgger, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasExpert):
            raise SettingsError(
                f"{task.name} has no teacher that can label the states a network visits; use Backprop, or give the "
                "task a method expert_labeller() (see evorobo.tasks.capabilities.HasExpert)."
            )
        self._method, self._rng = method, rng
        self._training = method.backprop.start(task, spec, rng)
        self._label = task.expert_labeller()
        self._round, self._first_epoch = 1, 0
        self._collected: list[tuple[Examples, Examples | None]] = []  # per round but the first: to train on, held out

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
        if self._next_round_is_due:
            self._begin_round()
        return self._with_round(self._training.step(budget_fraction))

    def upcoming_costs(self, budget_fraction: float) -> Cost | None:
        return None if self._next_round_is_due else self._training.upcoming_costs(budget_fraction)

    def take_steps(self, budget_fractions: Sequence[float]) -> tuple[int, StepResult | LearningError]:
        n_steps, result = self._training.take_steps(budget_fractions)
        return n_steps, self._with_round(result) if isinstance(result, StepResult) else result

    def _with_round(self, result: StepResult) -> StepResult:
        return StepResult(result.score, {**result.info, "round": self._round})

    @property
    def _next_round_is_due(self) -> bool:
        """Whether the present round, which is not the last one, is over; it can end after the last step of an epoch."""
        if self._round == self._method.rounds:
            return False
        return self._training.done or self._training.epochs >= self._first_epoch + self._method.epochs

    def _begin_round(self) -> None:
        """Drive robots, label the states, and add them to the training examples."""
        teacher_share = self._method.mixture**self._round
        labeled = self._label(self._training.genome, teacher_share, self._method.episodes, self._rng)
        early_stopping = self._method.backprop.early_stopping
        parts = early_stopping.split(labeled, self._rng) if early_stopping else (labeled, None)
        self._training.add_examples(*parts)
        self._collected.append(parts)
        self._round, self._first_epoch = self._round + 1, self._training.epochs

    def artifacts(self) -> dict[str, bytes | str]:
        return self._training.artifacts()

    def state(self) -> dict[str, Any]:
        collected = [
            {"examples": _to_plain(examples), "held_out": _to_plain(held_out) if held_out else None}
            for examples, held_out in self._collected
        ]
        return {
            "training": self._training.state(),
            "collected": collected,
            "round": self._round,
            "first_epoch": self._first_epoch,
        }

    def restore(self, state: dict[str, Any]) -> None:
        for parts in state["collected"]:
            held_out = _from_plain(parts["held_out"]) if parts["held_out"] else None
            self._collected.append((_from_plain(parts["examples"]), held_out))
            self._training.add_examples(*self._collected[-1])
        self._training.restore(state["training"])
        self._round, self._first_epoch = state["round"], state["first_epoch"]


def _to_plain(examples: Examples) -> dict[str, Any]:
    """Return examples as arrays and plain values."""
    return {**vars(examples), "loss": to_plain(examples.loss), "cost": vars(examples.cost)}


def _from_plain(plain: dict[str, Any]) -> Examples:
    return Examples(**{**plain, "loss": from_plain(plain["loss"]), "cost": Cost(**plain["cost"])})
