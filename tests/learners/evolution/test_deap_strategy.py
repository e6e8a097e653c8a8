"""DEAP's own strategy objects in `Evolution`: the same genomes as in DEAP's loop, also after a checkpoint."""

import random

import numpy as np
import pytest
from deap import algorithms, base, cma
from toys import Bowl

from evorobo import DEAPStrategy, Evolution, NetworkSpec, SettingsError
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.settings import from_plain, to_plain
from evorobo.study import checkpoint
from evorobo.testing import check_method

SPEC = NetworkSpec.build(2, (3,), 1)
GENERATIONS = 25
CMA = DEAPStrategy(cma.Strategy, {"sigma": 0.5, "lambda_": 12}, center="centroid", log=("sigma",))
ONE_PLUS_LAMBDA = DEAPStrategy(cma.StrategyOnePlusLambda, {"sigma": 0.5, "lambda_": 6}, center="parent")


class Climber:
    """A user's strategy: it steps from the best individual so far, with state of every kind that can be saved."""

    def __init__(self, weights, size=6):
        self.best, self.size, self.step = weights, size, np.float64(0.5)
        self.last, self.counts, self.point = [], {"generations": 0, 3: (1, 2.0)}, None
        self.key = len

    def generate(self, ind_init):
        self.last = [ind_init([w + random.gauss(0, self.step) for w in self.best]) for _ in range(self.size)]
        return self.last

    def update(self, population):
        population.sort(key=lambda individual: individual.fitness, reverse=True)
        if self.best.fitness <= population[0].fitness:
            self.best = population[0]
        else:
            self.step = self.step * 0.9
        self.counts["generations"] += 1


def make_climber(weights, **kwargs):
    return Climber(weights, **kwargs)


STRATEGIES = pytest.mark.parametrize(
    "strategy",
    [CMA, ONE_PLUS_LAMBDA, DEAPStrategy(Climber), DEAPStrategy(make_climber, {"size": 8}, center="best")],
    ids=lambda strategy: strategy.name,
)


def start(strategy, seed=0):
    return Evolution(strategy).start(Bowl(), SPEC, np.random.default_rng(seed))


def run(learner, generations=GENERATIONS):
    return [(learner.step(0.0), learner.genome.weights.tobytes()) for _ in range(generations)]


def test_deaps_cma_es_goes_through_the_same_genomes_as_in_deaps_own_loop():
    learner = start(CMA)
    steps = run(learner)

    rng = np.random.default_rng(0)
    strategy = cma.Strategy(centroid=SPEC.init(rng), sigma=0.5, lambda_=12)
    centers = []

    def generate(ind_init):
        with seeded_globals(rng):
            return strategy.generate(ind_init)

    def update(population):
        strategy.update(population)
        centers.append(strategy.centroid.tobytes())

    toolbox = base.Toolbox()
    toolbox.register("generate", generate, Individual)
    toolbox.register("update", update)
    toolbox.register("evaluate", lambda individual: (-float(np.square(individual - 1).sum()),))
    algorithms.eaGenerateUpdate(toolbox, ngen=GENERATIONS, verbose=False)
    assert [weights for _, weights in steps] == centers
    assert steps[-1][0].info["sigma"] == strategy.sigma


@STRATEGIES
def test_a_run_resumed_from_a_checkpoint_is_the_same_to_the_byte(strategy, tmp_path):
    whole = run(start(strategy))
    for generation in (0, 1, 10):
        stopped, resumed = start(strategy), start(strategy, seed=1)
        run(stopped, generation)
        checkpoint.save(tmp_path / "checkpoint.npz", stopped.state())
        resumed.restore(checkpoint.load(tmp_path / "checkpoint.npz"))
        assert run(resumed, GENERATIONS - generation) == whole[generation:]


@STRATEGIES
def test_an_object_of_deaps_kind_keeps_the_contract_of_a_method(strategy):
    check_method(Evolution(strategy))
    assert from_plain(to_plain(strategy), imports=True) == strategy


def test_the_solution_is_an_attribute_or_the_best_of_the_last_generation():
    learner, scores = start(ONE_PLUS_LAMBDA), []
    for _ in range(GENERATIONS):
        learner.step(0.0)
        scores.append(Bowl().test(learner.genome))
    assert scores == sorted(scores)  # the parent of a (1 + lambda) strategy never gets worse

    learner = start(DEAPStrategy(cma.Strategy, {"sigma": 0.5}))
    best = [learner.step(0.0).info["score_max"] for _ in range(3)]
    assert Bowl().test(learner.genome) == pytest.approx(best[-1])


class Stateful(Climber):
    def __init__(self, weights):
        super().__init__(weights)
        self.rng = random.Random(0)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: DEAPStrategy("deap.cma.Strategy"), "DEAPStrategy: make must be a function, not 'deap.cma.Strategy'"),
        (lambda: start(DEAPStrategy(np.zeros_like)), "zeros_like returns .* without generate and update"),
        (
            lambda: start(DEAPStrategy(cma.Strategy, {"sigma": 0.5}, center="center")),
            "'center'; did you mean 'centroid'",
        ),
        (lambda: start(DEAPStrategy(Stateful)), r"Stateful.rng is Random, which cannot be saved; use numbers, texts"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(make, sentence):
    with pytest.raises(SettingsError, match=sentence):
        make()
