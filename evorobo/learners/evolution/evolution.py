"""Evolution: a strategy proposes a population, the task scores it in one call, DEAP's loop runs the generation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import copy_doc
from evorobo.errors import LearningError, SettingsError
from evorobo.fields import Example, Limits, PositiveFloat, PositiveInt
from evorobo.learners.archive import Archive
from evorobo.learners.base import StepResult, WarmStartable
from evorobo.learners.evolution.deap_bridge import (
    HallOfFame,
    Individual,
    eaGenerateUpdate,
    make_statistics,
    make_toolbox,
    seeded_globals,
)
from evorobo.learners.evolution.genealogy import Genealogy
from evorobo.learners.evolution.measures import MeasureScorer
from evorobo.learners.evolution.reevaluation import adapt_evaluations, reliability
from evorobo.learners.evolution.reference_batch import ReferenceBatch
from evorobo.learners.evolution.search_space import SearchSpace, WarmSearchSpace
from evorobo.learners.evolution.strategies.base import (
    StrategySettings,
    UsesMeasures,
    fitness_values,
    generation_flops,
)
from evorobo.learners.evolution.strategies.cma_es import CMAES
from evorobo.learners.evolution.strategies.collection import HasCollection
from evorobo.learners.penalties import Penalty, n_penalized, weight_matrices
from evorobo.learners.warm_start import first_genome, first_observations, with_observations
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Scoring


@register_component("method", "Evolution")
@dataclass(frozen=True)
class Evolution:
    """Maximize the score of a task with an evolutionary strategy.

    One step is one generation; all its members are scored with the same random seeds. The solution is what the strategy
    proposes, usually the center of its search. The best individual ever scored is only logged (column `best`).
    Networks with batch norm are scored with the statistics of a reference batch (see `BatchNorm`).

    Parameters
    ----------
    strategy : StrategySettings, default CMAES()
        The strategy, alone or in a wrapper such as `Restarts`.
    evaluations_per_member : int, default 1
        How often each member is scored in a generation, at least 1. Each time has its own random seeds, and the
        strategy sees the mean.
    max_evaluations_per_member : int or None, default None
        If given, at least 2, the number of evaluations adapts between the two (column `repeats`). It grows while noise
        explains most differences between members, and falls again. `evaluations_per_member` is then at least 2.
    penalty : Penalty or None, default None
        A penalty on large weights, for example `L2(0.01)`, subtracted from each member's score.
    genealogy : bool, default False
        Whether to write the parents of every individual to `genealogy.csv`. The strategy must have parents, as `GA`.
    warm_start : str, Genome or None, default None
        The genome at which the search starts, or its file; a study takes a path. Its weights and scalers travel. The
        strategy searches for steps from it, scaled layer by layer, and weight decay pulls to it. The network must be
        the same. What the genome cost is not part of the cost. None starts at random weights; later random numbers are
        the same.
    warm_start_step : float, default 0.1
        With a warm start: size of the strategy's first steps, as a share of the root mean square of each layer's
        weights, above 0. It replaces the absolute size of `sigma`, `init_std` or `noise_std`. Too large a step forgets
        the start.
    name : str, optional
        Name in results and figures; the name of the strategy by default.

    References
    ----------
    Hansen, N., Niederberger, A., Guzzella, L. and Koumoutsakos, P. (2009). A method for handling uncertainty in
    evolutionary optimization. IEEE Transactions on Evolutionary Computation 13 (idea of adaptive re-evaluation).

    Examples
    --------
    >>> from evorobo import CMAES, Evolution
    >>> Evolution(CMAES(sigma=0.3)).name
    'cma-es'
    """

    strategy: StrategySettings = field(default_factory=CMAES)
    evaluations_per_member: PositiveInt = 1
    max_evaluations_per_member: Annotated[int, Limits(ge=2)] | None = None
    penalty: Annotated[Penalty, Example("L2()")] | None = None
    genealogy: bool = False
    warm_start: Genome | str | None = None
    warm_start_step: PositiveFloat = 0.1
    name: str = ""

    def __post_init__(self) -> None:
        most = self.max_evaluations_per_member
        if most is not None and not 2 <= self.evaluations_per_member <= most:
            raise SettingsError(
                f"with max_evaluations_per_member, evaluations_per_member must be from 2 to {most}, not "
                f"{self.evaluations_per_member}: one evaluation shows no noise."
            )
        if not self.name:
            object.__setattr__(self, "name", self.strategy.name)

    def start(self, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> EvolutionLearner:
        """Start learning on a task.

        Parameters
        ----------
        task : Scoring
            The task; only its `score` is used.
        spec : NetworkSpec
            The network whose weights evolve.
        rng : numpy.random.Generator
            Source of all randomness. The first draw is the starting genome.

        Returns
        -------
        Learner
            The learner; one step is one generation.
        """
        return EvolutionLearner(self, task, spec, rng)

    @copy_doc(WarmStartable.with_warm_start)
    def with_warm_start(self, genome: Genome) -> Evolution:
        return replace(self, warm_start=genome)


class EvolutionLearner:
    """State of an evolution. `deap.algorithms.eaGenerateUpdate` runs one generation at a time."""

    def __init__(self, method: Evolution, task: Scoring, spec: NetworkSpec, rng: np.random.Generator) -> None:
        self._method, self._task, self._spec, self._rng = method, task, spec, rng
        self._first = first_genome(method.warm_start, task, spec, rng)
        self._space = (
            SearchSpace(self._first.weights, method.strategy)
            if method.warm_start is None
            else WarmSearchSpace(spec, self._first.weights, method.strategy, method.warm_start_step, method.name)
        )
        self._strategy = self._space.strategy.start(self._space.start, rng)
        self._measure_scorer = MeasureScorer(
            task, method.strategy.measures if isinstance(method.strategy, UsesMeasures) else ()
        )
        self._solution = self._space.weights(self._strategy.solution)
        self._reference = ReferenceBatch(task, spec, rng) if spec.n_running_stats else None
        self._cost = self._reference.cost if self._reference else Cost()
        self._observed = first_observations(self._first)
        self._evaluations_per_member = method.evaluations_per_member
        self._genealogy = Genealogy() if method.genealogy else None
        self._best = HallOfFame(1, similar=lambda one, other: False)  # a higher score of the same genome counts
        self._statistics = make_statistics()
        self._toolbox = make_toolbox(self._strategy, self._score_population)

    @property
    def genome(self) -> Genome:
        running_stats = self._reference.running_stats(self._solution, self._input_scaler) if self._reference else None
        genome = replace(
            self._first,
            weights=self._solution,
            running_stats=running_stats,
            output_scaler=self._task.output_scaler,
        )
        return with_observations(genome, self._observed)

    @property
    def archive(self) -> Archive | None:
        """The collection of the strategy, if it has one, in the units of the task."""
        strategy = self._strategy
        if not isinstance(strategy, HasCollection) or not len(strategy.collection):
            return None
        members, ranges = strategy.collection, self._measure_scorer.ranges(strategy.names)
        measures = ranges[:, 0] + members.measures * np.ptp(ranges, axis=1)
        weights = self._space.weights(members.weights)
        stats = self._reference.running_stats(weights, self._input_scaler) if self._reference else None
        grid = strategy.names, ranges, strategy.cells
        scalers = self._input_scaler, self._task.output_scaler
        return Archive(self._spec, weights, members.scores, measures, *grid, *scalers, stats)

    @property
    def cost(self) -> Cost:
        return self._cost

    @property
    def done(self) -> bool:
        return False

    def step(self, budget_fraction: float) -> StepResult:
        with seeded_globals(self._rng):
            population, log = eaGenerateUpdate(
                self._toolbox, ngen=1, stats=self._statistics, halloffame=self._best, verbose=False
            )
        penalty = self._method.penalty
        flops = penalty.flops_per_weight * n_penalized(self._spec) * len(population) if penalty else 0
        self._cost = self._cost + Cost(update_flops=flops + generation_flops(self._strategy, population))
        if self._genealogy:
            self._genealogy.add(population)
        solution = self._space.weights(self._strategy.solution)
        if not np.isfinite(solution).all():
            raise LearningError("the solution of the strategy is no longer finite; try a smaller sigma.")
        self._solution = solution
        info = {name: float(log[0][name]) for name in self._statistics.fields}
        diversity = self._weights_of(population).std(0).mean()
        info |= {"best": self._best[0].fitness.values[0], "diversity": float(diversity), **self._strategy.info()}
        if self._method.max_evaluations_per_member:
            info["repeats"] = self._evaluations_per_member
        return StepResult(info.pop("score_mean"), info)

    @property
    def _input_scaler(self) -> Scaler | None:
        """The scaler of the observations so far, if the task normalizes them; else that of the first genome."""
        return with_observations(self._first, self._observed).input_scaler

    def _weights_of(self, population: list[Individual]) -> Array:
        """The weights `(n, p)` of individuals."""
        return self._space.weights(np.stack([np.asarray(individual) for individual in population]))

    def _score_population(self, _: object, population: list[Individual]) -> list[tuple[float]]:
        """Score a generation in one call, and store its measures in the individuals; returns their fitness."""
        genes = self._weights_of(population)
        # the observations of a generation change the scaler of the next one only
        spec, weights, input_scaler = self._spec, genes, self._input_scaler
        if self._reference:
            self._cost = self._cost + self._reference.evaluation_cost(len(weights))
            spec, weights = self._reference.freeze_batch_norm(weights, input_scaler)
        rounds, measures = [], []
        for _round in range(self._evaluations_per_member):
            scores, round_measures = self._measure_scorer.score(spec, weights, self._rng, input_scaler, genes)
            self._cost = self._cost + scores.cost
            if scores.observation_moments:
                self._observed = self._observed + scores.observation_moments
            rounds.append(scores.values)
            measures.append(round_measures)
        for individual, row in zip(population, np.mean(measures, axis=0), strict=True):
            individual.measures = row
        return [(float(value),) for value in self._fitness(np.stack(rounds), genes)]

    def _fitness(self, values: Array, genes: Array) -> Array:
        """The fitness of each member `(n,)` from its scores `(rounds, n)`; adapts the number of rounds."""
        method = self._method
        if method.max_evaluations_per_member:
            self._evaluations_per_member = adapt_evaluations(
                self._evaluations_per_member,
                reliability(values),
                method.evaluations_per_member,
                method.max_evaluations_per_member,
            )
        # a member whose loss overflows gets the lowest score of its generation, less 1
        fitness = np.where(np.isnan(values), -np.inf, values).mean(0)
        finite = np.isfinite(fitness)
        if not finite.any():
            raise LearningError("no member of the generation has a finite score; try a smaller sigma or scaled inputs.")
        fitness = np.maximum(fitness, fitness[finite].min() - 1.0 * ~finite)
        if penalty := method.penalty:
            fitness = fitness - sum(penalty.value(matrix) for matrix in weight_matrices(self._spec, genes))
        return fitness

    def artifacts(self) -> dict[str, bytes | str]:
        """Return the archive and the genealogy as files, where there are any."""
        files: dict[str, bytes | str] = {}
        if (archive := self.archive) is not None:
            files["archive.npz"] = archive.to_bytes()
        if self._genealogy:
            files["genealogy.csv"] = self._genealogy.table
        return files

    def state(self) -> dict[str, Any]:
        best = {"genes": np.asarray(self._best[0]), "score": fitness_values(self._best)} if len(self._best) else {}
        return {
            "strategy": self._strategy.state(),
            "cost": vars(self._cost),
            "observed": vars(self._observed),
            "evaluations_per_member": self._evaluations_per_member,
            "reference": self._reference.state() if self._reference else {},
            "genealogy": self._genealogy.state() if self._genealogy else {},
            "best": best,
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._strategy.restore(state["strategy"])
        self._solution = self._space.weights(self._strategy.solution)
        self._cost, self._observed = Cost(**state["cost"]), RunningMoments(**state["observed"])
        self._evaluations_per_member = state["evaluations_per_member"]
        if self._reference:
            self._reference.restore(state["reference"])
        if self._genealogy:
            self._genealogy.restore(state["genealogy"])
        self._best.clear()
        if state["best"]:
            self._best.insert(Individual.scored(state["best"]["genes"], state["best"]["score"][0]))
        self._rng.bit_generator.state = state["rng"]
