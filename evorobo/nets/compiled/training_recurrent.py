"""Recurrent layers over the time steps of a mini-batch, forward and backward, in the Python that numba compiles.

Arrays are those of `training_layers.py`. `continues` is 1 for rows that go on from the state of the step before, and 0
for those that begin at zero. Sequences whose first rows go on begin at the states `first (block, w)`. `before` are the
states before each step, for the backward pass; `carry (block, w)` is the gradient of the states after it.
"""

import math

from evorobo.nets.compiled.double_functions import real, sigmoid, tanh
from evorobo.nets.compiled.training_layers import add_matrix_product, clear


def load_states(states, width, start, first, n, w, items):
    """Copy n numbers from `start` on of the rows `items` of `states (sequences, width)` to the first states."""
    for i in range(len(items)):
        for j in range(n):
            first[i * w + j] = states[items[i] * width + start + j]


def previous_states(state, first, continues, before, t, block, w):
    """Write the states before step t to `before`, and return whether any sequence goes on from one."""
    n_continued = 0
    for i in range(block):
        row = t * block + i
        if continues[row] != real(0.0):
            n_continued += 1
            for j in range(w):
                before[row * w + j] = state[(row - block) * w + j] if t else first[i * w + j]
        else:
            for j in range(w):
                before[row * w + j] = real(0.0)
    return n_continued > 0


def stop_gradients(carry, continues, t, block, w):
    """Clear the gradients of states that step t does not go on from."""
    for i in range(block):
        if continues[t * block + i] == real(0.0):
            for j in range(w):
                carry[i * w + j] = real(0.0)


