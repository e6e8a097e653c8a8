"""Many updates of a network by mini-batches in one call, in the Python that numba compiles.

The code compiled for a network, a loss and an optimizer is the text of the functions in single or double precision, of
the files `training_layers.py`, `training_losses.py`, `training_updates.py` and this one, and of the network (see
`evorobo.nets.compiled.training_network`).
"""

from numpy import float32, float64, int64  # noqa: F401 - for the code of activations

from evorobo.nets.compiled.double_functions import real
from evorobo.nets.compiled.training_layers import clear, copy
from evorobo.nets.compiled.training_updates import (
    NO_PENALTY,
    add_penalty,
    clip_by_norm,
    is_finite,
    limit_columns,
    square_sum,
)


def train(
    items,
    batch_size,
    bounds,
    inputs,
    targets,
    sample_weight,
    draws,
    input_noise,
    rates,
    network,
    optimizer,
    settings,
    penalty,
    matrices,
    sizes,
    results,
    parts,
):
    """Do one update for each of `rates`, on the `items` of the data one batch after another.

    Items are rows of `inputs`, or with `bounds (items, 2)` the rows between two bounds. `draws` are the random numbers
    of input noise and dropout in the order of their use. `network` are weights, their gradient, the last weights with a
    finite loss, and the same of the running statistics. `optimizer` are its state and settings (see
    `training_updates.py`), `settings` those of the loss, `penalty` are its kind and strength and the limits of norms, 0
    for none. Writes loss and squared norm of the gradient of each update to `results`, and returns the number of
    updates before one that diverged.
    """
    weights, gradient, last_weights, stats, last_stats = network
    one, two, t, optimizer_settings = optimizer
    x, y, dy, data, mask, continues, sums, n_in, w_in, n_out, w_out = parts[:11]
    used = 0
    for update in range(len(rates)):
        first, last = update * batch_size, min((update + 1) * batch_size, len(items))
        n_items, n_steps = last - first, 1
        if len(bounds):
            for item in items[first:last]:
                n_steps = max(n_steps, bounds[item, 1] - bounds[item, 0])
        block = (n_items + 3) // 4 * 4
        rows, n_data = block * n_steps, 0
        clear(x, rows * w_in)
        for t_step in range(n_steps):
            for i in range(block):
                row = t_step * block + i
                data[row], mask[row], continues[row] = -1, real(0.0), real(1.0) if t_step else real(0.0)
                if i < n_items:
                    item = items[first + i]
                    start, end = (bounds[item, 0], bounds[item, 1]) if len(bounds) else (item, item + 1)
                    if start + t_step < end:
                        data[row], mask[row] = start + t_step, real(1.0)
                        n_data += 1
                        for j in range(n_in):
                            x[row * w_in + j] = inputs[data[row] * n_in + j]
                        if input_noise:
                            at = used + (i * n_steps + t_step) * n_in
                            for j in range(n_in):
                                x[row * w_in + j] += real(input_noise) * draws[at + j]
        used += n_items * n_steps * n_in if input_noise else 0
        network_pack(weights, parts)  # noqa: F821
        used = network_forward(parts, stats, rows, block, n_steps, n_items, n_data, draws, used)  # noqa: F821
        loss = compute_loss(y, dy, n_out, w_out, rows, data, targets, sample_weight, settings, sizes)  # noqa: F821
        network_backward(gradient, parts, rows, block, n_steps, n_data)  # noqa: F821
        results[update, 0], results[update, 1] = loss, square_sum(gradient, sums)
        if loss - loss != 0.0 or not (is_finite(gradient) and is_finite(stats)):
            copy(last_weights, weights)
            copy(last_stats, stats)
            return update
        copy(weights, last_weights)
        copy(stats, last_stats)
        if penalty[0] != NO_PENALTY:
            add_penalty(weights, gradient, matrices, penalty[0], penalty[1])
        if penalty[2]:
            clip_by_norm(gradient, penalty[2], sums)
        optimize(weights, gradient, one, two, t, rates[update], optimizer_settings)  # noqa: F821
        if penalty[3]:
            limit_columns(weights, matrices, penalty[3])
        if not is_finite(weights):
            copy(last_weights, weights)
            return update
    return len(rates)
