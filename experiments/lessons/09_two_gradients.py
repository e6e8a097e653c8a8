"""Evolution feels its way along the same gradient that backprop knows, only less exactly."""

import numpy as np

from evorobo import CrossEntropy, DatasetTask, NetworkSpec, estimate, forward, gradient, teach

task, loss = DatasetTask("scitos-24"), CrossEntropy()
spec = NetworkSpec.build(24, (20,), 4)
PAIRS = 4 ** np.arange(1, 7)  # of opposite steps from one genome
SIGMA = 0.01


def run_seed(seed, block=64):
    """The cosine between the evolution strategy's gradient and backprop's, of one genome, for each of PAIRS."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(task.parts.train, 256, replace=False)
    x, moves, weights = task.input_scaler.transform(task.table.inputs[rows]), task.table.targets[rows], spec.init(rng)
    exact = gradient(spec, weights, x, loss.gradient(forward(spec, weights, x), moves))
    felt, cosines, pairs = np.zeros(spec.n_params), [], 0
    while pairs < PAIRS[-1]:
        steps = rng.standard_normal((min(block, PAIRS[len(cosines)] - pairs), spec.n_params))
        up, down = (loss.value(forward(spec, weights + sign * SIGMA * steps, x), moves) for sign in (1, -1))
        felt += (up - down) @ steps
        pairs += len(steps)
        if pairs == PAIRS[len(cosines)]:
            cosines.append(felt @ exact / np.linalg.norm(felt) / np.linalg.norm(exact))
    return {"cosine": cosines}


def law(pairs):
    """What the cosine should be on average: sqrt(m / (m + d + 1)), for m pairs in d dimensions."""
    return np.sqrt(pairs / (pairs + spec.n_params + 1))


def summarize(found):
    off = np.abs(found["cosine"].mean(0) - law(PAIRS)).max()
    return (
        f"With {PAIRS[0]} pairs of opposite steps the two gradients of {spec.n_params} weights have a cosine of "
        f"{estimate(found['cosine'][:, 0])}, with {PAIRS[2]} {estimate(found['cosine'][:, 2])}, with {PAIRS[-1]} "
        f"{estimate(found['cosine'][:, -1])}; the law sqrt(m / (m + d + 1)) says {law(PAIRS[0]):.3f}, "
        f"{law(PAIRS[2]):.3f} and {law(PAIRS[-1]):.3f}, and the mean is never farther from it than {off:.3f}; "
        f"backprop pays for 3 forward phases, evolution for {2 * PAIRS[-1]}"
    )


def draw(page, found):
    (axes,) = page.add_panels("How alike are the two gradients of one genome?")
    page.plot_curve(axes, PAIRS, found["cosine"], "evolution strategy against backprop")
    page.plot_theory(axes, PAIRS, law(PAIRS), "sqrt(m / (m + d + 1))")
    axes.set(
        xlabel="m, pairs of opposite steps",
        ylabel="cosine of the angle between them\n1: the same direction",
        ylim=(-0.05, 1.05),
    )
    page.set_log_scale(axes, "x")


if __name__ == "__main__":
    teach(run_seed, summarize, draw, seeds=20)
