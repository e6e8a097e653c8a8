"""The index of robots, which is read from their files, agrees with the classes, and imports none of them."""

import subprocess
import sys

import pytest

from evorobo.settings import resolve_reference
from evorobo.tasks.control import class_index
from evorobo.tasks.control.class_index import registered_classes, replacements
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.registry import registered_robots

OWN = list(registered_classes("robots"))


@pytest.mark.parametrize("robot", OWN, ids=lambda robot: robot.id)
def test_a_registered_robot_has_the_limits_of_its_class(robot):
    kind, spec = resolve_reference(robot.reference), registered_robots()[robot.id]
    assert issubclass(kind, Robot)
    assert (spec.max_episode_steps, spec.reward_threshold) == (kind.max_steps, kind.reward_threshold)


def test_every_robot_of_the_package_is_found():
    known = {spec.kwargs["robot"] for id, spec in registered_robots().items() if id.startswith("evorobo/")}
    assert {robot.reference for robot in OWN} == known
    assert len(OWN) >= 12


@pytest.mark.parametrize(("folder", "number"), [("simulators", 5), ("simulators/mujoco", 10)])
def test_replacements_are_the_classes_that_name_what_they_replace(folder, number):
    found = replacements(folder)
    assert len(found) == number
    for entry_point, reference in found.items():
        assert vars(resolve_reference(reference))["replaces"] == entry_point


def test_a_new_file_adds_a_robot(monkeypatch, tmp_path):
    (tmp_path / "robots").mkdir()
    (tmp_path / "robots" / "cart.py").write_text(
        "class Base(Robot):\n    max_steps = 70\n\n\nclass Cart(Base):\n"
        '    reward_threshold: ClassVar[float] = 9.5\n\n\nregister(Cart, "new/Cart-v0")\n'
    )
    monkeypatch.setattr(class_index, "__file__", str(tmp_path / "class_index.py"))
    (robot,) = registered_classes("robots")
    assert (robot.id, robot.max_steps, robot.reward_threshold) == ("new/Cart-v0", 70, 9.5)
    assert robot.reference == "evorobo.tasks.control.robots.cart:Cart"


def test_no_robot_is_imported_before_it_is_used():
    program = (
        "import sys, evorobo.tasks.control.task as t, gymnasium; gymnasium.spec('evorobo/Maze-v0')\n"
        "print([name for name in sys.modules if name.endswith(('.maze', '.t_maze', '.cartpole', '.runners'))])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
