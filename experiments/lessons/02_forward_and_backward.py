"""Backprop is a forward phase and a backward phase: the chain rule, layer by layer."""

import numpy as np

from evorobo import CrossEntropy, DatasetTask, Dense, NetworkSpec, estimate, forward, gradient, teach

near, all_round = DatasetTask("scitos-2"), DatasetTask("scitos-24")  # a robot's nearest walls, and all its sensors
small = NetworkSpec(2, (Dense(2, "tanh", bias=False), Dense(1, "identity", bias=False)))
large, STEPS = NetworkSpec.build(24, (20,), 4), 10.0 ** -np.arange(1, 12)


def run_seed(seed):
    """Both phases of the small network by hand; the large one's slopes against differences of its loss."""
    rng = np.random.default_rng(seed)
    row = rng.choice(np.flatnonzero(near.table.targets == 2))  # here the robot turned sharply right: answer 1
    x, weights = near.input_scaler.transform(near.table.inputs[row]), small.init(rng)
    w1, w2 = (layer["weight"] for layer in small.unpack(weights))
    h = np.tanh(x @ w1)  # forward, layer after layer
    y = h @ w2
    dy = 2 * (y - 1)  # backward: the slopes of (y - 1)^2 by y, and from there by everything before it
    dh, dw2 = w2 @ dy, np.outer(h, dy)
    dx, dw1 = w1 @ (dh * (1 - h**2)), np.outer(x, dh * (1 - h**2))
    off = np.abs(np.append(dw1, dw2) - gradient(small, weights, x[None], dy[None])).max()
    forward_phase = {"x": x, "h": h, "y": y, "w1": w1, "w2": w2}
    backward_phase = {"dx": dx, "dh": dh, "dy": dy, "dw1": dw1, "dw2": dw2}
    return {**forward_phase, **backward_phase, "off": off, "differences": check(rng)}


def check(rng):
    """How far backprop's gradient is from central differences of the loss, relatively, for each of STEPS."""
    rows = rng.choice(all_round.parts.train, 64, replace=False)
    x, moves = all_round.input_scaler.transform(all_round.table.inputs[rows]), all_round.table.targets[rows]
    weights, loss, aside = large.init(rng), CrossEntropy(), np.eye(large.n_params)
    exact = gradient(large, weights, x, loss.gradient(forward(large, weights, x), moves))
    up, down = ([loss.value(forward(large, weights + s * h * aside, x), moves) for h in STEPS] for s in (1, -1))
    felt = [(one - other) / (2 * h) for one, other, h in zip(up, down, STEPS, strict=True)]
    return [np.linalg.norm(each - exact) / np.linalg.norm(exact) for each in felt]


def summarize(found):
    step, error = STEPS[found["differences"].mean(0).argmin()], estimate(found["differences"].min(1))
    passes = (
        f"One forward and one backward phase gave {large.n_params} slopes; {2 * large.n_params} forward phases, by "
    )
    return f"{passes}steps of {step:g}, feel out the same but for a relative {error}"


def draw(page, found):
    titles = "Forward: the answer", "Backward: its error's slopes", "Check: felt out"
    panels = page.add_panels(*titles, widths=(1.4, 1.4, 1))
    names, run = [["ahead", "left"], ["hidden", "hidden"], ["answer"]], np.abs(found["dy"]).argmax()
    for axes, d, phase in zip(panels, ("", "d"), ("forward", "backward"), strict=False):
        units, weights = ([found[d + name][run] for name in each] for each in (("x", "h", "y"), ("w1", "w2")))
        page.plot_network(axes, units, weights, names, phase, backwards=bool(d))
    panels[0].set_xlabel(f"wanted is 1, the error (answer - 1)² = {(found['y'][run, 0] - 1) ** 2:.2f}")
    page.plot_curve(panels[2], STEPS, found["differences"], "difference between slopes felt out and slopes by backprop")
    page.set_log_scale(panels[2], "xy")
    panels[2].set(xlabel="size of the step", ylabel="relative difference\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
