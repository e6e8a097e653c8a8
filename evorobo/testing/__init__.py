"""Contracts of your own parts: `check_robot`, `check_task`, `check_method` and `check_layer`.

    from evorobo.testing import check_robot

    def test_my_robot():
        check_robot("my_robot:my/MyRobot-v0")

A part that breaks its contract raises `TaskError` with one sentence about the cause and the remedy. The parts of this
package are held to the same contracts in its tests.
"""

from evorobo.testing.layers import check_layer
from evorobo.testing.methods import check_method
from evorobo.testing.robots import check_robot
from evorobo.testing.tasks import check_task

__all__ = ["check_layer", "check_method", "check_robot", "check_task"]
