"""Trained too long, a network overfits: better on rows it sees, worse on others."""

import numpy as np

from evorobo import Adam, Backprop, DatasetTask, GroupSplit
from evorobo.course import epochs, estimate, teach

# 24 ultrasound sensors of a real robot and its next move; laps 1 to 5 of a room are for training, lap 6 is the test
task = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))
train, test = task.parts.train, task.parts.test


def run_seed(seed, count=120):
    """Cross-entropy and accuracy before training and after each of `count` epochs."""
    seen, unseen, accuracy = [], [], []
    for genome in epochs(task, (64, 64), Backprop(Adam(0.003)), np.random.default_rng(seed), count):
        seen.append(task.loss_on(genome, train))
        unseen.append(task.loss_on(genome, test))
        accuracy.append(task.test(genome))
    return {"train": seen, "test": unseen, "accuracy": accuracy}


def summarize(data):
    best, seeds = data["test"].argmin(1), np.arange(len(data["test"]))
    return (
        f"The loss on unseen rows was lowest after {estimate(best, 0)} epochs, at {estimate(data['test'].min(1))}; "
        f"by epoch {data['test'].shape[1] - 1} it had risen to {estimate(data['test'][:, -1])}, while on training "
        f"rows it fell to {estimate(data['train'][:, -1])}; accuracy hardly changed, "
        f"from {estimate(data['accuracy'][seeds, best])} to {estimate(data['accuracy'][:, -1])}"
    )


def draw(page, data):
    left, right = page.add_panels("Loss: what training minimizes", "Accuracy: what the robot does")
    x = np.arange(data["train"].shape[1])
    page.plot_curve(left, x, data["train"], "training rows (laps 1 to 5)")
    page.plot_curve(left, x, data["test"], "unseen rows (lap 6)")
    page.plot_curve(right, x, data["accuracy"], "unseen rows (lap 6)")
    left.set(xlabel="epochs", ylabel="cross-entropy\n← lower is better", ylim=(0, 1.5))
    right.set(xlabel="epochs", ylabel="share of correct moves\nhigher is better →", ylim=(0.5, 1))


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
