"""`evorobo new-task`: a robot that runs, to be changed into yours function by function."""

from __future__ import annotations

from pathlib import Path
from string import Template

from evorobo.scaffold.folder import check_module_name, write_folder

ROBOT = Template('''\
"""A hovercraft that must find its dock and stay there. Change it into your robot, one function at a time:

evorobo check-task $name.py:$kind    says after each change what is wrong, and how to mend it.
"""

from dataclasses import dataclass

import numpy as np

import evorobo as er

STEP = 0.1  # seconds from one action to the next


@dataclass(frozen=True)
class $kind(er.Robot):
    """What it is about, what an episode is, what the score means: here the mean nearness to the dock, in percent.

    Settings are fields: `er.ControlTask("my/$kind-v0", env_kwargs={"gusts": 0.5})` makes another task of them.
    """

    gusts: float = 0.2  # standard deviation of the wind's push, m/s2

    sensors = ("east", "north", "speed east", "speed north")  # what the network is shown ...
    motors = ("thrust east", "thrust north")  # ... and what it answers, in [-1, 1]; or moves = ("left", "right")
    max_steps = 100

    # Each row is a robot: write for many rows, and let many be one. A row must not look at other rows, and all chance
    # is drawn from rng, which has normal(scale, size) and uniform(low, high, size) and gives each row its own.

    def initial(self, rng):
        """The first state, (rows, anything): here place in m and speed in m/s, east and north."""
        distance, direction = rng.uniform([1.0, -np.pi], [2.0, np.pi], 2).T
        place = distance[:, None] * np.stack([np.cos(direction), np.sin(direction)], axis=1)
        return np.hstack([place, rng.normal(0.3, 2)])

    def observation(self, state, rng):
        """What the robot senses of it, (rows, sensors)."""
        return state + rng.normal(0.02, 4)

    def transition(self, state, action, rng):
        """The state one step later; make a new array, leave `state` as it is."""
        place, speed = state[:, :2], state[:, 2:]
        speed = 0.98 * speed + STEP * (action + rng.normal(self.gusts, 2))
        return np.hstack([place + STEP * speed, speed])

    def reward(self, state, action, next_state):
        """What the step earned, (rows,)."""
        distance = np.hypot(next_state[:, 0], next_state[:, 1])
        return np.exp(-2 * distance) * (100 / self.max_steps)

    def terminal(self, state):
        """Which episodes are over before their time, (rows,); leave it out if none are."""
        return np.hypot(state[:, 0], state[:, 1]) > 5

    def teacher(self, sensors):
        """Your rule of thumb, from sensors to actions; delete it if you have none: then evolution alone can learn."""
        return np.clip(-sensors[:, :2] - 1.5 * sensors[:, 2:], -1, 1)

    def draw(self, ax, states):
        """One episode's states, (steps, ...), as a picture; delete it if there is nothing to see."""
        ax.plot(states[:, 0], states[:, 1], linewidth=1.2)
        ax.plot(*states[0, :2], marker="o", markersize=4, color="black")
        ax.plot(0, 0, marker="s", markersize=8, color="gold", markeredgecolor="black", zorder=3)
        ax.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5))


er.register($kind, "my/$kind-v0")
''')

EXPERIMENT = Template('''\
"""Should $kind be evolved or trained by backpropagation? `python experiment.py` answers with a figure."""

import evorobo as er

study = er.Study.grid(
    "$name",
    tasks=[er.ControlTask("$name:my/$kind-v0", episodes=4)],
    methods=[er.Evolution(er.CMAES()), er.Evolution(er.OpenAIES()), er.Backprop()],
    seeds=10,
    budget=er.Budget(flops=2e7),
    hidden=(8,),
)

if __name__ == "__main__":
    er.main(study)
''')

TEST = Template('''\
"""$kind is a sound robot. Run with `python -m pytest`, from this folder."""

from $name import $kind

from evorobo import ControlTask
from evorobo.testing import check_robot


def test_the_robot_keeps_its_contract():
    check_robot($kind)


def test_the_teacher_does_better_than_chance():
    scores = ControlTask("$name:my/$kind-v0", test_episodes=20).references()
    assert scores["teacher"] > scores["random"]
''')


def new_task(name: str) -> list[Path]:
    """Write the folder `name` with a robot, an experiment and a test; returns their paths.

    Raises `SettingsError` for a name that cannot be or is taken.
    """
    check_module_name(name)
    names = {"name": name, "kind": "".join(part.capitalize() for part in name.split("_"))}
    files = {f"{name}.py": ROBOT, "experiment.py": EXPERIMENT, f"test_{name}.py": TEST}
    return write_folder(name, {file: template.substitute(names) for file, template in files.items()})