def recurrent_gradient(before, dz, grad_recurrent, continues, n, w, width, block, n_steps):
    """The gradient of a matrix by which states are multiplied; `width` is that of its rows."""
    clear(grad_recurrent, len(grad_recurrent))
    first = block
    for i in range(block):
        if continues[i] != real(0.0):
            first = 0
    depth = n_steps * block - first
    add_matrix_product(before, first * w, 1, w, dz, first * width, grad_recurrent, 0, (n + 3) // 4 * 4, depth, width)


def elman_backward(before, continues, slope, transposed, grad_recurrent, dy, carry, n, w, block, n_steps):
    """Write to `dy` the gradient of what goes into the activation."""
    clear(carry, block * w)
    for back in range(n_steps):
        t = n_steps - 1 - back
        at = t * block * w
        for j in range(block * w):
            dy[at + j] = (dy[at + j] + carry[j]) * slope[at + j]
        if t:
            clear(carry, block * w)
            add_matrix_product(dy, at, w, 1, transposed, 0, carry, 0, block, w, w)
            stop_gradients(carry, continues, t, block, w)
    recurrent_gradient(before, dy, grad_recurrent, continues, n, w, w, block, n_steps)


def gru_forward(drive, recurrent, candidate, product, inner, first, continues, before, y, n, w, block, n_steps):
    """`drive` holds the products of the inputs, three gates side by side, and then r, z and the candidate."""
    for t in range(n_steps):
        clear(product, block * 3 * w)
        if previous_states(y, first, continues, before, t, block, w):
            add_matrix_product(before, t * block * w, w, 1, recurrent, 0, product, 0, block, n, 3 * w)
        for i in range(block):
            row, own = (t * block + i) * w, 3 * i * w
            for j in range(w):
                gates = 3 * row + j
                r = sigmoid(drive[gates] + product[own + j])
                z = sigmoid(drive[gates + w] + product[own + w + j])
                part = product[own + 2 * w + j] + candidate[j]
                new = tanh(drive[gates + 2 * w] + r * part)
                drive[gates], drive[gates + w], drive[gates + 2 * w], inner[row + j] = r, z, new, part
                y[row + j] = new + z * (before[row + j] - new)


def gru_backward(
    drive,
    transposed,
    grad_recurrent,
    grad_candidate,
    inner,
    before,
    continues,
    dy,
    ddrive,
    dproduct,
    carry,
    n,
    w,
    block,
    n_steps,
):
    clear(carry, block * w)
    clear(grad_candidate, w)
    for back in range(n_steps):
        t = n_steps - 1 - back
        for i in range(block):
            row = (t * block + i) * w
            for j in range(w):
                gates = 3 * row + j
                r, z, new = drive[gates], drive[gates + w], drive[gates + 2 * w]
                dh = dy[row + j] + carry[i * w + j]
                dn = dh * (real(1.0) - z) * (real(1.0) - new * new)
                dr = dn * inner[row + j] * r * (real(1.0) - r)
                dz = dh * (before[row + j] - new) * z * (real(1.0) - z)
                ddrive[gates], ddrive[gates + w], ddrive[gates + 2 * w] = dr, dz, dn
                dproduct[gates], dproduct[gates + w], dproduct[gates + 2 * w] = dr, dz, dn * r
                carry[i * w + j] = dh * z
                grad_candidate[j] += dn * r
        if t:
            add_matrix_product(dproduct, t * block * 3 * w, 3 * w, 1, transposed, 0, carry, 0, block, 3 * w, w)
            stop_gradients(carry, continues, t, block, w)
    recurrent_gradient(before, dproduct, grad_recurrent, continues, n, w, 3 * w, block, n_steps)


def lstm_forward(
    drive, recurrent, cell, tanh_cell, first, first_cell, continues, before, cell_before, y, n, w, block, n_steps
):
    """`drive` holds the products of the inputs, four gates side by side, and then i, f, g and o."""
    for t in range(n_steps):
        previous_states(cell, first_cell, continues, cell_before, t, block, w)
        if previous_states(y, first, continues, before, t, block, w):
            add_matrix_product(before, t * block * w, w, 1, recurrent, 0, drive, t * block * 4 * w, block, n, 4 * w)
        for row in range(t * block * w, (t + 1) * block * w, w):
            for j in range(w):
                gates = 4 * row + j
                i, f = sigmoid(drive[gates]), sigmoid(drive[gates + w])
                g, o = tanh(drive[gates + 2 * w]), sigmoid(drive[gates + 3 * w])
                drive[gates], drive[gates + w], drive[gates + 2 * w], drive[gates + 3 * w] = i, f, g, o
                cell[row + j] = f * cell_before[row + j] + i * g
                tanh_cell[row + j] = tanh(cell[row + j])
                y[row + j] = o * tanh_cell[row + j]


def lstm_backward(
    drive,
    transposed,
    grad_recurrent,
    tanh_cell,
    before,
    cell_before,
    continues,
    dy,
    ddrive,
    carry,
    carry_cell,
    n,
    w,
    block,
    n_steps,
):
    clear(carry, block * w)
    clear(carry_cell, block * w)
    for back in range(n_steps):
        t = n_steps - 1 - back
        for sequence in range(block):
            row, own = (t * block + sequence) * w, sequence * w
            for j in range(w):
                gates = 4 * row + j
                i, f, g, o = drive[gates], drive[gates + w], drive[gates + 2 * w], drive[gates + 3 * w]
                dh, squashed = dy[row + j] + carry[own + j], tanh_cell[row + j]
                dc = carry_cell[own + j] + dh * o * (real(1.0) - squashed * squashed)
                ddrive[gates] = dc * g * i * (real(1.0) - i)
                ddrive[gates + w] = dc * cell_before[row + j] * f * (real(1.0) - f)
                ddrive[gates + 2 * w] = dc * i * (real(1.0) - g * g)
                ddrive[gates + 3 * w] = dh * squashed * o * (real(1.0) - o)
                carry_cell[own + j] = dc * f
        if t:
            clear(carry, block * w)
            add_matrix_product(ddrive, t * block * 4 * w, 4 * w, 1, transposed, 0, carry, 0, block, 4 * w, w)
            stop_gradients(carry, continues, t, block, w)
            stop_gradients(carry_cell, continues, t, block, w)
    recurrent_gradient(before, ddrive, grad_recurrent, continues, n, w, 4 * w, block, n_steps)


def ctrnn_forward(
    recurrent,
    shift,
    log_tau,
    rates,
    state,
    outputs_before,
    net_input,
    first,
    continues,
    before,
    y,
    n,
    w,
    block,
    n_steps,
):
    """`y` holds the products of the inputs, and then the outputs; `rates` are step / tau of each unit."""
    for j in range(w):
        rates[j] = real(math.exp(-log_tau[j])) if log_tau[j] > real(0.0) else real(1.0)
    for t in range(n_steps):
        previous_states(state, first, continues, before, t, block, w)
        at = t * block * w
        for row in range(at, at + block * w, w):
            for j in range(w):
                outputs_before[row + j] = sigmoid(before[row + j] + shift[j])
        add_matrix_product(outputs_before, at, w, 1, recurrent, 0, y, at, block, n, w)
        for row in range(at, at + block * w, w):
            for j in range(w):
                net_input[row + j] = y[row + j] - before[row + j]
                state[row + j] = before[row + j] + rates[j] * net_input[row + j]
                y[row + j] = sigmoid(state[row + j] + shift[j])


def ctrnn_backward(
    transposed,
    grad_recurrent,
    grad_shift,
    grad_log_tau,
    log_tau,
    rates,
    outputs_before,
    net_input,
    continues,
    y,
    dy,
    product,
    carry,
    n,
    w,
    block,
    n_steps,
):
    """Write to `dy` the gradient of the products."""
    clear(carry, block * w)
    clear(grad_shift, w)
    clear(grad_log_tau, w)
    for back in range(n_steps):
        t = n_steps - 1 - back
        at = t * block * w
        for i in range(block):
            row, own = at + i * w, i * w
            for j in range(w):
                grad_output = dy[row + j] * y[row + j] * (real(1.0) - y[row + j])
                dnew = grad_output + carry[own + j]
                dy[row + j] = dnew * rates[j]
                carry[own + j] = dnew - dy[row + j]
                grad_shift[j] += grad_output
                grad_log_tau[j] -= dy[row + j] * net_input[row + j] if log_tau[j] > real(0.0) else real(0.0)
        clear(product, block * w)
        add_matrix_product(dy, at, w, 1, transposed, 0, product, 0, block, w, w)
        for i in range(block):
            row, own = at + i * w, i * w
            for j in range(w):
                output = outputs_before[row + j]
                grad_before = product[own + j] * output * (real(1.0) - output)
                grad_shift[j] += grad_before
                carry[own + j] += grad_before
        stop_gradients(carry, continues, t, block, w)
    clear(grad_recurrent, len(grad_recurrent))
    add_matrix_product(outputs_before, 0, 1, w, dy, 0, grad_recurrent, 0, (n + 3) // 4 * 4, n_steps * block, w)
