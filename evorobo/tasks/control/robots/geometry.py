"""Plane geometry of wheels and walls, in meters, seconds and radians; angles grow to the left."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tracing.arrays import with_slope_of, without_jump

STRAIGHT = 1e-5
"""Below this difference of wheel speeds (m/s) the path counts as straight."""


def drive(pose: Array, left: Array, right: Array, axle: float, seconds: float) -> Array:
    """`pose (rows, 3)`, x, y and heading, after the wheels ran at `left` and `right` (m/s), along an exact arc.

    The slope is that of the arc on a straight path, too: to second order, the path points to the middle of the turn.
    """
    x, y, heading = pose.T
    speed, turn = (left + right) / 2, (right - left) / axle
    straight = without_jump(np.abs(right - left) < STRAIGHT)
    radius = speed / np.where(straight, 1.0, turn)
    after = heading + with_slope_of(np.where(straight, 0.0, turn), lambda: turn) * seconds
    straight_x = with_slope_of(
        speed * seconds * np.cos(heading), lambda: speed * seconds * np.cos(heading + turn * seconds / 2)
    )
    straight_y = with_slope_of(
        speed * seconds * np.sin(heading), lambda: speed * seconds * np.sin(heading + turn * seconds / 2)
    )
    dx = np.where(straight, straight_x, radius * (np.sin(after) - np.sin(heading)))
    dy = np.where(straight, straight_y, radius * (np.cos(heading) - np.cos(after)))
    return np.stack([x + dx, y + dy, after], axis=1)


def ranges_in_room(x: Array, y: Array, cos: Array, sin: Array, length: float, width: float) -> Array:
    """The distance from `(x, y)` to the walls of the room [0, length] x [0, width] in the direction `(cos, sin)`.

    All arrays broadcast. From inside the room the nearest wall is the nearer of the two walls that the ray faces.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(cos > 0, length - x, x) / np.abs(cos)  # infinite for a ray parallel to these walls
        across = np.where(sin > 0, width - y, y) / np.abs(sin)
    return np.fmin(along, across)


def to_walls(x: Array, y: Array, walls: Array) -> tuple[Array, Array]:
    """The vectors `(dx, dy)`, each `(..., w)`, from points `x, y (...)` to the nearest point of every wall.

    A wall is a segment: `walls (w, 4)` holds x1, y1, x2, y2.
    """
    x1, y1, x2, y2 = walls.T
    across_x, across_y = x1 - x[..., None], y1 - y[..., None]
    along_x, along_y = x2 - x1, y2 - y1
    share = -(across_x * along_x + across_y * along_y) / (along_x**2 + along_y**2)
    share = np.clip(share, 0.0, 1.0)
    return across_x + share * along_x, across_y + share * along_y


def to_disc(x: Array, y: Array, disc_x: Array, disc_y: Array, radius: float) -> tuple[Array, Array]:
    """The vectors `(dx, dy)` from points outside a disc to the nearest point of its rim; all arrays broadcast."""
    dx, dy = disc_x - x, disc_y - y
    left = 1 - radius / np.hypot(dx, dy)
    return dx * left, dy * left


def undo_collisions(before: Array, after: Array, to_surfaces: tuple[Array, Array], radius: float) -> Array:
    """States `after (rows, k)` a move, or `before` it where a hull of this radius would collide.

    `to_surfaces` are the vectors from the new position to the nearest points of all surfaces, each `(rows, surfaces)`.
    """
    dx, dy = to_surfaces
    free = (dx * dx + dy * dy).min(-1) >= radius**2
    return np.where(free[:, None], after, before)


def outline(*corners: tuple[float, float]) -> Array:
    """The walls `(corners, 4)` of a closed polygon."""
    points = np.array(corners)
    return np.concatenate([points, np.roll(points, -1, axis=0)], axis=1)
