"""An infrared sensor, in formulas of our own: it shines, and reads how much light the nearest surfaces send back."""

from __future__ import annotations

import numpy as np

from evorobo.nets.activations import Array

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
