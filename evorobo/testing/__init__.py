"""Contracts of your own robots, tasks, methods, layers and activations; a failure is one sentence with the remedy.

    from evorobo.testing import check_robot

    def test_my_robot():
        check_robot("my_robot:my/MyRobot-v0")

The parts of this package are held to the same contracts in its tests.
"""

from evorobo.testing.activations import check_activation
from evorobo.testing.layers import check_layer
from evorobo.testing.methods import check_method
from evorobo.testing.robots import RobotReport, check_robot
from evorobo.testing.tasks import check_task

__all__ = ["RobotReport", "check_activation", "check_layer", "check_method", "check_robot", "check_task"]
