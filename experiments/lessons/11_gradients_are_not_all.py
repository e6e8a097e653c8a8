"""Gradients are not all you need: in long episodes of a chaotic robot, evolution estimates them better."""

import numpy as np
from scipy.spatial.distance import cdist

import evorobo as er
from evorobo.course import estimate, teach

PENDULUM = __file__.rpartition("lessons")[0] + "robots/double_pendulum.py:my/DoublePendulum-v0"
HORIZONS, SIGMA = np.array([25, 50, 100, 150, 200, 400]), 0.1  # steps of an episode; the step of evolution


def run_seed(seed, pairs=2048, groups=8, horizons=HORIZONS):  # one genome of each robot; the reference is of `pairs`
    rng, rows, n = np.random.default_rng(seed), [], 64 * groups  # a cosine is that of 64 episodes, or 32 pairs
    for env in ("evorobo/Phototaxis-v0", PENDULUM):
        tasks = [er.ControlTask(env, max_steps=int(horizon), compiled=True) for horizon in horizons]
        spec = er.NetworkSpec.build(tasks[0].n_inputs, (4,), tasks[0].n_outputs, tasks[0].output)
        genome, shape = er.Genome(spec, spec.init(rng)), (groups, -1, spec.n_params)
        for task in tasks:
            halves = [evolution(task, genome, pairs // 2, rng, block=16).mean(0) for _ in range(2)]
            paths = [task.return_gradient(horizon=steps, compiled=True) for steps in (None, 25)]
            singles = [*(path(genome, n, rng).gradients for path in paths), evolution(task, genome, n // 2, rng)]
            reference = np.mean(halves, axis=0)
            noise = [np.sqrt(each.var(0).sum()) / np.linalg.norm(reference) for each in singles]
            cosines = [1 - cdist(each.reshape(shape).mean(1), [reference], "cosine").mean() for each in singles]
            rows.append([*cosines, *noise, 1 - cdist(halves[:1], halves[1:], "cosine")[0, 0]])
    table = np.reshape(rows, (2, len(horizons), 7))
    return {"cosine": table[..., :3], "noise": table[..., 3:6], "agreement": table[..., 6]}


def evolution(task, genome, n, rng, block=4):  # (n, p), of n pairs of opposite steps; a block shares an episode
    steps = rng.standard_normal((n // block, block, genome.spec.n_params))
    members = genome.weights + SIGMA * np.concatenate([steps, -steps], axis=1)
    scores = np.array([task.score(genome.spec, weights, rng, None).values for weights in members])
    return ((scores[:, :block] - scores[:, block:])[..., None] * steps / (2 * SIGMA)).reshape(n, -1)


def summarize(data):
    parts = []
    for at, robot in enumerate(("Phototaxis", "the double pendulum")):
        whole, _, evolved = np.moveaxis(data["cosine"][:, at], -1, 0)  # each (seed, horizon)
        is_ahead = (evolved > whole).mean(axis=0) >= 0.9
        stays_ahead = np.logical_and.accumulate(is_ahead[::-1])[::-1]
        when = f"from {HORIZONS[stays_ahead][0]} steps on" if is_ahead[-1] else "at no horizon up to the last"
        parts.append(f"on {robot} {when} ({estimate(evolved[:, -1], 2)} against {estimate(whole[:, -1], 2)})")
    return f"In 90 % of runs evolution's cosine is higher {' and '.join(parts)}; in brackets at {HORIZONS[-1]} steps"


def draw(page, data):
    panels = page.add_panels("Phototaxis: direction", "Pendulum: direction", "Pendulum: noise")
    for axes, shown in zip(panels, [*np.moveaxis(data["cosine"], 1, 0), data["noise"][:, 1]], strict=True):
        for number, name in enumerate(("analytic-gradient", "at most 25 steps back", "openai-es")):
            page.plot_curve(axes, HORIZONS, shown[..., number], name)
        axes.set(xlabel="steps of an episode", ylim=(-0.7, 1.05), ylabel="cosine to the reference")
    axes.set(ylim=(1e-2, 1e8), ylabel="noise / norm of the reference")
    page.set_log_scale(axes, "y")


if __name__ == "__main__":
    teach(run_seed, summarize, draw)
