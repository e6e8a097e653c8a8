"""Gymnasium environments of vectorized robots: one robot, or a vector of robots."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.settings import resolve_reference
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.robots.rows import RobotRows


def make_robot(robot: str | Robot, options: dict[str, Any]) -> Robot:
    """The robot of a registered id with these settings; a robot object is returned as it is."""
    if isinstance(robot, Robot):
        return robot
    kind = resolve_reference(robot)
    if not (isinstance(kind, type) and issubclass(kind, Robot)):
        raise SettingsError(f"{robot} is no robot class; leave out the option robot.")
    return kind(**options)


def observation_space(robot: Robot) -> spaces.Box:
    low, high = robot.limits()
    return spaces.Box(low, high, (len(robot.sensors),), np.float32)


def action_space(robot: Robot) -> spaces.Space[Any]:
    if robot.moves:
        return spaces.Discrete(len(robot.moves))
    return spaces.Box(-robot.action_limit, robot.action_limit, (len(robot.motors),), np.float32)


class RobotEnv(gymnasium.Env[Any, Any]):
    """One robot, as `gymnasium.make(id, **settings)` returns it."""

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium declares it so

    def __init__(self, robot: str | Robot, **options: Any) -> None:
        self.robot = make_robot(robot, options)
        self.observation_space = observation_space(self.robot)
        self.action_space = action_space(self.robot)
        self._state: Array = np.empty((1, 0))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        super().reset(seed=seed)
        self._random_streams = RandomStreams.for_one(self.np_random)
        self._state = self.robot.initial(self._random_streams)
        return self._observe(), {}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        before, action = self._state, clip_action(self.robot, action)
        self._state = self.robot.transition(before, action, self._random_streams)
        reward = self.robot.reward(before, action, self._state)
        return self._observe(), float(reward[0]), bool(self.robot.terminal(self._state)[0]), False, {}

    def _observe(self) -> Array:
        return self.robot.observation(self._state, self._random_streams)[0].astype(np.float32)


class RobotVectorEnv(VectorEnv[Any, Any, Any]):
    """Many robots, as `gymnasium.make_vec(id, num_envs=n, vectorization_mode="vector_entry_point")` returns them.

    After the end of an episode, the next `step` resets the robot and ignores its action (`AutoresetMode.NEXT_STEP`).
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(self, robot: str, num_envs: int = 1, max_episode_steps: int | None = None, **options: Any) -> None:
        self.robot = make_robot(robot, options)
        self.num_envs = num_envs
        self.single_observation_space = observation_space(self.robot)
        self.single_action_space = action_space(self.robot)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._max_steps = max_episode_steps or self.robot.max_steps
        self._generators = [seeding.np_random()[0] for _ in range(num_envs)]
        self._rows = RobotRows(self.robot, num_envs)
        self._ended = np.ones(num_envs, bool)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        seeds = [seed + row for row in range(self.num_envs)] if isinstance(seed, int) else seed
        if seeds is not None:
            for row, row_seed in enumerate(seeds):
                if row_seed is not None:
                    self._generators[row] = seeding.np_random(row_seed)[0]
        self._n_steps = np.zeros(self.num_envs, int)
        self._ended = np.zeros(self.num_envs, bool)
        return self._rows.restart(np.arange(self.num_envs), self._generators).astype(np.float32), {}

    def step(self, actions: Any) -> tuple[Array, Array, np.ndarray, np.ndarray, dict[str, Any]]:
        to_reset, going = np.flatnonzero(self._ended), np.flatnonzero(~self._ended)
        observations = np.empty((self.num_envs, len(self.robot.sensors)), np.float32)
        rewards, terminated = np.zeros(self.num_envs), np.zeros(self.num_envs, bool)
        if len(going):
            step = self._rows.step(going, clip_action(self.robot, actions)[going])
            observations[going], rewards[going], terminated[going] = step
        if len(to_reset):
            observations[to_reset] = self._rows.restart(to_reset, [self._generators[row] for row in to_reset])
        self._n_steps = np.where(self._ended, 0, self._n_steps + 1)
        truncated = self._n_steps >= self._max_steps
        self._ended = terminated | truncated
        return observations, rewards, terminated, truncated, {}
