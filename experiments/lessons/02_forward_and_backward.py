"""Backprop is a forward phase and a backward phase: the chain rule, layer by layer."""

import numpy as np

from evorobo import CrossEntropy, DatasetTask, NetworkSpec, estimate, forward, gradient, teach

near, all_round = DatasetTask("scitos-2"), DatasetTask("scitos-24")  # a robot's nearest walls, and all its sensors
small, large = NetworkSpec.build(2, (2,), 1), NetworkSpec.build(24, (20,), 4)
STEPS = 10.0 ** -np.arange(1, 12)


def measure(seed):
    """Both phases of the small network by hand; the large one's slopes against differences of its loss."""
    rng = np.random.default_rng(seed)
    row = rng.choice(np.flatnonzero(near.table.targets == 2))  # here the robot turned sharply right: answer 1
    x, target = near.inputs.apply(near.table.inputs[row]), 1.0
    weights = small.init(rng)
    first, second = small.unpack(weights)

    h = np.tanh(x @ first["weight"] + first["bias"])  # forward, layer after layer, to the answer y
    y = h @ second["weight"] + second["bias"]
    dy = 2 * (y - target)  # backward: the slope of (y - target)^2 by y, from there by h, by each weight, by x
    dh = second["weight"] @ dy
    dz = dh * (1 - h**2)
    by_hand = np.concatenate([np.outer(x, dz).ravel(), dz, np.outer(h, dy).ravel(), dy])
    off = np.abs(by_hand - gradient(small, weights, x[None], dy[None])).max()
    out = {"x": x, "h": h, "y": y, "first": first["weight"], "second": second["weight"]}
    back = {"dx": first["weight"] @ dz, "dh": dh, "dy": dy, "d first": np.outer(x, dz), "d second": np.outer(h, dy)}
    return {**out, **back, "off": off, "differences": check(rng)}


def check(rng):
    """How far backprop's gradient is from central differences of the loss, relatively, for each of STEPS."""
    rows = rng.choice(all_round.parts.train, 64, replace=False)
    x, moves = all_round.inputs.apply(all_round.table.inputs[rows]), all_round.table.targets[rows]
    weights, loss, aside = large.init(rng), CrossEntropy(), np.eye(large.n_params)
    exact = gradient(large, weights, x, loss.gradient(forward(large, weights, x), moves))
    up, down = ([loss.value(forward(large, weights + s * h * aside, x), moves) for h in STEPS] for s in (1, -1))
    felt = [(one - other) / (2 * h) for one, other, h in zip(up, down, STEPS, strict=True)]
    return [np.linalg.norm(each - exact) / np.linalg.norm(exact) for each in felt]


def say(found):
    return (
        f"One forward and one backward phase gave the slopes of {large.n_params} weights; {2 * large.n_params} forward "
        f"phases with steps of {STEPS[found['differences'].mean(0).argmin()]:g} feel out the same, but for a relative "
        f"{estimate(found['differences'].min(1))}; done by hand in small it differs by at most {found['off'].max():.1g}"
    )


def draw(page, found):
    left, middle, right = page.panels("Forward: answers", "Backward: slopes", "Check: steps", widths=(1.4, 1.4, 1))
    seen = {name: each[0] for name, each in found.items()}
    names = [["ahead", "left"], ["hidden", "hidden"], ["answer"]]
    page.network(left, [seen[k] for k in ("x", "h", "y")], [seen["first"], seen["second"]], names, "forward")
    back = [seen[k] for k in ("dx", "dh", "dy")], [seen["d first"], seen["d second"]]
    page.network(middle, *back, names, "backward", backwards=True)
    left.set_xlabel(f"the answer wanted is 1: squared error {(seen['y'][0] - 1) ** 2:.2f}")
    middle.set_xlabel("of the squared error by each number on the left")
    page.curve(right, STEPS, found["differences"], "difference between slopes felt out and slopes by backprop")
    page.log(right, "xy")
    right.set(xlabel="size of the step", ylabel="relative difference\n← lower is better")


if __name__ == "__main__":
    teach(measure, say, draw)
