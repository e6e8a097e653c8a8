"""From a clone of the teacher: does the gradient or evolution go further in the same number of robot steps?

Run `python benchmarks/from_a_clone.py`; it takes some minutes on two cores, continues where it stopped, and prints a
Markdown table. `--seeds 3` is a short version. Episodes and gradients are compiled, so numba must be installed.

Each trial clones the teacher with 3,000 mini-batches and climbs the robot's own score with the rest of its steps; the
teacher's steps are included. The first settings were the defaults, and 6 of 30 runs failed on Phototaxis. Horizon and
learning rate were then chosen on Phototaxis with seeds 100 to 139, and fixed before the seeds below ran again; both are
shown. Scores are means of 800 episodes that no run and no earlier measurement has used. A run fails if it ends below
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

USED_EPISODES, EPISODES = 200, 1000
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


def study(name: str, seeds: int) -> Study:
    env, steps, _ = ROBOTS[name]
    budget = Budget(env_steps=steps, n_evals=4)
    return Study.grid(
        name,
        tasks=[ControlTask(env, label=name, compiled=True)],
        methods=METHODS,
        seeds=seeds,
        budget=budget,
        hidden=(8,),
    )


def fresh_score(task: ControlTask, genome: Genome) -> float:
    """The mean return of the episodes that the logs of runs have not used."""
    both, used = (replace(task, test_episodes=count).test(genome) for count in (EPISODES, USED_EPISODES))
    return (EPISODES * both - USED_EPISODES * used) / (EPISODES - USED_EPISODES)


def rows_of(name: str, settings: Study, results: Results, folder: Path) -> list[list[str]]:
    rows, (task,), threshold = [], settings.tasks, ROBOTS[name][2]
    for method in settings.methods:
        runs = [run for run in results.runs if run.method == method.name and run.status == "finished"]
        if not runs:
            continue
        paths = [folder / name / run.task / run.method / f"seed-{run.seed}" / "genome.npz" for run in runs]
        scores = np.array([fresh_score(task, Genome.load(path)) for path in paths])  # type: ignore[arg-type]
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
    header = ["robot", "method", "steps", "CPU", "median", "range", "failed (95 % interval)"]
    print(tabulate(rows, header, tablefmt="github"))


if __name__ == "__main__":
    main()
