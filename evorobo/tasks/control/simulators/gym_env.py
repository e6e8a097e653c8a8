"""Environments made by gymnasium: looks up an id, makes the environment, and explains what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from evorobo.arrays import with_plain_numbers
from evorobo.errors import SettingsError, TaskError, unknown
from evorobo.loading import load_module
from evorobo.tasks.control.persistent.base import EnvRows
from evorobo.tasks.control.persistent.checked import CheckedEnvRows
from evorobo.tasks.control.persistent.env_objects import ObjectEnvRows
from evorobo.tasks.control.robots.registry import version_of
from evorobo.tasks.control.simulators.base import Simulator
from evorobo.tasks.control.simulators.checked import CheckedSimulator, NumberChecks
from evorobo.tasks.control.simulators.env_objects import EnvObjects
from evorobo.tasks.control.simulators.sync import SyncSimulator
from evorobo.tasks.control.spaces import Decoder, make_decoder, make_flattener
from evorobo.user_code import reraise_interrupt

_MADE_ANEW = ("BipedalWalker-v3", "BipedalWalkerHardcore-v3")
"""Environments whose contacts depend on the episode before, also after a reset with a seed."""


class GymEnvSpec:
    """Any environment of gymnasium, with its wrappers and keyword arguments.

    `simulator` steps it; by default one environment object after the other.
    """

    step_flops = 0

    def __init__(
        self, spec: Any, env_kwargs: Mapping[str, Any], max_steps: int | None, simulator: Simulator | None = None
    ) -> None:
        self.id, self.reward_threshold = spec.id, spec.reward_threshold
        self.max_steps = max_steps or spec.max_episode_steps

        def make() -> Any:
            return make_gym_env(spec, env_kwargs, max_steps)

        example = make()
        self.observation_space, self.action_space = example.observation_space, example.action_space
        self._n_sensors, flatten = make_flattener(self.observation_space)
        to_env_action = make_decoder(self.action_space).to_env_action
        self._make_objects = partial(EnvObjects, spec.id, make, flatten, to_env_action, spec.id in _MADE_ANEW)
        self._simulator = simulator or SyncSimulator(self._make_objects())
        if self.max_steps is None:
            raise SettingsError(
                f"{spec.id} has no limit of steps; give the task max_steps=... (check-task: --max-steps), or register "
                "the environment with max_episode_steps=..."
            )

    def simulator(self) -> Simulator:
        return CheckedSimulator(self._simulator, self._checks())

    def rows(self, n_rows: int) -> EnvRows:
        return CheckedEnvRows(ObjectEnvRows(self._make_objects()), self._checks())

    def _checks(self) -> NumberChecks:
        return NumberChecks(self.id, self._n_sensors, "fix the environment, or wrap it")


def first_unrepeated_step(simulator: Simulator, decoder: Decoder, seed: int, max_steps: int) -> int | None:
    """The first step in which two episodes of one seed and equal actions differ; None if they are equal.

    Two environments are compared, and each with itself after a second reset. Step 0 is the first observation.
    """
    episodes: list[list[np.ndarray]] = []
    for _ in range(2):
        rng = np.random.default_rng(0)
        observations, copies = simulator.reset(np.array([seed]), 2), 2
        steps = [observations]
        while copies and len(steps) <= max_steps:
            observations, rewards, ended = simulator.step(np.repeat(decoder.sample(rng, 1), copies, axis=0))
            steps.append(np.column_stack([observations, rewards, ended]))
            simulator.keep(~ended)
            copies -= int(ended.sum())
        episodes.append(steps)
    for step, (one, other) in enumerate(zip(*episodes, strict=False)):
        if len(one) != len(other) or not (one == one[0]).all() or not (other == one[0]).all():
            return step
    return None


def find_spec(env: str) -> Any:
    """The gymnasium spec of `"Id-v0"`, `"module:Id-v0"` or `"folder/file.py:Id-v0"`.

    Raises `SettingsError` for an unknown id.
    """
    import gymnasium
    from gymnasium.envs.registration import registry

    module, colon, id = env.rpartition(":")
    if colon:
        load_module(module, env)
    if version := version_of(env):
        return version
    try:
        return gymnasium.spec(id)
    except gymnasium.error.Error as error:
        missing = unknown("environment", id, registry)
        if "/" in id and not colon and not id.startswith("evorobo/"):
            missing = SettingsError(f"{missing} A robot of your own needs its file before it: my_robot:{id}.")
        raise missing from error


def make_gym_env(spec: Any, env_kwargs: Mapping[str, Any], max_steps: int | None) -> Any:
    """The environment of a spec; an exception of the environment becomes one sentence.

    It gets its own copy of the options, so that it shares no list or dict with other environments.
    """
    import gymnasium

    return explain_errors(
        spec.id,
        lambda: gymnasium.make(
            spec, max_episode_steps=max_steps, disable_env_checker=True, **with_plain_numbers(dict(env_kwargs))
        ),
    )


def explain_errors(id: str, make: Callable[[], Any]) -> Any:
    """Return `make()`. Raises `SettingsError` for wrong options and missing packages, `TaskError` for the rest."""
    import gymnasium

    try:
        return make()
    except gymnasium.error.DependencyNotInstalled as error:
        raise SettingsError(f"{id} needs a package that is not installed: {error}") from error
    except (TypeError, SettingsError) as error:
        raise SettingsError(f"{id} cannot be made with these options: {error}") from error
    except BaseException as error:
        reraise_interrupt(error)
        raise TaskError(
            f"{id} raised {type(error).__name__} while it was made: {error}. Fix the environment."
        ) from error
