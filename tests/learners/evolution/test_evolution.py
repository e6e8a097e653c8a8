"""One generation of evolution after another, and what must hold for all of them."""

import random
from dataclasses import dataclass, replace

import numpy as np
import pytest
from deap import algorithms, base, tools
from toys import Bowl, Observed

from evorobo import (
    ARS,
    BIPOP,
    CMAES,
    GA,
    PGPE,
    SNES,
    XNES,
    Bounded,
    CanonicalES,
    DeepGA,
    DifferentialEvolution,
    Evolution,
    HallOfFame,
    LearningError,
    NetworkSpec,
    OnePlusOneCMAES,
    OpenAIES,
    ParticleSwarm,
    Polynomial,
    RandomSearch,
    Restarts,
    SelfAdaptiveES,
    SepCMAES,
    SteadyState,
    TerminationCriteria,
    Uniform,
)
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.study import checkpoint
from evorobo.tasks.base import Cost, Scores

SPEC = NetworkSpec.build(2, (3,), 1)
STRATEGIES = [
    CMAES(),
    CMAES(population_size=4, active=False),
    SepCMAES(),
    OnePlusOneCMAES(),
    SNES(),
    XNES(),
    OpenAIES(),
    PGPE(),
    ARS(),
    CanonicalES(),
    SelfAdaptiveES(),
    SelfAdaptiveES(plus=True, per_gene=True),
    GA(),
    GA(crossover=Uniform(), mutation=Polynomial(prob=0.8), replacement=SteadyState(3), limit=3.0),
    DeepGA(),
    DifferentialEvolution(),
    ParticleSwarm(),
    RandomSearch(),
    Restarts(CMAES(), BIPOP(), termination=TerminationCriteria(window=3)),
    Bounded(CMAES(), 1.5),
    HallOfFame(SNES()),
]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.name)


def start(strategy, task=None, seed=0):
    return Evolution(strategy).start(task or Bowl(), SPEC, np.random.default_rng(seed))


@dataclass(frozen=True)
class Noisy(Bowl):
    """A bowl with noise that is the same for all members; records the weights and the values."""

    weights_seen: list = None
    values_seen: list = None

    def score(self, spec, weights, rng, inputs):
        scores = super().score(spec, weights, rng, inputs)
        values = scores.values + rng.normal(size=len(weights))
        self.weights_seen.append(weights.copy())
        self.values_seen.append(values)
        return replace(scores, values=values)


@every_strategy
def test_thirty_times_one_generation_is_one_time_thirty_of_deap(strategy):
    learner = start(strategy)
    progress = [learner.step(0.0) for _ in range(30)]

    rng, task = np.random.default_rng(0), Bowl()
    running = strategy.start(SPEC.init(rng), rng)

    def generate(ind_init):
        with seeded_globals(rng):
            return running.generate(ind_init)

    def evaluate(individual):
        return (task.score(SPEC, np.asarray(individual)[None], rng, None).values[0],)

    toolbox = base.Toolbox()
    toolbox.register("generate", generate, Individual)
    toolbox.register("update", running.update)
    toolbox.register("evaluate", evaluate)
    statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
    statistics.register("mean", np.mean)
    statistics.register("max", np.max)
    hall = tools.HallOfFame(1, similar=np.array_equal)
    _, log = algorithms.eaGenerateUpdate(toolbox, ngen=30, stats=statistics, halloffame=hall, verbose=False)

    np.testing.assert_array_equal(learner.genome.weights, running.solution)
    assert [result.score for result in progress] == log.select("mean")
    assert [result.info["score_max"] for result in progress] == log.select("max")
    assert progress[-1].info["best"] == hall[0].fitness.values[0]


@every_strategy
def test_a_generation_is_scored_in_one_call(strategy):
    task = Noisy("noisy", [], [])
    learner = start(strategy, task)
    for _ in range(3):
        learner.step(0.0)
    assert len(task.weights_seen) == 3
    assert {weights_seen.shape[1] for weights_seen in task.weights_seen} == {SPEC.n_params}
    assert all(len(np.unique(weights_seen, axis=0)) > 1 for weights_seen in task.weights_seen)


@every_strategy
def test_the_best_is_the_highest_score_so_far(strategy):
    task = Noisy("noisy", [], [])
    learner = start(strategy, task)
    for _ in range(20):
        info = learner.step(0.0).info
        assert info["best"] == max(values.max() for values in task.values_seen)
        assert info["score_max"] == task.values_seen[-1].max()


@every_strategy
def test_a_step_logs_mean_spread_and_diversity_of_the_generation(strategy):
    task = Noisy("noisy", [], [])
    learner = start(strategy, task)
    for _ in range(3):
        progress = learner.step(0.0)
        assert progress.score == pytest.approx(task.values_seen[-1].mean())
        assert progress.info["score_sd"] == pytest.approx(task.values_seen[-1].std())
        assert progress.info["diversity"] == pytest.approx(task.weights_seen[-1].std(0).mean())


@every_strategy
def test_the_cost_is_that_of_the_task_and_of_the_strategy(strategy):
    task = Noisy("noisy", [], [])
    learner, updates = start(strategy, task), 0
    assert learner.cost == Cost()
    for _ in range(3):
        learner.step(0.0)
        updates += learner._strategy.update_flops
    n = sum(map(len, task.weights_seen))
    assert learner.cost == Cost(env_steps=n, episodes=n, forward_flops=n * SPEC.forward_flops, update_flops=updates)
    assert updates > 0


@every_strategy
def test_the_global_random_generators_are_not_changed(strategy):
    learner = start(strategy)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    undisturbed = random.random(), np.random.rand()  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    for _ in range(3):
        learner.step(0.0)
    assert (random.random(), np.random.rand()) == undisturbed  # noqa: NPY002


