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
    numbers,
    members,
    starts,
    n_steps,
    totals,
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

    The arrays after `sums` hold the numbers of the episodes that run side by side, each in its row (see
    `step_buffers`), and `kept` those of a step of the robot. Where an episode has ended, another takes its row, at the
    end the last row.
    """
    running, following = 0, first
    while running or following < last:
        while running < len(numbers) and following < last:
            episode = following % len(states)
            numbers[running], members[running], starts[running] = following, following // len(states), episode
            n_steps[running], totals[running] = 0, 0.0
            for j in range(state.shape[1]):
                state[running, j] = states[episode, j]
            for j in range(sensors.shape[1]):
                sensors[running, j] = observations[episode, j]
            clear_memory(memory[running])
            running, following = running + 1, following + 1
        for i in range(running):
            if watched:
                for j in range(sensors.shape[1]):
                    deviation = float64(sensors[i, j]) - float64(observations[0, j])
                    sums[numbers[i], 0, j] += deviation
                    sums[numbers[i], 1, j] += deviation * deviation
            for j in range(sensors.shape[1]):
                one[i, j] = sensors[i, j]
                if len(scaling):
                    one[i, j] = (sensors[i, j] - scaling[0, j]) / scaling[1, j]
        network_outputs(weights, members[:running], layers, memory, one, other, outputs)
        for i in range(running - 1, -1, -1):  # the last row takes the place of one that ends
            move, draw = 0, n_steps[i] if draws.shape[1] > 1 else 0
            if action.shape[1]:
                for j in range(action.shape[1]):
                    value = float64(outputs[i, j])
                    if motors[3, j]:
                        value = motors[0, j] + (value + 1.0) / 2.0 * (motors[1, j] - motors[0, j])
                    single = float64(float32(min(max(value, motors[0, j]), motors[1, j])))
                    action[i, j] = min(max(single, -motors[2, j]), motors[2, j])
            else:
                move = argmax(outputs[i], outputs.shape[1])
            reward, ended = advance(  # noqa: F821
                state[i], action[i], move, draws[starts[i], draw], sensors[i], kept
            )
            totals[i] += reward
            n_steps[i] += 1
            not_finite = reward - reward
            for j in range(sensors.shape[1]):
                not_finite += float64(sensors[i, j] - sensors[i, j])
            if not_finite != 0.0:
                n_steps[i] = -n_steps[i]
            if ended or not 0 <= n_steps[i] < max_steps:
                returns[numbers[i]], steps[numbers[i]] = totals[i], n_steps[i]
                running -= 1
                move_row(running, i, numbers, members, starts, n_steps, totals, memory, state, sensors)


def clear_memory(memory):
    for layer in range(len(memory)):
        for j in range(memory.shape[1]):
            memory[layer, j] = float32(0.0)


def move_row(source, target, numbers, members, starts, n_steps, totals, memory, state, sensors):
    """Continue an episode in another row."""
    numbers[target], members[target], starts[target] = numbers[source], members[source], starts[source]
    n_steps[target], totals[target] = n_steps[source], totals[source]
    for layer in range(memory.shape[1]):
        for j in range(memory.shape[2]):
            memory[target, layer, j] = memory[source, layer, j]
    for j in range(state.shape[1]):
        state[target, j] = state[source, j]
    for j in range(sensors.shape[1]):
        sensors[target, j] = sensors[source, j]
