"""Whole episodes of networks and robots, number by number, in the Python that numba compiles.

What is compiled for a robot is the text of `choices.py`, of `network.py`, of this file, and the robot's own `advance`
(see `evorobo.tasks.control.compiled.tracing`). All is rounded as written, so that the numbers are those of plain
Python, on any number of threads.
"""

import math  # noqa: F401 - what is not used here is for robots

from numpy import float32, float64, int64, zeros  # noqa: F401

from evorobo.nets.compiled.choices import both, clip, either, fmax, fmin, maximum, minimum, pick  # noqa: F401
from evorobo.nets.compiled.network import argmax, network_outputs


def episodes(
    first, last, weights, layers, scaling, motors, states, sensed, chance, max_steps, watched, returns, steps, seen
):
    """Play the episodes `first` to `last` of the population: number i is member i // e's episode i % e, of e.

    `weights (n, p)` are laid out by `layers` (see `evorobo.nets.compiled.layout`); `scaling (2, k)` are means and
    deviations of sensors, or empty; `motors (3, m)` lows, highs and reaches, or empty where moves are chosen.
    `states (e, s)` and `sensed (e, k)` are where episodes begin, `chance (e, max_steps, d)` what they draw.
    Written are `returns` and `steps`, negative where a number is not finite, and if `watched` the sums of observations
    `seen (n e, 2, k)`: of deviations from `sensed[0]`, and of their squares.
    """
    one, other = zeros(layers[0, 6], float32), zeros(layers[0, 6], float32)
    memory = zeros((len(layers), layers[0, 6]), float32)
    state, sensors, action = zeros(states.shape[1]), zeros(sensed.shape[1], float32), zeros(motors.shape[1])
    for number in range(first, last):
        member, episode = number // len(states), number % len(states)
        state[:], sensors[:], memory[:] = states[episode], sensed[episode], float32(0.0)
        gained, time, over, move = 0.0, 0, False, 0
        while not over and 0 <= time < max_steps:
            if watched:
                for j in range(len(sensors)):
                    apart = float64(sensors[j]) - float64(sensed[0, j])
                    seen[number, 0, j] += apart
                    seen[number, 1, j] += apart * apart
            for j in range(len(sensors)):
                one[j] = sensors[j]
                if len(scaling):
                    one[j] = (sensors[j] - scaling[0, j]) / scaling[1, j]
            answer = network_outputs(weights[member], layers, memory, one, other)
            if len(action):
                for j in range(len(action)):
                    spread = motors[0, j] + (float64(answer[j]) + 1.0) / 2.0 * (motors[1, j] - motors[0, j])
                    single = float64(float32(min(max(spread, motors[0, j]), motors[1, j])))
                    action[j] = min(max(single, -motors[2, j]), motors[2, j])
            else:
                move = argmax(answer, layers[-1, 5])
            reward, over = advance(state, action, move, chance[episode, time % chance.shape[1]], sensors)  # noqa: F821
            gained += reward
            time += 1
            finite = reward - reward
            for j in range(len(sensors)):
                finite += float64(sensors[j] - sensors[j])
            if finite != 0.0:
                time = -time
        returns[number], steps[number] = gained, time
