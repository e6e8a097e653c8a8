"""Trained too long, a network overfits: better on rows it sees, worse on others."""

import numpy as np

from evorobo import Adam, Backprop, DatasetTask, GroupSplit, epochs, estimate, teach

# 24 ultrasound sensors of a real robot to its next move; five laps of the room to learn from, the sixth to be tested on
task = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))
train, test = task.parts.train, task.parts.test


def run_seed(seed, count=120):
    """Cross-entropy and accuracy before training and after each of `count` epochs."""
    losses, unseen, right = [], [], []
    for genome in epochs(task, (64, 64), Backprop(Adam(0.003)), np.random.default_rng(seed), count):
        losses.append(task.loss_on(genome, train))
        unseen.append(task.loss_on(genome, test))
        right.append(task.test(genome))
    return {"train": losses, "test": unseen, "accuracy": right}


def summarize(found):
    best, seeds = found["test"].argmin(1), np.arange(len(found["test"]))
    return (
        f"The loss on unseen rows was lowest after {estimate(best, 0)} epochs, at {estimate(found['test'].min(1))}; "
        f"by epoch {found['test'].shape[1] - 1} it had risen to {estimate(found['test'][:, -1])}, while on training "
        f"rows it fell to {estimate(found['train'][:, -1])}; accuracy hardly tells, "
        f"going from {estimate(found['accuracy'][seeds, best])} to {estimate(found['accuracy'][:, -1])}"
    )


def draw(page, found):
    left, right = page.add_panels("What training descends", "What the robot does")
    x = np.arange(found["train"].shape[1])
    page.plot_curve(left, x, found["train"], "training rows (laps 1 to 5)")
    page.plot_curve(left, x, found["test"], "unseen rows (lap 6)")
    page.plot_curve(right, x, found["accuracy"], "unseen rows (lap 6)")
    left.set(xlabel="epochs", ylabel="cross-entropy\n← lower is better", ylim=(0, 1.5))
    right.set(xlabel="epochs", ylabel="right moves, share of all\nhigher is better →", ylim=(0.5, 1))


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
