"""What an experiment script ends with: `main(study)` runs it as the command line says, and shows what came out."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evorobo.arguments import Parser, add_common_flags, exit_with, parse_args, parse_seeds
from evorobo.errors import EvoroboError
from evorobo.settings import stop_if_loading
from evorobo.study.budget import Budget
from evorobo.study.folders import Interrupted, trial_status
from evorobo.study.overrides import apply_overrides
from evorobo.study.results import Results
from evorobo.study.study import Study
from evorobo.study.tuning.tuned import tuned

_BROKEN = ("failed", "diverged")


def main(study: Study, argv: Sequence[str] | None = None) -> Results:
    """Run `study` with the flags of the command line (`--help` lists them); ends in a figure and a table.

    Returns the results, for whatever the script wants to do with them besides. Leaves with exit status 1 when trials
    failed or diverged, 2 when something was asked that cannot be, 130 when it was interrupted.
    """
    stop_if_loading()
    try:
        return _main(study, argv)
    except (Interrupted, KeyboardInterrupt):
        exit_with("interrupted; what is done is kept. Run the same command again to go on.", 130)
    except EvoroboError as error:
        exit_with(str(error), 2)


def _main(study: Study, argv: Sequence[str] | None) -> Results:
    asked = _parse(argv)
    if asked.tuned:
        study = tuned(study, *asked.tuned)
    study = apply_overrides(study, asked.set)
    if asked.budget:
        study = replace(study, budget=Budget.parse(asked.budget))
    if asked.seeds:
        study = replace(study, seeds=parse_seeds(asked.seeds))
    if asked.dry_run:
        _dry_run(study, asked)
        raise SystemExit(0)
    results = study.run(asked.results, jobs=asked.jobs, only=asked.only)
    from evorobo.report.study import show

    if all(run.status in _BROKEN for run in results.runs):
        _complain(results)  # there is nothing to show
    show(results)
    _complain(results)
    return results


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(description="Run an experiment, or what is still missing of it, and show it.")
    parser.add_argument("--seeds", metavar="N", help="how many seeds (5), or which (3,7,11)")
    add_common_flags(parser, "trials")
    parser.add_argument("--budget", metavar="B", help="what each trial may spend: flops=1e9, env_steps=1e5,n_evals=10")
    parser.add_argument("--only", metavar="PART", help='a part of the study: a task, a method, seed-3, "*/cma-es/*"')
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting: hidden=[8,8]"
    )
    parser.add_argument(
        "--tuned", action="append", metavar="FILE", help="take the settings that evorobo tune has found"
    )
    parser.add_argument("--dry-run", action="store_true", help="list the trials and run none")
    return parse_args(parser, argv)


def _dry_run(study: Study, asked: argparse.Namespace) -> None:
    folder = Path(asked.results) / study.name
    trials = study.trials(asked.only)
    for trial in trials:
        spec = trial.spec
        widths = "-".join(map(str, spec.widths))
        print(f"{folder / trial.path}  {trial_status(folder / trial.path)}  network {widths}, {spec.n_params} weights")
    print(f"{len(trials)} trials of {study.budget.as_text} each, {asked.jobs} at a time; nothing was run.")


def _complain(results: Results) -> None:
    """Say which trials failed or diverged and why, each reason once, and leave with status 1; nothing if none did."""
    reasons = Counter((run.status, run.reason) for run in results.runs if run.status in _BROKEN)
    if not reasons:
        return
    for (ended, reason), count in reasons.items():
        print(f"evorobo: {count} of {len(results.runs)} trials {ended}: {reason}", file=sys.stderr)
    raise SystemExit(1)
