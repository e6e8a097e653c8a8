"""One time step of each kind of layer, forward and backward, in the Python that numba compiles, in double precision.

`forward` functions read the inputs `x` and write the outputs `y`; they keep in `cache` what the backward pass needs,
and update the `state` of recurrent layers. Where an activation follows, they write its inputs to `y`; the generated
function of the activation then writes outputs and slopes. `backward` functions read `dy`, which they may overwrite, and
write `dx`; they add to the gradients of the parameters, and map `grad_state`, the gradient of the state after the step,
to that of the state before it. `work` is room for products. Matrices reach a backward pass transposed, so that each
inner loop runs along a row.
"""

import math

from evorobo.nets.compiled.double_functions import sigmoid, tanh


def add_product(x, matrix, z):
    """z += x matrix"""
    for i in range(matrix.shape[0]):
        row, factor = matrix[i], x[i]
        for j in range(matrix.shape[1]):
            z[j] += factor * row[j]


def add_outer_product(x, dz, matrix):
    """matrix += x dz"""
    for i in range(matrix.shape[0]):
        row, factor = matrix[i], x[i]
        for j in range(matrix.shape[1]):
            row[j] += factor * dz[j]


def copy(source, target):
    """As `target[:] = source`, which takes numba ten times as long to compile."""
    for j in range(len(target)):
        target[j] = source[j]


def clear(target):
    for j in range(len(target)):
        target[j] = 0.0


def transpose(matrix, target):
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            target[j, i] = matrix[i, j]


def add(dz, total):
    for j in range(len(total)):
        total[j] += dz[j]


def dense_forward(weight, bias, x, y, cache):
    copy(bias, y)
    add_product(x, weight, y)


def dense_backward(weight, bias, grad_weight, grad_bias, x, cache, dy, dx):
    for j in range(len(dy)):
        dy[j] *= cache[j]
    add_outer_product(x, dy, grad_weight)
    add(dy, grad_bias)
    clear(dx)
    add_product(dy, weight, dx)


def affine_forward(gain, shift, x, y, cache):
    for j in range(len(y)):
        y[j] = x[j] * gain[j] + shift[j]


def affine_backward(gain, shift, grad_gain, grad_shift, x, cache, dy, dx):
    for j in range(len(dy)):
        dz = dy[j] * cache[j]
        grad_gain[j] += dz * x[j]
        grad_shift[j] += dz
        dx[j] = dz * gain[j]


def batch_norm_forward(gain, shift, stats, x, y, cache):
    """`stats` are the running means, and the inverse standard deviations."""
    n = len(y)
    for j in range(n):
        scale = gain[j] * stats[n + j]
        y[j] = x[j] * scale + (shift[j] - stats[j] * scale)


def batch_norm_backward(gain, shift, grad_gain, grad_shift, stats, x, cache, dy, dx):
    n = len(dy)
    for j in range(n):
        dz = dy[j] * cache[j]
        grad_gain[j] += dz * ((x[j] - stats[j]) * stats[n + j])
        grad_shift[j] += dz
        dx[j] = dz * (gain[j] * stats[n + j])


def layer_norm_forward(gain, shift, epsilon, x, y, cache):
    n, mean, variance = len(y), 0.0, 0.0
    for j in range(n):
        mean += x[j]
    mean /= n
    for j in range(n):
        variance += (x[j] - mean) * (x[j] - mean)
    cache[n] = 1.0 / math.sqrt(variance / n + epsilon[0])
    for j in range(n):
        cache[j] = (x[j] - mean) * cache[n]
        y[j] = cache[j] * gain[j] + shift[j]


def layer_norm_backward(gain, shift, grad_gain, grad_shift, epsilon, x, cache, dy, dx):
    n, mean, projection = len(dy), 0.0, 0.0
    for j in range(n):
        grad_gain[j] += dy[j] * cache[j]
        grad_shift[j] += dy[j]
        dy[j] *= gain[j]
        mean += dy[j]
        projection += dy[j] * cache[j]
    for j in range(n):
        dx[j] = (dy[j] - mean / n - cache[j] * (projection / n)) * cache[n]


def elman_forward(weight, recurrent, bias, x, y, cache, work, state):
    """The cache holds the slopes of the activation, then the state before; the state is written afterwards."""
    n = len(y)
    copy(bias, y)
    add_product(x, weight, y)
    add_product(state, recurrent, y)
    for j in range(n):
        cache[n + j] = state[j]


def elman_backward(weight, recurrent, bias, grad_weight, grad_recurrent, grad_bias, x, cache, dy, dx, work, grad_state):
    n = len(dy)
    for j in range(n):
        dy[j] = (dy[j] + grad_state[j]) * cache[j]
    add_outer_product(x, dy, grad_weight)
    add_outer_product(cache[n:], dy, grad_recurrent)
    add(dy, grad_bias)
    clear(dx)
    clear(grad_state)
    add_product(dy, weight, dx)
    add_product(dy, recurrent, grad_state)


def gru_forward(weight, recurrent, bias, candidate, x, y, cache, work, state):
    """The cache holds the state before, the gates r and z, the candidate n, and the state's part of it."""
    u = len(y)
    drive, product = work[: 3 * u], work[3 * u :]
    copy(bias, drive)
    clear(product)
    add_product(x, weight, drive)
    add_product(state, recurrent, product)
    for j in range(u):
        h, inner = state[j], product[2 * u + j] + candidate[j]
        r, z = sigmoid(drive[j] + product[j]), sigmoid(drive[u + j] + product[u + j])
        n = tanh(drive[2 * u + j] + r * inner)
        cache[j], cache[u + j], cache[2 * u + j], cache[3 * u + j], cache[4 * u + j] = h, r, z, n, inner
        y[j] = n + z * (h - n)
        state[j] = y[j]


