"""Finds the fastest simulator for a gymnasium id; all simulators of an id give the same episodes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from evorobo.errors import SettingsError, TaskError
from evorobo.settings import resolve_reference
from evorobo.tasks.control.class_index import replacements
from evorobo.tasks.control.persistent.base import EnvRows
from evorobo.tasks.control.persistent.checked import CheckedEnvRows
from evorobo.tasks.control.persistent.mujoco import MujocoEnvRows
from evorobo.tasks.control.persistent.robots import RobotEnvRows
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.env import action_space, make_robot, observation_space
from evorobo.tasks.control.robots.registry import ENV_ENTRY_POINT
from evorobo.tasks.control.robots.step_flops import step_flops
from evorobo.tasks.control.simulators.base import EnvSpec, Simulator
from evorobo.tasks.control.simulators.checked import CheckedSimulator, NumberChecks
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec, explain_errors, find_spec, make_gym_env
from evorobo.tasks.control.simulators.mujoco.physics import has_batch
from evorobo.tasks.control.simulators.mujoco.simulator import MujocoSimulator
from evorobo.tasks.control.simulators.processes import ProcessSimulator
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator

vectorized_robots = cache(lambda: replacements("simulators"))
"""Vectorized robots that replace environments of gymnasium: references by entry point."""
mujoco_robots = cache(lambda: replacements("simulators/mujoco"))
"""The same for gymnasium's MuJoCo robots."""


class RobotEnvSpec:
    """A vectorized robot, of this package or of the user; by default with the spaces that follow from the robot."""

    def __init__(
        self, id: str, robot: Robot, max_steps: int | None, reward_threshold: float | None, spaces_of: Any = None
    ) -> None:
        self.id, self.robot, self.reward_threshold = id, robot, reward_threshold
        self.max_steps = max_steps or robot.max_steps
        self.observation_space: Any = spaces_of.observation_space if spaces_of else observation_space(robot)
        self.action_space: Any = spaces_of.action_space if spaces_of else action_space(robot)

    @cached_property
    def step_flops(self) -> int:
        return step_flops(self.robot)

    def simulator(self) -> Simulator:
        return CheckedSimulator(VectorizedSimulator(self.robot, self.max_steps), self.checks())

    def rows(self, n_rows: int) -> EnvRows:
        return CheckedEnvRows(RobotEnvRows(self.robot, n_rows), self.checks())

    def checks(self) -> NumberChecks:
        """Checks of the numbers of the robot."""
        return NumberChecks(self.id, len(self.robot.sensors), "evorobo.testing.check_robot finds the cause")


class MujocoEnvSpec:
    """A MuJoCo robot of gymnasium with its default settings."""

    step_flops = 0

    def __init__(self, spec: Any, max_steps: int, robot: str) -> None:
        self.id, self.max_steps, self.reward_threshold = spec.id, max_steps, spec.reward_threshold
        example = make_gym_env(spec, {}, None)
        self.observation_space, self.action_space = example.observation_space, example.action_space
        self._robot = resolve_reference(robot)(example.unwrapped.model, example.unwrapped.frame_skip)
        self._simulator = MujocoSimulator(self._robot, max_steps)

    def simulator(self) -> Simulator:
        return CheckedSimulator(self._simulator, self._checks())

    def rows(self, n_rows: int) -> EnvRows:
        return CheckedEnvRows(MujocoEnvRows(self._robot, n_rows), self._checks())

    def _checks(self) -> NumberChecks:
        remedy = "the physics diverged: shorter episodes (max_steps=...) or weaker actions may help"
        return NumberChecks(self.id, self.observation_space.shape[0], remedy)


def make_env(env: str, env_kwargs: Mapping[str, Any], max_steps: int | None = None, processes: int = 1) -> EnvSpec:
    """The environment behind `"Id-v0"`, `"module:Id-v0"` or `"folder/file.py:Id-v0"`.

    Raises `SettingsError` for an unknown id or option, for spaces that no network fits, and for `processes` where one
    call steps all robots.
    """
    env_spec = _fast_env(env, env_kwargs, max_steps)
    if env_spec is None:
        apart = ProcessSimulator(env, env_kwargs, max_steps, processes) if processes > 1 else None
        return GymEnvSpec(find_spec(env), env_kwargs, max_steps, apart)
    if processes > 1:
        raise SettingsError(
            f"{env_spec.id} steps all robots in one call, which {processes} processes would only slow down; leave "
            "processes out."
        )
    return env_spec


def _fast_env(env: str, env_kwargs: Mapping[str, Any], max_steps: int | None) -> EnvSpec | None:
    """The environment where one call can step all its robots; None for any other."""
    spec = find_spec(env)
    if spec.additional_wrappers:
        return None
    limit, kwargs = max_steps or spec.max_episode_steps, {**spec.kwargs, **env_kwargs}
    if spec.entry_point == ENV_ENTRY_POINT:
        robot = explain_errors(spec.id, lambda: make_robot(kwargs.pop("robot"), kwargs))
        return explain_errors(spec.id, lambda: RobotEnvSpec(spec.id, robot, limit, spec.reward_threshold))
    if not limit or kwargs:  # the replacements have gymnasium's default settings
        return None
    if spec.entry_point in vectorized_robots():
        example = make_gym_env(spec, {}, None)
        robot = resolve_reference(vectorized_robots()[spec.entry_point])()
        return RobotEnvSpec(spec.id, robot, limit, spec.reward_threshold, example)
    if spec.entry_point in mujoco_robots() and has_batch():
        return MujocoEnvSpec(spec, limit, mujoco_robots()[spec.entry_point])
    return None


def make_rendering_env(env: str, env_kwargs: Mapping[str, Any], max_steps: int | None, mode: str) -> Any:
    """The environment of an id as gymnasium makes it, with `render_mode=mode`.

    Raises `TaskError` for an id without this render mode.
    """
    from gymnasium.envs.registration import load_env_creator

    spec = find_spec(env)
    maker = spec.entry_point if callable(spec.entry_point) else load_env_creator(spec.entry_point)
    modes = getattr(maker, "metadata", {}).get("render_modes", [])
    if mode not in modes:
        known = f"it offers {', '.join(map(repr, modes))}" if modes else "it offers no render mode"
        raise TaskError(f"{spec.id} cannot be shown as {mode!r}: {known}; a vectorized robot is shown by its draw().")
    return make_gym_env(spec, {**env_kwargs, "render_mode": mode}, max_steps)


def entry_points(env: str) -> list[Any]:
    """The code behind an id: the class of its robot, or its entry point and wrappers except gymnasium's own."""
    from gymnasium.envs.registration import load_env_creator

    spec = find_spec(env)
    robot = spec.kwargs.get("robot") if spec.entry_point == ENV_ENTRY_POINT else None
    if robot is not None:
        return [type(robot) if isinstance(robot, Robot) else resolve_reference(robot)]
    points = [spec.entry_point, *(wrapper.entry_point for wrapper in spec.additional_wrappers)]
    foreign = [point for point in points if not str(point).startswith("gymnasium.")]
    return [load_env_creator(point) if isinstance(point, str) else point for point in foreign]


def gym_spec(env_spec: EnvSpec, env_kwargs: Mapping[str, Any]) -> Any:
    """The gymnasium spec of an environment with these keyword arguments and its limit of steps."""
    import gymnasium

    spec = copy.deepcopy(gymnasium.spec(env_spec.id))
    spec.kwargs |= env_kwargs
    spec.max_episode_steps = env_spec.max_steps
    return spec
