"""Crossover: how the genes of two children are exchanged or mixed, in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from evorobo.docstrings import copy_doc
from evorobo.fields import NonNegativeFloat, PositiveFloat, Probability
from evorobo.flops import CountsUpdateFlops
from evorobo.learners.evolution.deap_bridge import (
    Individual,
    cxBlend,
    cxSimulatedBinary,
    cxSimulatedBinaryBounded,
    cxUniform,
)
from evorobo.registry import register_component


@runtime_checkable
class Crossover(Protocol):
    """What a strategy needs of a crossover. `prob` is the probability that a pair is crossed at all."""

    @property
    def prob(self) -> float: ...

    def mate(self, one: Individual, other: Individual, limit: float) -> None:
        """Change two children `(p,)` in place.

        Draw random numbers from `random` or `numpy.random`: both are seeded for each generation. Weights outside
        `-limit` to `limit` are clipped afterwards.

        Parameters
        ----------
        one, other : Individual
            The children: copies of two parents, arrays of shape (n_params,).
        limit : float
            The largest absolute weight that the strategy allows; infinity if weights are unbounded.
        """


@register_component("operator", "Uniform")
@dataclass(frozen=True)
class Uniform:
    """Uniform crossover: exchange each gene of two children with a fixed probability.

    Parameters
    ----------
    gene_prob : float, default 0.5
        Probability that a gene is exchanged, 0 to 1.
    prob : float, default 0.5
        Probability that a pair is crossed, 0 to 1.

    References
    ----------
    Syswerda, G. (1989). Uniform crossover in genetic algorithms. ICGA.

    Examples
    --------
    >>> from evorobo import GA, Uniform
    >>> GA(crossover=Uniform(0.5)).crossover
    Uniform(gene_prob=0.5, prob=0.5)
    """

    gene_prob: Probability = 0.5
    prob: Probability = 0.5

    @copy_doc(Crossover.mate)
    def mate(self, one: Individual, other: Individual, limit: float) -> None:
        cxUniform(one, other, indpb=self.gene_prob)

    @copy_doc(CountsUpdateFlops.update_flops)
    def update_flops(self, n_weights: int) -> float:
        return 0  # for a pair: none, as genes are only exchanged


@register_component("operator", "Blend")
@dataclass(frozen=True)
class Blend:
    """Blend crossover (BLX-alpha): draw each gene from an interval around the two parents' genes.

    Parameters
    ----------
    alpha : float, default 0.3
        How far the interval extends beyond the parents' genes, in units of their distance; at least 0.
    prob : float, default 0.5
        Probability that a pair is crossed, 0 to 1.

    References
    ----------
    Eshelman, L. J. and Schaffer, J. D. (1993). Real-coded genetic algorithms and interval-schemata. FOGA 2.

    Examples
    --------
    >>> from evorobo import GA, Blend
    >>> GA(crossover=Blend(0.5, prob=0.9)).crossover
    Blend(alpha=0.5, prob=0.9)
    """

    alpha: NonNegativeFloat = 0.3
    prob: Probability = 0.5

    @copy_doc(Crossover.mate)
    def mate(self, one: Individual, other: Individual, limit: float) -> None:
        cxBlend(one, other, alpha=self.alpha)

    @copy_doc(CountsUpdateFlops.update_flops)
    def update_flops(self, n_weights: int) -> float:
        return 12 * n_weights  # for a pair: 4 for the interval of a gene, and 4 for each child


@register_component("operator", "SimulatedBinary")
@dataclass(frozen=True)
class SimulatedBinary:
    """Simulated binary crossover (SBX): children spread around two parents as in one-point crossover of bit strings.

    Parameters
    ----------
    eta : float, default 20
        Distribution index, above 0. The larger it is, the closer children are to their parents.
    prob : float, default 0.9
        Probability that a pair is crossed, 0 to 1.

    References
    ----------
    Deb, K. and Agrawal, R. B. (1995). Simulated binary crossover for continuous search space. Complex Systems 9.

    Examples
    --------
    >>> from evorobo import NSGA2, SimulatedBinary
    >>> NSGA2(minimize=("energy",), crossover=SimulatedBinary(eta=10)).crossover
    SimulatedBinary(eta=10, prob=0.9)
    """

    eta: PositiveFloat = 20.0
    prob: Probability = 0.9

    @copy_doc(Crossover.mate)
    def mate(self, one: Individual, other: Individual, limit: float) -> None:
        if limit == np.inf:
            cxSimulatedBinary(one, other, eta=self.eta)
        else:
            cxSimulatedBinaryBounded(one, other, eta=self.eta, low=-limit, up=limit)

    @copy_doc(CountsUpdateFlops.update_flops)
    def update_flops(self, n_weights: int) -> float:
        return 20 * n_weights  # for a pair with a limit: about 40 for each gene, of which half are crossed


def cross_pair(
    one: Individual, other: Individual, crossover: Crossover, limit: float, rng: np.random.Generator
) -> bool:
    """Cross two children with the operator's probability; return whether that happened."""
    if not is_applied(crossover.prob, rng):
        return False
    crossover.mate(one, other, limit)
    clip(one, limit)
    clip(other, limit)
    return True


def is_applied(prob: float, rng: np.random.Generator) -> bool:
    """Sample whether an operator is applied. No random number is drawn for an operator that always is."""
    return prob >= 1 or bool(rng.random() < prob)


def clip(child: Individual, limit: float) -> None:
    """Clip weights `(p,)` in place to the range from `-limit` to `limit`."""
    np.clip(child, -limit, limit, out=child)
