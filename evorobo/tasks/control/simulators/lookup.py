"""From a gymnasium id to a simulator: the fastest one that tells exactly the id's story."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError, TaskError, unknown
from evorobo.settings import load_module, resolve_reference
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.env import action_space, make_robot, observation_space
from evorobo.tasks.control.robots.registry import ENV_ENTRY_POINT
from evorobo.tasks.control.simulators.acrobot import Acrobot
from evorobo.tasks.control.simulators.base import EnvSpec, Simulator
from evorobo.tasks.control.simulators.cartpole import CartPole
from evorobo.tasks.control.simulators.mountain_car import MountainCar
from evorobo.tasks.control.simulators.mountain_car_continuous import MountainCarContinuous
from evorobo.tasks.control.simulators.mujoco.catalogue import MUJOCO_ROBOTS, has_batch
from evorobo.tasks.control.simulators.mujoco.simulator import MujocoSimulator
from evorobo.tasks.control.simulators.pendulum import Pendulum
from evorobo.tasks.control.simulators.processes import ProcessSimulator
from evorobo.tasks.control.simulators.rows import VectorizedSimulator
from evorobo.tasks.control.simulators.sync import SyncSimulator
from evorobo.tasks.control.spaces import make_decoder, make_flattener

CLASSIC = "gymnasium.envs.classic_control."
VECTORIZED_ROBOTS: dict[str, type[Robot]] = {
    CLASSIC + "acrobot:AcrobotEnv": Acrobot,
    CLASSIC + "cartpole:CartPoleEnv": CartPole,
    CLASSIC + "continuous_mountain_car:Continuous_MountainCarEnv": MountainCarContinuous,
    CLASSIC + "mountain_car:MountainCarEnv": MountainCar,
    CLASSIC + "pendulum:PendulumEnv": Pendulum,
}
"""Environments of gymnasium that we step on rows, by entry point; only as they come, without keyword arguments."""


def make_env(env: str, env_kwargs: Mapping[str, Any], max_steps: int | None = None, processes: int = 1) -> EnvSpec:
    """The world behind `"Id-v0"`, `"module:Id-v0"` or `"folder/file.py:Id-v0"`.

    Raises `SettingsError` for an unknown id or option, for spaces that a network cannot face, and for `processes` where
    all robots are stepped in one call.
    """
    world = _found(env, env_kwargs, max_steps, processes)
    if processes > 1 and not isinstance(world, GymEnvSpec):
        raise SettingsError(
            f"{world.id} steps all robots in one call, which {processes} processes would only slow down; leave "
            "processes out."
        )
    return world


def _found(env: str, options: Mapping[str, Any], max_steps: int | None, processes: int) -> EnvSpec:
    spec = _spec(env)
    limit = max_steps or spec.max_episode_steps
    plain = not spec.additional_wrappers
    if spec.entry_point == ENV_ENTRY_POINT and plain:
        kwargs = {**spec.kwargs, **options}
        robot = _attempt(spec.id, lambda: make_robot(kwargs.pop("robot"), kwargs))
        return RobotEnvSpec(spec.id, robot, limit, spec.reward_threshold)
    if spec.entry_point in VECTORIZED_ROBOTS and plain and limit and not {**spec.kwargs, **options}:
        space = _attempt(spec.id, lambda: _make(spec, {}, None))
        world = RobotEnvSpec(spec.id, VECTORIZED_ROBOTS[spec.entry_point](), limit, spec.reward_threshold)
        world.observation_space, world.action_space = space.observation_space, space.action_space
        return world
    if spec.entry_point in MUJOCO_ROBOTS and plain and limit and not {**spec.kwargs, **options} and has_batch():
        return MujocoEnvSpec(spec, limit)
    apart = ProcessSimulator(env, options, max_steps, processes) if processes > 1 else None
    return GymEnvSpec(spec, dict(options), max_steps, apart)


def make_rendering_env(env: str, env_kwargs: Mapping[str, Any], max_steps: int | None, mode: str) -> Any:
    """The environment behind an id, as gymnasium makes it, with a picture: its `render` works in this mode.

    Raises `TaskError` for an id that has no pictures of that kind.
    """
    from gymnasium.envs.registration import load_env_creator

    spec = _spec(env)
    maker = spec.entry_point if callable(spec.entry_point) else load_env_creator(spec.entry_point)
    modes = getattr(maker, "metadata", {}).get("render_modes", [])
    if mode not in modes:
        known = f"it offers {', '.join(map(repr, modes))}" if modes else "it offers no render mode"
        raise TaskError(f"{spec.id} cannot be shown as {mode!r}: {known}; a robot on rows is shown by its draw().")
    return _attempt(spec.id, lambda: _make(spec, {**env_kwargs, "render_mode": mode}, max_steps))


def entry_points(env: str) -> list[Any]:
    """What stands behind an id: the class of its robot or its entry point, and the wrappers of its spec, as far as they
    are not gymnasium's own."""
    from gymnasium.envs.registration import load_env_creator

    spec = _spec(env)
    robot = spec.kwargs.get("robot") if spec.entry_point == ENV_ENTRY_POINT else None
    if robot is not None:
        return [type(robot) if isinstance(robot, Robot) else resolve_reference(robot)]
    points = [spec.entry_point, *(wrapper.entry_point for wrapper in spec.additional_wrappers)]
    theirs = [point for point in points if not str(point).startswith("gymnasium.")]
    return [load_env_creator(point) if isinstance(point, str) else point for point in theirs]


