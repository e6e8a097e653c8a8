"""A pass of PPO over the steps of a rollout, in the Python that numba compiles.

The compiled code is the text of the functions in double or single precision, of `training_layers.py` and
`training_updates.py` (see `evorobo.nets.compiled`), of this file, and of the networks of actor and critic. Formulas are
those of `objective.py` and `distributions.py`. `items` are the numbers of the steps of a minibatch in the rollout, and
`places` those of their rows in the arrays of the networks.
"""

import math

from numpy import float32, float64, int64  # noqa: F401 - for the code of activations

from evorobo.nets.compiled.training_layers import clear
from evorobo.nets.compiled.training_updates import clip_by_norm


def gaussian_evaluate(y, n, w, places, items, samples, log_sd, choices, log_probs, entropies):
    """Write the log-probabilities and entropies of `samples` of normal distributions around the outputs `y`."""
    constant = 0.0
    for j in range(n):
        constant += log_sd[j] + 0.5 * math.log(2.0 * math.pi)
    for i in range(len(items)):
        total = 0.0
        for j in range(n):
            error = (samples[items[i] * n + j] - y[places[i] * w + j]) * math.exp(-log_sd[j])
            total += error * error
        log_probs[i], entropies[i] = -0.5 * total - constant, constant + 0.5 * n


def gaussian_gradient(
    y, dy, n, w, places, items, samples, log_sd, choices, entropies, grad_log_probs, grad_entropy, grad_log_sd
):
    for j in range(n):
        inverse_sd, grad_log_sd[j] = math.exp(-log_sd[j]), grad_entropy * len(items)
        for i in range(len(items)):
            error = (samples[items[i] * n + j] - y[places[i] * w + j]) * inverse_sd
            dy[places[i] * w + j] = error * inverse_sd * grad_log_probs[i]
            grad_log_sd[j] += grad_log_probs[i] * (error * error - 1.0)


def categorical_evaluate(y, n, w, places, items, samples, log_sd, choices, log_probs, entropies):
    """The same of choices by the softmax of groups of outputs, which become log-probabilities.

    `entropies` is followed by those of each group.
    """
    n_rows, n_groups = len(items), len(choices)
    for i in range(n_rows):
        log_probs[i], entropies[i], first = 0.0, 0.0, places[i] * w
        for group in range(n_groups):
            last, total, entropy = first + choices[group], 0.0, 0.0
            largest = y[first]
            for j in range(first, last):
                largest = y[j] if y[j] > largest else largest
            for j in range(first, last):
                y[j] -= largest
                total += math.exp(y[j])
            log_total = math.log(total)
            for j in range(first, last):
                y[j] -= log_total
                entropy -= math.exp(y[j]) * y[j]
            log_probs[i] += y[first + samples[items[i] * n_groups + group]]
            entropies[i] += entropy
            entropies[n_rows + i * n_groups + group] = entropy
            first = last


def categorical_gradient(
    y, dy, n, w, places, items, samples, log_sd, choices, entropies, grad_log_probs, grad_entropy, grad_log_sd
):
    n_rows, n_groups = len(items), len(choices)
    for i in range(n_rows):
        first = places[i] * w
        for group in range(n_groups):
            last = first + choices[group]
            for j in range(first, last):
                p = math.exp(y[j])
                dy[j] = -p * grad_log_probs[i]
                if grad_entropy:
                    dy[j] -= grad_entropy * p * (y[j] + entropies[n_rows + i * n_groups + group])
            dy[first + samples[items[i] * n_groups + group]] += grad_log_probs[i]
            first = last


def gather(parts, rows, places, items, inputs, starts):
    """Copy the inputs of sequences to the rows of a network, and say which rows go on from the step before."""
    x, continues, n, w = parts[0], parts[5], parts[7], parts[8]
    clear(x, rows * w)
    clear(continues, rows)
    for i in range(len(items)):
        continues[places[i]] = 0.0 if starts[items[i]] else 1.0
        for j in range(n):
            x[places[i] * w + j] = inputs[items[i] * n + j]


def policy_gradient(log_probs, old, advantages, normalize, clip_range, items, scaled, parts):
    """Write policy loss, divergence and share of clipped ratios to `parts`, and the gradients of `log_probs` to it."""
    n, mean, squares = len(items), 0.0, 0.0
    for i in range(n):
        scaled[i] = advantages[items[i]]
        mean += scaled[i]
    mean /= n
    if normalize and n > 1:
        for i in range(n):
            scaled[i] -= mean
            squares += scaled[i] * scaled[i]
        deviation = math.sqrt(squares / (n - 1)) + 1e-8
        for i in range(n):
            scaled[i] /= deviation
    loss, kl, n_clipped = 0.0, 0.0, 0.0
    for i in range(n):
        log_ratio = log_probs[i] - old[items[i]]
        ratio = math.exp(log_ratio)
        bounded = min(max(ratio, 1.0 - clip_range), 1.0 + clip_range)
        gain, clipped = ratio * scaled[i], bounded * scaled[i]
        loss -= gain if gain <= clipped else clipped
        kl += ratio - 1.0 - log_ratio
        n_clipped += abs(ratio - 1.0) > clip_range
        log_probs[i] = -gain / n if gain <= clipped else 0.0 * gain
    parts[1], parts[4], parts[5] = loss / n, kl / n, n_clipped / n


