"""Early stopping: rows set aside say when to stop, before the loss on unseen rows has risen."""

from dataclasses import replace

import numpy as np

from evorobo import Adam, Backprop, DatasetTask, EarlyStopping, GroupSplit, epochs, estimate, teach

# a robot's laps of a room, of which the sixth is the test; the fifth may say when to stop, or be learned from too
four = DatasetTask("scitos-24", split=GroupSplit("lap", validation=(5,), test=(6,)))
five = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))
plain = Backprop(Adam(0.003), dtype="float32")
watched = replace(plain, stopping=EarlyStopping(patience=10))
WAYS = ("4 laps, to the end", "4 laps, stopped", "5 laps, to the end")


def measure(seed, count=100):
    """Loss on the unseen lap after each epoch; at the end, loss and accuracy of the three ways to use five laps."""
    unseen, ends, steps = [], [], 0
    for task, method in ((four, plain), (four, watched), (five, plain)):
        losses = []
        for genome in epochs(task, (64, 64), method, np.random.default_rng(seed), count):
            losses.append(task.loss_on(genome, task.parts.test))
        ends.append((losses[-1], task.test(genome)))
        unseen.append(losses)
    return {"unseen": unseen[0], "epochs": len(unseen[1]) - 1, "ends": ends}


def say(found):
    loss, accuracy = found["ends"][..., 0].T, found["ends"][..., 1].T
    return (
        f"Stopped by its fifth lap, after {estimate(found['epochs'], 0)} epochs instead of "
        f"{found['unseen'].shape[1] - 1}, the network's loss on unseen rows is {estimate(loss[1])} instead of "
        f"{estimate(loss[0])}, and its accuracy {estimate(accuracy[1])} instead of {estimate(accuracy[0])}; "
        f"the lap it gave for that would have taught more: learned from to the end, accuracy {estimate(accuracy[2])}, "
        f"loss {estimate(loss[2])}"
    )


def draw(page, found):
    left, middle, right = page.panels("Four laps", "Loss at the end", "Accuracy", widths=(1.6, 1, 1))
    page.curve(left, np.arange(found["unseen"].shape[1]), found["unseen"], WAYS[0])
    look = page.look(WAYS[1])
    left.scatter(found["epochs"], found["ends"][:, 1, 0], s=22, color=look.colour, zorder=4)
    left.annotate("answers of early stopping", (0.05, 0.9), xycoords="axes fraction", color=look.colour)
    for axes, at in ((middle, 0), (right, 1)):
        page.scores(axes, {way: found["ends"][:, each, at] for each, way in enumerate(WAYS)})
    left.set(xlabel="epochs", ylabel="cross-entropy on the unseen lap\n← lower is better", ylim=(0.2, 1.2))
    middle.set(ylim=(0.2, 1.2))


if __name__ == "__main__":
    teach(measure, say, draw)
