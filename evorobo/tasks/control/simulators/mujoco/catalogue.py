"""Which of gymnasium's MuJoCo robots are stepped together, by entry point; only as they come, without options."""

from __future__ import annotations

from importlib.util import find_spec

from evorobo.tasks.control.simulators.mujoco.arms import Pusher, Reacher
from evorobo.tasks.control.simulators.mujoco.body import MujocoRobot
from evorobo.tasks.control.simulators.mujoco.giants import Ant, Humanoid
from evorobo.tasks.control.simulators.mujoco.poles import InvertedDoublePendulum, InvertedPendulum
from evorobo.tasks.control.simulators.mujoco.runners import HalfCheetah, Hopper, Swimmer, Walker2d

MUJOCO_ROBOTS: dict[str, type[MujocoRobot]] = {
    f"gymnasium.envs.mujoco.{module}_v5:{body.__name__}Env": body
    for module, body in {
        "ant": Ant,
        "half_cheetah": HalfCheetah,
        "hopper": Hopper,
        "humanoid": Humanoid,
        "inverted_double_pendulum": InvertedDoublePendulum,
        "inverted_pendulum": InvertedPendulum,
        "pusher": Pusher,
        "reacher": Reacher,
        "swimmer": Swimmer,
        "walker2d": Walker2d,
    }.items()
}


def has_batch() -> bool:
    """Whether MuJoCo is installed in a version that steps many at once."""
    return find_spec("mujoco") is not None and find_spec("mujoco.batch") is not None
