"""Budgets: what they limit, when evals are due, and how a command line writes them."""

import numpy as np
import pytest

from evorobo import Budget, SettingsError
from evorobo.tasks.base import COST_COLUMNS, Cost


def test_a_budget_is_spent_in_its_own_cost_column():
    cost = Cost(env_steps=50, samples=10, forward_flops=300, backward_flops=600, cpu_seconds=2.0)
    assert Budget(env_steps=200).used_fractions(cost, 7) == [0.25]
    assert Budget(samples=40).used_fractions(cost, 7) == [0.25]
    assert Budget(cpu_seconds=8).used_fractions(cost, 7) == [0.25]
    assert Budget(generations=14).used_fractions(cost, 7) == [0.5]


def test_flops_are_forward_backward_and_update_together():
    cost = Cost(forward_flops=300, backward_flops=500, update_flops=100)
    assert Budget(flops=1800).used_fractions(cost, 0) == [0.5]
    assert Budget(update_flops=400).used_fractions(cost, 0) == [0.25]


def test_each_of_several_limits_has_its_fraction():
    assert Budget(env_steps=100, samples=10).used_fractions(Cost(env_steps=50, samples=8), 0) == [0.5, 0.8]


@pytest.mark.parametrize("column", [*COST_COLUMNS, "flops", "generations"])
def test_every_cost_column_can_be_a_budget(column):
    budget = Budget(**{column: 10})
    full = Cost(**dict.fromkeys(COST_COLUMNS, 10))
    assert max(budget.used_fractions(full, 10)) >= 1
    assert max(budget.used_fractions(Cost(), 0)) == 0


def test_evals_are_even_on_a_logarithmic_scale_from_a_hundredth_to_the_end():
    shares = np.array(Budget(flops=1, n_evals=5).eval_fractions)
    np.testing.assert_allclose(shares, [0.01, 0.01 * 10**0.5, 0.1, 10**-0.5, 1], rtol=1e-12)
    assert shares[-1] == 1
    assert Budget(flops=1, n_evals=1).eval_fractions == [1.0]
    assert len(Budget(flops=1).eval_fractions) == 25


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("flops=1e9", Budget(flops=1e9)),
        ("env_steps=200,n_evals=10", Budget(env_steps=200, n_evals=10)),
        (" samples = 5 , generations=3", Budget(samples=5, generations=3)),
    ],
)
def test_a_budget_is_read_from_the_command_line(text, budget):
    assert Budget.parse(text) == budget


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("flop=1e9", "unknown cost column 'flop'; did you mean 'flops'?"),
        ("euros=5", "unknown cost column 'euros'"),
        ("flops", "'flops' is not a budget; write flops=1e6"),
        ("flops=much", "'flops=much' is not a budget; write flops=1e6"),
        ("flops=0", "flops must be a number above 0 or None, not 0.0"),
        ("flops=-5", "flops must be a number above 0 or None, not -5.0"),
        ("flops=inf", "flops must be a finite number above 0 or None, not inf"),
        ("flops=nan", "flops must be a finite number above 0 or None, not nan"),
        ("n_evals=5", "a budget needs a limit"),
        ("flops=1,n_evals=0", "n_evals must be a whole number from 1 to 1,000,000, not 0"),
        ("flops=1,n_evals=2.5", "n_evals must be a whole number from 1 to 1,000,000, not 2.5"),
        ("flops=1,n_evals=nan", "n_evals must be a whole number from 1 to 1,000,000, not nan"),
        ("flops=1,n_evals=inf", "n_evals must be a whole number from 1 to 1,000,000, not inf"),
    ],
)
def test_an_invalid_budget_is_refused_with_a_cure(text, sentence):
    with pytest.raises(SettingsError, match=sentence.replace("?", r"\?")):
        Budget.parse(text)


@pytest.mark.parametrize(
    "settings", [{}, {"flops": 0}, {"flops": "1e9"}, {"flops": True}, {"flops": 1, "n_evals": True}]
)
def test_an_invalid_budget_is_refused_in_python_too(settings):
    with pytest.raises(SettingsError):
        Budget(**settings)


def test_a_budget_reads_as_it_is_written():
    budget = Budget(env_steps=2e5, flops=2e7)
    assert budget.as_text == "env_steps=200000, flops=2e+07"
    assert Budget.parse(budget.as_text) == budget
