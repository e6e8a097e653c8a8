"""Costs add up, column by column."""

from evorobo.tasks.base import COST_COLUMNS, Cost


def test_costs_add_up_in_every_column():
    one, other = Cost(*range(1, len(COST_COLUMNS) + 1)), Cost(*range(10, 10 + len(COST_COLUMNS)))
    for name in COST_COLUMNS:
        assert getattr(one + other, name) == getattr(one, name) + getattr(other, name)
    assert one + Cost() == one
