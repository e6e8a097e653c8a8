"""Plane geometry that several robots share: wheels, bearings, walls. Metres, seconds, radians, angles to the left."""

from __future__ import annotations

import numpy as np

from evorobo.nets.activations import Array

STRAIGHT = 1e-5
"""Below this difference of the wheels' speeds (m/s) the way counts as straight."""


def drive(pose: Array, left: Array, right: Array, axle: float, seconds: float) -> Array:
    """`pose (rows, 3)` as x, y, heading after both wheels ran at `left` and `right` (m/s): exact arcs of circles."""
    x, y, heading = pose.T
    speed, turn = (left + right) / 2, (right - left) / axle
    straight = np.abs(right - left) < STRAIGHT
    radius = speed / np.where(straight, 1.0, turn)
    after = heading + np.where(straight, 0.0, turn) * seconds
    dx = np.where(straight, speed * seconds * np.cos(heading), radius * (np.sin(after) - np.sin(heading)))
    dy = np.where(straight, speed * seconds * np.sin(heading), radius * (np.cos(heading) - np.cos(after)))
    return np.stack([x + dx, y + dy, after], axis=1)


def ranges_in_room(x: Array, y: Array, cos: Array, sin: Array, length: float, width: float) -> Array:
    """How far it is from `(x, y)` to the walls of the room [0, length] x [0, width] in the direction `(cos, sin)`.

    All arrays broadcast. From inside the room the nearest wall ahead is the smaller of the two that the ray faces.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(cos > 0, length - x, x) / np.abs(cos)  # infinite for a ray that is parallel to these walls
        across = np.where(sin > 0, width - y, y) / np.abs(sin)
    return np.fmin(along, across)
