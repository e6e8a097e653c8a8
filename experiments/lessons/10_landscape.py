"""The loss is a landscape: from one start backprop and evolution go down different valleys."""

import numpy as np

import evorobo as er

task = er.DatasetTask("scitos-24", loader_kwargs={"ranges": "inverse"})
spec, rows = er.NetworkSpec.build(24, (20,), 4), task.parts.train[::4]
x, moves = task.input_scaler.transform(task.table.inputs[rows]), task.table.targets[rows]
strategy = er.OpenAIES(population_size=40, sigma=0.1, optimizer=er.Adam(0.03), weight_decay=0.0)


def run_seed(seed, looks=30, generations=300):
    """Both paths from one genome, in the plane in which they spread most; heights over it, and between their ends."""
    taught = [genome.weights for genome in er.epochs(task, (20,), er.Backprop(), np.random.default_rng(seed), looks)]
    evolution, evolved = er.Evolution(strategy).start(task, spec, np.random.default_rng(seed)), taught[:1]
    for generation in range(1, generations + 1):
        evolution.step(0.0)
        if generation % (generations // looks) == 0:
            evolved.append(evolution.genome.weights)
    away = np.array([*taught, *evolved]) - taught[-1]  # principal components of the paths, Li et al. 2018, section 7
    _, spread, directions = np.linalg.svd(away, full_matrices=False)
    plane, at = directions[:2], away @ directions[:2].T
    sides = np.linspace(at.min(0) - 2, at.max(0) + 2, 41).T
    grid = np.stack(np.meshgrid(*sides), -1)
    line = taught[-1] + np.linspace(0, 1, 21)[:, None] * away[-1]
    return {
        "paths": at.reshape(2, -1, 2), "share": (spread[:2] ** 2).sum() / (spread**2).sum(), "sides": sides,
        "heights": height(taught[-1] + grid.reshape(-1, 2) @ plane).reshape(grid.shape[:2]), "line": height(line),
        "begun": height(away[:1] + taught[-1])[0],
    }  # fmt: skip


def height(genomes):
    """The loss of `genomes (n, p)`, by one after the other."""
    return np.array([er.CrossEntropy().value(er.forward(spec, genome, x), moves) for genome in genomes])


def summarize(found):
    line = found["line"]
    higher = line.max(1) - line[:, [0, -1]].max(1)
    return (
        f"From a loss of {er.estimate(found['begun'])} backprop came down to {er.estimate(line[:, 0])}, evolution to "
        f"{er.estimate(line[:, -1])}; the straight way between the answers climbs by {er.estimate(higher)} over the "
        f"higher one; the plane drawn holds {er.estimate(100 * found['share'])} % of how both paths spread"
    )


def draw(page, found):
    left, right = page.add_panels("Both paths (seed 0; darker is lower)", "Straight from one answer to the other")
    left.contourf(*found["sides"][0], np.log(found["heights"][0]), 24, cmap="Greys_r", alpha=0.7)
    for name, path in zip(("backprop", "openai-es"), found["paths"][0], strict=True):
        page.plot_path(left, path, name)
    page.plot_curve(right, np.linspace(0, 1, found["line"].shape[1]), found["line"], "between the answers")
    left.set(xlabel="first principal component", ylabel="second", aspect="equal")
    right.set(xlabel="0: backprop's answer, 1: evolution's", ylabel="loss on training rows\n← lower is better")


if __name__ == "__main__":
    er.teach(run_seed, summarize, draw)
