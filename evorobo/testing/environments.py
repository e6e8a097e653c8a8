"""The contract of a gymnasium environment: readings of its space, finite numbers, and episodes that repeat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.simulators.env_objects import RESET_RESULT, is_reset_result, step_hint
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec, find_spec, make_gym_env
from evorobo.tasks.control.spaces import make_decoder, make_flattener
from evorobo.testing.common import location, raised_at, require
from evorobo.user_code import reraise_interrupt

N_EPISODES, MAX_STEPS = 3, 100
"""The random episodes of the check, and the most steps of each."""

Step = tuple[np.ndarray, float, bool]
"""A flat observation, a reward, and whether the episode ended."""


def check_environment(env_spec: GymEnvSpec, env_kwargs: Mapping[str, Any]) -> None:
    """Raise `TaskError`, with the function and its file and line, unless random episodes keep the contract."""
    checker = _Checker(env_spec, make_gym_env(find_spec(env_spec.id), env_kwargs, env_spec.max_steps))
    episodes = [checker.run(seed) for seed in range(N_EPISODES)]
    require(
        (env_spec.max_steps or 2) == 1 or any(len(episode) > 2 for episode in episodes),
        f"{checker.place('step')} ends every episode at its first step under random actions, so nothing can be "
        "learned; return terminated=True only at the end of a task.",
    )
    for seed, episode in enumerate(episodes):
        again = checker.run(seed)
        differ = [
            step
            for step, (one, other) in enumerate(zip(episode, again, strict=False))
            if not (np.array_equal(one[0], other[0]) and one[1:] == other[1:])
        ]
        require(
            not differ or differ[0] > 0,
            f"{checker.place('reset')} returns another first observation for the same seed; begin with "
            "super().reset(seed=seed), and draw from self.np_random alone.",
        )
        require(
            not differ,
            f"{checker.place('reset')} does not restore everything: an episode with the same seed and actions differs "
            f"from step {differ[0] if differ else 0} on; set in reset all that step changes, and draw from "
            "self.np_random alone.",
        )


class _Checker:
    """Runs episodes of one environment and checks each result."""

    def __init__(self, env_spec: GymEnvSpec, environment: Any) -> None:
        self._id, self._environment = env_spec.id, environment
        self._decoder = make_decoder(env_spec.action_space)
        self._space = env_spec.observation_space
        self._n_sensors, self._flatten = make_flattener(self._space)
        self._n_steps = 0

    def place(self, function: str) -> str:
        """A function of the environment, with the file and line where it is defined."""
        return f"{self._id}: {function}() {location(getattr(type(self._environment.unwrapped), function, None))}"

    def run(self, seed: int) -> list[Step]:
        """The steps of a random episode; the first is the state after reset."""
        rng, self._n_steps = np.random.default_rng(seed), 0
        result = self._call("reset", seed=seed)
        require(
            is_reset_result(result),
            f"{self.place('reset')} returned a {type(result).__name__}; {RESET_RESULT}.",
        )
        first = result[0]
        steps: list[Step] = [(self._flat("reset", first), 0.0, False)]
        while not steps[-1][2] and self._n_steps < MAX_STEPS:
            self._n_steps += 1
            (action,) = self._decoder.sample(rng, 1)
            observation, reward, terminated, truncated, _ = self._call("step", self._decoder.to_env_action(action))
            flat = self._flat("step", observation)
            before, after = _kinds(first), _kinds(observation)
            require(
                all(one == other or one not in "iub" for one, other in zip(before, after, strict=False)),
                f"{self.place('reset')} returns whole numbers where step() returns others; return the same type from "
                "both, such as np.float32.",
            )
            number = np.asarray(reward)
            require(
                not isinstance(reward, list | tuple)
                and number.size == 1
                and number.dtype.kind in "fiub"
                and bool(np.isfinite(number).all()),
                f"{self.place('step')} returned the reward {reward!r} at step {self._n_steps}; return one finite "
                "number.",
            )
            steps.append((flat, float(number.item()), bool(terminated or truncated)))
        return steps

    def _flat(self, function: str, observation: Any) -> np.ndarray:
        try:
            flat = self._flatten(observation)
        except (ValueError, TypeError, LookupError) as error:
            raise TaskError(
                f"{self.place(function)} returned an observation at step {self._n_steps} that does not fit the "
                f"observation_space: {error}."
            ) from error
        require(
            flat.shape == (self._n_sensors,),
            f"{self.place(function)} returned an observation of shape {flat.shape} at step {self._n_steps}, and its "
            f"space has {self._n_sensors} numbers.",
        )
        require(
            bool(np.isfinite(flat).all()),
            f"{self.place(function)} returned an observation with {flat[~np.isfinite(flat)][:1]} at step "
            f"{self._n_steps}; look for a division by zero or the root of a negative number.",
        )
        self._check_whole(function, self._space, observation)
        return flat

    def _check_whole(self, function: str, space: Any, observation: Any) -> None:
        """Raise `TaskError` for fractions in a box that declares whole numbers."""
        from gymnasium import spaces

        match space:
            case spaces.Dict():
                for key, part in space.spaces.items():
                    self._check_whole(function, part, observation[key])
            case spaces.Tuple():
                for part, value in zip(space.spaces, observation, strict=True):
                    self._check_whole(function, part, value)
            case spaces.Box() if space.dtype.kind in "iub":
                numbers = np.ravel(observation)
                wrong = (numbers != np.floor(numbers)) | (numbers < space.low.ravel()) | (numbers > space.high.ravel())
                require(
                    not wrong.any(),
                    f"{self.place(function)} returned {numbers[wrong][:1]} at step {self._n_steps}, and its "
                    f"observation_space declares whole numbers ({space.dtype}) within limits; declare "
                    "dtype=np.float32, or correct the limits or the reading.",
                )

    def _call(self, function: str, *arguments: Any, **keywords: Any) -> Any:
        try:
            return getattr(self._environment, function)(*arguments, **keywords)
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(
                f"{self.place(function)} raised {type(error).__name__} at step {self._n_steps}"
                f"{raised_at(error)}: {error}{step_hint(error) or '. Fix it'}."
            ) from error


def _kinds(observation: Any) -> list[str]:
    """The kinds of numbers of an observation, part by part: "i" for integers, "f" for floats."""
    if isinstance(observation, dict):
        return [kind for key in sorted(observation) for kind in _kinds(observation[key])]
    if isinstance(observation, tuple):
        return [kind for part in observation for kind in _kinds(part)]
    return [np.asarray(observation).dtype.kind]
