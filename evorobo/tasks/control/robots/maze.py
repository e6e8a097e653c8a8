"""A deceptive maze: the direct way to the goal ends at a wall (Lehman & Stanley 2011)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.fields import NonNegativeFloat
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.geometry import drive, outline, to_walls, undo_collisions
from evorobo.tasks.control.robots.random_streams import RandomStreams, limits_with_noise
from evorobo.tasks.control.robots.registry import register

RADIUS, AXLE, TOP_SPEED, STEP = 0.035, 0.053, 0.195, 0.1  # an e-puck: m, m, m/s, s
LENGTH, WIDTH = 1.2, 0.8
START, GOAL, GOAL_RADIUS = np.array([0.12, 0.1, 0.0]), np.array([0.12, 0.68]), 0.06
INSIDE = [(0.0, 0.4, 0.95, 0.4), (0.45, 0.0, 0.45, 0.18), (0.75, 0.4, 0.75, 0.22)]
BEYOND = [(0.75, 0.8, 0.75, 0.6), (0.4, 0.4, 0.4, 0.6)]
WALLS = np.concatenate([outline((0.0, 0.0), (LENGTH, 0.0), (LENGTH, WIDTH), (0.0, WIDTH)), INSIDE, BEYOND])
BEAMS = np.radians([90.0, 45.0, 0.0, -45.0, -90.0, 180.0])
BEAM_RANGE = 0.4  # m, of a beam


@dataclass(frozen=True)
class Maze(Robot):
    """An e-puck drives in a maze of 1.2 x 0.8 m from the lower left to the upper left corner; episodes last 20 s.

    A wall separates the two corners; the way around it is four times as long as the direct line. The score is the share
    of the distance to the goal that is covered at the end, in percent: about 50 in front of the wall, far below 0 where
    the way around begins, 100 at the goal, which ends the episode.

    The sensors are those of Lehman & Stanley (2011). Six beams measure the distance to the nearest wall, as a share of
    0.4 m. Four quarters (ahead, left, behind, right) report the direction of the goal, through walls. Collisions undo
    moves. All episodes start alike. Maze and body differ from the paper. In its hard maze, novelty search found the
    goal in 39 of 40 runs, search by the score in 3.

    The measures are the final position, `x` and `y` in m.

    Parameters
    ----------
    noise : float, default 0.0
        Standard deviation (m) of the Gaussian noise of the beams; 0 in the paper.
    """

    noise: NonNegativeFloat = 0.0

    sensors = (
        *("wall left", "wall half left", "wall ahead", "wall half right", "wall right", "wall behind"),
        *("goal ahead", "goal left", "goal behind", "goal right"),
    )
    motors = ("wheel left", "wheel right")
    max_steps = 200
    length_unit = "m"
    reward_threshold = 99.0
    measures: ClassVar[dict[str, tuple[float, float]]] = {"x": (0.0, LENGTH), "y": (0.0, WIDTH)}

    def initial(self, rng: RandomStreams) -> Array:
        """x, y and heading, always the same."""
        return np.tile(START, (len(rng.episode), 1))

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        x, y, heading = state[:, :, None].transpose(1, 0, 2)
        beams = np.minimum(ranges(x, y, heading + BEAMS, WALLS), BEAM_RANGE) / BEAM_RANGE
        if self.noise:
            beams = beams + rng.normal(self.noise / BEAM_RANGE, len(BEAMS))
        bearing = np.arctan2(GOAL[1] - y, GOAL[0] - x) - heading
        quarter = np.floor(bearing / (np.pi / 2) + 0.5).astype(int) % 4
        return np.concatenate([beams, quarter == np.arange(4)], axis=1)

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        left, right = TOP_SPEED * action.T
        after = drive(state, left, right, AXLE, STEP)
        return undo_collisions(state, after, to_walls(after[:, 0], after[:, 1], WALLS), RADIUS)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return 100 * (to_goal(state) - to_goal(next_state)) / to_goal(START[None])

    def terminal(self, state: Array) -> np.ndarray:
        return to_goal(state) <= 0

    def measure(self, state: Array) -> Array:
        return state[:, :2]

    def limits(self) -> tuple[float, float]:
        return limits_with_noise(self.noise / BEAM_RANGE)

    def draw(self, ax: Any, states: Array) -> None:
        """Draw the maze from above; the ring is the goal, the circle the robot."""
        for x1, y1, x2, y2 in WALLS:
            ax.plot([x1, x2], [y1, y2], color="black", linewidth=1.5)
        turn = np.linspace(0, 2 * np.pi, 33)
        around = np.stack([np.cos(turn), np.sin(turn)])
        ax.plot(*(GOAL[:, None] + GOAL_RADIUS * around), color="tab:green", linewidth=1.5)
        x, y = states[:, :2].T
        ax.plot(x, y, linewidth=1.2)
        ax.plot(x[0], y[0], marker="o", markersize=4, color="black")
        ax.plot(*(states[-1, :2, None] + RADIUS * around), color="black", linewidth=1)


def to_goal(state: Array) -> Array:
    """The distance `(rows,)` to the rim of the goal, through walls; 0 within."""
    return np.maximum(np.hypot(*(state[:, :2] - GOAL).T) - GOAL_RADIUS, 0.0)


def ranges(x: Array, y: Array, direction: Array, walls: Array) -> Array:
    """The distance from `(x, y)` to the nearest of `walls (w, 4)` in a direction (rad); infinite without a wall.

    The three broadcast. A wall is a segment from x1, y1 to x2, y2.
    """
    x1, y1, x2, y2 = walls.T
    cos, sin = np.cos(direction)[..., None], np.sin(direction)[..., None]
    ahead_x, ahead_y, along_x, along_y = x1 - x[..., None], y1 - y[..., None], x2 - x1, y2 - y1
    with np.errstate(divide="ignore", invalid="ignore"):  # beams along a wall hit its ends at most
        share = 1 / (cos * along_y - sin * along_x)
        distance = share * (ahead_x * along_y - ahead_y * along_x)
        place = share * (ahead_x * sin - ahead_y * cos)
        hit = (distance >= 0) & (place >= 0) & (place <= 1)
    return np.where(hit, distance, np.inf).min(-1)


register(Maze, "evorobo/Maze-v0")
