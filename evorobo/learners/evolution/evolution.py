"""Evolution: a strategy proposes a population, the task scores it in one call, DEAP's algorithm turns the wheel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from deap import algorithms, base, tools

from evorobo.arrays import Array
from evorobo.checks import check_at_least
from evorobo.errors import LearningError, SettingsError
from evorobo.learners.archive import Archive
from evorobo.learners.base import StepResult
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.learners.evolution.genealogy import Genealogy
from evorobo.learners.evolution.measures import MeasureScorer
from evorobo.learners.evolution.reevaluation import adapt_evaluations, reliability
from evorobo.learners.evolution.reference_batch import ReferenceBatch
from evorobo.learners.evolution.strategies.base import StrategySettings, UsesMeasures, fitness_values
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.learners.evolution.strategies.collection import HasCollection
from evorobo.learners.penalties import Penalty, weight_matrices
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Scoring


@register_component("method", "Evolution")
@dataclass(frozen=True)
class Evolution:
    """Climb a task's score with a strategy: `Evolution(CMAES(sigma=0.3))`.

    One step is one generation, all its members facing the same chances. The answer is the strategy's bet; the best
    individual ever scored is only logged (column `best`).

    Each generation is scored `repeats` times, by chances of its own each time, and means count. With `most_repeats` the
    number adapts between the two: it grows while differences between members are mostly chance, and falls again (the
    idea of Hansen, Niederberger, Guzzella & Koumoutsakos 2009; column `repeats`).

    With a `penalty` (`L2(0.01)`) large weights cost a member of its score, in the task's units, in any strategy; column
    `train` is then the mean of what is left.

    With `genealogy` the trial of a GA keeps who descends from whom, in `genealogy.csv`.

    Networks with batch norm are scored with the moments of a reference batch: see `BatchNorm`.
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    evaluations_per_member: int = 1
    max_evaluations_per_member: int | None = None
    penalty: Penalty | None = None
    genealogy: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        check_at_least(1, evaluations_per_member=self.evaluations_per_member)
        if self.max_evaluations_per_member is not None:
            check_at_least(2, max_evaluations_per_member=self.max_evaluations_per_member)
            if not 2 <= self.evaluations_per_member <= self.max_evaluations_per_member:
                raise SettingsError(
                    "repeats that adapt begin with at least 2, to see noise, and end with max_evaluations_per_member; "
                    f"{self.evaluations_per_member} to {self.max_evaluations_per_member} will not do."
                )
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    def start(self, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> EvolutionLearner:
        return EvolutionLearner(self, task, spec, rng)


class EvolutionLearner:
    """Evolution at work, by `deap.algorithms.eaGenerateUpdate` one generation at a time."""

    def __init__(self, method: Evolution, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self._method, self._task, self._spec, self._rng = method, task, spec, rng
        self._strategy = method.strategy.start(spec.init(rng), rng)
        self._measure_scorer = MeasureScorer(
            task, method.strategy.measures if isinstance(method.strategy, UsesMeasures) else ()
        )
        self._solution = self._strategy.solution
        self._reference = ReferenceBatch(task, spec, rng) if spec.n_running_stats else None
        self._cost = self._reference.cost if self._reference else Cost()
        self._seen = RunningMoments.empty(spec.n_inputs)
        self._evaluations_per_member = method.evaluations_per_member
        self._genealogy = Genealogy() if method.genealogy else None
        self._hall = tools.HallOfFame(1, similar=lambda one, other: False)  # a better score of the same genome counts
        self._statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
        self._statistics.register("score_mean", np.mean)
        self._statistics.register("score_sd", np.std)
        self._statistics.register("score_max", np.max)
        self._toolbox = base.Toolbox()
        self._toolbox.register("generate", self._strategy.generate, Individual)
        self._toolbox.register("update", self._strategy.update)
        self._toolbox.register("evaluate", self._evaluate)
        self._toolbox.register("map", evaluate_population)

    @property
    def genome(self) -> Genome:
        running_stats = self._reference.running_stats(self._solution, self._inputs) if self._reference else None
        return Genome(self._spec, self._solution, self._inputs, self._task.output_scaler, running_stats)

    @property
    def archive(self) -> Archive | None:
        """All that the strategy has to hand in besides its answer; None where that is nothing."""
        strategy = self._strategy
        if not isinstance(strategy, HasCollection) or not len(strategy.collection):
            return None
        kept, ranges = strategy.collection, self._measure_scorer.ranges(strategy.names)
        measures = ranges[:, 0] + kept.measures * np.ptp(ranges, axis=1)
        running_stats = self._reference.running_stats(kept.weights, self._inputs) if self._reference else None
        scalings = self._inputs, self._task.output_scaler
        about = strategy.names, ranges, strategy.cells
        return Archive(self._spec, kept.weights, kept.scores, measures, *about, *scalings, running_stats)

    @property
    def cost(self) -> Cost:
        return self._cost

    @property
    def done(self) -> bool:
        return False  # a population goes on searching as long as one pays

    def step(self, budget_fraction: float) -> StepResult:
        with seeded_globals(self._rng):
            population, log = algorithms.eaGenerateUpdate(
                self._toolbox, ngen=1, stats=self._statistics, halloffame=self._hall, verbose=False
            )
        if self._genealogy:
            self._genealogy.add(population)
        solution = self._strategy.solution
        if not np.isfinite(solution).all():
            raise LearningError("the strategy's center is no longer finite; try a smaller sigma.")
        self._solution = solution
        info = {name: float(log[0][name]) for name in self._statistics.fields}
        spread = np.stack([np.asarray(each) for each in population]).std(0).mean()
        info |= {"best": self._hall[0].fitness.values[0], "diversity": float(spread), **self._strategy.info()}
        if self._method.max_evaluations_per_member:
            info["repeats"] = self._evaluations_per_member
        return StepResult(info.pop("score_mean"), info)

    @property
    def _inputs(self) -> Scaler | None:
        return self._seen.scaler if self._seen.count else self._task.input_scaler

    def _evaluate(self, genes: Array) -> tuple[list[tuple[float]], Array]:
        """Fitness and measures `(n, k)` of each member."""
        spec, weights, inputs = self._spec, genes, self._inputs  # what a generation sees is for the next to scale by
        if self._reference:
            self._cost = self._cost + self._reference.evaluation_cost(len(weights))
            spec, weights = self._reference.freeze_batch_norm(weights, inputs)
        rounds, did = [], []
        for _ in range(self._evaluations_per_member):
            earned, measures = self._measure_scorer.score(spec, weights, self._rng, inputs, genes)
            self._cost = self._cost + earned.cost
            if earned.observation_moments:
                self._seen = self._seen + earned.observation_moments
            rounds.append(earned.values)
            did.append(measures)
        told = np.stack(rounds)
        if self._method.max_evaluations_per_member:
            found = reliability(told)
            self._evaluations_per_member = adapt_evaluations(
                self._evaluations_per_member,
                found,
                self._method.evaluations_per_member,
                self._method.max_evaluations_per_member,
            )
        # a member whose loss overflows is the worst, not the end of the run
        values = np.where(np.isnan(told), -np.inf, told).mean(0)
        if not np.isfinite(values).any():
            raise LearningError("no member of the generation has a finite score; try a smaller sigma or scaled inputs.")
        lowest = values[np.isfinite(values)].min()
        values = np.maximum(values, lowest - 1.0 * ~np.isfinite(values))
        if penalty := self._method.penalty:
            values = values - sum(penalty.value(weight) for weight in weight_matrices(self._spec, genes))
        return [(float(value),) for value in values], np.mean(did, axis=0)

    def artifacts(self) -> dict[str, bytes | str]:
        """Return the archive and the genealogy as files, where there are any."""
        files: dict[str, bytes | str] = {}
        if (archive := self.archive) is not None:
            files["archive.npz"] = archive.to_bytes()
        if self._genealogy:
            files["genealogy.csv"] = self._genealogy.table
        return files

    def state(self) -> dict[str, Any]:
        return {
            "strategy": self._strategy.state(),
            "cost": vars(self._cost),
            "seen": vars(self._seen),
            "repeats": self._evaluations_per_member,
            "reference": self._reference.state() if self._reference else {},
            "genealogy": self._genealogy.state() if self._genealogy else {},
            "hall": {"genes": np.asarray(self._hall[0]), "score": fitness_values(self._hall)}
            if len(self._hall)
            else {},
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._strategy.restore(state["strategy"])
        self._solution = self._strategy.solution
        self._cost, self._seen = Cost(**state["cost"]), RunningMoments(**state["seen"])
        self._evaluations_per_member = state["repeats"]
        if self._reference:
            self._reference.restore(state["reference"])
        if self._genealogy:
            self._genealogy.restore(state["genealogy"])
        self._hall.clear()
        if state["hall"]:
            champion = Individual(state["hall"]["genes"])
            champion.fitness.values = (float(state["hall"]["score"][0]),)
            self._hall.insert(champion)
        self._rng.bit_generator.state = state["rng"]


def evaluate_population(
    evaluate: Callable[[Array], tuple[list[tuple[float]], Array]], population: list[Individual]
) -> list[tuple[float]]:
    """DEAP's `toolbox.map` as one call: the population `(n, p)` goes to the task as a matrix."""
    fitness, measures = evaluate(np.stack([np.asarray(individual) for individual in population]))
    for individual, measured in zip(population, measures, strict=True):
        individual.measures = measured
    return fitness
