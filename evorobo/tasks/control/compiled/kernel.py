"""The loop over episodes in plain Python on single numbers, which numba compiles.

The code compiled for a robot is the text of `choices.py`, of `network.py`, of this file, and the robot's own `advance`
(see `evorobo.tasks.control.compiled.tracing`). Numbers are rounded as written, so compiled and plain Python give the
same numbers, on any number of threads.
"""

import math  # noqa: F401 - unused imports are for the code of robots

from numpy import float32, float64, int64  # noqa: F401

from evorobo.nets.compiled.choices import both, clip, either, fmax, fmin, maximum, minimum, pick, sloped  # noqa: F401
from evorobo.nets.compiled.network import argmax, network_outputs


def episodes(
    first,
    last,
    weights,
    layers,
    scaling,
    motors,
    states,
    observations,
    draws,
    max_steps,
    watched,
    returns,
    steps,
    sums,
    one,
    other,
    memory,
    state,
    sensors,
    action,
    outputs,
    kept,
):
    """Run the episodes `first` to `last` of a population: number i is episode i % e of member i // e, of e.

    `weights (n, p)` have the layout `layers` (see `evorobo.nets.compiled.layout`). `scaling (2, k)` holds means and
    standard deviations of the sensors, or is empty. `motors (4, m)` holds the lowest and highest action, the action
    limit, and 1 where outputs are scaled to the range; it is empty for discrete moves. `states (e, s)` and
    `observations (e, k)` start the episodes; `draws (e, max_steps, d)` are their random numbers.

    The function writes `returns` and `steps`, which is negative where a number is not finite. If `watched`, it writes
    `sums (n * e, 2, k)`: sums of the deviations of observations from `observations[0]`, and of their squares.

    The arrays after `sums` hold the numbers of one step (see `step_buffers`), `kept` those of the robot.
    """
    for number in range(first, last):
        member, episode = number // len(states), number % len(states)
        for j in range(len(state)):
            state[j] = states[episode, j]
        for j in range(len(sensors)):
            sensors[j] = observations[episode, j]
        for layer in range(len(memory)):
            for j in range(memory.shape[1]):
                memory[layer, j] = float32(0.0)
        total, n_steps, ended, move = 0.0, 0, False, 0
        while not ended and 0 <= n_steps < max_steps:
            if watched:
                for j in range(len(sensors)):
                    deviation = float64(sensors[j]) - float64(observations[0, j])
                    sums[number, 0, j] += deviation
                    sums[number, 1, j] += deviation * deviation
            for j in range(len(sensors)):
                one[j] = sensors[j]
                if len(scaling):
                    one[j] = (sensors[j] - scaling[0, j]) / scaling[1, j]
            network_outputs(weights[member], layers, memory, one, other, outputs)
            if len(action):
                for j in range(len(action)):
                    value = float64(outputs[j])
                    if motors[3, j]:
                        value = motors[0, j] + (value + 1.0) / 2.0 * (motors[1, j] - motors[0, j])
                    single = float64(float32(min(max(value, motors[0, j]), motors[1, j])))
                    action[j] = min(max(single, -motors[2, j]), motors[2, j])
            else:
                move = argmax(outputs, len(outputs))
            numbers = draws[episode, n_steps % draws.shape[1]]
            reward, ended = advance(state, action, move, numbers, sensors, kept)  # noqa: F821
            total += reward
            n_steps += 1
            not_finite = reward - reward
            for j in range(len(sensors)):
                not_finite += float64(sensors[j] - sensors[j])
            if not_finite != 0.0:
                n_steps = -n_steps
        returns[number], steps[number] = total, n_steps
