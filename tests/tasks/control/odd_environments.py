"""Environments with unusual spaces and bad habits, for tests; importing this makes their ids known to gymnasium."""

from __future__ import annotations

import os
import time

import gymnasium
import numpy as np
from gymnasium import spaces


class Mixed(gymnasium.Env):
    """A point with a gear: Dict observations, MultiBinary actions; reaching 1 on the first axis ends the episode."""

    observation_space = spaces.Dict({"place": spaces.Box(-9, 9, (2,), np.float32), "gear": spaces.Discrete(3)})
    action_space = spaces.MultiBinary(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.gear = self.np_random.uniform(-0.5, 0.5, 2), 0
        return self.sense(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.gear = (self.gear + int(action[2])) % 3
        self.place = self.place + 0.1 * (self.gear + 1) * (2 * action[:2] - 1) + 0.01 * self.np_random.normal(size=2)
        return self.sense(), float(self.place.sum()), bool(self.place[0] > 1), False, {}

    def sense(self):
        return {"place": self.place.astype(np.float32), "gear": np.int64(self.gear)}


class Pair(gymnasium.Env):
    """Tuple observations, MultiDiscrete actions that begin at 1 and -1."""

    observation_space = spaces.Tuple((spaces.Box(-9, 9, (1,), np.float32), spaces.MultiBinary(2)))
    action_space = spaces.MultiDiscrete([2, 3], start=[1, -1])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.np_random.uniform(-1, 1)
        return self.sense(), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.place = np.clip(self.place + 0.2 * action[0] * action[1], -3, 3)
        return self.sense(), -abs(self.place), False, False, {}

    def sense(self):
        signs = np.array([self.place > 0, abs(self.place) > 1], np.int8)
        return np.array([self.place], np.float32), signs


REWARDS = {"array of one": np.array([0.5]), "array of two": np.array([0.5, 1.0]), "no reward": None}
"""Rewards that are no plain numbers."""


class Breaks(gymnasium.Env):
    """Breaks in step 3, or in reset, in the way that `how` names."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, how="raise"):
        self.how = how

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        if self.how == "raise in reset":
            raise OSError("no power")
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.time += 1
        observation, reward = np.zeros(2, np.float32), 0.0
        if self.time == 3:
            if self.how == "raise":
                raise OSError("the wheel came off")
            if self.how == "exit":
                os._exit(7)
            if self.how == "exit with children":
                if os.fork() == 0:
                    time.sleep(600)  # it holds the streams of its parent open
                os._exit(8)
            if self.how == "read":
                input()
            if self.how == "close":
                os.closerange(0, 256)
            if self.how == "quit":
                raise SystemExit(0)
            if self.how == "NaN observation":
                observation[1] = np.nan
            if self.how in REWARDS:
                reward = REWARDS[self.how]
            if self.how == "infinite reward":
                reward = np.inf
            if self.how == "long observation":
                observation = np.zeros(3, np.float32)
        return observation, reward, False, False, {}


class Endless(Pair):
    """Registered without a limit of steps."""


class Busy(Pair):
    """Each step takes 2 ms of processor time."""

    def step(self, action):
        end = time.process_time() + 0.002
        while time.process_time() < end:
            pass
        return super().step(action)


class Images(Breaks):
    """Shows pictures."""

    observation_space = spaces.Box(0, 255, (8, 8, 3), np.uint8)


class Line(gymnasium.Env):
    """A cart on a line that must come back to 0; its readings have the types that `reset` and `step` name."""

    action_space = spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, first="float64", later="float64", declared="float64", form="flat"):
        self.first, self.later, self.form = first, later, form
        box = spaces.Box(0 if declared == "uint8" else -10, 10, (1, 2) if form == "matrix" else (2,), declared)
        self.observation_space = {"dict": spaces.Dict({"cart": box}), "tuple": spaces.Tuple((box,))}.get(form, box)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x = self.v = 0.0
        return self.sense(self.first), {}

    def step(self, action):
        self.v = 0.8 * self.v + 0.1 * float(action[0]) + self.np_random.normal(0, 0.05)
        self.x += self.v
        return self.sense(self.later), -abs(self.x), False, False, {}

    def sense(self, kind):
        readings = [0, 0] if kind == "list" else np.array([self.x, self.v], kind)
        shaped = np.reshape(readings, (1, 2)) if self.form == "matrix" else readings
        return {"dict": {"cart": shaped}, "tuple": (shaped,)}.get(self.form, shaped)


class Gears(gymnasium.Env):
    """A gear from -2 to 2 and a locked motor; the reward is the gear, so the largest return is twice the steps."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, dtype="int64"):
        self.action_space = spaces.Box(np.array([-2, 1], dtype), np.array([2, 1], dtype), dtype=np.dtype(dtype).type)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.ones(1, np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        return np.ones(1, np.float32), float(action[0]), False, False, {}


class Typed(Pair):
    """A Pair whose rewards depend on the type of its option."""

    def __init__(self, option):
        self.option = option

    def step(self, action):
        place, reward, *rest = super().step(action)
        return place, reward * len(repr(self.option)), *rest


class Fault(gymnasium.Env):
    """A point that drifts, with the fault that `fault` names."""

    observation_space = spaces.Box(-99, 99, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, fault="none"):
        self.fault, self.battery, self.rng = fault, 1.0, np.random.default_rng(7)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        rng = {"own generator": self.rng, "unseeded": np.random.default_rng()}.get(self.fault, self.np_random)
        self.x = rng.uniform(-1, 1)
        return np.array([self.x], np.float32), {}

    def step(self, action):
        if self.fault == "raises":
            raise ZeroDivisionError("no power")
        self.x += 0.1 * self.battery * (2 * action - 1)
        self.battery *= 0.9 if self.fault == "battery" else 1.0
        reward = {"NaN reward": np.nan, "no reward": None}.get(self.fault, -abs(self.x))
        reading = np.nan if self.fault == "NaN reading" else self.x
        return np.array([reading], np.float32), reward, self.fault == "ends at once", False, {}


for made, limit in (
    (Mixed, 12),
    (Pair, 9),
    (Breaks, 20),
    (Endless, None),
    (Images, 5),
    (Line, 60),
    (Gears, 10),
    (Typed, 9),
    (Fault, 20),
    (Busy, 20),
):
    gymnasium.register(f"odd/{made.__name__}-v0", made, max_episode_steps=limit, disable_env_checker=True)
