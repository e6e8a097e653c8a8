"""Replacement: how many children a generation has, and who of parents and children forms the next population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import NonNegativeInt, PositiveInt
from evorobo.learners.evolution.deap_bridge import Individual
from evorobo.learners.evolution.strategies.base import select_best
from evorobo.registry import register_component


@runtime_checkable
class Replacement(Protocol):
    """What a genetic algorithm needs of a replacement. The `n_elites` best members are scored again unchanged."""

    @property
    def n_elites(self) -> int: ...

    @property
    def prefix(self) -> str:
        """What the default name of the strategy begins with: `"steady-"` makes `"steady-ga"`."""

    def check(self, population_size: int) -> None:
        """Check the settings against the size of the population.

        Parameters
        ----------
        population_size : int
            Number of members.

        Raises
        ------
        SettingsError
            If all members belong to the elite.
        """

    def count_children(self, population_size: int) -> int:
        """Return how many children a generation has.

        Parameters
        ----------
        population_size : int
            Number of members.

        Returns
        -------
        int
            Number of children, at least 1.
        """

    def replace(self, scored: list[Individual], members: list[Individual], population_size: int) -> list[Individual]:
        """Form the next population.

        Parameters
        ----------
        scored : list of Individual
            The elite and the children, with the scores of this generation.
        members : list of Individual
            The population before, with the scores it had.
        population_size : int
            Number of members.

        Returns
        -------
        list of Individual
            The next population.
        """


@register_component("operator", "Generational")
@dataclass(frozen=True)
class Generational:
    """Generational replacement: children replace the whole population except an elite.

    Parameters
    ----------
    n_elites : int, default 2
        Number of best members that survive unchanged and are scored again, at least 0.

    Examples
    --------
    >>> from evorobo import GA, Generational
    >>> GA(replacement=Generational(n_elites=1)).name
    'ga'
    """

    n_elites: NonNegativeInt = 2

    prefix = ""

    @copy_doc(Replacement.check)
    def check(self, population_size: int) -> None:
        check_elite(self.n_elites, population_size)

    @copy_doc(Replacement.count_children)
    def count_children(self, population_size: int) -> int:
        return population_size - self.n_elites

    @copy_doc(Replacement.replace)
    def replace(self, scored: list[Individual], members: list[Individual], population_size: int) -> list[Individual]:
        return scored


@register_component("operator", "SteadyState")
@dataclass(frozen=True)
class SteadyState:
    """Steady-state replacement: a few children replace the worst members if they score higher.

    Parameters
    ----------
    n_children : int, default 4
        Number of children in a generation, at least 1.
    n_elites : int, default 2
        Number of best members that are scored again in each generation, at least 0. All others keep their score.

    References
    ----------
    Whitley, D. (1989). The GENITOR algorithm and selection pressure. ICGA.

    Examples
    --------
    >>> from evorobo import GA, SteadyState
    >>> GA(replacement=SteadyState(4)).name
    'steady-ga'
    """

    n_children: PositiveInt = 4
    n_elites: NonNegativeInt = 2

    prefix = "steady-"

    @copy_doc(Replacement.check)
    def check(self, population_size: int) -> None:
        check_elite(self.n_elites, population_size)

    @copy_doc(Replacement.count_children)
    def count_children(self, population_size: int) -> int:
        return self.n_children

    @copy_doc(Replacement.replace)
    def replace(self, scored: list[Individual], members: list[Individual], population_size: int) -> list[Individual]:
        others = select_best(members, len(members))[self.n_elites :]
        return select_best(scored + others, population_size)


def check_elite(n_elites: int, population_size: int) -> None:
    """Raise `SettingsError` if all members of a population belong to its elite."""
    if n_elites >= population_size:
        raise SettingsError(f"n_elites={n_elites} is too large for a population of {population_size}; set it lower.")
