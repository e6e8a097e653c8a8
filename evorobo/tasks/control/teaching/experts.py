"""Drivers to learn from: what they do is one thing, what should be learned of it another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.spaces import Decoder


class Expert(Policy, Protocol):
    """A driver with `labels`: after each call the actions `(members, episodes, ...)` that should be learned."""

    @property
    def labels(self) -> np.ndarray: ...


class Demonstrator:
    """To be learned is what this driver does."""

    def __init__(self, driver: Policy) -> None:
        self._driver = driver
        self.labels: np.ndarray = np.empty(0)

    def __call__(self, observations: Array) -> np.ndarray:
        self.labels = self._driver(observations)
        return self.labels

    def keep(self, members: np.ndarray) -> None:
        self._driver.keep(members)


class PerfectClone:
    """Does what should be learned: somebody who copies an expert without error."""

    def __init__(self, expert: Expert) -> None:
        self._expert = expert

    def __call__(self, observations: Array) -> np.ndarray:
        self._expert(observations)
        return self._expert.labels

    def keep(self, members: np.ndarray) -> None:
        self._expert.keep(members)


class NoisyExpert:
    """An expert with an unsteady hand (see `NoisyTeacher`)."""

    def __init__(
        self,
        expert: Expert,
        decoder: Decoder,
        noise: float,
        random_action_rate: float,
        noisy_labels: bool,
        rng: np.random.Generator,
    ) -> None:
        self._expert, self._decoder, self._rng = expert, decoder, rng
        self._noise, self._slips, self._noisy_labels = noise, random_action_rate, noisy_labels
        self.labels: np.ndarray = np.empty(0)

    def __call__(self, observations: Array) -> np.ndarray:
        meant = done = self._expert(observations)
        members, episodes = observations.shape[:2]
        if self._noise:
            motors = self._decoder.targets(meant)
            done = self._decoder.actions(motors + self._noise * self._rng.standard_normal(motors.shape))
        if self._slips:
            slip = self._rng.random((members, episodes)) < self._slips
            random = self._decoder.sample(self._rng, members * episodes)
            done = choose_actions(slip, random.reshape(meant.shape), done)
        self.labels = done if self._noisy_labels else self._expert.labels
        return done

    def keep(self, members: np.ndarray) -> None:
        self._expert.keep(members)


class MixedExperts:
    """Several experts, who is at the wheel of an episode is drawn at its first step, by `shares` that sum to 1."""

    def __init__(self, experts: Sequence[Expert], proportions: Array, rng: np.random.Generator) -> None:
        self._experts, self._shares, self._rng = experts, proportions, rng
        self._mine: list[np.ndarray] = []  # the episodes of each expert
        self.labels: np.ndarray = np.empty(0)

    def __call__(self, observations: Array) -> np.ndarray:
        if not self._mine:
            who = self._rng.choice(len(self._experts), observations.shape[1], p=self._shares)
            self._mine = [np.flatnonzero(who == number) for number in range(len(self._experts))]
        driving = [(expert, mine) for expert, mine in zip(self._experts, self._mine, strict=True) if len(mine)]
        actions = [expert(observations[:, mine]) for expert, mine in driving]
        order = np.argsort(np.concatenate([mine for _, mine in driving]))
        self.labels = np.concatenate([expert.labels for expert, _ in driving], axis=1)[:, order]
        return np.concatenate(actions, axis=1)[:, order]

    def keep(self, members: np.ndarray) -> None:
        for expert in self._experts:
            expert.keep(members)


class MixturePolicy:
    """A learner at the wheel, an expert beside it who says what it would do, and at a `share` of the steps does it."""

    def __init__(self, learner: Policy, expert: Expert, share: float, rng: np.random.Generator) -> None:
        self._learner, self._expert, self._share, self._rng = learner, expert, share, rng

    def __call__(self, observations: Array) -> np.ndarray:
        shown, own = self._expert(observations), self._learner(observations)
        return choose_actions(self._rng.random(observations.shape[:2]) < self._share, shown, own)

    @property
    def labels(self) -> np.ndarray:
        return self._expert.labels

    def keep(self, members: np.ndarray) -> None:
        self._learner.keep(members)
        self._expert.keep(members)


def choose_actions(chosen: np.ndarray, these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """`these` actions where `chosen (members, episodes)`, else `those`."""
    return np.where(chosen.reshape(*chosen.shape, *(1,) * (these.ndim - chosen.ndim)), these, those)
