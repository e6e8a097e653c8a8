"""The rungs of successive halving: how many tries run to which fraction of the budget."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from evorobo.checks import check_integer, is_number
from evorobo.errors import SettingsError

MIN_FRACTION = 0.03
"""The least part of the budget at which tries are compared. With one of three it is 1/27, and a search costs 1/9."""


class Rung(NamedTuple):
    """So many tries of each method run to a fraction of the budget."""

    n_tries: int
    fraction: float


def plan_rungs(trials: int, halving: int | None, min_fraction: float = MIN_FRACTION) -> list[Rung]:
    """Return the rungs for so many tries: each keeps one of `halving` tries, and the last one has the whole budget.

    The first rung has at least the fraction `min_fraction` of the budget; then several tries can reach the last one.
    """
    check_integer(1, trials=trials)
    if halving is None:
        return [Rung(trials, 1.0)]
    check_integer(2, halving=halving)
    if not (is_number(min_fraction) and 0 < min_fraction < 1):
        raise SettingsError(f"min_fraction must be a number between 0 and 1, not {min_fraction!r}.")
    if trials < halving:
        raise SettingsError(
            f"halving={halving} keeps one of {halving} trials, and {trials} are too few for that; give at least "
            f"{halving}, or leave out halving."
        )
    if 1 / halving < min_fraction:
        raise SettingsError(
            f"min_fraction={min_fraction:g} is above 1/{halving}, where halving={halving} pauses at the latest; give "
            "less."
        )
    sizes = [trials]
    while sizes[-1] >= halving and Fraction(1, halving ** len(sizes)) >= min_fraction:
        sizes.append(sizes[-1] // halving)
    return [Rung(size, float(Fraction(halving) ** (level + 1 - len(sizes)))) for level, size in enumerate(sizes)]
