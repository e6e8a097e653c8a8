"""A network's outputs and its activations, number by number, in the Python that numba compiles, in single precision.

Sums run in the order written here and are rounded as written.
"""

import math

from numpy import float32

IDENTITY, TANH, RELU, LEAKY_RELU, ELU, SIGMOID, SOFTPLUS, GELU = range(8)
LAYER_NORM, GRU, LSTM, CTRNN = range(8, 12)
"""Layers that do more than apply an activation; see `layer_normalize` and `update_gated_units`."""
GENERATED = 12
"""The first of the generated activations; see `activate_generated`."""


def network_outputs(weights, members, layers, cache, one, other, outputs):
    """Write the outputs of the networks `members` for the inputs in the rows of `one`.

    They are computed layer by layer, so that a processor does not wait for one of them. The rows of both buffers are
    overwritten.
    """
    at = 0
    for layer in range(len(layers)):
        n_in, n_state, n_rows, n_columns, activation, n_out = layers[layer, :6]
        for i in range(len(members)):
            inputs, sums, state = one[i], other[i], cache[i, layer]
            for j in range(n_state):
                inputs[n_in + j] = state[j]
            for j in range(n_in + n_state, n_rows):
                inputs[j] = float32(0.0)
            weighted_rows(weights[members[i]], at, n_rows, n_columns, inputs, sums)
            if activation == LAYER_NORM:
                layer_normalize(sums, n_out)
            elif LAYER_NORM < activation < GENERATED:
                update_gated_units(activation, sums, state, n_out)
            else:
                activate(activation, sums, n_columns)
                for j in range(n_state):
                    state[j] = sums[j]
        at += (1 + n_rows) * n_columns
        one, other = other, one
    for i in range(len(members)):
        for j in range(outputs.shape[1]):
            outputs[i, j] = one[i, j]


def weighted_rows(weights, at, n_rows, n_columns, factors, sums):
    """Write to `sums` the biases, and the rows of the matrix that follows them times `factors`, four rows at a time.

    A kernel calls that of `evorobo.machine_code.weighted_rows` in place of this one.
    """
    for j in range(n_columns):
        z = weights[at + j]
        for row in range(0, n_rows, 4):
            four = at + (1 + row) * n_columns + j
            first = factors[row] * weights[four] + factors[row + 1] * weights[four + n_columns]
            second = factors[row + 2] * weights[four + 2 * n_columns]
            z += first + (second + factors[row + 3] * weights[four + 3 * n_columns])
        sums[j] = z


def layer_normalize(z, n):
    """n values with mean 0 and standard deviation 1, times gains, plus shifts, in place.

    z holds the values, the gains, the shifts, and last the epsilon that is added to the variance.
    """
    mean, variance = float32(0.0), float32(0.0)
    for j in range(n):
        mean += z[j] / float32(n)
    for j in range(n):
        variance += (z[j] - mean) * (z[j] - mean) / float32(n)
    deviation = float32(math.sqrt(variance + z[3 * n]))
    for j in range(n):
        z[j] = (z[j] - mean) / deviation * z[n + j] + z[2 * n + j]


def update_gated_units(kind, z, cache, n):
    """The outputs of n gated or continuous-time units, in place, from their products z; the cache is their state.

    A product has n numbers for each gate, in the order of `evorobo.nets.compiled.layout`. The first n numbers of the
    cache are inputs of the next product.
    """
    for j in range(n):
        if kind == GRU:
            reset, update = sigmoid(z[j]), sigmoid(z[n + j])
            candidate = quick_tanh(z[2 * n + j] + reset * z[3 * n + j])
            z[j] = candidate + update * (cache[j] - candidate)
            cache[j] = z[j]
        elif kind == LSTM:
            cell = sigmoid(z[n + j]) * cache[n + j] + sigmoid(z[j]) * quick_tanh(z[2 * n + j])
            z[j] = sigmoid(z[3 * n + j]) * quick_tanh(cell)
            cache[j], cache[n + j] = z[j], cell
        else:
            shift, rate, y = z[n + j], z[2 * n + j], cache[n + j]
            y += rate * (z[j] - y)
            z[j] = sigmoid(y + shift)
            cache[j], cache[n + j] = z[j] - sigmoid(shift), y


def argmax(values, n):
    """The index of the largest of the first n values, the first of equal ones; as in NumPy, the first NaN wins."""
    best = 0
    for j in range(n):
        if values[j] > values[best] or (values[j] != values[j] and values[best] == values[best]):
            best = j
    return best


def activate(activation, z, n):
    """An activation, in place."""
    one, two = float32(1.0), float32(2.0)
    if activation == TANH:
        for j in range(n):
            z[j] = quick_tanh(z[j])
    elif activation == RELU:
        for j in range(n):
            z[j] = max(z[j], float32(0.0))
    elif activation == LEAKY_RELU:
        for j in range(n):
            z[j] = max(z[j], float32(0.01) * z[j])
    elif activation == ELU:
        for j in range(n):
            z[j] = z[j] if z[j] > float32(0.0) else float32(math.expm1(z[j]))
    elif activation == SIGMOID:
        for j in range(n):
            z[j] = sigmoid(z[j])
    elif activation == SOFTPLUS:
        for j in range(n):
            z[j] = max(z[j], float32(0.0)) + float32(math.log1p(math.exp(-abs(z[j]))))
    elif activation == GELU:
        for j in range(n):
            inner = float32(0.7978845608028654) * (z[j] + float32(0.044715) * z[j] * z[j] * z[j])
            z[j] = z[j] * (quick_tanh(inner) + one) / two
    elif activation >= GENERATED:
        activate_generated(activation, z, n)


def activate_generated(activation, z, n):
    """Replaced where a network has activations that are not written here; see `evorobo.nets.compiled.activations`."""


def sigmoid(z):
    """The logistic sigmoid of one number, by tanh."""
    half = float32(0.5)
    return half * quick_tanh(half * z) + half


def quick_tanh(x):
    """tanh by a rational function, x P(x^2) / Q(x^2), within 5e-7.

    It takes additions, multiplications and one division, so a processor computes several at once. The coefficients
    are a minimax fit to [0, 9]; beyond that tanh is 1.
    """
    x = min(max(x, float32(-9.0)), float32(9.0))
    y = x * x
    p = float32(2.0608844677171642e-05) + y * float32(1.3354341289222495e-08)
    p = float32(0.9999999794869168) + y * (float32(0.1338101341100416) + y * (float32(0.0034955735717176195) + y * p))
    q = float32(0.0003285611056230564) + y * float32(7.776425057446687e-07)
    q = float32(1.0) + y * (float32(0.46714329013526185) + y * (float32(0.025876926868314953) + y * q))
    return x * p / q
