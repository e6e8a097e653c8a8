"""Memory: the past is in a window of earlier steps, or in a network that remembers."""

import numpy as np

from evorobo import GRU, Adam, Backprop, DatasetTask, Elman
from evorobo.course import epochs, estimate, teach

PROBLEMS = {"lp1": "approach to grasp", "lp4": "approach to ungrasp"}  # a gripper failed: what was the cause?
VARIANTS = ("last step", "window", "Elman", "GRU")


def run_seed(seed, count=100):
    """The share of unseen failures classified correctly, by problem and variant."""
    accuracies = []
    for name in PROBLEMS:
        kwargs = {"fold": seed % 5, "row": "time_step"}  # a row for each of 15 time steps; only the last is scored
        last_step = DatasetTask(name, loader_kwargs=kwargs, scored_steps="last")
        window = DatasetTask(name, loader_kwargs={"fold": seed % 5})  # the 15 steps side by side
        series = DatasetTask(name, loader_kwargs=kwargs, scored_steps="last", sequence="sequence")  # one by one
        variants = (last_step, 16), (window, 16), (series, Elman(16)), (series, GRU(16))
        accuracies.append([train(task, layer, seed, count) for task, layer in variants])
    return {"accuracy": accuracies}


def train(task, layer, seed, count):
    method = Backprop(Adam(0.01), batch_size=16, max_grad_norm=1.0)
    *_, genome = epochs(task, (layer,), method, np.random.default_rng(seed), count)
    return task.test(genome)


def summarize(data):
    problems = zip(PROBLEMS.values(), data["accuracy"].swapaxes(0, 1), strict=True)
    results = [
        f"{name}: "
        + ", ".join(f"{variant} {estimate(values)}" for variant, values in zip(VARIANTS, rows.T, strict=True))
        for name, rows in problems
    ]
    return f"Share of a gripper's failures classified correctly; {'; '.join(results)}"


def draw(page, data):
    panels = page.add_panels(*(f"Failures in {name}" for name in PROBLEMS.values()))
    for axes, values in zip(panels, data["accuracy"].swapaxes(0, 1), strict=True):
        page.plot_scores(axes, dict(zip(VARIANTS, values.T, strict=True)))
        axes.set(ylim=(0, 1.02))
    panels[0].set(ylabel="accuracy on unseen failures\nhigher is better →")


if __name__ == "__main__":
    teach(run_seed, summarize, draw, seeds=20)
