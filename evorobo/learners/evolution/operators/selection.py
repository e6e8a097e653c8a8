"""Selection: which members of a population become parents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evorobo.docstrings import copy_doc
from evorobo.fields import PositiveInt
from evorobo.learners.evolution.deap_bridge import Individual, selTournament
from evorobo.registry import register_component


@runtime_checkable
class Selection(Protocol):
    """What a strategy needs of a selection."""

    def select(self, members: list[Individual], count: int) -> list[Individual]:
        """Select parents from scored members.

        Draw random numbers from `random` or `numpy.random`: both are seeded for each generation.

        Parameters
        ----------
        members : list of Individual
            The scored population.
        count : int
            The number of parents.

        Returns
        -------
        list of Individual
            `count` parents; a member may be selected several times.
        """


@register_component("operator", "Tournament")
@dataclass(frozen=True)
class Tournament:
    """Tournament selection: each parent is the best of a few members drawn at random, with replacement.

    Parameters
    ----------
    size : int, default 3
        Number of members in a tournament, at least 1. The larger it is, the stronger the selection.

    References
    ----------
    Goldberg, D. E. and Deb, K. (1991). A comparative analysis of selection schemes used in genetic algorithms. FOGA 1.

    Examples
    --------
    >>> from evorobo import GA, Tournament
    >>> GA(selection=Tournament(5)).selection
    Tournament(size=5)
    """

    size: PositiveInt = 3

    @copy_doc(Selection.select)
    def select(self, members: list[Individual], count: int) -> list[Individual]:
        parents: list[Individual] = selTournament(members, count, tournsize=self.size)
        return parents
