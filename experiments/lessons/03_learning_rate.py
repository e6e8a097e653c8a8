"""The learning rate: too low is slow, too high diverges."""

import numpy as np

from evorobo import SGD, Backprop, DatasetTask
from evorobo.course import epochs, estimate, teach

arm, rover = DatasetTask("sarcos"), DatasetTask("scitos-24")  # a robot arm's torques; a mobile robot's moves
FRACTIONS = (0.01, 0.5, 0.99, 1.01)  # of the limit for a quadratic loss: 2 / lambda_max
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def run_seed(seed, steps=200, count=10):
    """The loss of a linear network above its minimum, after each step; the final loss of a tanh network."""
    rows = arm.parts.train
    x = np.column_stack([arm.input_scaler.transform(arm.table.inputs[rows]), np.ones(len(rows))])
    y = arm.output_scaler.transform(arm.table.targets[rows])
    limit = 2 / np.linalg.eigvalsh(2 * x.T @ x / y.size)[-1]  # of the loss's second derivative by the weights
    minimum = np.mean((y - x @ np.linalg.lstsq(x, y)[0]) ** 2)
    quadratic, final = [], []
    for fraction in FRACTIONS:
        method = Backprop(SGD(fraction * limit), batch_size=len(rows))  # all rows at once: one step in each epoch
        genomes = epochs(arm, (), method, np.random.default_rng(seed), steps)
        quadratic.append([arm.loss_on(genome, rows) - minimum for genome in genomes])
    for rate in RATES:
        first, *_, genome = epochs(rover, (20,), Backprop(SGD(rate)), np.random.default_rng(seed), count)
        final.append(rover.loss_on(genome, rover.parts.train))
    untrained = rover.loss_on(first, rover.parts.train)
    return {"limit": limit, "quadratic": quadratic, "untrained": untrained, "final": final}


def summarize(data):
    start, low, high = data["quadratic"][:, 0, 0], data["quadratic"][:, 2, -1], data["quadratic"][:, 3, -1]
    final, best = data["final"], data["final"].mean(0).argmin()
    return (
        f"On a quadratic loss, {FRACTIONS[2]:g} of the rate 2 / lambda_max = {data['limit'][0]:.3g} brought the loss "
        f"from {estimate(start)} down to {estimate(low)}; {FRACTIONS[3]:g} of it brought it up to {estimate(high)}, in "
        f"{(high > start).sum()} of {len(high)} runs; the robot's network went from {estimate(data['untrained'])} to "
        f"{estimate(final[:, 0])} at the rate {RATES[0]:g}, to {estimate(final[:, best])} at {RATES[best]:g}, "
        f"to {estimate(final[:, -1])} at {RATES[-1]:g}"
    )


def draw(page, data):
    left, right = page.add_panels("Quadratic loss: linear network, robot arm", "Tanh network, wall following")
    for row, fraction in enumerate(FRACTIONS):
        page.plot_curve(left, np.arange(data["quadratic"].shape[2]), data["quadratic"][:, row], f"{fraction:g} x limit")
    page.plot_curve(right, RATES, data["final"], "tanh network")
    page.plot_reference(right, data["untrained"], "untrained", side="left")
    page.set_log_scale(left, "y")
    page.set_log_scale(right, "xy")
    left.set(xlabel="steps", ylabel="loss above its minimum\n← lower is better")
    right.set(xlabel="learning rate", ylabel="loss after 10 epochs\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
