"""Contracts for your own robots, tasks, methods and activations; each failure is one sentence that says how to fix it.

    from evorobo.testing import check_robot

    def test_my_robot():
        check_robot("my_robot:my/MyRobot-v0")

Ours are held to the same contracts in this project's tests.
"""

from evorobo.testing.activations import check_activation
from evorobo.testing.methods import check_method
from evorobo.testing.robots import check_robot
from evorobo.testing.tasks import check_task

__all__ = ["check_activation", "check_method", "check_robot", "check_task"]
