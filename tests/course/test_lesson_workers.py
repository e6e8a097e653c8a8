"""Lessons run in workers: the same measurements, and a seed that fails is named."""

from __future__ import annotations

import os

import numpy as np
import pytest

from evorobo import TaskError
from evorobo.course.lesson import run_seeds


def measure(seed):
    rng = np.random.default_rng(seed)
    return {"mean": rng.normal(), "curve": rng.normal(size=5), "n": seed}


def fail_at_two(seed):
    if seed == 2:
        os._exit(3)
    return measure(seed)


def test_measurements_are_the_same_for_any_number_of_jobs():
    one, two = run_seeds(measure, (4, 1, 9)), run_seeds(measure, (4, 1, 9), jobs=2)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
        assert one[name].dtype == two[name].dtype


def test_a_seed_that_fails_is_named():
    with pytest.raises(TaskError, match=r"the lesson failed at seed 2: its worker process died \(exit status 3\)"):
        run_seeds(fail_at_two, (1, 2), jobs=2)
