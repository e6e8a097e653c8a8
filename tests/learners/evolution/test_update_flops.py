"""What strategies compute: formulas against hand counts, and against arrays that count their own operations."""

from dataclasses import dataclass

import numpy as np
import pytest
from counting import Counter, CountingRandom, count_attributes
from deap import cma
from toys import Bowl

from evorobo import (
    ARS,
    BIPOP,
    CMAES,
    GA,
    L2,
    NSGA2,
    PGPE,
    SGD,
    SNES,
    XNES,
    Adam,
    Blend,
    Bounded,
    CanonicalES,
    Coevolution,
    ControlTask,
    Cost,
    DEAPStrategy,
    DeepGA,
    DifferentialEvolution,
    Evolution,
    Gaussian,
    Generational,
    Grid,
    HallOfFame,
    MAPElites,
    Mapped,
    NetworkSpec,
    NoveltySearch,
    OnePlusOneCMAES,
    OpenAIES,
    ParticleSwarm,
    Polynomial,
    RandomSearch,
    Restarts,
    SelfAdaptiveES,
    SepCMAES,
    SimulatedBinary,
    TerminationCriteria,
    Uniform,
)
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.learners.evolution.strategies.base import generation_flops

MAP = Grid(("x", "y"), (5, 5))
COUNTED = [
    CMAES(population_size=10),
    CMAES(active=False),
    SepCMAES(),
    SepCMAES(active=False),
    OnePlusOneCMAES(),
    SNES(),
    XNES(),
    XNES(population_size=60),
    OpenAIES(),
    OpenAIES(optimizer=SGD(0.1)),
    PGPE(),
    ARS(),
    CanonicalES(),
    SelfAdaptiveES(),
    SelfAdaptiveES(plus=True, per_gene=True),
    DeepGA(population_size=12, truncation_size=4),
    DifferentialEvolution(population_size=10),
    ParticleSwarm(population_size=10),
    RandomSearch(),
    MAPElites(MAP),
]


def turn(running, seed=0):
    """Run a generation on a sphere, with two measures; returns its members."""
    with seeded_globals(np.random.default_rng(seed)):
        population = running.generate(Individual)
        for individual in population:
            row = np.asarray(individual)
            individual.fitness.values = (-float(np.square(row).sum()),)
            individual.measures = np.abs(row[:2])
        running.update(population)
    return population


def start(settings, p, seed=0):
    return settings.start(np.linspace(-1, 1, p), np.random.default_rng(seed))


@pytest.mark.parametrize("settings", COUNTED, ids=lambda settings: settings.name)
def test_the_formula_is_what_is_computed(settings):
    """Terms that do not grow with the number of weights are left out, and the length of a path is not seen here."""
    p, counter = 40, Counter()
    running = settings.start(np.linspace(-1, 1, p), CountingRandom(np.random.default_rng(0), counter))
    for generation in range(8):
        count_attributes(running, counter)
        counter.take()
        n = len(turn(running, generation))
        assert running.update_flops == pytest.approx(counter.take(), abs=2 * p + 5 * n)


def test_snes_by_hand():
    """Three weights, four members.

    Samples sigma s + center: 2 x 12. Step of the center: 2 x 12 for the product with the utilities, 2 x 3 for sigma and
    the learning rate, 3 for the sum. Step sizes: 2 x 12 for s^2 - 1, 2 x 12 for its product, and 3 x 3 for factor,
    exponential and product.
    """
    running = start(SNES(population_size=4), 3)
    turn(running)
    assert running.update_flops == 24 + 24 + 6 + 3 + 24 + 24 + 9 == 114


def test_cma_es_by_hand():
    """Two weights, four members, of which two are parents, with the covariance decomposed in every generation.

    Samples: two products of 4 x 2 by 2 x 2 are 2 x 32, and scaling by lengths and sigma and the sum 3 x 8.
    Steps: 2 x 8. Mean: 2 x 4 for the product, 2 x 2. Paths: 8 x 2. Whitening one step: 2 x 8 + 2. Lengths of the
    other two: 16 + 3 x 4. Update of C: 5 rows, weighted 10, product 2 x 5 x 4 = 40, decay and sum 8.
    Decomposition: 14/3 x 8 = 37.3, and 2 roots.
    """
    running = start(CMAES(population_size=4), 2)
    turn(running)
    base = 64 + 24 + 16 + 8 + 4 + 16 + 18 + 28
    assert running.update_flops == base + 10 + 40 + 8 + 37 + 2


def test_cma_es_decomposes_now_and_then_and_counts_it_then():
    running = start(CMAES(), 200)
    flops = [turn(running) and running.update_flops for _ in range(40)]
    cheap, n, mu = min(flops), 19, 9
    p = 200
    assert cheap == (3 * n + 2 * mu + 10) * p + 4 * n * p * p + 2 * n * p + 4 * p * p + p + 10 * (2 * p * p + 3 * p)
    assert {flops.count(value) for value in set(flops)} == {flops.count(cheap), 40 - flops.count(cheap)}
    assert max(flops) - cheap > 14 / 3 * p**3


