"""Mutation: how the genes of one child are changed at random, in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from evorobo.docstrings import copy_doc
from evorobo.errors import SettingsError
from evorobo.fields import Decay, NonNegativeFloat, PositiveFloat, Probability
from evorobo.flops import CountsUpdateFlops, update_flops
from evorobo.learners.evolution.deap_bridge import Individual, mutGaussian, mutPolynomialBounded
from evorobo.learners.evolution.operators.crossover import Crossover, clip, is_applied
from evorobo.learners.evolution.strategies.step_size import decay_sigma
from evorobo.registry import register_component


@runtime_checkable
class Mutation(Protocol):
    """What a strategy needs of a mutation. A subclass must define `prob` and `mutate`; the rest has defaults."""

    @property
    def prob(self) -> float:
        """The probability that a child is mutated at all, 0 to 1."""

    def mutate(self, child: Individual, limit: float) -> None:
        """Change a child `(p,)` in place.

        Draw random numbers from `random` or `numpy.random`: both are seeded for each generation. Weights outside
        `-limit` to `limit` are clipped afterwards.

        Parameters
        ----------
        child : Individual
            The child: an array of shape (n_params,).
        limit : float
            The largest absolute weight that the strategy allows; infinity if weights are unbounded.
        """

    def check(self, limit: float) -> None:
        """Check the limit of the strategy against what the mutation needs.

        Parameters
        ----------
        limit : float
            The largest absolute weight that the strategy allows; infinity if weights are unbounded.

        Raises
        ------
        SettingsError
            If the mutation does not work with this limit.
        """
        return

    def next_generation(self) -> Mutation:
        """Return the mutation of the next generation, with a smaller step size for example.

        Returns
        -------
        Mutation
            By default the mutation itself.
        """
        return self

    def info(self) -> dict[str, float]:
        """Return what is logged in each generation, by column name.

        Returns
        -------
        dict
            By default nothing.
        """
        return {}


@register_component("operator", "Gaussian")
@dataclass(frozen=True)
class Gaussian(Mutation):
    """Gaussian mutation: add a normal random number to some genes.

    Parameters
    ----------
    sigma : float, default 0.3
        Standard deviation of what is added (the step size), above 0.
    prob : float, default 0.8
        Probability that a child is mutated, 0 to 1.
    gene_prob : float, default 0.2
        Probability that a gene of a mutated child is changed, 0 to 1.
    sigma_decay : float, default 1.0
        Factor of `sigma` from each generation to the next, above 0 and at most 1.
    sigma_floor : float, default 0.0
        The smallest `sigma`, at least 0.

    Examples
    --------
    >>> from evorobo import GA, Gaussian
    >>> GA(mutation=Gaussian(0.1, prob=1.0)).mutation.sigma
    0.1
    """

    sigma: PositiveFloat = 0.3
    prob: Probability = 0.8
    gene_prob: Probability = 0.2
    sigma_decay: Decay = 1.0
    sigma_floor: NonNegativeFloat = 0.0

    @copy_doc(Mutation.mutate)
    def mutate(self, child: Individual, limit: float) -> None:
        mutGaussian(child, mu=0.0, sigma=self.sigma, indpb=self.gene_prob)

    @copy_doc(CountsUpdateFlops.update_flops)
    def update_flops(self, n_weights: int) -> float:
        return 3 * self.gene_prob * n_weights  # for a child: a scaling and two sums of each changed gene

    @copy_doc(Mutation.next_generation)
    def next_generation(self) -> Gaussian:
        return replace(self, sigma=decay_sigma(self.sigma, self))

    @copy_doc(Mutation.info)
    def info(self) -> dict[str, float]:
        return {"step_size": self.sigma}


@register_component("operator", "Polynomial")
@dataclass(frozen=True)
class Polynomial(Mutation):
    """Polynomial mutation: move some genes within the limits of the strategy, most of them by little.

    Parameters
    ----------
    eta : float, default 20
        Distribution index, above 0. The larger it is, the smaller the steps.
    prob : float, default 1.0
        Probability that a child is mutated, 0 to 1.
    gene_prob : float or None, default None
        Probability that a gene of a mutated child is changed, 0 to 1; None is one gene in n_params.

    References
    ----------
    Deb, K. and Goyal, M. (1996). A combined genetic adaptive search (GeneAS) for engineering design. Computer Science
    and Informatics 26.
    Deb, K. and Agrawal, S. (1999). A niched-penalty approach for constraint handling in genetic algorithms. ICANNGA.

    Examples
    --------
    >>> from evorobo import GA, Polynomial
    >>> GA(mutation=Polynomial(eta=20, prob=0.8), limit=3.0).mutation.eta
    20
    """

    eta: PositiveFloat = 20.0
    prob: Probability = 1.0
    gene_prob: Probability | None = None

    @copy_doc(Mutation.mutate)
    def mutate(self, child: Individual, limit: float) -> None:
        gene_prob = 1 / len(child) if self.gene_prob is None else self.gene_prob
        mutPolynomialBounded(child, eta=self.eta, low=-limit, up=limit, indpb=gene_prob)

    @copy_doc(CountsUpdateFlops.update_flops)
    def update_flops(self, n_weights: int) -> float:
        return 21 * (1.0 if self.gene_prob is None else self.gene_prob * n_weights)  # for a child: each changed gene

    @copy_doc(Mutation.check)
    def check(self, limit: float) -> None:
        if limit == np.inf:
            raise SettingsError("polynomial mutation needs a limit of the weights; set one, for example limit=3.")


def mutate(child: Individual, mutation: Mutation, limit: float, rng: np.random.Generator) -> None:
    """Mutate a child `(p,)` in place with the operator's probability."""
    if is_applied(mutation.prob, rng):
        mutation.mutate(child, limit)
        clip(child, limit)


def variation_flops(n_children: int, n_weights: int, crossover: Crossover, mutation: Mutation) -> int:
    """The operations for a generation of children in pairs, on average over what is crossed and mutated."""
    n_pairs = (n_children + 1) // 2
    crossed = n_pairs * crossover.prob * update_flops(crossover, n_weights)
    return round(crossed + n_children * mutation.prob * update_flops(mutation, n_weights))
