"""Contracts for your own parts: `check_robot`, `check_task`, `check_method`; each failure is a sentence with its cure.

    from evorobo.testing import check_robot

    def test_my_robot():
        check_robot("my_robot:my/MyRobot-v0")

Ours are held to the same contracts in this project's tests.
"""

from evorobo.testing.methods import check_method
from evorobo.testing.robots import check_robot
from evorobo.testing.tasks import check_task

__all__ = ["check_method", "check_robot", "check_task"]
