"""Robots by name: `register` makes a gymnasium id of a robot, for us, for you and for anyone's `gymnasium.make`."""

from __future__ import annotations

from typing import Any

from evorobo.errors import SettingsError
from evorobo.settings import reference_to
from evorobo.tasks.control.robots.base import Robot

ENV_ENTRY_POINT = "evorobo.tasks.control.robots.env:RobotEnv"
VECTOR_ENTRY_POINT = "evorobo.tasks.control.robots.env:RobotVectorEnv"


def register(robot: type[Robot], id: str) -> None:
    """Make `robot` known to gymnasium as `id` ("my/MyRobot-v0"), alone and as a vector.

    Registering the same robot again is fine; another one under a taken id raises `SettingsError`.
    """
    if not (isinstance(robot, type) and issubclass(robot, Robot)):
        raise SettingsError(f"{robot!r} is no robot class; derive it from evorobo.Robot.")
    from gymnasium.envs import registration

    reference, taken = reference_to(robot), registration.registry.get(id)
    if taken is not None:
        if taken.kwargs.get("robot") == reference:
            return
        raise SettingsError(
            f"the id {id!r} is taken by {taken.kwargs.get('robot') or taken.entry_point}; choose another."
        )
    registration.register(
        id,
        entry_point=ENV_ENTRY_POINT,
        vector_entry_point=VECTOR_ENTRY_POINT,
        max_episode_steps=robot.max_steps,
        reward_threshold=robot.reward_threshold,
        disable_env_checker=True,
        kwargs={"robot": reference},
    )


def qualified_id(env: str) -> str:
    """`env` with the file or module before it that makes its id known, so that other processes and days find it too."""
    from gymnasium.envs.registration import registry

    spec = registry.get(env.rpartition(":")[2])
    if spec is None:
        return env
    maker = spec.kwargs.get("robot") or spec.entry_point
    try:
        where = (maker if isinstance(maker, str) else reference_to(maker)).rpartition(":")[0]
    except SettingsError:  # a class inside a function, say: good for this process alone
        return env
    return env if where.split(".")[0] in ("evorobo", "gymnasium", "__main__", "") else f"{where}:{spec.id}"


def registered_robots() -> dict[str, Any]:
    """The ids of all registered robots, with their gymnasium specs."""
    from gymnasium.envs.registration import registry

    return {id: spec for id, spec in sorted(registry.items()) if spec.entry_point == ENV_ENTRY_POINT}
