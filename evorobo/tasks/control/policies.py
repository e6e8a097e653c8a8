"""What can choose the actions of robots: networks, functions of a teacher, or random numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.controller import Controller
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.spaces import Decoder, decoder_of, make_flattener


class Policy(Protocol):
    """Maps observations `(members, episodes, k)` to actions `(members, episodes, ...)`.

    A policy may remember earlier steps, so each batch of episodes needs a new one. `keep` continues with the given
    members, a mask or indices.
    """

    def __call__(self, observations: Array) -> np.ndarray: ...
    def keep(self, members: np.ndarray) -> None: ...


class PolicyFactory(Protocol):
    """Makes the policies of `n_members` members; `policy(members)` is a new one for some of them."""

    @property
    def n_members(self) -> int: ...
    def policy(self, members: slice) -> Policy: ...


@dataclass(frozen=True, eq=False)
class SinglePolicy:
    """A policy factory with one member, whose policies `make` returns."""

    make: Callable[[], Policy]
    n_members = 1

    def policy(self, members: slice) -> Policy:
        return self.make()


@dataclass(frozen=True, eq=False)
class Networks:
    """A policy factory of networks of one kind, with a row of `weights (n, p)` for each member.

    `episode_groups` are sizes of groups of a member's episodes that are computed apart, each to the bits that it has
    without the other groups.
    """

    decoder: Decoder
    spec: NetworkSpec
    weights: Array
    input_scaler: Scaler | None = None
    running_stats: Array | None = None
    episode_groups: tuple[int, ...] = ()

    @classmethod
    def from_genome(cls, genome: Genome, env_spec: EnvSpec, decoder: Decoder) -> Networks:
        """The one network of a genome. Raises `TaskError` if its inputs or outputs do not fit the environment."""
        spec, n_sensors = genome.spec, make_flattener(env_spec.observation_space)[0]
        if (spec.n_inputs, spec.n_outputs) != (n_sensors, decoder.n_outputs):
            raise TaskError(
                f"the network has {spec.n_inputs} inputs and {spec.n_outputs} outputs, {env_spec.id} needs "
                f"{n_sensors} and {decoder.n_outputs}; take a genome that was made for it, or the robot as it was when "
                "this one was made."
            )
        decoder = decoder_of(genome, decoder)
        return cls(decoder, spec, genome.weights[None], genome.input_scaler, genome.running_stats)

    @property
    def n_members(self) -> int:
        return len(self.weights)

    def policy(self, members: slice = slice(None)) -> Policy:
        if not self.episode_groups:
            return self._policy(members)
        ends = np.cumsum(self.episode_groups).tolist()
        groups = [slice(end - size, end) for size, end in zip(self.episode_groups, ends, strict=True)]
        return GroupedPolicy([(group, self._policy(members)) for group in groups])

    def _policy(self, members: slice) -> NetworkPolicy:
        weights = self.weights[members]
        return NetworkPolicy(
            Controller(self.spec, weights, self.input_scaler, running_stats=self.running_stats), self.decoder
        )


class GroupedPolicy:
    """Policies, each for a slice of the episodes."""

    def __init__(self, groups: list[tuple[slice, NetworkPolicy]]) -> None:
        self._groups = groups

    def __call__(self, observations: Array) -> np.ndarray:
        return np.concatenate([policy(observations[:, group]) for group, policy in self._groups], axis=1)

    def keep(self, members: np.ndarray) -> None:
        for _, policy in self._groups:
            policy.keep(members)


class NetworkPolicy:
    """The networks of a controller; each member controls its own robots."""

    def __init__(self, controller: Controller, decoder: Decoder) -> None:
        self._controller, self._decoder = controller, decoder

    def __call__(self, observations: Array) -> np.ndarray:
        return self._decoder.actions(self._controller(observations))

    def keep(self, members: np.ndarray) -> None:
        self._controller.keep(members)


class FunctionPolicy:
    """A function from observations `(rows, k)` to actions `(rows, ...)`, for example a robot's teacher."""

    def __init__(self, function: Callable[[Array], np.ndarray]) -> None:
        self._function = function

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        actions = np.asarray(self._function(observations.reshape(members * episodes, -1)))
        return actions.reshape(members, episodes, *actions.shape[1:])

    def keep(self, members: np.ndarray) -> None:
        pass


class StatefulPolicy:
    """The teacher of a robot that names a `memory`, with the memory of each episode."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._memory: Array | None = None

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        sensors = observations.reshape(members * episodes, -1)
        shape = members, episodes, len(self._robot.memory)
        before = np.zeros(shape) if self._memory is None else self._memory
        memory = self._robot.remember(before.reshape(len(sensors), -1), sensors)
        self._memory = memory.reshape(shape)
        actions = np.asarray(self._robot.teacher(np.concatenate([sensors, memory], axis=1)))
        return actions.reshape(members, episodes, *actions.shape[1:])

    def keep(self, members: np.ndarray) -> None:
        if self._memory is not None:
            self._memory = self._memory[members]


class RandomPolicy:
    """Actions drawn uniformly from the action space: the baseline of every method."""

    def __init__(self, decoder: Decoder, rng: np.random.Generator) -> None:
        self._decoder, self._rng = decoder, rng

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        actions = self._decoder.sample(self._rng, members * episodes)
        return actions.reshape(members, episodes, *actions.shape[1:])

    def keep(self, members: np.ndarray) -> None:
        pass


def policy_from_function(
    function: Callable[[Any], Any], decoder: Decoder, unflatten: Callable[[Array], Any]
) -> FunctionPolicy:
    """The policy of a user's function that maps one observation of `env.step` to one action.

    Raises `TaskError`, when it is called, for a result that is no action of the environment.
    """

    def act(observations: Array) -> np.ndarray:
        native = [function(unflatten(observation)) for observation in observations]
        try:
            actions = decoder.from_env_actions(np.stack([np.asarray(action) for action in native]))
            if not np.isfinite(actions).all():
                raise ValueError("actions must be finite numbers")
        except (ValueError, TypeError, IndexError) as error:
            raise TaskError(
                f"the teacher returned {native[0]!r}, which is no action of this environment ({error})."
            ) from error
        return actions

    return FunctionPolicy(act)
