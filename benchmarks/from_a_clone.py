"""From a clone of the teacher: does the gradient or evolution go further in the same number of robot steps?

Run `python benchmarks/from_a_clone.py`; it takes some minutes on two cores, continues where it stopped, and prints a
Markdown table. `--seeds 3` is a short version. Episodes and gradients are compiled, so numba must be installed.

Each trial clones the teacher with 3,000 mini-batches and climbs the robot's own score with the rest of its steps; the
teacher's steps are included. The first settings were the defaults, and 6 of 30 runs failed on Phototaxis. Horizon and
learning rate were then chosen on Phototaxis with seeds 100 to 139, and fixed before the seeds below ran again; both are
shown. Scores are means of 400 episodes that no run and no earlier measurement has used. A run fails if it ends below
the threshold of its robot; rates have 95 % Wilson intervals.

Robots: Phototaxis, the hovercraft that `evorobo new-task` writes, and the cart of the README.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from tabulate import tabulate

from evorobo import (
    CMAES,
    Adam,
    AnalyticGradient,
    Backprop,
    Budget,
    ControlTask,
    Evolution,
    Genome,
    Method,
    Stage,
    Stages,
    Study,
)
from evorobo.loading import load_script
from evorobo.scaffold.robot import new_task
from evorobo.study.results import Results

USED_EPISODES, EPISODES = 100, 500
"""Test episodes that runs log, and those that are run here; only the difference counts."""

CLONE = Stage(Backprop(Adam(0.01)), Budget(generations=3000))
GRADIENT = AnalyticGradient(Adam(0.02), horizon=50, compiled=True, name="gradient")
METHODS: list[Method] = [
    Stages(CLONE, GRADIENT, name="clone-gradient"),
    Stages(CLONE, AnalyticGradient(compiled=True), name="clone-gradient-defaults"),
    *(
        Stages(CLONE, Evolution(CMAES(), warm_start_step=step), name=f"clone-cma-es-{step:g}")
        for step in (0.03, 0.1, 0.3)
    ),
    GRADIENT,
    Evolution(CMAES()),
]

ROBOTS = {
    "phototaxis": ("evorobo/Phototaxis-v0", 104_000, 60.0),
    "hovercraft": ("hovercraft.py:my/Hovercraft-v0", 52_000, 80.0),
    "docking": ("docking.py:my/Docking-v0", 22_000, 80.0),
}
"""By name: id, budget in robot steps, and the score below which a run has failed."""

CHANGED = {"phototaxis": {"noise": 0.05}, "hovercraft": {"gusts": 0.5}}
"""Parameters of robots on which solutions are tested again: five times the noise of the eyes, stronger wind."""


def write_robots() -> None:
    """Write the files of the scaffold's and the README's robots into the current folder."""
    if not Path("hovercraft").exists():
        new_task("hovercraft")
    Path("hovercraft.py").write_text(Path("hovercraft/hovercraft.py").read_text())
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text()
    (block,) = re.findall(r"```python\n(import numpy.*?)```", readme, re.DOTALL)
    Path("docking.py").write_text(block)
    for name in ("hovercraft", "docking"):
        load_script(Path(f"{name}.py"))


def control_task(name: str) -> ControlTask:
    return ControlTask(ROBOTS[name][0], label=name, compiled=True)


def study(name: str, seeds: int) -> Study:
    budget = Budget(env_steps=ROBOTS[name][1], n_evals=4)
    return Study.grid(name, tasks=[control_task(name)], methods=METHODS, seeds=seeds, budget=budget, hidden=(8,))


def fresh_scores(task: ControlTask, longer: ControlTask, genomes: list[Genome]) -> np.ndarray:
    """The mean return of each genome in the episodes of the `longer` test that the logs of runs have not used."""
    means = np.array([[longer.test(genome), task.test(genome)] for genome in genomes])
    return (EPISODES * means[:, 0] - USED_EPISODES * means[:, 1]) / (EPISODES - USED_EPISODES)


def rows_of(name: str, settings: Study, results: Results, folder: Path) -> list[list[str]]:
    rows, task, threshold = [], control_task(name), ROBOTS[name][2]
    longer = replace(task, test_episodes=EPISODES)  # one object, so that it is compiled once
    other = replace(task, env_kwargs=CHANGED.get(name, {}))
    for method in settings.methods:
        runs = [run for run in results.runs if run.method == method.name and run.status == "finished"]
        if not runs:
            continue
        paths = [folder / name / run.task / run.method / f"seed-{run.seed}" / "genome.npz" for run in runs]
        genomes = [Genome.load(path) for path in paths]
        scores = fresh_scores(task, longer, genomes)
        changed = "-"
        if name in CHANGED:
            changed = f"{np.median([other.test(genome) for genome in genomes]):.1f}"
        failed = int((scores < threshold).sum())
        interval = binomtest(failed, len(runs)).proportion_ci(method="wilson")
        steps = np.median([run.curve["env_steps"][-1] for run in runs])
        cpu = np.median([run.curve["cpu_seconds"][-1] for run in runs])
        rows.append(
            [
                name,
                method.name,
                f"{steps / 1000:.1f}k",
                f"{cpu:.1f} s",
                f"{np.median(scores):.1f}",
                f"{scores.min():.1f} to {scores.max():.1f}",
                changed,
                f"{failed} of {len(runs)} below {threshold:g} ({interval.low:.2f} to {interval.high:.2f})",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("results/from-a-clone"))
    parser.add_argument("--robots", nargs="*", default=list(ROBOTS), choices=list(ROBOTS))
    args = parser.parse_args()
    args.results.mkdir(parents=True, exist_ok=True)
    os.chdir(args.results)
    sys.path.insert(0, "")
    write_robots()
    rows = []
    for name in args.robots:
        settings = study(name, args.seeds)
        results = settings.run(".", jobs=args.jobs)
        rows += rows_of(name, settings, results, Path("."))
    header = ["robot", "method", "steps", "CPU", "median", "range", "robot changed", "failed (95 % interval)"]
    print(tabulate(rows, header, tablefmt="github"))


if __name__ == "__main__":
    main()
