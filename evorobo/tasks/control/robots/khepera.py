"""The Khepera, a small round robot of many classic studies: two wheels and eight infrared sensors among walls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.geometry import drive, to_disc, to_walls, undo_collisions

RANGE, CONTACT = 0.043, 0.015
"""Distances in m: from RANGE on readings are 0, as with a real Khepera, and up to CONTACT they are 1."""


def intensity(distance: Array) -> Array:
    """The reading of a surface straight ahead: 1 up to `CONTACT`, then falling as 1 / distance^2, 0 from `RANGE` on."""
    edge = (CONTACT / RANGE) ** 2
    return np.clip(((CONTACT / np.maximum(distance, CONTACT)) ** 2 - edge) / (1 - edge), 0.0, 1.0)


def reading(dx: Array, dy: Array, ahead_x: Array, ahead_y: Array) -> Array:
    """The readings `(...)` of sensors, 0 to 1, without noise.

    Sensors point in the direction `(ahead_x, ahead_y)`, each `(...)`, a unit vector. `(dx, dy)`, each
    `(..., surfaces)`, are the vectors to the nearest points of all surfaces.

    The lobe is a cosine: a surface at the angle a to the axis of the sensor counts cos a times its reading straight
    ahead, and a surface beside or behind the sensor counts 0. The reading is that of the brightest surface.
    """
    distance = np.hypot(dx, dy)
    ahead = dx * ahead_x[..., None] + dy * ahead_y[..., None]
    lobe = np.where(distance > 0, ahead / np.where(distance > 0, distance, 1.0), 1.0)
    brightest: Array = (intensity(distance) * np.maximum(lobe, 0.0)).max(-1)
    return brightest


RADIUS, AXLE, TOP_SPEED, STEP = 0.0275, 0.053, 0.144, 0.1  # m, m, m/s, s
INFRARED = ("left", "front left", "ahead left", "ahead right", "front right", "right", "back right", "back left")
ANGLES = np.radians([90.0, 45.0, 10.0, -10.0, -45.0, -90.0, -165.0, 165.0])
"""The angle of each sensor on the hull, accurate to a few degrees; sensors point outwards."""
AVOID = np.array([0.5, 3.0, 3.0, -3.0, -3.0, -0.5, 0.0, 0.0])
"""How much each reading turns a Braitenberg vehicle to the right, away from walls."""
POSE, SENSED = slice(0, 3), slice(3, 3 + len(INFRARED))
"""The columns of a state with x, y and heading, and with the readings without noise."""


def steer(cruise: float, turn: Array) -> Array:
    """Wheel speeds `(rows, 2)`, as shares of top speed, that drive at `cruise` and turn right by `turn (rows,)`."""
    return np.clip(np.stack([cruise + turn, cruise - turn], axis=1), -1, 1)


@dataclass(frozen=True, eq=False)
class Arena:
    """Walls `(w, 4)` and, if `thing_radius` (m) is not 0, one round thing for each robot.

    `thing (rows, 2)` is the center of that thing.
    """

    walls: Array
    thing_radius: float = 0.0

    def state_at(self, pose: Array, thing: Array | None = None) -> Array:
        """The state `(rows, 11)` of a robot at `pose (rows, 3)`: the pose and the readings of its infrared sensors."""
        x, y, heading = pose.T
        direction = heading[:, None] + ANGLES
        ahead_x, ahead_y = np.cos(direction), np.sin(direction)
        dx, dy = self._to_surfaces(x[:, None] + RADIUS * ahead_x, y[:, None] + RADIUS * ahead_y, thing)
        return np.concatenate([pose, reading(dx, dy, ahead_x, ahead_y)], axis=1)

    def step(self, state: Array, action: Array, thing: Array | None = None) -> Array:
        """The states one control step later, with the wheels at `action (rows, 2)` times top speed.

        A collision undoes the move.
        """
        before = state[:, POSE]
        left, right = TOP_SPEED * action.T
        after = drive(before, left, right, AXLE, STEP)
        to_surfaces = self._to_surfaces(after[:, 0], after[:, 1], thing)
        return self.state_at(undo_collisions(before, after, to_surfaces, RADIUS), thing)

    def _to_surfaces(self, x: Array, y: Array, thing: Array | None) -> tuple[Array, Array]:
        """The vectors from points `(rows, ...)` to the nearest points of all surfaces, each `(rows, ..., surfaces)`."""
        dx, dy = to_walls(x, y, self.walls)
        if thing is None:
            return dx, dy
        center = thing.reshape(len(x), *(1,) * (x.ndim - 1), 2)
        to_x, to_y = to_disc(x, y, center[..., 0], center[..., 1], self.thing_radius)
        return np.concatenate([dx, to_x[..., None]], -1), np.concatenate([dy, to_y[..., None]], -1)

    def draw(self, ax: Any, *paths: Array) -> None:
        """Draw the walls from above and the `paths` of a robot, each `(steps, k)`, in the colors C0, C1, ...

        Every second path is dashed. The circle is the robot; the line in it points ahead.
        """
        for x1, y1, x2, y2 in self.walls:
            ax.plot([x1, x2], [y1, y2], color="black", linewidth=1.5)
        for number, path in enumerate(paths):
            ax.plot(*path[:, :2].T, color=f"C{number}", linewidth=1.2, linestyle="--" if number % 2 else "-")
            ax.plot(*path[0, :2], marker="o", markersize=4, color="black")
        x, y, heading = paths[-1][-1, POSE]
        turn = heading + np.linspace(0, 2 * np.pi, 33)
        hull_x, hull_y = x + RADIUS * np.cos(turn), y + RADIUS * np.sin(turn)
        ax.plot(np.r_[x, hull_x], np.r_[y, hull_y], color="black", linewidth=1)
        ax.set_aspect("equal")
