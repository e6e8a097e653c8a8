"""What does successive halving lose against the full search, and what does it save?

Run `python benchmarks/halving.py --results DIR`; `--robot NAME` runs one robot only, so that several processes can
share the work, and `--summary` prints the table of all repetitions in DIR. An interrupted run continues with the same
command.

On each of three robots, CMA-ES is tuned (initial step size and population size, 27 trials at one seed) by the full
search and by two plans of halving: one of three from 1/27 of the budget, which is the default, and one of four from
1/16. The settings that each has found are then run at ten seeds that no search has seen, on the whole budget. The
regret is what is missing in the mean test score, on the scale from a random controller (0) to the settings of the full
search (1). It is below 0 where halving found better settings. Five repetitions have other seeds and other proposals of
the sampler. All settings below were fixed before the first run.
"""

from __future__ import annotations

import argparse
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import evorobo as er
from evorobo.study.tuning.tuned import read_tuning

BUDGETS = {"Phototaxis": 5e7, "SwingUp": 1e8, "TMaze": 5e7}
"""By robot, the FLOPs of a whole trial."""
PLANS: dict[str, dict[str, Any]] = {
    "full": {},
    "3 from 1/27": {"halving": 3},
    "4 from 1/16": {"halving": 4, "min_fraction": 0.06},
}
SPACE = ("methods.cma-es.strategy.sigma=0.02..5:log", "methods.cma-es.strategy.population_size=6..100:log")
TRIALS, REPETITIONS, SEEDS = 27, 5, 10


def repeat(robot: str, number: int, folder: Path) -> dict[str, Any]:
    """Tune by each plan and run what it has found; return test scores and FLOPs of the searches by plan."""
    task = er.ControlTask(f"evorobo/{robot}-v0", compiled=True)
    study = er.Study.grid(
        f"{robot.lower()}-{number}",
        tasks=[task],
        methods=[er.Evolution(er.CMAES())],
        seeds=SEEDS,
        budget=er.Budget(flops=BUDGETS[robot], n_evals=1),
        hidden=(8,),
    )
    scores, flops = {}, {}
    for name, plan in PLANS.items():
        with redirect_stdout(io.StringIO()):  # the progress
            path = er.tune(
                study, SPACE, trials=TRIALS, seeds=(1000 + number,), sampler_seed=number, results=folder, **plan
            )
            results = er.tuned(study, path).run(folder / f"chosen-{name.replace('/', '-').replace(' ', '-')}")
        cost = read_tuning(path)["methods"]["cma-es"]["cost"]
        scores[name] = float(np.mean([run.score for run in results.runs]))
        flops[name] = sum(cost[part] for part in ("forward_flops", "backward_flops", "update_flops"))
    return {"robot": robot, "number": number, "random": task.references()["random"], "scores": scores, "flops": flops}


def summarize(rows: list[dict[str, Any]]) -> None:
    """Print the regret and the cost of each plan, by robot and for all."""
    for plan in list(PLANS)[1:]:
        print(f"{plan}: regret in percent, mean and 95% interval; FLOPs of the search against the full one")
        for robot in [*BUDGETS, "all"]:
            chosen = [row for row in rows if robot in (row["robot"], "all")]
            if len(chosen) < 2:
                continue
            regrets = [
                100 * (row["scores"]["full"] - row["scores"][plan]) / (row["scores"]["full"] - row["random"])
                for row in chosen
            ]
            share = np.mean([row["flops"][plan] / row["flops"]["full"] for row in chosen])
            mean, error = np.mean(regrets), stats.sem(regrets)
            low, high = stats.t.interval(0.95, len(regrets) - 1, mean, error)
            listed = ", ".join(f"{regret:.1f}" for regret in regrets) if robot != "all" else ""
            print(f"  {robot:12} {mean:6.1f} ({low:.1f} to {high:.1f})  {share:6.1%}  n = {len(regrets)}  {listed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--robot", choices=BUDGETS)
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    if not args.summary:
        for number in range(REPETITIONS):
            for robot in [args.robot] if args.robot else BUDGETS:
                row = repeat(robot, number, args.results)
                (args.results / f"{robot}-{number}.json").write_text(json.dumps(row))
                print(json.dumps(row), flush=True)
    summarize([json.loads(path.read_text()) for path in sorted(args.results.glob("*-?.json"))])


if __name__ == "__main__":
    main()
