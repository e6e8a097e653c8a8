"""Operators as settings: in JSON, in `--set`, in one sentence where they are wrong, and written by a user."""

from dataclasses import dataclass

import numpy as np
import pytest
from climbing import START, climbed, generation, sphere
from toys import Bowl

from evorobo import (
    BIPOP,
    GA,
    IPOP,
    NSGA2,
    Blend,
    Budget,
    Evolution,
    Gaussian,
    Generational,
    Polynomial,
    Restarts,
    SettingsError,
    SimulatedBinary,
    SteadyState,
    Study,
    Tournament,
    Uniform,
)
from evorobo.learners.evolution.deap_bridge import Individual, seeded_globals
from evorobo.learners.evolution.operators.mutation import Mutation
from evorobo.learners.evolution.wrappers.restarts import scale_sigma
from evorobo.settings import from_plain, to_plain
from evorobo.study.overrides import apply_overrides

OPERATORS = [
    Uniform(0.3),
    Blend(0.5, prob=0.9),
    SimulatedBinary(10.0),
    Gaussian(0.1, sigma_decay=0.9),
    Polynomial(eta=10.0, prob=0.8),
    Tournament(5),
    Generational(1),
    SteadyState(3),
    IPOP(3),
    BIPOP(3),
]


def study(*methods):
    budget = Budget(generations=1)
    return Study.grid("operators", tasks=[Bowl()], methods=methods, seeds=1, budget=budget, hidden=())


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: type(operator).__name__)
def test_an_operator_is_written_as_its_name_and_its_fields(operator):
    plain = to_plain(operator)
    assert plain == {"type": type(operator).__name__, **vars(operator)}
    assert from_plain(plain) == operator


def test_set_replaces_an_operator_or_one_of_its_fields():
    changed = apply_overrides(
        study(Evolution(GA())),
        [
            'methods.ga.strategy.crossover={"type": "Uniform", "gene_prob": 0.4}',
            "methods.ga.strategy.mutation.sigma=0.1",
            'methods.ga.strategy.replacement={"type": "SteadyState", "n_children": 6}',
        ],
    )
    strategy = changed.methods[0].strategy
    assert strategy.crossover == Uniform(0.4)
    assert strategy.mutation == Gaussian(0.1)
    assert strategy.replacement == SteadyState(6)


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ('methods.ga.strategy.mutation={"type": "Polynomal"}', "'Polynomal'; did you mean 'Polynomial'"),
        ('methods.ga.strategy.mutation={"type": "Gaussian", "eta": 20}', "'eta'"),
        ("methods.ga.strategy.crossover=0.5", "crossover has fields; set one of them: alpha, prob"),
        ("methods.ga.strategy.mutation.prob=2", "prob must be a number from 0 to 1, not 2"),
    ],
)
def test_a_wrong_operator_is_refused_in_one_sentence(assignment, sentence):
    with pytest.raises(SettingsError, match=sentence):
        apply_overrides(study(Evolution(GA())), [assignment])


@pytest.mark.parametrize(
    "crossover", [Blend(), Uniform(), SimulatedBinary()], ids=lambda operator: type(operator).__name__
)
@pytest.mark.parametrize("mutation", [Gaussian(0.1), Polynomial()], ids=lambda operator: type(operator).__name__)
def test_every_pair_of_operators_climbs(crossover, mutation):
    assert climbed(GA(crossover=crossover, mutation=mutation, limit=3.0), sphere, 8000, 0) > 0.05 * sphere(START)


def test_simulated_binary_crossover_keeps_the_mean_of_a_pair_where_weights_are_unbounded():
    settings = GA(40, SimulatedBinary(prob=1), Gaussian(prob=0), Tournament(1), Generational(0))
    rng = np.random.default_rng(0)
    running = settings.start(START.copy(), rng)
    first = np.array(generation(running, sphere, rng))
    children = np.array(generation(running, sphere, rng))
    means = {tuple(np.round((one + other) / 2, 9)) for one in first for other in first}
    assert {tuple(np.round(pair.mean(0), 9)) for pair in children.reshape(20, 2, -1)} <= means


@dataclass(frozen=True)
class Swap(Mutation):
    """A user's mutation: it exchanges the first two genes."""

    prob: float = 1.0

    def mutate(self, child, limit):
        child[:2] = child[1::-1].copy()


def test_a_mutation_in_a_users_file_needs_a_probability_and_one_method():
    rng = np.random.default_rng(0)
    running = GA(6, Blend(prob=0), Swap(), replacement=Generational(0)).start(START.copy(), rng)
    first, second = (np.array(generation(running, sphere, rng)) for _ in range(2))
    assert {tuple(row) for row in second} <= {(b, a, *rest) for a, b, *rest in first}
    assert running.info() == {}
    running.restore(running.state())
    generation(running, sphere, rng)


def test_a_mutation_of_nsga2_shrinks_its_steps_as_that_of_a_ga_does():
    rng = np.random.default_rng(0)
    running, steps = NSGA2(mutation=Gaussian(0.4, sigma_decay=0.5)).start(START.copy(), rng), []
    for _ in range(4):
        with seeded_globals(rng):
            running.update(running.generate(scored))
        steps.append(running.info()["step_size"])
    assert steps == [0.4, 0.2, 0.1, 0.05]


def scored(row):
    individual = Individual.scored(row, -np.square(row).sum())
    individual.measures = np.abs(row[:1])
    return individual


def test_a_small_search_of_bipop_has_a_smaller_step_size_also_where_a_mutation_has_it():
    assert scale_sigma(GA(mutation=Gaussian(0.4)), 0.5) == GA(mutation=Gaussian(0.2))
    assert scale_sigma(GA(mutation=Polynomial(), limit=1.0), 0.5) == GA(mutation=Polynomial(), limit=1.0)
    assert Restarts(GA(), BIPOP()).name == "bipop-ga"
