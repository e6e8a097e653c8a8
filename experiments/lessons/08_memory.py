"""Memory: what happened before is in a window of the past, or in a network that remembers."""

import numpy as np

from evorobo import GRU, Adam, Backprop, DatasetTask, Elman, epochs, estimate, teach

PROBLEMS = {"lp1": "approach to grasp", "lp4": "approach to ungrasp"}  # a gripper felt that it failed: how?
WAYS = ("moment", "window", "Elman", "GRU")


def run_seed(seed, count=100):
    """Share of unseen failures told right, by problem and way."""
    found = []
    for name in PROBLEMS:
        options = {"fold": seed % 5, "row": "time_step"}  # a row for each of 15 moments; an answer is due at the last
        moment = DatasetTask(name, loader_kwargs=options, scored_steps="last")
        window = DatasetTask(name, loader_kwargs={"fold": seed % 5})  # the 15 moments side by side
        series = DatasetTask(
            name, loader_kwargs=options, scored_steps="last", sequence="sequence"
        )  # one after the other
        ways = (moment, 16), (window, 16), (series, Elman(16)), (series, GRU(16))
        found.append([accuracy(task, layer, seed, count) for task, layer in ways])
    return {"found": found}


def accuracy(task, layer, seed, count):
    method = Backprop(Adam(0.01), batch_size=16, max_grad_norm=1.0)
    *_, genome = epochs(task, (layer,), method, np.random.default_rng(seed), count)
    return task.test(genome)


def summarize(found):
    problems = zip(PROBLEMS.values(), found["found"].swapaxes(0, 1), strict=True)
    told = [
        f"{name}: " + ", ".join(f"{way} {estimate(each)}" for way, each in zip(WAYS, values.T, strict=True))
        for name, values in problems
    ]
    return f"Failures of a gripper told right by the last moment, a window of 15 or a memory; {'; '.join(told)}"


def draw(page, found):
    panels = page.add_panels(*(f"Failures in {name}" for name in PROBLEMS.values()))
    for axes, values in zip(panels, found["found"].swapaxes(0, 1), strict=True):
        page.plot_scores(axes, dict(zip(WAYS, values.T, strict=True)))
        axes.set(ylim=(0, 1.02))
    panels[0].set(ylabel="unseen failures told right\nhigher is better →")


if __name__ == "__main__":
    teach(run_seed, summarize, draw, seeds=20)
