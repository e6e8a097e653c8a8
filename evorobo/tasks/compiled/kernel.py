"""Whole episodes of networks and robots, number by number, in the Python that numba compiles.

Each robot's file begins with this text and ends with its own `advance` (see `evorobo.tasks.compiled.tracing`). All sums
run in the order written here and are rounded as written, so that the numbers are those of plain Python, on any number
of threads. Networks answer in single precision like `evorobo.nets.controller`; robots live in double.
"""

import math

from numpy import float32, float64, int64, zeros  # noqa: F401 - robots may count

IDENTITY, TANH, RELU, LEAKY_RELU, ELU, SIGMOID, SOFTPLUS, GELU = range(8)


def episodes(
    first, last, weights, layers, scaling, motors, states, sensed, chance, max_steps, watched, returns, steps, seen
):
    """Play the episodes `first` to `last` of the population: number i is member i // e's episode i % e, of e.

    `weights (n, p)` are laid out by `layers` (see `evorobo.tasks.compiled.layout`); `scaling (2, k)` are means and
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
            answer = answered(weights[member], layers, memory, one, other)
            if len(action):
                for j in range(len(action)):
                    spread = motors[0, j] + (float64(answer[j]) + 1.0) / 2.0 * (motors[1, j] - motors[0, j])
                    single = float64(float32(min(max(spread, motors[0, j]), motors[1, j])))
                    action[j] = min(max(single, -motors[2, j]), motors[2, j])
            else:
                move = largest(answer, layers[-1, 5])
            reward, over = advance(state, action, move, chance[episode, time % chance.shape[1]], sensors)  # noqa: F821
            gained += reward
            time += 1
            finite = reward - reward
            for j in range(len(sensors)):
                finite += float64(sensors[j] - sensors[j])
            if finite != 0.0:
                time = -time
        returns[number], steps[number] = gained, time


def answered(weights, layers, memory, one, other):
    """The network's outputs, for inputs in `one`; both buffers are used, and one of them returned."""
    at = 0
    for layer in range(len(layers)):
        n_in, n_kept, n_rows, n_columns, bend = layers[layer, :5]
        for j in range(n_kept):
            one[n_in + j] = memory[layer, j]
        for j in range(n_in + n_kept, n_rows):
            one[j] = float32(0.0)
        bias = weights[at : at + n_columns]
        for j in range(n_columns):
            other[j] = bias[j]
        at += n_columns
        for i in range(0, n_rows, 4):
            a, b, c, d = one[i], one[i + 1], one[i + 2], one[i + 3]
            four = weights[at : at + 4 * n_columns]  # rows of the matrix
            for j in range(n_columns):
                first, second = a * four[j] + b * four[n_columns + j], c * four[2 * n_columns + j]
                other[j] += first + (second + d * four[3 * n_columns + j])
            at += 4 * n_columns
        bent(bend, other, n_columns)
        for j in range(n_kept):
            memory[layer, j] = other[j]
        one, other = other, one
    return one


def largest(answer, n):
    """The number of the largest of the first n, the first of equal ones; of the first that is no number, as NumPy."""
    best = 0
    for j in range(n):
        if answer[j] > answer[best] or (answer[j] != answer[j] and answer[best] == answer[best]):
            best = j
    return best


def bent(bend, z, n):
    """An activation, in place."""
    half, one, two = float32(0.5), float32(1.0), float32(2.0)
    if bend == TANH:
        for j in range(n):
            z[j] = quick_tanh(z[j])
    elif bend == RELU:
        for j in range(n):
            z[j] = max(z[j], float32(0.0))
    elif bend == LEAKY_RELU:
        for j in range(n):
            z[j] = max(z[j], float32(0.01) * z[j])
    elif bend == ELU:
        for j in range(n):
            z[j] = z[j] if z[j] > float32(0.0) else float32(math.expm1(z[j]))
    elif bend == SIGMOID:
        for j in range(n):
            z[j] = half * quick_tanh(half * z[j]) + half
    elif bend == SOFTPLUS:
        for j in range(n):
            z[j] = max(z[j], float32(0.0)) + float32(math.log1p(math.exp(-abs(z[j]))))
    elif bend == GELU:
        for j in range(n):
            inner = float32(0.7978845608028654) * (z[j] + float32(0.044715) * z[j] * z[j] * z[j])
            z[j] = z[j] * (quick_tanh(inner) + one) / two


def quick_tanh(x):
    """tanh by a rational function, x P(x^2) / Q(x^2), within 5e-7: of additions, multiplications and one division, so
    that a processor does several at once. The coefficients are a minimax fit to [0, 9]; beyond that tanh is 1."""
    x = min(max(x, float32(-9.0)), float32(9.0))
    y = x * x
    p = float32(2.0608844677171642e-05) + y * float32(1.3354341289222495e-08)
    p = float32(0.9999999794869168) + y * (float32(0.1338101341100416) + y * (float32(0.0034955735717176195) + y * p))
    q = float32(0.0003285611056230564) + y * float32(7.776425057446687e-07)
    q = float32(1.0) + y * (float32(0.46714329013526185) + y * (float32(0.025876926868314953) + y * q))
    return x * p / q
