"""Distributions of actions around the outputs of a network, with their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi
from typing import Protocol

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Logarithms of the probabilities `(rows,)` of samples, and the entropies `(rows,)` of their distributions.

    `gradient(grad_log_probs (rows,), grad_entropy)` returns the derivatives `(rows, m)` with respect to the outputs and
    those with respect to the logarithms of the standard deviations. `grad_entropy` is that of each row's entropy.
    """

    log_probs: Array
    entropies: Array
    gradient: Callable[[Array, float], tuple[Array, Array]]


class ActionDistribution(Protocol):
    """Distributions of actions, given outputs `(rows, m)`, and `log_sd (n_log_sds,)`, which all rows share."""

    n_log_sds: int

    def sample(self, outputs: Array, log_sd: Array, rng: np.random.Generator) -> np.ndarray: ...
    def evaluate(self, outputs: Array, log_sd: Array, samples: np.ndarray) -> Evaluation: ...


class Gaussian:
    """Motors: normal distributions with the outputs as means, independent of each other. Samples are `(rows, m)`."""

    def __init__(self, n_outputs: int) -> None:
        self.n_log_sds = n_outputs

    def sample(self, outputs: Array, log_sd: Array, rng: np.random.Generator) -> np.ndarray:
        samples: Array = rng.standard_normal(outputs.shape)
        samples *= np.exp(log_sd)
        samples += outputs
        return samples

    def evaluate(self, outputs: Array, log_sd: Array, samples: np.ndarray) -> Evaluation:
        inverse_sd = np.exp(-log_sd)
        errors = (samples - outputs) * inverse_sd
        squares = errors * errors
        constant = float(log_sd.sum()) + self.n_log_sds * 0.5 * log(2 * pi)
        entropy = constant + 0.5 * self.n_log_sds

        def gradient(grad_log_probs: Array, grad_entropy: float) -> tuple[Array, Array]:
            grad_log_sd = grad_log_probs @ (squares - 1) + grad_entropy * len(outputs)
            return errors * inverse_sd * grad_log_probs[:, None], grad_log_sd

        return Evaluation(-0.5 * squares.sum(1) - constant, np.full(len(outputs), entropy), gradient)


class Categorical:
    """Moves: for each of g groups of outputs one of its choices, by the softmax. Samples are numbers `(rows, g)`."""

    n_log_sds = 0

    def __init__(self, choices: tuple[int, ...]) -> None:
        self.choices = choices
        ends = np.cumsum(choices).tolist()
        self._groups = [slice(end - size, end) for end, size in zip(ends, choices, strict=True)]

    def sample(self, outputs: Array, log_sd: Array, rng: np.random.Generator) -> np.ndarray:
        uniform = rng.random((len(outputs), len(self._groups)))
        samples = np.empty(uniform.shape, int)
        for number, group in enumerate(self._groups):
            logits = outputs[:, group]
            cumulative = np.exp(logits - np.maximum.reduce(logits, axis=1, keepdims=True)).cumsum(axis=1)
            levels = uniform[:, number, None] * cumulative[:, -1:]
            # of n choices, as many as n - 1 have their share of the sum below the level
            samples[:, number] = (cumulative[:, :-1] <= levels).sum(axis=1)
        return samples

    def evaluate(self, outputs: Array, log_sd: Array, samples: np.ndarray) -> Evaluation:
        rows = np.arange(len(outputs))
        log_probs, entropies = np.zeros(len(outputs)), np.zeros(len(outputs))
        parts: list[tuple[Array, Array, Array]] = []
        for number, group in enumerate(self._groups):
            logits = outputs[:, group]
            shifted = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
            probabilities = np.exp(shifted)
            total = np.add.reduce(probabilities, axis=1, keepdims=True)
            probabilities /= total
            shifted -= np.log(total)
            entropy = -np.einsum("ij,ij->i", probabilities, shifted)
            log_probs += shifted[rows, samples[:, number]]
            entropies += entropy
            parts.append((probabilities, shifted, entropy))

        def gradient(grad_log_probs: Array, grad_entropy: float) -> tuple[Array, Array]:
            grads = np.empty(outputs.shape)
            for number, (group, (probabilities, shifted, entropy)) in enumerate(zip(self._groups, parts, strict=True)):
                grad = grads[:, group]
                np.multiply(probabilities, -grad_log_probs[:, None], out=grad)
                grad[rows, samples[:, number]] += grad_log_probs
                if grad_entropy:
                    grad -= grad_entropy * probabilities * (shifted + entropy[:, None])
            return grads, np.empty(0)

        return Evaluation(log_probs, entropies, gradient)
