"""The gradient of episodes in plain Python on single numbers, which numba compiles.

The code compiled for a robot and a network is the text of `choices.py`, of `double_layers.py`, of this file, of the
network (see `evorobo.nets.compiled.double_network`), and of the robot's `advance` and `advance_backward` (see
`evorobo.tasks.control.compiled.tracing`). All numbers are in double precision.
"""

import math  # noqa: F401 - unused imports are for the code of robots

from numpy import float32, float64, int64  # noqa: F401

from evorobo.nets.compiled.choices import (  # noqa: F401
    both,
    clip,
    either,
    fmax,
    fmin,
    maximum,
    minimum,
    pick,
    sloped,
    times,
)
from evorobo.nets.compiled.double_layers import clear, copy


def episode_gradients(
    first,
    last,
    parts,
    buffers,
    scaling,
    motors,
    states,
    readings,
    draws,
    noise,
    max_steps,
    horizon,
    reward_weights,
    saturation,
    returns,
    steps,
    saturated,
    observed,
    gradients,
):
    """Run the episodes `first` to `last`, and pass the gradient of each one's return back to the weights `(p,)`.

    `parts` are those of the network (see `evorobo.nets.compiled.double_network`), `buffers` the arrays of
    `kernel_buffers`. `scaling (2, k)` and `motors (4, m)` are those of `kernel.py`. `states (e, s)`
    and `readings (e, k)` start the episodes; `draws (e, max_steps, d)` are their random numbers, and
    `noise (max_steps, e, m)` is added to the outputs of the network, unless it is empty. The gradient flows through
    `horizon` steps, or through all if it is 0. `reward_weights (max_steps,)` are those of the rewards in the gradient.

    The function writes `returns`, `steps`, the observations `observed (e, max_steps, k)` and `gradients (e, p)`. To
    `saturated (e, m)` it adds the number of each motor's commands beyond the share `saturation` of their range.
    """
    gradient, inputs, outputs, grad_outputs, grad_inputs = parts[1], parts[3], parts[4], parts[5], parts[6]
    path, state, grad_state, sensors, grad_sensors, action, slope, grad_action, kept = buffers
    n_sensors, n_motors = len(sensors), len(action)
    for number in range(first, last):
        network_begin(parts)  # noqa: F821
        copy(states[number], state)
        copy(readings[number], sensors)
        total, n_steps, ended = 0.0, 0, False
        while not ended and n_steps < max_steps:
            t = n_steps
            copy(state, path[t])
            copy(sensors, observed[number, t])
            for j in range(n_sensors):
                inputs[t, j] = (sensors[j] - scaling[0, j]) / scaling[1, j] if len(scaling) else sensors[j]
            network_forward(parts, t)  # noqa: F821
            act(outputs[t], noise, t, number, motors, action, slope)
            for j in range(n_motors):
                saturated[number, j] += abs(action[j]) >= saturation * motors[2, j]
            numbers = draws[number, min(t, draws.shape[1] - 1)]
            reward, ended = advance(state, action, 0, numbers, sensors, kept)  # noqa: F821
            total += reward
            n_steps += 1
        returns[number], steps[number] = total, n_steps
        clear(grad_state)
        clear(grad_sensors)
        for back in range(n_steps):
            t = n_steps - 1 - back
            act(outputs[t], noise, t, number, motors, action, slope)
            numbers = draws[number, min(t, draws.shape[1] - 1)]
            advance_backward(  # noqa: F821
                path[t], action, numbers, grad_state, reward_weights[t], grad_sensors, grad_action, kept
            )
            for j in range(n_motors):
                grad_outputs[j] = times(grad_action[j], slope[j])
            network_backward(parts, t)  # noqa: F821
            for j in range(n_sensors):
                grad_sensors[j] = grad_inputs[j] / scaling[1, j] if len(scaling) else grad_inputs[j]
            if horizon and t % horizon == 0:
                clear(grad_state)
                clear(grad_sensors)
                network_cut(parts)  # noqa: F821
        copy(gradient, gradients[number])


def act(outputs, noise, t, number, motors, action, slope):
    """The motor commands of outputs `(m,)` and their slopes; both clips pass the slope at their limits."""
    for j in range(len(action)):
        low, high, limit = motors[0, j], motors[1, j], motors[2, j]
        value, slope[j] = outputs[j], 1.0
        if len(noise):
            value += noise[t, number, j]
        if motors[3, j]:
            value, slope[j] = low + (value + 1.0) / 2.0 * (high - low), (high - low) / 2.0
        command = clip(value, low, high)
        if not (low <= value <= high and abs(command) <= limit):
            slope[j] = 0.0
        action[j] = clip(command, -limit, limit)
