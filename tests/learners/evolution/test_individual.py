"""Genomes as DEAP's algorithms handle them."""

import copy
import pickle

import numpy as np
import pytest
from deap import tools

from evorobo.learners.evolution.deap_bridge import Individual

WEIGHTS = np.array([0.1, -2.0, 1 / 3])


@pytest.fixture
def scored():
    individual = Individual(WEIGHTS)
    individual.fitness.values = (0.1 + 0.2,)
    individual.measures = np.array([4.0, 5.0])
    return individual


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda individual: pickle.loads(pickle.dumps(individual))], ids=["deepcopy", "pickle"]
)
def test_a_copy_has_the_same_weights_and_fitness_and_shares_neither(scored, duplicate):
    other = duplicate(scored)
    assert type(other) is Individual
    assert other.tolist() == scored.tolist()
    assert other.fitness.values == (0.1 + 0.2,)
    assert other.measures.tolist() == [4, 5]
    other[0] = 9
    other.fitness.values = (-1.0,)
    assert scored.tolist() == WEIGHTS.tolist()
    assert scored.fitness.values == (0.1 + 0.2,)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda individual: pickle.loads(pickle.dumps(individual))], ids=["deepcopy", "pickle"]
)
def test_a_copy_of_an_unscored_one_is_unscored(duplicate):
    assert not duplicate(Individual(WEIGHTS)).fitness.valid


def test_an_individual_has_weights_of_its_own_in_double_precision():
    weights = WEIGHTS.astype(np.float32)
    individual = Individual(weights)
    weights[0] = 5
    assert individual.dtype == np.float64
    assert individual[0] == np.float32(0.1)


def test_the_higher_score_is_the_fitter():
    low, high = Individual(WEIGHTS), Individual(WEIGHTS)
    low.fitness.values, high.fitness.values = (-2.0,), (-1.0,)
    assert high.fitness > low.fitness
    assert tools.selBest([low, high], 1)[0] is high


def test_a_new_one_has_no_score_even_if_made_from_a_scored_one(scored):
    assert not Individual(scored).fitness.valid
    assert not len(Individual(scored).measures)