def gym_spec(world: EnvSpec, env_kwargs: Mapping[str, Any]) -> Any:
    """The gymnasium spec that makes the world's environment, with these options and its limit of steps."""
    import gymnasium

    spec = copy.deepcopy(gymnasium.spec(world.id))
    spec.kwargs |= env_kwargs
    spec.max_episode_steps = world.max_steps
    return spec


class RobotEnvSpec:
    """One of the robots on rows, ours or a user's."""

    def __init__(self, id: str, robot: Robot, max_steps: int | None, threshold: float | None) -> None:
        self.id, self.robot, self.reward_threshold = id, robot, threshold
        self.max_steps = max_steps or robot.max_steps
        self.observation_space: Any = observation_space(robot)
        self.action_space: Any = action_space(robot)

    def simulator(self) -> Simulator:
        cure = "evorobo.testing.check_robot finds out where that comes from"
        return _CheckedSimulator(
            VectorizedSimulator(self.robot, self.max_steps), self.id, len(self.robot.sensors), cure
        )


class MujocoEnvSpec:
    """One of gymnasium's MuJoCo robots, as it comes."""

    def __init__(self, spec: Any, limit: int) -> None:
        self.id, self.max_steps, self.reward_threshold = spec.id, limit, spec.reward_threshold
        made = _attempt(spec.id, lambda: _make(spec, {}, None))
        self.observation_space, self.action_space = made.observation_space, made.action_space
        body = MUJOCO_ROBOTS[spec.entry_point](made.unwrapped.model, made.unwrapped.frame_skip)
        self._simulator = MujocoSimulator(body, limit)

    def simulator(self) -> Simulator:
        cure = "the physics ran away: shorter episodes (max_steps=...) or weaker actions may help"
        return _CheckedSimulator(self._simulator, self.id, self.observation_space.shape[0], cure)


