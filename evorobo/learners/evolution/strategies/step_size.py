"""Decay of a step size that is not adapted: a factor in each generation, down to a floor."""

from __future__ import annotations

from typing import Protocol


class SigmaDecay(Protocol):
    """Settings of a step size: first `sigma`, times `sigma_decay` in each generation, at least `sigma_floor`."""

    @property
    def sigma(self) -> float: ...
    @property
    def sigma_decay(self) -> float: ...
    @property
    def sigma_floor(self) -> float: ...


def decay_sigma(sigma: float, settings: SigmaDecay) -> float:
    """Return the step size of the next generation."""
    return max(settings.sigma_floor, sigma * settings.sigma_decay)
