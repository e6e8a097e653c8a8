"""The learning rate: too low is slow, too high runs away."""

import numpy as np

from evorobo import SGD, Backprop, DatasetTask, epochs, estimate, teach

arm, rover = DatasetTask("sarcos"), DatasetTask("scitos-24")  # a robot arm's torques; a mobile robot's moves
PARTS = (0.01, 0.5, 0.99, 1.01)  # of the limit for a quadratic loss: 2 / lambda_max
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def run_seed(seed, steps=200, count=10):
    """The loss of a linear network above its minimum, after each step; the loss of a tanh network at the end."""
    rows = arm.parts.train
    x = np.column_stack([arm.input_scaler.transform(arm.table.inputs[rows]), np.ones(len(rows))])
    y = arm.output_scaler.transform(arm.table.targets[rows])
    limit = 2 / np.linalg.eigvalsh(2 * x.T @ x / y.size)[-1]  # of the loss's second derivative by the weights
    lowest = np.mean((y - x @ np.linalg.lstsq(x, y)[0]) ** 2)
    bowl, last = [], []
    for part in PARTS:
        method = Backprop(SGD(part * limit), batch_size=len(rows))  # all rows at once: one step in each epoch
        genomes = epochs(arm, (), method, np.random.default_rng(seed), steps)
        bowl.append([arm.loss_on(genome, rows) - lowest for genome in genomes])
    for rate in RATES:
        first, *_, genome = epochs(rover, (20,), Backprop(SGD(rate)), np.random.default_rng(seed), count)
        last.append(rover.loss_on(genome, rover.parts.train))
    return {"limit": limit, "bowl": bowl, "untrained": rover.loss_on(first, rover.parts.train), "last": last}


def summarize(found):
    begun, low, high = found["bowl"][:, 0, 0], found["bowl"][:, 2, -1], found["bowl"][:, 3, -1]
    last, best = found["last"], found["last"].mean(0).argmin()
    return (
        f"On a quadratic loss, {PARTS[2]:g} of the rate 2 / lambda_max = {found['limit'][0]:.3g} brought "
        f"{estimate(begun)} down to {estimate(low)}, and {PARTS[3]:g} of it up to {estimate(high)}, in "
        f"{(high > begun).sum()} of {len(high)} runs; the robot's network came from {estimate(found['untrained'])} to "
        f"{estimate(last[:, 0])} at the rate {RATES[0]:g}, to {estimate(last[:, best])} at {RATES[best]:g}, "
        f"to {estimate(last[:, -1])} at {RATES[-1]:g}"
    )


def draw(page, found):
    left, right = page.add_panels("A bowl: linear network, robot arm", "No bowl: tanh network, wall following")
    for at, part in enumerate(PARTS):
        page.plot_curve(left, np.arange(found["bowl"].shape[2]), found["bowl"][:, at], f"{part:g} x limit")
    page.plot_curve(right, RATES, found["last"], "tanh network")
    page.plot_reference(right, found["untrained"], "untrained", side="left")
    page.set_log_scale(left, "y")
    page.set_log_scale(right, "xy")
    left.set(xlabel="steps", ylabel="loss above its minimum\n← lower is better")
    right.set(xlabel="learning rate", ylabel="loss after 10 epochs\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
