"""L1, L2 and dropout: three ways to keep a network from memorizing its training rows."""

from dataclasses import replace

import numpy as np

from evorobo import L1, L2, Adam, Backprop, DatasetTask, Dense, Dropout, GroupSplit
from evorobo.course import epochs, estimate, teach

# a robot arm, of whose 32 sensors 2 matter, with few examples; and a mobile robot, tested on a lap it never drove
arm = DatasetTask("puma32H", loader_kwargs={"rows": 1000})
rover = DatasetTask("scitos-24", split=GroupSplit("lap", test=(6,)))
plain = Backprop(Adam(0.003), dtype="float32")
VARIANTS = {  # one strength for both robots
    "plain": ((64, 64), plain),
    "L1": ((64, 64), replace(plain, penalty=L1(1e-3))),
    "L2": ((64, 64), replace(plain, penalty=L2(3e-3))),
    "dropout": ((Dense(64), Dropout(0.2), Dense(64), Dropout(0.2)), plain),
}


def run_seed(seed, arm_epochs=150, rover_epochs=60):
    """By variant: final loss on training and unseen rows of both robots; the mobile robot's accuracy."""
    losses, accuracies = [], []
    for hidden, method in VARIANTS.values():
        for task, count in ((arm, arm_epochs), (rover, rover_epochs)):
            *_, genome = epochs(task, hidden, method, np.random.default_rng(seed), count)
            losses.append([task.loss_on(genome, rows) for rows in (task.parts.train, task.parts.test)])
        accuracies.append(rover.test(genome))
    return {"losses": np.reshape(losses, (len(VARIANTS), 2, 2)), "accuracies": accuracies}


def summarize(data):
    losses = data["losses"].transpose(2, 3, 1, 0)  # robots, training or unseen, variants, seeds
    arm_loss, rover_loss = (
        ", ".join(f"{name} {estimate(loss)}" for name, loss in zip(VARIANTS, unseen, strict=True))
        for _, unseen in losses
    )
    return (
        f"Loss on unseen rows: robot arm, {arm_loss}; mobile robot, {rover_loss}; on training rows, plain training "
        f"reached {estimate(losses[0, 0, 0])} and {estimate(losses[1, 0, 0])}"
    )


def draw(page, data):
    panels = page.add_panels("Robot arm, unseen rows", "Mobile robot, unseen lap", "Mobile robot, unseen lap")
    losses = data["losses"][..., 1]
    for axes, values in zip(panels, (losses[..., 0], losses[..., 1], data["accuracies"]), strict=True):
        page.plot_scores(axes, dict(zip(VARIANTS, values.T, strict=True)))
    panels[0].set(ylabel="squared error / variance\n← lower is better", ylim=(0, None))
    panels[1].set(ylabel="cross-entropy\n← lower is better", ylim=(0, None))
    panels[2].set(ylabel="accuracy\nhigher is better →")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
