"""The losses and their gradients over the rows of a mini-batch, in the Python that numba compiles.

`y` are the outputs `(rows, w)` of which n are true, `dy` their gradient. `data` are the numbers of the rows in the
data, -1 for rows that are no data; `targets` is one array, row after row; `sample_weight` is empty where all rows count
equally. `numbers` are the settings of the loss.
"""

import math

from evorobo.nets.compiled.double_functions import exp_below_zero, real
from evorobo.nets.compiled.training_layers import clear


def row_weight(sample_weight, row):
    return sample_weight[row] if len(sample_weight) else real(1.0)


def total_weight(sample_weight, data, rows):
    """The sum of the weights of all rows; 1 if it is 0."""
    total = 0.0
    for i in range(rows):
        if data[i] >= 0:
            total += row_weight(sample_weight, data[i])
    return total if total > 0.0 else 1.0


def mean_squared_error(y, dy, n, w, rows, data, targets, sample_weight, numbers, sizes):
    total, loss = total_weight(sample_weight, data, rows), 0.0
    clear(dy, rows * w)
    for i in range(rows):
        if data[i] >= 0:
            factor = real(2.0 * row_weight(sample_weight, data[i]) / (total * n))
            for j in range(n):
                error = y[i * w + j] - targets[data[i] * n + j]
                dy[i * w + j] = error * factor
                loss += 0.5 * error * dy[i * w + j]
    return loss


def mean_absolute_error(y, dy, n, w, rows, data, targets, sample_weight, numbers, sizes):
    total, loss = total_weight(sample_weight, data, rows), 0.0
    clear(dy, rows * w)
    for i in range(rows):
        if data[i] >= 0:
            factor = real(row_weight(sample_weight, data[i]) / (total * n))
            for j in range(n):
                error = y[i * w + j] - targets[data[i] * n + j]
                sign = real(error > real(0.0)) - real(error < real(0.0))
                dy[i * w + j] = (sign if error == error else error) * factor
                loss += abs(error) * factor
    return loss


def huber(y, dy, n, w, rows, data, targets, sample_weight, numbers, sizes):
    total, loss, delta = total_weight(sample_weight, data, rows), 0.0, real(numbers[0])
    clear(dy, rows * w)
    for i in range(rows):
        if data[i] >= 0:
            factor = real(row_weight(sample_weight, data[i]) / (total * n))
            for j in range(n):
                error = y[i * w + j] - targets[data[i] * n + j]
                size = abs(error)
                quadratic = delta if size > delta else size
                dy[i * w + j] = (delta if error > delta else -delta if error < -delta else error) * factor
                loss += quadratic * (size - quadratic * real(0.5)) * factor
    return loss


def gaussian_nll(y, dy, n, w, rows, data, targets, sample_weight, numbers, sizes):
    total, loss, k = total_weight(sample_weight, data, rows), 0.0, n // 2
    clear(dy, rows * w)
    for i in range(rows):
        if data[i] >= 0:
            factor = real(row_weight(sample_weight, data[i]) / (total * k))
            for j in range(k):
                error, log_variance = y[i * w + j] - targets[data[i] * k + j], y[i * w + k + j]
                precision = real(math.exp(-log_variance))
                dy[i * w + j] = error * precision * factor
                dy[i * w + k + j] = real(0.5) * (real(1.0) - error * error * precision) * factor
                loss += 0.5 * (log_variance + error * error * precision) * factor
    return loss


def cross_entropy(y, dy, n, w, rows, data, targets, sample_weight, numbers, sizes):
    """`sizes` are the numbers of classes of the choices; `numbers` are label smoothing and the classes' weights.

    Overwrites the outputs.
    """
    loss, first, smoothing = 0.0, 0, real(numbers[0])
    clear(dy, rows * w)
    for choice in range(len(sizes)):
        classes, total = sizes[choice], 0.0
        for i in range(rows):
            if data[i] >= 0:
                largest = y[i * w + first]
                for j in range(first + 1, first + classes):
                    largest = y[i * w + j] if y[i * w + j] > largest else largest
                for j in range(first, first + classes):
                    y[i * w + j] -= largest
                target = first + targets[data[i] * len(sizes) + choice]
                total += numbers[1 + target] * row_weight(sample_weight, data[i])
        total = total if total > 0.0 else 1.0
        scale = real(1.0 / (total * len(sizes)))
        for i in range(rows):
            if data[i] >= 0:
                for j in range(first, first + classes):
                    dy[i * w + j] = exp_below_zero(y[i * w + j])
                exp_sum, target_sum = real(0.0), real(0.0)
                for j in range(first, first + classes):
                    exp_sum += dy[i * w + j]
                log_sum, own = real(math.log(exp_sum)), row_weight(sample_weight, data[i])
                target = first + targets[data[i] * len(sizes) + choice]
                for j in range(first, first + classes):
                    part = smoothing / real(classes) + (real(1.0) - smoothing if j == target else real(0.0))
                    target_sum += part * real(numbers[1 + j]) * own
                for j in range(first, first + classes):
                    part = smoothing / real(classes) + (real(1.0) - smoothing if j == target else real(0.0))
                    part *= real(numbers[1 + j]) * own
                    if part != real(0.0):
                        loss += part * (log_sum - y[i * w + j]) * scale
                    dy[i * w + j] = (dy[i * w + j] / exp_sum * target_sum - part) * scale
        first += classes
    return loss
