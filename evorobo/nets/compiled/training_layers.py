"""Each kind of layer over the rows of a mini-batch, forward and backward, in the Python that numba compiles.

A matrix is one array, row after row; rows are padded with zeros to whole registers of a processor (`w` numbers for `n`
true ones), and the number of rows to whole tiles of `add_matrix_product`. The rows of a recurrent network are ordered
by time step: the first `block` rows are the first steps of all sequences. Rows that are no data have no gradient.
`mask` is 1 for rows of data and 0 for others. Gradients of parameters are written, not added.
"""

import math

from evorobo.nets.compiled.double_functions import real


def add_matrix_product(a, a_at, a_row, a_column, b, b_at, c, c_at, rows, depth, width):
    """c += a b, from the given starts; the numbers of `a` lie `a_row` and `a_column` apart.

    A kernel calls that of `evorobo.machine_code.products` in place of this one.
    """
    for i in range(rows):
        for j in range(width):
            total = c[c_at + i * width + j]
            for k in range(depth):
                total += a[a_at + i * a_row + k * a_column] * b[b_at + k * width + j]
            c[c_at + i * width + j] = total


def clear(target, n):
    for j in range(n):
        target[j] = real(0.0)


def copy(source, target):
    for j in range(len(target)):
        target[j] = source[j]


def fill_rows(row, target, rows):
    w = len(row)
    for i in range(rows):
        for j in range(w):
            target[i * w + j] = row[j]


def column_sums(x, w, rows, total):
    clear(total, w)
    for i in range(rows):
        for j in range(w):
            total[j] += x[i * w + j]


def pack(weights, start, rows, n, target, w):
    """Copy a parameter of `rows` rows of n numbers to rows of w numbers."""
    for i in range(rows):
        for j in range(n):
            target[i * w + j] = weights[start + i * n + j]


def unpack(source, rows, n, w, gradient, start):
    """Copy a gradient back to the order of the genome, the reverse of `pack`."""
    for i in range(rows):
        for j in range(n):
            gradient[start + i * n + j] = source[i * w + j]


def transpose(matrix, rows, width, target, w):
    """The transpose `(width, w)` of a packed matrix `(rows, width)`."""
    for i in range(rows):
        for j in range(width):
            target[j * w + i] = matrix[i * width + j]


def dense_forward(x, wx, nx, weight, bias, y, w, rows):
    fill_rows(bias, y, rows)
    add_matrix_product(x, 0, wx, 1, weight, 0, y, 0, rows, nx, w)


def dense_backward(x, wx, nx, grad_weight, grad_bias, dz, w, rows):
    clear(grad_weight, len(grad_weight))
    add_matrix_product(x, 0, 1, wx, dz, 0, grad_weight, 0, (nx + 3) // 4 * 4, rows, w)
    column_sums(dz, w, rows, grad_bias)


def input_gradient(dz, w, n, transposed, dx, wx, rows):
    clear(dx, rows * wx)
    add_matrix_product(dz, 0, w, 1, transposed, 0, dx, 0, rows, n, wx)


def times_slope(dy, slope, n):
    for j in range(n):
        dy[j] *= slope[j]


def batch_norm_forward(
    x, gain, shift, mean, sd, normalized, y, w, rows, mask, n_data, stats, start, n, momentum, epsilon
):
    """`mean` and `sd` are room for the mean and the inverse standard deviation of each column."""
    if n_data > 1:
        count = real(n_data)
        clear(mean, w)
        clear(sd, w)
        for i in range(rows):
            for j in range(w):
                mean[j] += mask[i] * x[i * w + j]
        for j in range(w):
            mean[j] /= count
        for i in range(rows):
            for j in range(w):
                centered = x[i * w + j] - mean[j]
                sd[j] += mask[i] * centered * centered
        for j in range(w):
            sd[j] /= count
        unbiased = real(n_data / (n_data - 1))
        for j in range(n):
            stats[start + j] += real(momentum) * (mean[j] - stats[start + j])
            stats[start + n + j] += real(momentum) * (sd[j] * unbiased - stats[start + n + j])
    else:
        copy_part(stats, start, mean, n)
        copy_part(stats, start + n, sd, n)
    for j in range(w):
        sd[j] = real(1.0) / real(math.sqrt(sd[j] + real(epsilon)))
    for i in range(rows):
        for j in range(w):
            normalized[i * w + j] = (x[i * w + j] - mean[j]) * sd[j]
            y[i * w + j] = normalized[i * w + j] * gain[j] + shift[j]


def copy_part(source, start, target, n):
    for j in range(n):
        target[j] = source[start + j]


def scale_backward(normalized, grad_gain, grad_shift, dz, w, rows):
    clear(grad_gain, w)
    for i in range(rows):
        for j in range(w):
            grad_gain[j] += dz[i * w + j] * normalized[i * w + j]
    column_sums(dz, w, rows, grad_shift)


def batch_norm_input_gradient(normalized, gain, sd, grad_gain, grad_shift, dz, dx, w, rows, mask, n_data):
    for i in range(rows):
        share = mask[i] / real(n_data) if n_data > 1 else real(0.0)
        for j in range(w):
            at = i * w + j
            dx[at] = (dz[at] - share * (normalized[at] * grad_gain[j] + grad_shift[j])) * (gain[j] * sd[j])


def layer_norm_forward(x, gain, shift, sd, normalized, y, n, w, rows, epsilon):
    for i in range(rows):
        mean, variance = real(0.0), real(0.0)
        for j in range(n):
            mean += x[i * w + j]
        mean /= real(n)
        for j in range(n):
            variance += (x[i * w + j] - mean) * (x[i * w + j] - mean)
        sd[i] = real(1.0) / real(math.sqrt(variance / real(n) + real(epsilon)))
        for j in range(w):
            normalized[i * w + j] = (x[i * w + j] - mean) * sd[i]
            y[i * w + j] = normalized[i * w + j] * gain[j] + shift[j]


def layer_norm_input_gradient(normalized, gain, sd, dz, dx, n, w, rows):
    for i in range(rows):
        mean, projection = real(0.0), real(0.0)
        for j in range(n):
            scaled = dz[i * w + j] * gain[j]
            mean += scaled
            projection += scaled * normalized[i * w + j]
        mean /= real(n)
        projection /= real(n)
        for j in range(w):
            dx[i * w + j] = (dz[i * w + j] * gain[j] - mean - normalized[i * w + j] * projection) * sd[i]


def affine_forward(x, gain, shift, y, w, rows):
    for i in range(rows):
        for j in range(w):
            y[i * w + j] = x[i * w + j] * gain[j] + shift[j]


def affine_input_gradient(gain, dz, dx, w, rows):
    for i in range(rows):
        for j in range(w):
            dx[i * w + j] = dz[i * w + j] * gain[j]


def dropout_forward(x, factors, y, n, w, block, n_steps, n_items, draws, at, rate):
    """Keep a number where its draw is at least `rate`; return how many draws are used.

    The draws are in the order of the sequences.
    """
    clear(factors, block * n_steps * w)
    for item in range(n_items):
        for t in range(n_steps):
            row = (t * block + item) * w
            for j in range(n):
                if not rate or draws[at + j] >= real(rate):
                    factors[row + j] = real(1.0) / real(1.0 - rate)
            at += n if rate else 0
    for j in range(block * n_steps * w):
        y[j] = x[j] * factors[j]
    return at


def dropout_backward(factors, dy, dx, n):
    for j in range(n):
        dx[j] = dy[j] * factors[j]
