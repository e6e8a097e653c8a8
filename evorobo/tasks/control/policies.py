"""Who can be at the wheel: a population of networks, a teacher, or chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.controller import Controller
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.spaces import Decoder


class Policy(Protocol):
    """Whoever moves the robots: observations `(members, episodes, k)` in, actions `(members, episodes, ...)` out."""

    def __call__(self, observations: Array) -> np.ndarray: ...
    def keep(self, members: np.ndarray) -> None: ...


class NetworkPolicy:
    """n networks, each with its own robots."""

    def __init__(self, controller: Controller, decoder: Decoder) -> None:
        self._controller, self._decoder = controller, decoder

    def __call__(self, observations: Array) -> np.ndarray:
        return self._decoder.actions(self._controller(observations))

    def keep(self, members: np.ndarray) -> None:
        self._controller.keep(members)


def check_fit(spec: NetworkSpec, decoder: Decoder, n_inputs: int, id: str) -> None:
    """Raise `TaskError` for networks that cannot be at the wheel of `id`, which has so many sensors."""
    if (spec.n_inputs, spec.n_outputs) != (n_inputs, decoder.n_outputs):
        raise TaskError(
            f"the network has {spec.n_inputs} inputs and {spec.n_outputs} outputs, {id} needs {n_inputs} and "
            f"{decoder.n_outputs}; take a genome that was made for it, or the robot as it was when this one was made."
        )


class FunctionPolicy:
    """A teacher: any function from observations `(rows, k)` to actions `(rows, ...)`."""

    def __init__(self, rule: Callable[[Array], np.ndarray]) -> None:
        self._rule = rule

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        actions = np.asarray(self._rule(observations.reshape(members * episodes, -1)))
        return actions.reshape(members, episodes, *actions.shape[1:])

    def keep(self, members: np.ndarray) -> None:
        pass


class StatefulPolicy:
    """The own teacher of a robot that names a `memory`, with what it has in mind in each episode."""

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
    """Random actions, even over the action space: the score that nobody should fall behind."""

    def __init__(self, decoder: Decoder, rng: np.random.Generator) -> None:
        self._decoder, self._rng = decoder, rng

    def __call__(self, observations: Array) -> np.ndarray:
        members, episodes = observations.shape[:2]
        actions = self._decoder.sample(self._rng, members * episodes)
        return actions.reshape(members, episodes, *actions.shape[1:])

    def keep(self, members: np.ndarray) -> None:
        pass


def policy_from_function(
    function: Callable[[Any], Any], decoder: Decoder, restore: Callable[[Array], Any]
) -> FunctionPolicy:
    """A driver from a user's function that takes one observation, as `env.step` returned it, and returns one action."""

    def rule(observations: Array) -> np.ndarray:
        native = [function(restore(observation)) for observation in observations]
        try:
            actions = decoder.from_env_actions(np.stack([np.asarray(each) for each in native]))
            if not np.isfinite(actions).all():
                raise ValueError("actions must be finite numbers")
        except (ValueError, TypeError, IndexError) as error:
            raise TaskError(
                f"the teacher answered {native[0]!r}, which is no action of this environment ({error})."
            ) from error
        return actions

    return FunctionPolicy(rule)