class GymEnvSpec:
    """Any other environment of gymnasium, wrappers and keyword arguments as they are; stepped `apart`, or else here."""

    def __init__(
        self, spec: Any, env_kwargs: dict[str, Any], max_steps: int | None, apart: Simulator | None = None
    ) -> None:
        self.id, self.max_steps, self.reward_threshold = (
            spec.id,
            max_steps or spec.max_episode_steps,
            spec.reward_threshold,
        )
        self._make = lambda: _attempt(spec.id, lambda: _make(spec, env_kwargs, max_steps))
        first = self._make()
        self.observation_space, self.action_space = first.observation_space, first.action_space
        self._width, flatten = make_flattener(self.observation_space)
        self._simulator = apart or SyncSimulator(
            spec.id, self._make, flatten, make_decoder(self.action_space).to_env_action
        )
        if self.max_steps is None:
            raise SettingsError(f"{spec.id} never cuts an episode off; give the task max_steps=...")

    def simulator(self) -> Simulator:
        return _CheckedSimulator(self._simulator, self.id, self._width, "mend the environment, or wrap it")


class _CheckedSimulator:
    """A simulator whose numbers are looked at: what is not finite or of another shape ends the run with a sentence."""

    def __init__(self, simulator: Simulator, id: str, width: int, cure: str) -> None:
        self._simulator, self._id, self._width, self._cure, self._time = simulator, id, width, cure, 0
        self.capacity = simulator.capacity

    @property
    def state(self) -> Array | None:
        return self._simulator.state

    def reset(self, seeds: np.ndarray, copies: int) -> Any:
        self._time = 0
        observations = self._call(self._simulator.reset, seeds, copies)
        self._look("observations", observations, (len(seeds) * copies, self._width))
        return observations

    def step(self, actions: np.ndarray) -> Any:
        self._time += 1
        observations, rewards, ended = self._call(self._simulator.step, actions)
        rows = (len(actions),)
        self._look("observations", observations, (*rows, self._width))
        self._look("rewards", rewards, rows)
        if np.shape(ended) != rows:
            self._look("ends of episodes", ended, rows)
        return observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)

    def _look(self, what: str, numbers: np.ndarray, shape: tuple[int, ...]) -> None:
        # one sum of squares is quicker than a look at each number; it may overflow, then a look decides
        if np.shape(numbers) == shape and (isfinite(np.vdot(numbers, numbers)) or np.isfinite(numbers).all()):
            return
        wrong = f"of shape {np.shape(numbers)}, not {shape},"
        if np.shape(numbers) == shape:
            wrong = f"with {numbers[~np.isfinite(numbers)][0]}"
        raise TaskError(f"{self._id} returned {what} {wrong} at step {self._time}; {self._cure}.")

    def _call(self, call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except TaskError:
            raise
        except Exception as error:
            raise TaskError(
                f"{self._id} raised {type(error).__name__} at step {self._time}: {error}. Mend the environment, "
                "then run again; what was finished is kept."
            ) from error


def _spec(env: str) -> Any:
    import gymnasium
    from gymnasium.envs.registration import registry

    where, colon, id = env.rpartition(":")
    if colon:
        load_module(where, env)
    try:
        return gymnasium.spec(id)
    except gymnasium.error.Error as error:
        missing = unknown("environment", id, registry)
        if "/" in id and not colon and not id.startswith("evorobo/"):
            missing = SettingsError(f"{missing} A robot of your own needs its file before it: my_robot:{id}.")
        raise missing from error


def _make(spec: Any, options: dict[str, Any], max_steps: int | None) -> Any:
    import gymnasium

    return gymnasium.make(spec, max_episode_steps=max_steps, disable_env_checker=True, **options)


def _attempt(id: str, make: Callable[[], Any]) -> Any:
    """`make`, with whatever goes wrong (a wrong option, a missing package) told as one sentence."""
    import gymnasium

    try:
        return make()
    except gymnasium.error.DependencyNotInstalled as error:
        raise SettingsError(f"{id} needs a package that is not installed: {error}") from error
    except (TypeError, SettingsError) as error:
        raise SettingsError(f"{id} cannot be made with these options: {error}") from error
    except Exception as error:
        what = f"{id} raised {type(error).__name__} while it was made: {error}"
        raise TaskError(f"{what}. Mend the environment.") from error
