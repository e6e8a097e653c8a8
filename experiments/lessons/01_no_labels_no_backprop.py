"""No labels, no backprop: without a teacher only evolution learns, from the score alone."""

import numpy as np

from evorobo import CMAES, Adam, Backprop, ControlTask, Evolution, NetworkSpec, TaskError, estimate, teach

LABELS, GENERATIONS = (10, 30, 100, 300), 40  # moments of which the teacher says what to do; of evolution
alone = ControlTask("CartPole-v1", episodes=2)  # two episodes for each score; the answers are tested on 100 others
spec = NetworkSpec.build(alone.n_inputs, (8,), alone.n_outputs)


def rule_of_thumb(observation):
    """The teacher: push the cart towards the side to which its pole is falling."""
    return int(observation @ (0.02, 0.05, 1.0, 0.5) > 0)  # place and speed of the cart, angle and speed of the pole


def run_seed(seed):
    """Steps that the pole stays up, 500 at most: evolved, after each generation, and taught, by number of labels."""
    evolution = Evolution(CMAES()).start(alone, spec, np.random.default_rng(seed))
    evolved = [alone.test(evolution.genome)]
    for _ in range(GENERATIONS):
        evolution.step(0.0)
        evolved.append(alone.test(evolution.genome))
    try:
        Backprop().start(alone, spec, np.random.default_rng(seed))
        refused = False
    except TaskError:  # there is nobody who could label
        refused = True
    return {"refused": refused, "evolved": evolved, "taught": [taught(seed, labels) for labels in LABELS]}


def taught(seed, labels):
    task = ControlTask("CartPole-v1", teacher=rule_of_thumb, n_demonstrations=1, max_steps=labels)
    backprop = Backprop(Adam(0.01), batch_size=10).start(task, spec, np.random.default_rng(seed))
    for _ in range(1000):
        backprop.step(0.0)
    return alone.test(backprop.genome)


def summarize(found):
    return (
        f"Without labels backprop refused in {found['refused'].sum()} of {len(found['refused'])} runs, and evolution "
        f"went from {estimate(found['evolved'][:, 0])} to {estimate(found['evolved'][:, -1])} steps of balance; "
        f"with {LABELS[0]} labels backprop came to {estimate(found['taught'][:, 0])}, "
        f"with {LABELS[-1]} to {estimate(found['taught'][:, -1])}"
    )


def draw(page, found):
    left, right = page.add_panels("No labels: only the score", "Labels: a teacher says what to do")
    page.plot_curve(left, np.arange(GENERATIONS + 1), found["evolved"], "cma-es")
    page.plot_curve(right, LABELS, found["taught"], "backprop")
    page.plot_reference(right, found["evolved"][:, 0], "untrained: 0 labels, backprop refuses")
    left.set(xlabel="generations", ylabel="steps the pole stays up\nhigher is better →", ylim=(0, 520))
    page.set_log_scale(right, "x")
    right.set(xlabel="labelled moments", ylim=(0, 520))


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
