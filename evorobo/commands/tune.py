"""`evorobo tune`: search better settings for all methods of an experiment, with equal effort for each."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evorobo.arguments import Parser, add_common_flags, add_dask, add_step_timeout, exit_with, parse_seeds
from evorobo.errors import SettingsError
from evorobo.files import as_path
from evorobo.study.tuning.rungs import MIN_FRACTION

if TYPE_CHECKING:
    from evorobo.study.study import Study


def add_tune(parser: Parser) -> None:
    """Add the arguments of `evorobo tune`."""
    parser.description = "Tune all methods of a study with Optuna, each with the same number of tries."
    add = parser.add_argument
    add("script", metavar="SCRIPT", help="an experiment script with a study in it")
    add("--space", action="append", required=True, metavar="RANGE", help="methods.cma-es.strategy.sigma=0.05..2:log")
    add("--trials", type=int, default=20, metavar="N", help="number of settings to try for each method (default 20)")
    add("--halving", type=int, metavar="N", help="pause trials early; the best of each method, one of N, continue")
    text = "with --halving, the least part of the budget at which trials are compared (default 0.03)"
    add("--min-fraction", type=float, default=MIN_FRACTION, metavar="F", help=text)
    add("--seeds", metavar="N,..", help="default 1000,1001,1002")
    add("--task", metavar="NAME", help="the task to tune on, where the study has several")
    add("--method", action="append", default=[], metavar="NAME", help="tune only this method now (repeatable)")
    add("--budget", metavar="B", help="budget of each trial (default: that of the study)")
    add("--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting for all tries")
    add_common_flags(parser, "trials")
    add_step_timeout(parser)
    add_dask(parser)
    add("--sampler-seed", type=int, default=0, metavar="SEED", help="seed of Optuna's sampler (default 0)")
    parser.set_defaults(function=tune)


def tune(args: argparse.Namespace) -> None:
    """Tune, then print the best settings, the file that holds them, and how to run the study with them."""
    from evorobo.learners.budget import Budget
    from evorobo.printable import terminal_width
    from evorobo.report.analysis.tuning import to_terminal
    from evorobo.study.folders import Interrupted
    from evorobo.study.overrides import apply_overrides
    from evorobo.study.tuning.tuned import read_tuning, to_flags
    from evorobo.study.tuning.tuning import SEEDS, tune

    study = apply_overrides(load_study(as_path(args.script)), args.set)
    if args.budget:
        study = replace(study, budget=Budget.parse(args.budget))
    try:
        path = tune(
            study,
            args.space,
            trials=args.trials,
            halving=args.halving,
            min_fraction=args.min_fraction,
            seeds=parse_seeds(args.seeds) if args.seeds else SEEDS,
            task=args.task,
            methods=args.method,
            results=args.results,
            jobs=args.jobs,
            sampler_seed=args.sampler_seed,
            step_seconds=args.step_timeout,
            executor=args.dask,
        )
    except Interrupted:
        exit_with("interrupted; run the same command again to continue.", 130)
    tuning = read_tuning(path)
    print("", to_terminal(tuning, terminal_width()), "", path, sep="\n")
    script = shlex.quote(args.script)
    if missing := [method.name for method in study.methods if method.name not in tuning["methods"]]:
        print(f"Tune {', '.join(missing)} too, with the same effort, then run the study with --tuned for each file.")
    else:
        print(
            f"Run it: python {script} --results results/tuned --tuned {path}", f"or with {to_flags(tuning)}", sep="\n"
        )


def load_study(script: Path) -> Study:
    """Return the one study that a script defines at its top level."""
    from evorobo.loading import load_script
    from evorobo.study.study import Study

    studies = {id(thing): thing for thing in vars(load_script(script)).values() if isinstance(thing, Study)}
    if len(studies) != 1:
        raise SettingsError(f"{script} holds {len(studies)} studies; give a script with one: study = Study.grid(...).")
    return next(iter(studies.values()))
