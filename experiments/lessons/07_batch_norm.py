"""Batch normalisation: faster to learn, and better on unseen rows?"""

import numpy as np

from evorobo import Adam, Backprop, BatchNorm, DatasetTask, Dense, GroupSplit, epochs, estimate, teach

task = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))  # a robot's sixth lap of a room is unseen
NETWORKS = (("sigmoid", 32, 3), ("relu", 64, 2))  # the bend, the width, the number of hidden layers
WAYS = ("plain", "batch norm")
FAR = 0.5  # the training loss that counts as learned, for speed


def layers(way, bend, width, depth):
    """Batch norm stands before the bend (Ioffe & Szegedy 2015, section 3.2)."""
    if way == "plain":
        return (Dense(width, bend),) * depth
    return (Dense(width, "identity"), BatchNorm(activation=bend)) * depth


def run_seed(seed, count=25):
    """Loss on training and on unseen rows after each epoch, by network and way; accuracy on unseen rows at the end."""
    losses, right = [], []
    for network in NETWORKS:
        for way in WAYS:
            genomes = epochs(task, layers(way, *network), Backprop(Adam(0.003)), np.random.default_rng(seed), count)
            for genome in genomes:
                losses.append([task.loss_on(genome, rows) for rows in (task.parts.train, task.parts.test)])
            right.append(task.test(genome))
    return {"losses": np.reshape(losses, (2, 2, count + 1, 2)), "accuracy": np.reshape(right, (2, 2))}


def summarize(found):
    train, unseen = np.moveaxis(found["losses"], (4, 0), (0, 4))  # each: networks, ways, epochs, seeds
    epoch, right = (train < FAR).argmax(2), np.moveaxis(found["accuracy"], 0, 2)

    def compared(plain, norm):
        return f"{estimate(norm)} instead of {estimate(plain)}"

    return (
        f"With batch norm three sigmoid layers came to a training loss of {FAR} in epoch {compared(*epoch[0])}, two "
        f"ReLU layers in epoch {compared(*epoch[1])}; these ended at {compared(*train[1, :, -1])} on training rows, at "
        f"{compared(*unseen[1, :, -1])} on the unseen lap, with an accuracy of {compared(*right[1])}"
    )


def draw(page, found):
    panels = page.add_panels("Sigmoid: training rows", "ReLU: training rows", "ReLU: unseen lap")
    for axes, (network, rows) in zip(panels, ((0, 0), (1, 0), (1, 1)), strict=True):
        for way, name in enumerate(WAYS):
            losses = found["losses"][:, network, way, :, rows]
            page.plot_curve(axes, np.arange(losses.shape[1]), losses, name)
        axes.set(xlabel="epochs", ylim=(0, 1.2))
    panels[0].set(ylabel="cross-entropy\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
