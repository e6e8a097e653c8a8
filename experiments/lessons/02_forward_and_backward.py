"""Backprop is a forward pass and a backward pass: the chain rule, layer by layer."""

import numpy as np

from evorobo import CrossEntropy, DatasetTask, Dense, NetworkSpec, forward, gradient
from evorobo.course import estimate, teach

near, full = DatasetTask("scitos-2"), DatasetTask("scitos-24")  # a robot's two nearest walls; all its 24 sensors
small = NetworkSpec(2, (Dense(2, "tanh", bias=False), Dense(1, "identity", bias=False)))
large, STEPS = NetworkSpec.build(24, (20,), 4), 10.0 ** -np.arange(1, 12)


def run_seed(seed):
    """Both passes of the small network by hand; the large one's gradient against differences of its loss."""
    rng = np.random.default_rng(seed)
    row = rng.choice(np.flatnonzero(near.table.targets == 2))  # here the robot turned sharply right: the target is 1
    x, weights = near.input_scaler.transform(near.table.inputs[row]), small.init(rng)
    w1, w2 = (layer["weight"] for layer in small.unpack(weights))
    h = np.tanh(x @ w1)  # forward, layer by layer
    y = h @ w2
    dy = 2 * (y - 1)  # backward: the derivative of (y - 1)^2 by y, and from there by everything before it
    dh, dw2 = w2 @ dy, np.outer(h, dy)
    dx, dw1 = w1 @ (dh * (1 - h**2)), np.outer(x, dh * (1 - h**2))
    error = np.abs(np.append(dw1, dw2) - gradient(small, weights, x[None], dy[None])).max()
    values, gradients = {"x": x, "h": h, "y": y, "w1": w1, "w2": w2}, {"dx": dx, "dh": dh, "dy": dy}
    return {**values, **gradients, "dw1": dw1, "dw2": dw2, "error": error, "differences": check(rng)}


def check(rng):
    """The relative error of central differences of the loss against backprop's gradient, for each of STEPS."""
    rows = rng.choice(full.parts.train, 64, replace=False)
    x, moves = full.input_scaler.transform(full.table.inputs[rows]), full.table.targets[rows]
    weights, loss, unit = large.init(rng), CrossEntropy(), np.eye(large.n_params)
    exact = gradient(large, weights, x, loss.gradient(forward(large, weights, x), moves))
    up, down = ([loss.value(forward(large, weights + s * h * unit, x), moves) for h in STEPS] for s in (1, -1))
    approximate = [(a - b) / (2 * h) for a, b, h in zip(up, down, STEPS, strict=True)]
    return [np.linalg.norm(one - exact) / np.linalg.norm(exact) for one in approximate]


def summarize(data):
    step, error = STEPS[data["differences"].mean(0).argmin()], estimate(data["differences"].min(1))
    passes = f"One forward and one backward pass gave {large.n_params} derivatives; {2 * large.n_params} forward passes"
    return f"{passes} with steps of {step:g} gave the same derivatives up to a relative error of {error}"


def draw(page, data):
    titles = "Forward: the output", "Backward: derivatives of the error", "Check: differences"
    panels = page.add_panels(*titles, widths=(1.4, 1.4, 1))
    names, run = [["ahead", "left"], ["hidden", "hidden"], ["output"]], np.abs(data["dy"]).argmax()
    for axes, d, name in zip(panels, ("", "d"), ("forward", "backward"), strict=False):
        units, weights = ([data[d + key][run] for key in keys] for keys in (("x", "h", "y"), ("w1", "w2")))
        page.plot_network(axes, units, weights, names, name, backwards=bool(d))
    panels[0].set_xlabel(f"the target is 1, the error (output - 1)² = {(data['y'][run, 0] - 1) ** 2:.2f}")
    page.plot_curve(panels[2], STEPS, data["differences"], "central differences against backprop")
    page.set_log_scale(panels[2], "xy")
    panels[2].set(xlabel="step size", ylabel="relative difference\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
