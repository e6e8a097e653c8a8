"""A small share of the torture, whose whole runs by `python tests/torture.py`."""

import pytest
from torture import to_markdown, torture


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork")
def test_nothing_is_lost_in_a_small_share_of_the_torture():
    rows = torture(n_kills=1, n_points=2, n_damages=18, n_inputs=10, hows=["leaves"])
    assert not [row for row in rows if row[3]], to_markdown(rows)
    assert sum(row[1] for row in rows) == 1 + 2 + 18 + 10 + 1
