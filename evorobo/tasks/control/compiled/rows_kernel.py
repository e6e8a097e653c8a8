"""One step of many rows in plain Python on single numbers, which numba compiles.

The code compiled for a robot is the text of `choices.py`, of this file, and the robot's own `advance` (see
`evorobo.tasks.control.compiled.tracing`).
"""

import math  # noqa: F401 - unused imports are for the code of robots

from numpy import float32, float64, int64  # noqa: F401

from evorobo.nets.compiled.choices import both, clip, either, fmax, fmin, maximum, minimum, pick, sloped  # noqa: F401


def step_rows(states, actions, moves, draws, sensors, rewards, terminated, kept):
    """Step all rows: `states (n, s)` are changed, `sensors (n, k)`, `rewards` and `terminated` `(n,)` are written.

    `actions (n, m)` are within their limits, `moves (n,)` are numbers of moves, and `draws (n, d)` are random numbers.
    `kept` holds the numbers of one step.
    """
    for row in range(len(states)):
        rewards[row], terminated[row] = advance(  # noqa: F821
            states[row], actions[row], moves[row], draws[row], sensors[row], kept
        )
