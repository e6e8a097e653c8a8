"""The ledger adds up, column by column."""

from evorobo.tasks.base import LEDGER, Cost


def test_costs_add_up_in_every_column():
    one, other = Cost(*range(1, len(LEDGER) + 1)), Cost(*range(10, 10 + len(LEDGER)))
    for name in LEDGER:
        assert getattr(one + other, name) == getattr(one, name) + getattr(other, name)
    assert one + Cost() == one
