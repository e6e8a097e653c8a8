"""The space in which a strategy searches: weights as they are, or steps from a warm start, scaled layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.evolution.strategies.base import StrategySettings
from evorobo.learners.evolution.wrappers.bounded import Bounded, reflect
from evorobo.nets.spec import NetworkSpec

STEP_SIZES = ("init_std", "sigma", "noise_std")
"""Settings of strategies with the standard deviation of their first members around the start."""


class SearchSpace:
    """Maps the genes of a strategy to weights. In a cold start they are the weights."""

    def __init__(self, start: Array, strategy: StrategySettings) -> None:
        self.start, self.strategy = start, strategy

    def weights(self, genes: Array) -> Array:
        """Return the weights `(..., p)` of genes `(..., p)`."""
        return genes


class WarmSearchSpace(SearchSpace):
    """Genes are steps from a genome, which is the gene vector 0.

    The first step of the strategy has, in each layer, the size `relative_step` times the root mean square of the
    layer's weights. A layer of zeros takes that of the whole genome. The limit of `Bounded` is one of weights, so they
    are reflected here, and `strategy` is the one without it.
    """

    def __init__(
        self, spec: NetworkSpec, origin: Array, strategy: StrategySettings, relative_step: float, name: str
    ) -> None:
        super().__init__(np.zeros(len(origin)), strategy)
        step_size = first_step_size(strategy)
        if step_size is None:
            raise SettingsError(
                f"{name} cannot start at a genome: {type(strategy).__name__} has no setting {', '.join(STEP_SIZES)} "
                "for the size of its first steps."
            )
        self._origin = origin
        self._scale = relative_step * layer_sizes(spec, origin) / step_size
        self.strategy, self._limit = without_bounds(strategy)

    def weights(self, genes: Array) -> Array:
        weights = self._origin + self._scale * genes
        return weights if self._limit is None else reflect(weights, self._limit)


def first_step_size(strategy: Any) -> float | None:
    """The standard deviation of the first members of a strategy, or of the one in a wrapper; None if it is unknown."""
    settings: Mapping[str, Any] = vars(strategy)
    if "strategy" in settings:
        return first_step_size(settings["strategy"])
    if isinstance(settings.get("kwargs"), Mapping):  # of a strategy of DEAP
        settings = settings["kwargs"]
    return next((float(settings[name]) for name in STEP_SIZES if name in settings), None)


def without_bounds(strategy: Any) -> tuple[StrategySettings, float | None]:
    """A strategy without `Bounded`, itself or in a wrapper, and the smallest limit of those left out."""
    if not isinstance(inner := getattr(strategy, "strategy", None), StrategySettings):
        return strategy, None
    inner, limit = without_bounds(inner)
    if isinstance(strategy, Bounded):
        return inner, min(strategy.limit, limit or strategy.limit)
    return strategy if limit is None else replace(strategy, strategy=inner), limit


def layer_sizes(spec: NetworkSpec, weights: Array) -> Array:
    """The root mean square of all weights in the layer of each weight `(p,)`."""
    layers = np.concatenate([np.full(block.stop - block.start, block.layer) for block in spec.genes.blocks])
    means = np.bincount(layers, np.square(weights)) / np.maximum(np.bincount(layers), 1)
    sizes = np.sqrt(means)
    overall = np.sqrt(np.square(weights).mean()) or 1.0
    return np.where(sizes > 0, sizes, overall)[layers]
