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
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams


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
        self._ended = np.ones(num_envs, bool)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        seeds = [seed + row for row in range(self.num_envs)] if isinstance(seed, int) else seed
        if seeds is not None:
            for row, row_seed in enumerate(seeds):
                if row_seed is not None:
                    self._generators[row] = seeding.np_random(row_seed)[0]
        self._random_streams = RandomStreams([RandomStream(rng) for rng in self._generators], np.arange(self.num_envs))
        self._state = self.robot.initial(self._random_streams)
        self._types = [self._state.dtype] * self.num_envs
        self._n_steps = np.zeros(self.num_envs, int)
        self._ended = np.zeros(self.num_envs, bool)
        return self._observe(), {}

    def step(self, actions: Any) -> tuple[Array, Array, np.ndarray, np.ndarray, dict[str, Any]]:
        to_reset, going = self._ended, np.flatnonzero(~self._ended)
        action, reward = clip_action(self.robot, actions), np.zeros(self.num_envs)
        terminated = np.zeros(self.num_envs, bool)
        for rows, before in self._states_by_type(going):
            moved = self.robot.transition(before, action[rows], self._streams_of(rows))
            reward[rows] = self.robot.reward(before, action[rows], moved)
            terminated[rows] = self.robot.terminal(moved)
            self._set_states(rows, moved)
        if to_reset.any():
            rows = np.flatnonzero(to_reset)
            for row in rows:
                self._random_streams.streams[row] = RandomStream(self._generators[row])
            self._set_states(rows, self.robot.initial(self._streams_of(rows)))
        self._n_steps = np.where(to_reset, 0, self._n_steps + 1)
        truncated = self._n_steps >= self._max_steps
        self._ended = terminated | truncated
        return self._observe(), reward, terminated, truncated, {}

    def _streams_of(self, rows: np.ndarray) -> RandomStreams:
        return RandomStreams([self._random_streams.streams[row] for row in rows], np.arange(len(rows)))

    def _set_states(self, rows: np.ndarray, states: Array) -> None:
        self._state = self._state.astype(np.result_type(self._state, states))
        self._state[rows] = states
        for row in rows:
            self._types[row] = states.dtype

    def _states_by_type(self, rows: np.ndarray) -> list[tuple[np.ndarray, Array]]:
        """The rows in groups whose states have one type of number, and these states.

        First states may have another type than later ones, for example whole numbers; each robot computes with its own.
        """
        types = [self._types[row] for row in rows]
        groups = [(rows[[each == kind for each in types]], kind) for kind in dict.fromkeys(types)]
        return [(group, self._state[group].astype(kind)) for group, kind in groups]

    def _observe(self) -> Array:
        observations = np.empty((self.num_envs, len(self.robot.sensors)), np.float32)
        for rows, states in self._states_by_type(np.arange(self.num_envs)):
            observations[rows] = self.robot.observation(states, self._streams_of(rows))
        return observations