def gru_backward(
    weight,
    recurrent,
    bias,
    candidate,
    grad_weight,
    grad_recurrent,
    grad_bias,
    grad_candidate,
    x,
    cache,
    dy,
    dx,
    work,
    grad_state,
):
    u = len(dy)
    ddrive, dproduct = work[: 3 * u], work[3 * u :]
    for j in range(u):
        h, r, z, n, inner = cache[j], cache[u + j], cache[2 * u + j], cache[3 * u + j], cache[4 * u + j]
        dh = dy[j] + grad_state[j]
        dn = dh * (1.0 - z) * (1.0 - n * n)
        ddrive[j] = dproduct[j] = dn * inner * r * (1.0 - r)
        ddrive[u + j] = dproduct[u + j] = dh * (h - n) * z * (1.0 - z)
        ddrive[2 * u + j], dproduct[2 * u + j] = dn, dn * r
        grad_candidate[j] += dn * r
        grad_state[j] = dh * z
    add_outer_product(x, ddrive, grad_weight)
    add_outer_product(cache, dproduct, grad_recurrent)
    add(ddrive, grad_bias)
    clear(dx)
    add_product(ddrive, weight, dx)
    add_product(dproduct, recurrent, grad_state)


def lstm_forward(weight, recurrent, bias, x, y, cache, work, state):
    """The cache holds the outputs and cells before, the gates i, f, g, o, and tanh of the new cells."""
    u = len(y)
    copy(bias, work)
    add_product(x, weight, work)
    add_product(state, recurrent, work)
    for j in range(u):
        i, f, o = sigmoid(work[j]), sigmoid(work[u + j]), sigmoid(work[3 * u + j])
        g, h, c = tanh(work[2 * u + j]), state[j], state[u + j]
        cell = f * c + i * g
        squashed = tanh(cell)
        cache[j], cache[u + j], cache[2 * u + j], cache[3 * u + j] = h, c, i, f
        cache[4 * u + j], cache[5 * u + j], cache[6 * u + j] = g, o, squashed
        y[j] = o * squashed
        state[j], state[u + j] = y[j], cell


def lstm_backward(weight, recurrent, bias, grad_weight, grad_recurrent, grad_bias, x, cache, dy, dx, work, grad_state):
    u = len(dy)
    for j in range(u):
        c, i, f = cache[u + j], cache[2 * u + j], cache[3 * u + j]
        g, o, squashed = cache[4 * u + j], cache[5 * u + j], cache[6 * u + j]
        dh = dy[j] + grad_state[j]
        dc = grad_state[u + j] + dh * o * (1.0 - squashed * squashed)
        work[j], work[u + j] = dc * g * i * (1.0 - i), dc * c * f * (1.0 - f)
        work[2 * u + j], work[3 * u + j] = dc * i * (1.0 - g * g), dh * squashed * o * (1.0 - o)
        grad_state[j], grad_state[u + j] = 0.0, dc * f
    add_outer_product(x, work, grad_weight)
    add_outer_product(cache, work, grad_recurrent)
    add(work, grad_bias)
    clear(dx)
    add_product(work, weight, dx)
    add_product(work, recurrent, grad_state)


def ctrnn_forward(weight, recurrent, shift, log_tau, x, y, cache, work, state):
    """The cache holds the outputs before, the net inputs, the rates step / tau, and the new outputs."""
    u = len(y)
    for j in range(u):
        cache[j], cache[u + j] = sigmoid(state[j] + shift[j]), -state[j]
    net_input = cache[u : 2 * u]
    add_product(x, weight, net_input)
    add_product(cache, recurrent, net_input)
    for j in range(u):
        rate = math.exp(-max(log_tau[j], 0.0))
        state[j] += rate * net_input[j]
        y[j] = sigmoid(state[j] + shift[j])
        cache[2 * u + j], cache[3 * u + j] = rate, y[j]


def ctrnn_backward(
    weight,
    recurrent,
    shift,
    log_tau,
    grad_weight,
    grad_recurrent,
    grad_shift,
    grad_log_tau,
    x,
    cache,
    dy,
    dx,
    work,
    grad_state,
):
    u = len(dy)
    for j in range(u):
        net_input, rate, o = cache[u + j], cache[2 * u + j], cache[3 * u + j]
        grad_output = dy[j] * o * (1.0 - o)
        dnew = grad_output + grad_state[j]
        if log_tau[j] > 0.0:
            grad_log_tau[j] -= dnew * net_input * rate
        work[j] = dnew * rate
        grad_shift[j] += grad_output
        grad_state[j] = dnew - work[j]
        dy[j] = 0.0
    add_outer_product(x, work, grad_weight)
    add_outer_product(cache, work, grad_recurrent)
    add_product(work, recurrent, dy)
    for j in range(u):
        grad_before = dy[j] * cache[j] * (1.0 - cache[j])
        grad_shift[j] += grad_before
        grad_state[j] += grad_before
    clear(dx)
    add_product(work, weight, dx)
