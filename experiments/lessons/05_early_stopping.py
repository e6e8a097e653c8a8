"""Early stopping: rows set aside say when to stop, before unseen rows suffer."""

from dataclasses import replace

import numpy as np

from evorobo import Adam, Backprop, DatasetTask, EarlyStopping, GroupSplit
from evorobo.course import epochs, estimate, teach

# a robot's laps of a room: lap 6 is the test; lap 5 decides when to stop, or is used for training too
four = DatasetTask("scitos-24", split=GroupSplit("lap", validation=(5,), test=(6,)))
five = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))
plain = Backprop(Adam(0.003), dtype="float32")
stopping = replace(plain, early_stopping=EarlyStopping(patience=10))
VARIANTS = ("4 laps", "stopped", "5 laps")


def run_seed(seed, count=100):
    """Loss on the unseen lap after each epoch; final loss and accuracy of the three ways to use five laps."""
    curves, final = [], []
    for task, method in ((four, plain), (four, stopping), (five, plain)):
        losses = []
        for genome in epochs(task, (64, 64), method, np.random.default_rng(seed), count):
            losses.append(task.loss_on(genome, task.parts.test))
        final.append((losses[-1], task.test(genome)))
        curves.append(losses)
    return {"curve": curves[0], "best_epoch": curves[1].index(curves[1][-1]), "final": final}


def summarize(data):
    loss, accuracy = data["final"][..., 0].T, data["final"][..., 1].T
    return (
        f"Early stopping by lap 5 chose epoch {estimate(data['best_epoch'], 0)} of {data['curve'].shape[1] - 1}, "
        f"with a loss of {estimate(loss[1])} on the unseen lap instead of {estimate(loss[0])} at the end, and an "
        f"accuracy of {estimate(accuracy[1])} instead of {estimate(accuracy[0])}; trained on lap 5 too, to the end, "
        f"the network has a loss of {estimate(loss[2])} and an accuracy of {estimate(accuracy[2])}"
    )


def draw(page, data):
    left, middle, right = page.add_panels("Trained on 4 laps", "Final loss", "Final accuracy", widths=(1.6, 1, 1))
    page.plot_curve(left, np.arange(data["curve"].shape[1]), data["curve"], VARIANTS[0])
    style = page.style(VARIANTS[1])
    left.scatter(data["best_epoch"], data["final"][:, 1, 0], s=22, color=style.color, zorder=4)
    left.annotate("where early stopping stopped", (0.1, 0.9), xycoords="axes fraction", color=style.color)
    for axes, column in ((middle, 0), (right, 1)):
        page.plot_scores(axes, {name: data["final"][:, row, column] for row, name in enumerate(VARIANTS)})
    left.set(xlabel="epochs", ylabel="cross-entropy on the unseen lap\n← lower is better", ylim=(0.2, 1.2))
    middle.set(ylim=(0.2, 1.2))


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
