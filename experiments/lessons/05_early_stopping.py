"""Early stopping: rows set aside say when to stop, before unseen rows suffer."""

from dataclasses import replace

import numpy as np

from evorobo import Adam, Backprop, DatasetTask, EarlyStopping, GroupSplit, epochs, estimate, teach

# a robot's laps of a room, of which the sixth is the test; the fifth may say when to stop, or be learned from too
four = DatasetTask("scitos-24", split=GroupSplit("lap", validation=(5,), test=(6,)))
five = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))
plain = Backprop(Adam(0.003), dtype="float32")
watched = replace(plain, early_stopping=EarlyStopping(patience=10))
WAYS = ("4 laps", "stopped", "5 laps")


def run_seed(seed, count=100):
    """Loss on the unseen lap after each epoch; at the end, loss and accuracy of the three ways to use five laps."""
    unseen, ends = [], []
    for task, method in ((four, plain), (four, watched), (five, plain)):
        losses = []
        for genome in epochs(task, (64, 64), method, np.random.default_rng(seed), count):
            losses.append(task.loss_on(genome, task.parts.test))
        ends.append((losses[-1], task.test(genome)))
        unseen.append(losses)
    return {"unseen": unseen[0], "kept": unseen[1].index(unseen[1][-1]), "ends": ends}


def summarize(found):
    loss, accuracy = found["ends"][..., 0].T, found["ends"][..., 1].T
    return (
        f"Early stopping by the fifth lap chose epoch {estimate(found['kept'], 0)} of {found['unseen'].shape[1] - 1}, "
        f"with a loss of {estimate(loss[1])} on the unseen lap instead of {estimate(loss[0])} at the end, and an "
        f"accuracy of {estimate(accuracy[1])} instead of {estimate(accuracy[0])}; learned from to the end instead, the "
        f"fifth lap brings a loss of {estimate(loss[2])} and an accuracy of {estimate(accuracy[2])}"
    )


def draw(page, found):
    left, middle, right = page.add_panels("Trained on 4 laps", "Loss of answers", "Accuracy", widths=(1.6, 1, 1))
    page.plot_curve(left, np.arange(found["unseen"].shape[1]), found["unseen"], WAYS[0])
    style = page.style(WAYS[1])
    left.scatter(found["kept"], found["ends"][:, 1, 0], s=22, color=style.color, zorder=4)
    left.annotate("where early stopping stopped", (0.1, 0.9), xycoords="axes fraction", color=style.color)
    for axes, at in ((middle, 0), (right, 1)):
        page.plot_scores(axes, {way: found["ends"][:, each, at] for each, way in enumerate(WAYS)})
    left.set(xlabel="epochs", ylabel="cross-entropy on the unseen lap\n← lower is better", ylim=(0.2, 1.2))
    middle.set(ylim=(0.2, 1.2))


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