@pytest.mark.parametrize(
    ("settings", "first", "later"),
    [
        # 10 members of 6 weights; the first generation samples 9 around the start: 2 x 9 x 6
        (GA(10, Uniform(prob=0.5), Gaussian(prob=0.5, gene_prob=0.5)), 108, 8 * 0.5 * 3 * 0.5 * 6),
        (GA(10, Blend(prob=1), Gaussian(prob=0), replacement=Generational(2)), 108, 4 * 12 * 6),
        (GA(10, SimulatedBinary(prob=1), Polynomial(), limit=3.0), 108, 4 * 20 * 6 + 8 * 21),
        (DeepGA(10, truncation_size=3, n_candidates=2), 108, 2 * 8 * 6),
        (DifferentialEvolution(10), 108, 3 * 10 * 6),
        (ParticleSwarm(10), 2 * 108 + 2 * 60, 10 * 60),
        (MAPElites(MAP, 10), 108, 5 * 60),
        (
            NSGA2(population_size=12, crossover=Uniform(prob=1), mutation=Polynomial(prob=0.5)),
            2 * 11 * 6,
            12 * 0.5 * 21,
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_first_generation_and_later_ones_by_hand(settings, first, later):
    running = start(settings, 6)
    flops = [turn(running) and running.update_flops for _ in range(3)]
    assert flops == [first, later, later]


def test_wrappers_add_what_they_compute():
    p, n = 6, 8
    plain = start(SNES(population_size=n), p)
    turn(plain)
    inner = plain.update_flops
    bounded, kept, mapped = (
        start(settings, p)
        for settings in (
            Bounded(SNES(population_size=n)),
            HallOfFame(SNES(population_size=n)),
            Mapped(MAP, SNES(population_size=n)),
        )
    )
    for running, expected in ((bounded, inner + 5 * n * p), (kept, inner), (mapped, inner)):
        turn(running)
        assert running.update_flops == expected


def test_a_restart_counts_the_ended_generation_and_the_new_start():
    settings = Restarts(SNES(population_size=8), BIPOP(), termination=TerminationCriteria(window=3))
    running, alone = start(settings, 6), start(SNES(population_size=8), 6)
    turn(alone)
    flops = []
    while not running.info()["restarts"]:
        turn(running)
        flops.append(running.update_flops)
    assert flops == [alone.update_flops] * (len(flops) - 1) + [alone.update_flops + 2 * 6]


def test_novelty_counts_distances_and_the_strategy_inside():
    running = start(NoveltySearch(("x", "y"), RandomSearch(population_size=5), n_added=2), 6)
    inside = 2 * 4 * 6
    for archived in (0, 2, 4):
        turn(running)
        assert running.update_flops == inside + 3 * 5 * (5 + archived) * 2


def test_a_strategy_that_counts_nothing_counts_as_sampling():
    class Fixed:
        solution = np.zeros(3)

    assert generation_flops(Fixed(), [Individual(np.zeros(3)) for _ in range(4)]) == 2 * 4 * 3


def test_a_strategy_of_deap_counts_as_sampling_or_as_its_user_says():
    settings = DEAPStrategy(cma.Strategy, {"sigma": 0.5, "lambda_": 6})
    running = start(settings, 4)
    turn(running)
    assert running.update_flops == 2 * 6 * 4
    running = start(DEAPStrategy(cma.Strategy, {"sigma": 0.5, "lambda_": 6}, update_flops=999), 4)
    turn(running)
    assert running.update_flops == 999


SPEC = NetworkSpec.build(2, (3,), 1)  # 13 weights, of which 9 are in matrices


def cost_of(method, generations=2):
    learner = method.start(Bowl(), SPEC, np.random.default_rng(0))
    for _ in range(generations):
        learner.step(0.0)
    return learner.cost


def test_evolution_adds_it_to_its_cost_with_the_penalty_of_each_member():
    snes = (8 * 6 + 6) * 13
    assert cost_of(Evolution(SNES(population_size=6))).update_flops == 2 * snes
    assert cost_of(Evolution(SNES(population_size=6), penalty=L2())).update_flops == 2 * (snes + 6 * 2 * 9)
    cost = cost_of(Evolution(SNES(population_size=6)))
    assert cost.flops == cost.forward_flops + cost.update_flops
    assert cost == Cost(env_steps=12, episodes=12, forward_flops=12 * SPEC.forward_flops, update_flops=2 * snes)


def test_an_optimizer_inside_a_strategy_counts():
    slow, fast = (cost_of(Evolution(OpenAIES(optimizer=optimizer))).update_flops for optimizer in (Adam(0.1), SGD(0.1)))
    assert slow - fast == 2 * (10 - 2) * 13


def test_a_restored_learner_has_the_cost_of_one_that_was_never_stopped():
    method = Evolution(CMAES())
    straight = method.start(Bowl(), SPEC, np.random.default_rng(0))
    for _ in range(5):
        straight.step(0.0)
    state, resumed = straight.state(), method.start(Bowl(), SPEC, np.random.default_rng(1))
    resumed.restore(state)
    for learner in (straight, resumed):
        for _ in range(5):
            learner.step(0.0)
    assert straight.cost == resumed.cost


@dataclass(frozen=True)
class Mine:
    """A user's crossover that counts nothing."""

    prob: float = 1.0

    def mate(self, one, other, limit):
        one[:] = other


def test_an_operator_that_counts_nothing_counts_two_for_each_weight():
    running = start(GA(10, Mine(), Gaussian(prob=0)), 6)
    turn(running)
    turn(running)
    assert running.update_flops == 4 * 2 * 6


def test_both_sides_of_coevolution_count():
    task = ControlTask("evorobo/Predator-v0", max_steps=5, test_episodes=2)
    spec = NetworkSpec.build(task.n_inputs, (3,), task.n_outputs, task.output)
    learner = Coevolution(Evolution(SNES(population_size=4)), n_rivals=2).start(task, spec, np.random.default_rng(0))
    learner.step(0.0)
    sides = [side.evolution for side in learner._sides]
    assert learner.cost.update_flops == sum((8 * 4 + 6) * side._spec.n_params for side in sides)
