"""Changes of the weights by a gradient: penalties, clipping, optimizers, in the Python that numba compiles.

`one` and `two` are the arrays of an optimizer's state, empty where it has none, and `t` its count of steps, in an array
of one number. `rate` is the learning rate of the step, `numbers` are the optimizer's settings. `matrices` describes the
parameters that are matrices: start, rows and columns.
"""

import math

from evorobo.nets.compiled.double_functions import real
from evorobo.nets.compiled.training_layers import clear

NO_PENALTY, L1, L2 = range(3)


def square_sum(x, sums):
    """The sum of squares, by 16 sums side by side."""
    whole, total = len(x) // 16 * 16, 0.0
    clear(sums, 16)
    for start in range(0, whole, 16):
        for j in range(16):
            sums[j] += x[start + j] * x[start + j]
    for j in range(whole, len(x)):
        sums[j - whole] += x[j] * x[j]
    for j in range(16):
        total += sums[j]
    return total


def is_finite(x):
    n = 0
    for j in range(len(x)):
        n += (x[j] - x[j]) != real(0.0)
    return n == 0


def add_penalty(weights, gradient, matrices, kind, strength):
    for matrix in range(len(matrices)):
        start = matrices[matrix, 0]
        for j in range(start, start + matrices[matrix, 1] * matrices[matrix, 2]):
            if kind == L2:
                gradient[j] += real(strength) * weights[j]
            else:
                sign = real(weights[j] > real(0.0)) - real(weights[j] < real(0.0))
                gradient[j] += real(strength) * sign


def clip_by_norm(gradient, limit, sums):
    norm = math.sqrt(square_sum(gradient, sums))
    if not norm <= limit:
        factor = real(limit / norm)
        for j in range(len(gradient)):
            gradient[j] *= factor


def limit_columns(weights, matrices, limit):
    for matrix in range(len(matrices)):
        start, rows, columns = matrices[matrix, 0], matrices[matrix, 1], matrices[matrix, 2]
        for j in range(columns):
            total = 0.0
            for i in range(rows):
                total += weights[start + i * columns + j] * weights[start + i * columns + j]
            norm = math.sqrt(total)
            if not norm <= limit:
                factor = real(limit / norm)
                for i in range(rows):
                    weights[start + i * columns + j] *= factor


def sgd(weights, gradient, one, two, t, rate, numbers):
    for j in range(len(weights)):
        weights[j] -= real(rate) * gradient[j]


def momentum(weights, gradient, one, two, t, rate, numbers):
    for j in range(len(weights)):
        one[j] = one[j] * real(numbers[0]) + gradient[j]
        weights[j] -= real(rate) * one[j]


def nesterov(weights, gradient, one, two, t, rate, numbers):
    for j in range(len(weights)):
        one[j] = one[j] * real(numbers[0]) + gradient[j]
        weights[j] -= real(rate) * (gradient[j] + real(numbers[0]) * one[j])


def rmsprop(weights, gradient, one, two, t, rate, numbers):
    for j in range(len(weights)):
        one[j] = one[j] * real(numbers[0]) + real(1.0 - numbers[0]) * gradient[j] * gradient[j]
        weights[j] -= real(rate) * gradient[j] / (real(math.sqrt(one[j])) + real(numbers[1]))


def adam(weights, gradient, one, two, t, rate, numbers):
    """`numbers` are beta1, beta2, epsilon and the weight decay."""
    t[0] += 1.0
    size = math.sqrt((1.0 - numbers[1]) / (1.0 - numbers[1] ** t[0]))
    decay, beta1, beta2 = real(1.0 - rate * numbers[3]), real(numbers[0]), real(numbers[1])
    epsilon, scale = real(numbers[2] / size), real(rate * (1.0 - numbers[0]) / (1.0 - numbers[0] ** t[0]) / size)
    for j in range(len(weights)):
        one[j] = one[j] * beta1 + gradient[j]
        two[j] = two[j] * beta2 + gradient[j] * gradient[j]
        weights[j] = weights[j] * decay - one[j] / (real(math.sqrt(two[j])) + epsilon) * scale


def clip_up(weights, gradient, one, two, t, rate, numbers):
    """`numbers` are the momentum, the largest length of a step as a multiple of the learning rate, and room."""
    norm, speed = 0.0, 0.0
    for j in range(len(gradient)):
        norm += gradient[j] * gradient[j]
    norm = math.sqrt(norm) if norm > 0.0 else 1.0
    for j in range(len(weights)):
        one[j] = one[j] * real(numbers[0]) + real(rate) * gradient[j] / real(norm)
        speed += one[j] * one[j]
    speed, limit = math.sqrt(speed), rate * numbers[1]
    factor = real(limit / speed) if speed > limit else real(1.0)
    for j in range(len(weights)):
        one[j] *= factor
        weights[j] -= one[j]
