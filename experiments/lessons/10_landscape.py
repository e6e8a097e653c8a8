"""The loss is a landscape: from one start backprop and evolution go down different valleys."""

import numpy as np

import evorobo as er
from evorobo.course import epochs, estimate, teach

task = er.DatasetTask("scitos-24", loader_kwargs={"ranges": "inverse"})
spec, rows = er.NetworkSpec.build(24, (20,), 4), task.parts.train[::4]
x, moves = task.input_scaler.transform(task.table.inputs[rows]), task.table.targets[rows]
strategy = er.OpenAIES(population_size=40, sigma=0.1, optimizer=er.Adam(0.03), weight_decay=0.0)


def run_seed(seed, n_points=30, generations=300):
    """Both paths from one genome, in the plane of their largest spread; loss over it, and between their ends."""
    trained = [genome.weights for genome in epochs(task, (20,), er.Backprop(), np.random.default_rng(seed), n_points)]
    evolution, evolved = er.Evolution(strategy).start(task, spec, np.random.default_rng(seed)), trained[:1]
    for generation in range(1, generations + 1):
        evolution.step(0.0)
        if generation % (generations // n_points) == 0:
            evolved.append(evolution.genome.weights)
    offsets = np.array([*trained, *evolved]) - trained[-1]  # principal components (Li et al. 2018, section 7)
    _, spread, directions = np.linalg.svd(offsets, full_matrices=False)
    plane, points = directions[:2], offsets @ directions[:2].T
    sides = np.linspace(points.min(0) - 2, points.max(0) + 2, 41).T
    grid = np.stack(np.meshgrid(*sides), -1)
    heights = losses(trained[-1] + grid.reshape(-1, 2) @ plane).reshape(grid.shape[:2])
    line = losses(trained[-1] + np.linspace(0, 1, 21)[:, None] * offsets[-1])
    share, start = (spread[:2] ** 2).sum() / (spread**2).sum(), losses(offsets[:1] + trained[-1])[0]
    paths = points.reshape(2, -1, 2)
    return {"paths": paths, "share": share, "sides": sides, "heights": heights, "line": line, "start": start}


def losses(genomes):
    """The loss of each of `genomes (n, p)`."""
    return np.array([er.CrossEntropy().value(er.forward(spec, genome, x), moves) for genome in genomes])


def summarize(data):
    line = data["line"]
    higher = line.max(1) - line[:, [0, -1]].max(1)
    return (
        f"From a loss of {estimate(data['start'])} backprop reached {estimate(line[:, 0])}, evolution "
        f"{estimate(line[:, -1])}; on the straight line between their solutions the loss rises by {estimate(higher)} "
        f"above the higher one; the plane drawn holds {estimate(100 * data['share'])} % of the spread of both paths"
    )


def draw(page, data):
    left, right = page.add_panels("Both paths (seed 0; darker is lower)", "Straight from one solution to the other")
    left.contourf(*data["sides"][0], np.log(data["heights"][0]), 24, cmap="Greys_r", alpha=0.7)
    for name, path in zip(("backprop", "openai-es"), data["paths"][0], strict=True):
        page.plot_path(left, path, name)
    page.plot_curve(right, np.linspace(0, 1, data["line"].shape[1]), data["line"], "between the solutions")
    left.set(xlabel="first principal component", ylabel="second", aspect="equal")
    right.set(xlabel="0: backprop's solution, 1: evolution's", ylabel="loss on training rows\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
