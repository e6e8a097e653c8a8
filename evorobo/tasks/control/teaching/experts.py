"""Policies to learn from: their actions are one thing, the labels to be learned another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.policies import Policy
from evorobo.tasks.control.spaces import Decoder


class Expert(Policy, Protocol):
    """A policy with `labels`: after each call, the actions `(members, episodes, ...)` to be learned."""

    @property
    def labels(self) -> np.ndarray: ...


class Demonstrator:
    """An expert whose labels are its own actions."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.labels: np.ndarray = np.empty(0)

    def __call__(self, observations: Array) -> np.ndarray:
        self.labels = self._policy(observations)
        return self.labels

    def keep(self, members: np.ndarray) -> None:
        self._policy.keep(members)


class PerfectClone:
    """A policy whose actions are the labels of an expert: a learner without errors."""

    def __init__(self, expert: Expert) -> None:
        self._expert = expert

    def __call__(self, observations: Array) -> np.ndarray:
        self._expert(observations)
        return self._expert.labels

    def keep(self, members: np.ndarray) -> None:
        self._expert.keep(members)


class NoisyExpert:
    """An expert with noise on its actions (see `NoisyTeacher`)."""

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
        self._noise, self._random_action_rate, self._noisy_labels = noise, random_action_rate, noisy_labels
        self.labels: np.ndarray = np.empty(0)

    def __call__(self, observations: Array) -> np.ndarray:
        intended = actions = self._expert(observations)
        members, episodes = observations.shape[:2]
        if self._noise:
            motors = self._decoder.targets(intended)
            actions = self._decoder.actions(motors + self._noise * self._rng.standard_normal(motors.shape))
        if self._random_action_rate:
            is_random = self._rng.random((members, episodes)) < self._random_action_rate
            random = self._decoder.sample(self._rng, members * episodes)
            actions = choose_actions(is_random, random.reshape(intended.shape), actions)
        self.labels = actions if self._noisy_labels else self._expert.labels
        return actions

    def keep(self, members: np.ndarray) -> None:
        self._expert.keep(members)


class MixedExperts:
    """Several experts; the first step of an episode draws one for it, by `proportions` that sum to 1."""

    def __init__(self, experts: Sequence[Expert], proportions: Array, rng: np.random.Generator) -> None:
        self._experts, self._proportions, self._rng = experts, proportions, rng
        self._episodes: list[np.ndarray] = []  # the episodes of each expert
        self.labels: np.ndarray = np.empty(0)

    def __call__(self, observations: Array) -> np.ndarray:
        if not self._episodes:
            choices = self._rng.choice(len(self._experts), observations.shape[1], p=self._proportions)
            self._episodes = [np.flatnonzero(choices == number) for number in range(len(self._experts))]
        pairs = [pair for pair in zip(self._experts, self._episodes, strict=True) if len(pair[1])]
        actions = [expert(observations[:, episodes]) for expert, episodes in pairs]
        order = np.argsort(np.concatenate([episodes for _, episodes in pairs]), kind="stable")
        self.labels = np.concatenate([expert.labels for expert, _ in pairs], axis=1)[:, order]
        return np.concatenate(actions, axis=1)[:, order]

    def keep(self, members: np.ndarray) -> None:
        for expert in self._experts:
            expert.keep(members)


class MixturePolicy:
    """A learner whose steps an expert labels; the expert acts itself at a `share` of the steps."""

    def __init__(self, learner: Policy, expert: Expert, share: float, rng: np.random.Generator) -> None:
        self._learner, self._expert, self._share, self._rng = learner, expert, share, rng

    def __call__(self, observations: Array) -> np.ndarray:
        expert_actions, own_actions = self._expert(observations), self._learner(observations)
        by_expert = self._rng.random(observations.shape[:2]) < self._share
        return choose_actions(by_expert, expert_actions, own_actions)

    @property
    def labels(self) -> np.ndarray:
        return self._expert.labels

    def keep(self, members: np.ndarray) -> None:
        self._learner.keep(members)
        self._expert.keep(members)


def choose_actions(chosen: np.ndarray, these: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`these` actions where `chosen (members, episodes)`, else `others`."""
    return np.where(chosen.reshape(*chosen.shape, *(1,) * (these.ndim - chosen.ndim)), these, others)
