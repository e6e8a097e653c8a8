"""Inside the block, the global random generators are seeded from a Generator; afterwards they have their old state."""

import random

import numpy as np
import pytest

from evorobo.learners.evolution.deap_bridge import seeded_globals


def drawn():
    return random.random(), random.gauss(0, 1), np.random.rand(), np.random.standard_normal()  # noqa: NPY002


def drawn_under(seed, blocks=1):
    rng, draws = np.random.default_rng(seed), []
    for _ in range(blocks):
        with seeded_globals(rng):
            draws.append(drawn())
    return draws


def test_numbers_inside_depend_on_the_generator_alone():
    first = drawn_under(3)
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002
    assert drawn_under(3) == first
    assert drawn_under(4) != first


def test_each_block_has_new_numbers():
    one, two = drawn_under(3, blocks=2)
    assert set(one).isdisjoint(two)


def test_random_and_numpy_do_not_draw_the_same_numbers():
    ((uniform, _, numpy_uniform, _),) = drawn_under(3)
    assert uniform != numpy_uniform


@pytest.mark.parametrize("fails", [False, True])
def test_afterwards_the_globals_continue_unchanged(fails):
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    undisturbed = [drawn(), drawn()]
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = drawn()
    try:
        with seeded_globals(np.random.default_rng(0)):
            drawn()
            if fails:
                raise KeyError
    except KeyError:
        pass
    assert [before, drawn()] == undisturbed
