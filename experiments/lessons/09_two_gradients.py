"""Evolution follows the same gradient that backprop computes, only less exactly."""

import numpy as np

from evorobo import CrossEntropy, DatasetTask, NetworkSpec, forward, gradient
from evorobo.course import estimate, teach

task, loss = DatasetTask("scitos-24"), CrossEntropy()
spec = NetworkSpec.build(24, (20,), 4)
PAIRS = 4 ** np.arange(1, 7)  # numbers of antithetic pairs: opposite steps from one genome
SIGMA = 0.01


def run_seed(seed, block=64):
    """The cosine between the evolution strategy's gradient and backprop's, of one genome, for each of PAIRS."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(task.parts.train, 256, replace=False)
    x, moves, weights = task.input_scaler.transform(task.table.inputs[rows]), task.table.targets[rows], spec.init(rng)
    exact = gradient(spec, weights, x, loss.gradient(forward(spec, weights, x), moves))
    approximate, cosines, pairs = np.zeros(spec.n_params), [], 0
    while pairs < PAIRS[-1]:
        steps = rng.standard_normal((min(block, PAIRS[len(cosines)] - pairs), spec.n_params))
        up, down = (loss.value(forward(spec, weights + sign * SIGMA * steps, x), moves) for sign in (1, -1))
        approximate += (up - down) @ steps
        pairs += len(steps)
        if pairs == PAIRS[len(cosines)]:
            cosines.append(approximate @ exact / np.linalg.norm(approximate) / np.linalg.norm(exact))
    return {"cosine": cosines}


def law(pairs):
    """The expected cosine: sqrt(m / (m + d + 1)), for m pairs in d dimensions."""
    return np.sqrt(pairs / (pairs + spec.n_params + 1))


def summarize(data):
    cosine, expected = data["cosine"], law(PAIRS)
    error = np.abs(cosine.mean(0) - expected).max()
    return (
        f"With {PAIRS[0]} pairs of opposite steps the two gradients of {spec.n_params} weights have a cosine of "
        f"{estimate(cosine[:, 0])}, with {PAIRS[2]} {estimate(cosine[:, 2])}, with {PAIRS[-1]} "
        f"{estimate(cosine[:, -1])}; the law sqrt(m / (m + d + 1)) gives {expected[0]:.3f}, {expected[2]:.3f} and "
        f"{expected[-1]:.3f}, and the mean differs from it by at most {error:.3f}; "
        f"backprop costs 3 forward passes, evolution {2 * PAIRS[-1]}"
    )


def draw(page, data):
    (axes,) = page.add_panels("How similar are the two gradients of one genome?")
    page.plot_curve(axes, PAIRS, data["cosine"], "evolution strategy against backprop")
    page.plot_theory(axes, PAIRS, law(PAIRS), "sqrt(m / (m + d + 1))")
    axes.set(xlabel="m, pairs of opposite steps", ylim=(-0.05, 1.05))
    axes.set(ylabel="cosine of the angle between them\n1: the same direction")
    page.set_log_scale(axes, "x")


if __name__ == "__main__":
    teach(run_seed, summarize, draw, seeds=20)
