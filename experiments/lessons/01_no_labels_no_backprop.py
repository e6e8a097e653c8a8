"""No labels, no backprop: without a teacher only evolution learns, from the score alone."""

import numpy as np

from evorobo import CMAES, Adam, Backprop, ControlTask, Evolution, NetworkSpec, TaskError
from evorobo.course import estimate, teach

N_LABELS, GENERATIONS = (10, 30, 100, 300), 40  # steps that the teacher labels; generations of evolution
unlabeled = ControlTask("CartPole-v1", episodes=2)  # each score is of 2 episodes; the test has 100 others
spec = NetworkSpec.build(unlabeled.n_inputs, (8,), unlabeled.n_outputs)


def rule_of_thumb(observation):  # the teacher: push the cart towards the side to which its pole is falling
    return int(observation @ (0.02, 0.05, 1.0, 0.5) > 0)  # position and speed of the cart, angle and speed of the pole


def run_seed(seed):
    """Steps that the pole stays up (at most 500): by generation of evolution, and by number of labels of backprop."""
    evolution = Evolution(CMAES()).start(unlabeled, spec, np.random.default_rng(seed))
    evolved = [unlabeled.test(evolution.genome)]
    for _ in range(GENERATIONS):
        evolution.step(0.0)
        evolved.append(unlabeled.test(evolution.genome))
    try:
        Backprop().start(unlabeled, spec, np.random.default_rng(seed))
        refused = False
    except TaskError:  # the task has no teacher
        refused = True
    return {"refused": refused, "evolved": evolved, "trained": [train(seed, n_labels) for n_labels in N_LABELS]}


def train(seed, n_labels):
    task = ControlTask("CartPole-v1", teacher=rule_of_thumb, n_demonstrations=1, max_steps=n_labels)
    backprop = Backprop(Adam(0.01), batch_size=10).start(task, spec, np.random.default_rng(seed))
    for _ in range(1000):
        backprop.step(0.0)
    return unlabeled.test(backprop.genome)


def summarize(data):
    refused, evolved, trained = data["refused"], data["evolved"], data["trained"]
    return (
        f"Without labels backprop refused in {refused.sum()} of {len(refused)} runs, and evolution went from "
        f"{estimate(evolved[:, 0])} to {estimate(evolved[:, -1])} steps of balance; with {N_LABELS[0]} labels backprop "
        f"reached {estimate(trained[:, 0])}, with {N_LABELS[-1]} labels {estimate(trained[:, -1])}"
    )


def draw(page, data):
    left, right = page.add_panels("No labels: only the score", "Labels: a teacher shows what to do")
    page.plot_curve(left, np.arange(GENERATIONS + 1), data["evolved"], "cma-es")
    page.plot_curve(right, N_LABELS, data["trained"], "backprop")
    page.plot_reference(right, data["evolved"][:, 0], "untrained: 0 labels, backprop refuses")
    left.set(xlabel="generations", ylabel="steps the pole stays up\nhigher is better →", ylim=(0, 520))
    page.set_log_scale(right, "x")
    right.set(xlabel="labeled steps", ylim=(0, 520))


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
