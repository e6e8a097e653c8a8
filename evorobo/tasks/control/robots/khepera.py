"""Khepera, the small round robot of the field's classics: two wheels, eight infrared sensors, walls to keep off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.geometry import drive, to_disc, to_walls, undo_collisions

RANGE, CONTACT = 0.043, 0.015
"""In m: from where on nothing comes back (a Khepera's sensors are of use up to there), and where readings saturate."""


def intensity(distance: Array) -> Array:
    """What a surface straight ahead sends back: 1 up to `CONTACT`, then falling as 1 / distance^2, to 0 at `RANGE`."""
    edge = (CONTACT / RANGE) ** 2
    return np.clip(((CONTACT / np.maximum(distance, CONTACT)) ** 2 - edge) / (1 - edge), 0.0, 1.0)


def reading(dx: Array, dy: Array, ahead_x: Array, ahead_y: Array) -> Array:
    """The reading `(...)` of sensors, 0 to 1 and free of noise.

    They look in the direction `(ahead_x, ahead_y)`, each `(...)` and together of length 1; the nearest points of all
    surfaces are `(dx, dy)` away, each `(..., surfaces)`.

    The lobe is a cosine: a surface at an angle of a to the sensor's axis counts cos a of what it would straight ahead,
    and one beside or behind it nothing. Of all surfaces the brightest is read.
    """
    distance = np.hypot(dx, dy)
    ahead = dx * ahead_x[..., None] + dy * ahead_y[..., None]
    lobe = np.where(distance > 0, ahead / np.where(distance > 0, distance, 1.0), 1.0)
    brightest: Array = (intensity(distance) * np.maximum(lobe, 0.0)).max(-1)
    return brightest


RADIUS, AXLE, TOP_SPEED, STEP = 0.0275, 0.053, 0.144, 0.1  # m, m, m/s, s
INFRARED = ("left", "front left", "ahead left", "ahead right", "front right", "right", "back right", "back left")
ANGLES = np.radians([90.0, 45.0, 10.0, -10.0, -45.0, -90.0, -165.0, 165.0])
"""Where each of them sits on the hull, looking outwards (to a few degrees)."""
AVOID = np.array([0.5, 3.0, 3.0, -3.0, -3.0, -0.5, 0.0, 0.0])
"""How far each reading turns a Braitenberg vehicle to the right, so that it keeps off walls."""
POSE, SENSED = slice(0, 3), slice(3, 3 + len(INFRARED))
"""Where states have x, y and heading, and the readings without noise."""


def steer(cruise: float, turn: Array) -> Array:
    """Wheels `(rows, 2)` that go on at `cruise` and turn to the right by `turn (rows,)`, in shares of top speed."""
    return np.clip(np.stack([cruise + turn, cruise - turn], axis=1), -1, 1)


@dataclass(frozen=True, eq=False)
class Arena:
    """The walls `(w, 4)` between which it drives, and the radius (m) of the round thing that may stand there, too.

    `thing (rows, 2)` is the place of that thing, for each robot its own.
    """

    walls: Array
    thing_radius: float = 0.0

    def state_at(self, pose: Array, thing: Array | None = None) -> Array:
        """A robot that stands at `pose (rows, 3)`, and what its infrared sensors read there: `(rows, 11)`."""
        x, y, heading = pose.T
        look = heading[:, None] + ANGLES
        ahead_x, ahead_y = np.cos(look), np.sin(look)
        dx, dy = self._ways(x[:, None] + RADIUS * ahead_x, y[:, None] + RADIUS * ahead_y, thing)
        return np.concatenate([pose, reading(dx, dy, ahead_x, ahead_y)], axis=1)

    def step(self, state: Array, action: Array, thing: Array | None = None) -> Array:
        """The same robots one control step later, the wheels at `action (rows, 2)` of their top speed.

        Who would run into something stays where it was: a collision undoes the move.
        """
        before = state[:, POSE]
        left, right = TOP_SPEED * action.T
        after = drive(before, left, right, AXLE, STEP)
        return self.state_at(undo_collisions(before, after, self._ways(after[:, 0], after[:, 1], thing), RADIUS), thing)

    def _ways(self, x: Array, y: Array, thing: Array | None) -> tuple[Array, Array]:
        """From places `(rows, ...)` to the nearest points of all surfaces `(rows, ..., surfaces)`."""
        dx, dy = to_walls(x, y, self.walls)
        if thing is None:
            return dx, dy
        at = thing.reshape(len(x), *(1,) * (x.ndim - 1), 2)
        to_x, to_y = to_disc(x, y, at[..., 0], at[..., 1], self.thing_radius)
        return np.concatenate([dx, to_x[..., None]], -1), np.concatenate([dy, to_y[..., None]], -1)

    def draw(self, ax: Any, *ways: Array) -> None:
        """The walls from above and a robot's `ways` between them, each `(steps, k)`, in the colours C0, C1, ...;
        the circle is the robot, the line in it points ahead."""
        for x1, y1, x2, y2 in self.walls:
            ax.plot([x1, x2], [y1, y2], color="black", linewidth=1.5)
        for number, way in enumerate(ways):
            ax.plot(*way[:, :2].T, color=f"C{number}", linewidth=1.2)
            ax.plot(*way[0, :2], marker="o", markersize=4, color="black")
        x, y, heading = ways[-1][-1, POSE]
        turn = heading + np.linspace(0, 2 * np.pi, 33)
        hull_x, hull_y = x + RADIUS * np.cos(turn), y + RADIUS * np.sin(turn)
        ax.plot(np.r_[x, hull_x], np.r_[y, hull_y], color="black", linewidth=1)
        ax.set_aspect("equal")
