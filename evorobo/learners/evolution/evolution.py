"""Evolution: a strategy proposes a population, the task scores it in one call, DEAP's algorithm turns the wheel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from deap import algorithms, base, tools

from evorobo.errors import LearningError
from evorobo.learners.base import Progress
from evorobo.learners.evolution.cma_es import CMAES
from evorobo.learners.evolution.individual import Individual
from evorobo.learners.evolution.lend import lend
from evorobo.learners.evolution.reference import ReferenceBatch
from evorobo.learners.evolution.strategy import StrategySettings, scores
from evorobo.nets.activations import Array
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Moments, Scaling
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.base import Cost, Task


@dataclass(frozen=True)
class Evolution:
    """Climb a task's score with a strategy: `Evolution(CMAES(sigma=0.3))`.

    One step is one generation, all its members facing the same chances. The answer is the strategy's bet; the best
    individual ever scored is only logged (column `best`).

    Networks with batch norm are scored with the moments of a reference batch: see `BatchNorm`.
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> EvolutionLearner:
        return EvolutionLearner(self, task, spec, rng)


class EvolutionLearner:
    """Evolution at work, by `deap.algorithms.eaGenerateUpdate` one generation at a time."""

    def __init__(self, method: Evolution, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self._task, self._spec, self._rng = task, spec, rng
        self._strategy = method.strategy.start(spec.init(rng), rng)
        self._answer = self._strategy.answer
        self._reference = ReferenceBatch(task, spec, rng) if spec.n_moments else None
        self._cost = self._reference.cost if self._reference else Cost()
        self._seen = Moments.none(spec.n_inputs)
        self._hall = tools.HallOfFame(1, similar=lambda one, other: False)  # a better score of the same genome counts
        self._statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
        self._statistics.register("score_mean", np.mean)
        self._statistics.register("score_sd", np.std)
        self._statistics.register("score_max", np.max)
        self._toolbox = base.Toolbox()
        self._toolbox.register("generate", self._strategy.generate, Individual)
        self._toolbox.register("update", self._strategy.update)
        self._toolbox.register("evaluate", self._evaluate)
        self._toolbox.register("map", whole_population)

    @property
    def genome(self) -> Genome:
        moments = self._reference.moments(self._answer, self._inputs) if self._reference else None
        return Genome(self._spec, self._answer, self._inputs, self._task.outputs, moments)

    @property
    def cost(self) -> Cost:
        return self._cost

    @property
    def done(self) -> bool:
        return False  # a population goes on searching as long as one pays

    def step(self, spent: float) -> Progress:
        with lend(self._rng):
            population, log = algorithms.eaGenerateUpdate(
                self._toolbox, ngen=1, stats=self._statistics, halloffame=self._hall, verbose=False
            )
        answer = self._strategy.answer
        if not np.isfinite(answer).all():
            raise LearningError("the strategy's centre is no longer finite; try a smaller sigma.")
        self._answer = answer
        info = {name: float(log[0][name]) for name in self._statistics.fields}
        spread = np.stack([np.asarray(each) for each in population]).std(0).mean()
        info |= {"best": self._hall[0].fitness.values[0], "diversity": float(spread), **self._strategy.info()}
        return Progress(info.pop("score_mean"), info)

    @property
    def _inputs(self) -> Scaling | None:
        return self._seen.scaling if self._seen.count else self._task.inputs

    def _evaluate(self, weights: Array) -> list[tuple[float]]:
        spec, inputs = self._spec, self._inputs
        if self._reference:
            self._cost = self._cost + self._reference.price(len(weights))
            spec, weights = self._reference.settled(weights, inputs)
        earned = self._task.score(spec, weights, self._rng, inputs)
        self._cost = self._cost + earned.cost
        if earned.seen:
            self._seen = self._seen + earned.seen
        # a member whose loss overflows is the worst, not the end of the run
        values = np.where(np.isnan(earned.values), -np.inf, earned.values)
        if not np.isfinite(values).any():
            raise LearningError("no member of the generation has a finite score; try a smaller sigma or scaled inputs.")
        lowest = values[np.isfinite(values)].min()
        return [(float(value),) for value in np.maximum(values, lowest - 1.0 * ~np.isfinite(values))]

    def state(self) -> dict[str, Any]:
        return {
            "strategy": self._strategy.state(),
            "cost": vars(self._cost),
            "seen": vars(self._seen),
            "reference": self._reference.state() if self._reference else {},
            "hall": {"genes": np.asarray(self._hall[0]), "score": scores(self._hall)} if len(self._hall) else {},
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._strategy.restore(state["strategy"])
        self._answer = self._strategy.answer
        self._cost, self._seen = Cost(**state["cost"]), Moments(**state["seen"])
        if self._reference:
            self._reference.restore(state["reference"])
        self._hall.clear()
        if state["hall"]:
            champion = Individual(state["hall"]["genes"])
            champion.fitness.values = (float(state["hall"]["score"][0]),)
            self._hall.insert(champion)
        self._rng.bit_generator.state = state["rng"]


def whole_population(evaluate: Callable[[Array], list[tuple[float]]], population: list[Individual]) -> Any:
    """DEAP's `toolbox.map` as one call: the population `(n, p)` goes to the task as a matrix."""
    return evaluate(np.stack([np.asarray(individual) for individual in population]))
