"""Batch normalization: faster to learn, and better on unseen rows?"""

import numpy as np

from evorobo import Adam, Backprop, BatchNorm, DatasetTask, Dense, GroupSplit
from evorobo.course import epochs, estimate, teach

task = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))  # a robot's sixth lap of a room is unseen
NETWORKS = (("sigmoid", 32, 3), ("relu", 64, 2))  # activation, width, number of hidden layers
VARIANTS = ("plain", "batch norm")
LEARNED = 0.5  # the training loss at which speed is compared


def layers(variant, activation, width, depth):
    """Batch norm stands before the activation (Ioffe & Szegedy 2015, section 3.2)."""
    if variant == "plain":
        return (Dense(width, activation),) * depth
    return (Dense(width, "identity"), BatchNorm(activation=activation)) * depth


def run_seed(seed, count=25):
    """By network and variant: loss on training and unseen rows after each epoch; final accuracy on unseen rows."""
    losses, accuracy = [], []
    for network in NETWORKS:
        for variant in VARIANTS:
            rng = np.random.default_rng(seed)
            for genome in epochs(task, layers(variant, *network), Backprop(Adam(0.003)), rng, count):
                losses.append([task.loss_on(genome, rows) for rows in (task.parts.train, task.parts.test)])
            accuracy.append(task.test(genome))
    return {"losses": np.reshape(losses, (2, 2, count + 1, 2)), "accuracy": np.reshape(accuracy, (2, 2))}


def summarize(data):
    train, unseen = np.moveaxis(data["losses"], (4, 0), (0, 4))  # each: networks, variants, epochs, seeds
    epoch, accuracy = (train < LEARNED).argmax(2), np.moveaxis(data["accuracy"], 0, 2)

    def compared(plain, norm):
        return f"{estimate(norm)} instead of {estimate(plain)}"

    return (
        f"With batch norm three sigmoid layers reached a training loss of {LEARNED} in epoch {compared(*epoch[0])}, "
        f"two ReLU layers in epoch {compared(*epoch[1])}; the ReLU layers ended at {compared(*train[1, :, -1])} on "
        f"training rows and at {compared(*unseen[1, :, -1])} on unseen rows; their accuracy is {compared(*accuracy[1])}"
    )


def draw(page, data):
    panels = page.add_panels("Sigmoid: training rows", "ReLU: training rows", "ReLU: unseen lap")
    for axes, (network, rows) in zip(panels, ((0, 0), (1, 0), (1, 1)), strict=True):
        for variant, name in enumerate(VARIANTS):
            losses = data["losses"][:, network, variant, :, rows]
            page.plot_curve(axes, np.arange(losses.shape[1]), losses, name)
        axes.set(xlabel="epochs", ylim=(0, 1.2))
    panels[0].set(ylabel="cross-entropy\n← lower is better")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