def value_gradient(y, dy, w, values, targets, clip_range, coefficient, places, items):
    n, loss = len(items), 0.0
    for i in range(n):
        change, counts = y[places[i] * w] - values[items[i]], True
        error = y[places[i] * w] - targets[items[i]]
        if clip_range:
            counts = abs(change) <= clip_range
            error = values[items[i]] + min(max(change, -clip_range), clip_range) - targets[items[i]]
        loss += error * error
        dy[places[i] * w] = coefficient * 2.0 * error / n if counts else 0.0
    return loss / n


def learn(
    order,
    batch_size,
    n_steps,
    inputs,
    starts,
    samples,
    rollout,
    params,
    gradient,
    actor,
    critic,
    log_sd,
    grad_log_sd,
    optimizer,
    rate,
    settings,
    choices,
    results,
    room,
    actor_parts,
    critic_parts,
):
    """Do one update for each minibatch of the sequences `order`; return the numbers of losses and of updates.

    A sequence is `n_steps` steps, one after another in the rollout; `starts` says which are the first of an episode.
    `rollout` holds the log-probabilities, values, advantages and targets; `actor` and `critic` weights, gradient,
    running statistics and the states in which the sequences begin. `settings` are the clipping ranges of policy and
    values, whether advantages are normalized, the coefficients of entropy and values, and the limits of the gradient
    and of the divergence, 0 for none. `results` gets the parts of each loss (see `LossParts`).
    """
    old, values, advantages, targets = rollout
    clip_range, value_range, normalize, entropy_coef, value_coef, limit, most_kl = settings
    log_probs, entropies, scaled, all_places, all_items = room
    y, dy, n, w = actor_parts[1], actor_parts[2], actor_parts[9], actor_parts[10]
    critic_y, critic_dy, w_value = critic_parts[1], critic_parts[2], critic_parts[10]
    done, empty = 0, params[:0]
    for start in range(0, len(order), batch_size):
        sequences, parts = order[start : start + batch_size], results[done]
        block, n_rows = (len(sequences) + 3) // 4 * 4, len(sequences) * n_steps
        rows, places, items = block * n_steps, all_places[:n_rows], all_items[:n_rows]
        for i in range(len(sequences)):
            for t in range(n_steps):
                places[i * n_steps + t], items[i * n_steps + t] = t * block + i, sequences[i] * n_steps + t
        gather(actor_parts, rows, places, items, inputs, starts)
        gather(critic_parts, rows, places, items, inputs, starts)
        actor_load(actor[3], sequences, actor_parts)  # noqa: F821
        critic_load(critic[3], sequences, critic_parts)  # noqa: F821
        actor_pack(actor[0], actor_parts)  # noqa: F821
        actor_forward(actor_parts, actor[2], rows, block, n_steps, len(sequences), 1, empty, 0)  # noqa: F821
        evaluate(y, n, w, places, items, samples, log_sd, choices, log_probs, entropies)  # noqa: F821
        entropy = 0.0
        for i in range(n_rows):
            entropy += entropies[i]
        parts[3] = entropy / n_rows
        policy_gradient(log_probs, old, advantages, normalize, clip_range, items, scaled, parts)
        clear(dy, rows * w)
        action_gradient(  # noqa: F821
            y,
            dy,
            n,
            w,
            places,
            items,
            samples,
            log_sd,
            choices,
            entropies,
            log_probs,
            -entropy_coef / n_rows,
            grad_log_sd,
        )
        actor_backward(actor[1], actor_parts, rows, block, n_steps, 1)  # noqa: F821
        critic_pack(critic[0], critic_parts)  # noqa: F821
        critic_forward(critic_parts, critic[2], rows, block, n_steps, len(sequences), 1, empty, 0)  # noqa: F821
        clear(critic_dy, rows * w_value)
        parts[2] = value_gradient(critic_y, critic_dy, w_value, values, targets, value_range, value_coef, places, items)
        critic_backward(critic[1], critic_parts, rows, block, n_steps, 1)  # noqa: F821
        parts[0] = parts[1] - entropy_coef * parts[3] + value_coef * parts[2]
        done += 1
        if most_kl and parts[4] > most_kl:
            return done, done - 1
        if limit:
            clip_by_norm(gradient, limit, actor_parts[6])
        optimize(params, gradient, optimizer[0], optimizer[1], optimizer[2], rate, optimizer[3])  # noqa: F821
    return done, done
