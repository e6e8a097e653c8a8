"""The rungs of successive halving: how many tries run to which fraction of the budget."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from evorobo.checks import check_integer
from evorobo.errors import SettingsError


class Rung(NamedTuple):
    """So many tries of each method run to a fraction of the budget."""

    n_tries: int
    fraction: float


def plan_rungs(trials: int, halving: int | None) -> list[Rung]:
    """Return the rungs for so many tries: each keeps one of `halving` tries, and the last one has the whole budget."""
    check_integer(1, trials=trials)
    if halving is None:
        return [Rung(trials, 1.0)]
    check_integer(2, halving=halving)
    if trials < halving:
        raise SettingsError(
            f"halving={halving} keeps one of {halving} trials, and {trials} are too few for that; give at least "
            f"{halving}, or leave out halving."
        )
    sizes = [trials]
    while sizes[-1] >= halving:
        sizes.append(sizes[-1] // halving)
    return [Rung(size, float(Fraction(halving) ** (level + 1 - len(sizes)))) for level, size in enumerate(sizes)]
