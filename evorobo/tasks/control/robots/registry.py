"""Gymnasium ids of robots: `register` adds one; the robots of this package are found by the text of their files."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

from evorobo.cells import is_in_a_record
from evorobo.errors import SettingsError
from evorobo.fields import checks_fields
from evorobo.settings import reference_to
from evorobo.tasks.control.class_index import registered_classes
from evorobo.tasks.control.robots.base import Robot

ENV_ENTRY_POINT = "evorobo.tasks.control.robots.env:RobotEnv"
VECTOR_ENTRY_POINT = "evorobo.tasks.control.robots.env:RobotVectorEnv"


def register(robot: type[Robot], id: str) -> None:
    """Give a robot class a gymnasium id.

    Afterwards `ControlTask(id)`, `gymnasium.make(id)` and `gymnasium.make_vec(id)` find it. Call it at the end of the
    file that defines the robot. Registering the same class again has no effect.

    Parameters
    ----------
    robot : type[Robot]
        The class, not an object; settings are given later, as keyword arguments of the id.
    id : str
        The id, for example "my/MyRobot-v0": namespace, name and version.

    Raises
    ------
    SettingsError
        If `robot` is no class derived from `Robot`, or if another robot has this id.

    Examples
    --------
    >>> import gymnasium
    >>> from evorobo import register
    >>> from evorobo.tasks.control.robots.phototaxis import Phototaxis
    >>> register(Phototaxis, "my/Phototaxis-v0")
    >>> gymnasium.spec("my/Phototaxis-v0").max_episode_steps
    200
    """
    if not (isinstance(robot, type) and issubclass(robot, Robot)):
        raise SettingsError(f"{robot!r} is no robot class; derive it from evorobo.Robot.")
    if is_dataclass(robot):
        checks_fields(robot)
    _register(reference_to(robot), id, robot.max_steps, robot.reward_threshold, typed=robot.__module__ == "__main__")


def register_built_in() -> None:
    """Register the robots of this package; none of them is imported yet."""
    for robot in registered_classes("robots"):
        _register(robot.reference, robot.id, robot.max_steps or Robot.max_steps, robot.reward_threshold)


def _register(robot: str, id: str, max_steps: int, reward_threshold: float | None, typed: bool = False) -> None:
    """Add an id. One that was typed in a notebook cell takes the place of the same robot before an edit."""
    from gymnasium.envs import registration

    spec = registration.registry.get(id)
    if spec is not None:
        before = str(spec.kwargs.get("robot") or spec.entry_point)
        if before == robot:
            return
        if not (is_in_a_record(before) and is_in_a_record(robot)) or _name(before) != _name(robot):
            raise SettingsError(f"the id {id!r} is taken by {before}; choose another id.")
        _versions[_qualified(before, id)] = registration.registry.pop(id)
    _add(robot, id, max_steps, reward_threshold)
    if spec is not None and not typed:  # an earlier version, loaded for its trials
        _versions[_qualified(robot, id)] = registration.registry[id]
        registration.registry[id] = spec


def version_of(env: str) -> Any:
    """Return the gymnasium spec of a recorded cell's robot that was registered again after an edit; else None."""
    return _versions.get(env)


def _qualified(robot: str, id: str) -> str:
    return f"{robot.rpartition(':')[0]}:{id}"


def _name(robot: str) -> str:
    return robot.rpartition(":")[2]


_versions: dict[str, Any] = {}
"""Gymnasium specs of robots in notebook cells besides the latest ones, by their qualified ids."""


def _add(robot: str, id: str, max_steps: int, reward_threshold: float | None) -> None:
    from gymnasium.envs import registration

    registration.register(
        id,
        entry_point=ENV_ENTRY_POINT,
        vector_entry_point=VECTOR_ENTRY_POINT,
        max_episode_steps=max_steps,
        reward_threshold=reward_threshold,
        disable_env_checker=True,
        kwargs={"robot": robot},
    )


def qualified_id(env: str) -> str:
    """`env` preceded by the module or file that registers it, so that other processes find it too."""
    from gymnasium.envs.registration import registry

    spec = registry.get(env.rpartition(":")[2])
    if spec is None or is_in_a_record(env):  # of several versions, the one that is named
        return env
    maker = spec.kwargs.get("robot") or spec.entry_point
    try:
        module = (maker if isinstance(maker, str) else reference_to(maker)).rpartition(":")[0]
    except SettingsError:  # a class inside a function, for example: known in this process only
        return env
    return env if module.split(".")[0] in ("evorobo", "gymnasium", "__main__", "") else f"{module}:{spec.id}"


def registered_robots() -> dict[str, Any]:
    """The gymnasium specs of all registered robots, by id."""
    from gymnasium.envs.registration import registry

    return {id: spec for id, spec in sorted(registry.items()) if spec.entry_point == ENV_ENTRY_POINT}