@every_strategy
def test_the_global_random_generators_have_no_influence(strategy):
    solutions = []
    for disturbance in (1, 2):
        random.seed(disturbance)
        np.random.seed(disturbance)  # noqa: NPY002
        learner = start(strategy)
        for _ in range(3):
            learner.step(0.0)
        solutions.append(learner.genome.weights)
    np.testing.assert_array_equal(*solutions)


def test_another_seed_is_another_search():
    one, two = start(CMAES(), seed=0), start(CMAES(), seed=1)
    assert not np.array_equal(one.genome.weights, two.genome.weights)


def test_before_the_first_generation_the_solution_is_the_starting_genome_of_the_seed():
    for strategy in STRATEGIES:
        np.testing.assert_array_equal(start(strategy).genome.weights, SPEC.init(np.random.default_rng(0)))


@every_strategy
@pytest.mark.parametrize("generations", [0, 1, 5])
def test_a_restored_learner_continues_to_the_last_bit(tmp_path, strategy, generations):
    learner = start(strategy, Observed())
    for _ in range(generations):
        learner.step(0.0)
    checkpoint.save(tmp_path / "state.npz", learner.state())
    other = start(strategy, Observed())
    other.restore(checkpoint.load(tmp_path / "state.npz"))
    for _ in range(10):
        assert other.step(0.5) == learner.step(0.5)
    np.testing.assert_array_equal(other.genome.weights, learner.genome.weights)
    np.testing.assert_array_equal(other.genome.input_scaler.sd, learner.genome.input_scaler.sd)
    assert other.cost == learner.cost


def test_the_scaler_has_mean_and_deviation_of_all_observations():
    @dataclass(frozen=True)
    class Remembered(Observed):
        rows: list = None
        scalings: list = None

        def score(self, spec, weights, rng, inputs):
            self.scalings.append(inputs)
            scores = Bowl.score(self, spec, weights, rng, inputs)
            self.rows.append(self.met(rng, len(weights)))
            return Scores(scores.values, scores.cost, RunningMoments.from_rows(self.rows[-1]))

    task = Remembered("remembered", [], [])
    learner = start(CMAES(), task)
    assert learner.genome.input_scaler is None
    for generation in range(5):
        learner.step(0.0)
        observed = np.concatenate(task.rows)
        assert len(observed) == (generation + 1) * len(task.rows[0])
        np.testing.assert_allclose(learner.genome.input_scaler.mean, observed.mean(0), rtol=1e-12)
        np.testing.assert_allclose(learner.genome.input_scaler.sd, observed.std(0), rtol=1e-12)
    # each generation was scored with the scaler of the generations before it
    assert task.scalings[0] is None
    np.testing.assert_allclose(task.scalings[3].mean, np.concatenate(task.rows[:3]).mean(0), rtol=1e-12)


def test_without_observations_the_scaler_of_the_task_is_used():
    @dataclass(frozen=True)
    class Scaled(Bowl):
        input_scaler = Scaler(np.zeros(2), np.ones(2))

    learner = start(CMAES(), Scaled())
    learner.step(0.0)
    assert learner.genome.input_scaler is Scaled.input_scaler is not None


@dataclass(frozen=True)
class Cliff(Bowl):
    """The first members of a generation have no finite score: NaN or -inf."""

    bad: float = np.nan
    share: float = 1.0
    values_seen: list = None

    def score(self, spec, weights, rng, inputs):
        scores = super().score(spec, weights, rng, inputs)
        values = scores.values.copy()
        values[: int(np.ceil(self.share * len(values)))] = self.bad
        return replace(scores, values=values)


@every_strategy
@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_member_without_a_score_is_the_worst_and_the_run_continues(strategy, bad):
    learner = start(strategy, Cliff("cliff", bad, 0.2))
    for _ in range(5):
        progress = learner.step(0.0)
        assert np.isfinite(progress.score)
        assert np.isfinite(learner.genome.weights).all()
    assert progress.info["best"] > -np.inf


def test_a_failed_members_score_lies_below_all_others():
    scores = []

    class Three:
        name = "three"

        def start(self, weights, rng):
            running = CMAES().start(weights, rng)
            running.generate = lambda ind_init: [ind_init(np.full(13, x)) for x in (1.0, 2.0, 3.0)]
            running.update = lambda population: scores.extend(member.fitness.values[0] for member in population)
            return running

    start(Three(), Cliff("cliff", np.nan, 0.3)).step(0.0)
    assert scores == [-53.0, -13.0, -52.0]  # failed, 13 (2 - 1)^2, 13 (3 - 1)^2: the failed one is 1 below the others


@every_strategy
@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_a_generation_without_any_score_ends_the_run_in_one_sentence(strategy, bad):
    learner = start(strategy, Cliff("cliff", bad))
    with pytest.raises(LearningError, match="no member of the generation has a finite score; try a smaller sigma"):
        learner.step(0.0)


def test_a_solution_that_diverges_ends_the_run_in_one_sentence():
    class Diverging:
        name = "diverging"

        def start(self, weights, rng):
            running = CMAES().start(weights, rng)
            running.update = lambda population: running._mean.fill(np.inf)
            return running

    with pytest.raises(LearningError, match="the solution of the strategy is no longer finite; try a smaller sigma"):
        start(Diverging()).step(0.0)


def test_the_method_has_the_name_of_its_strategy_unless_it_has_its_own():
    assert Evolution().name == "cma-es"
    assert Evolution(SelfAdaptiveES(plus=True)).name == "plus-es"
    assert Evolution(GA(), name="my-ga").name == "my-ga"
