"""What an experiment script ends with: `main(study)` runs the study as the command line says and shows its results."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from evorobo.arguments import (
    Exit,
    Parser,
    add_common_flags,
    add_dask,
    add_step_timeout,
    add_track,
    exits_with_a_sentence,
    parse_seeds,
)
from evorobo.errors import SettingsError
from evorobo.files import as_path
from evorobo.learners.budget import Budget
from evorobo.loading import stop_if_loading
from evorobo.notebooks import in_notebook
from evorobo.study.folders import Interrupted, trial_status
from evorobo.study.overrides import apply_overrides, compile_all
from evorobo.study.results import Results
from evorobo.study.shards import select_shard
from evorobo.study.study import Study
from evorobo.study.trackers.choice import make_trackers
from evorobo.study.tuning.tuned import tuned

_BROKEN = ("failed", "diverged")


def main(study: Study, argv: Sequence[str] | None = None) -> Results:
    """Run a study with the flags of the command line, then show its results.

    The script's own `--help` lists the flags. Trials that are finished already are read, not run again. The results
    are shown as `show` does: a figure, a table and verdicts.

    Parameters
    ----------
    study : Study
        The study to run. Flags such as `--seeds` and `--set` change it for this run.
    argv : sequence of str, optional
        The command line without the name of the program. Default: that of the process.

    Returns
    -------
    Results
        The results of the study, for further analysis in the script.

    Raises
    ------
    SystemExit
        With status 1 where trials failed or diverged, 2 after a mistake in the settings, the flags or the results
        folder, 130 after an interrupt. In each case one sentence on the error stream says why.

    Examples
    --------
    >>> import evorobo as er
    >>> methods = [er.Evolution(er.CMAES()), er.Backprop()]
    >>> task, budget = er.ControlTask("evorobo/Phototaxis-v0"), er.Budget(flops=1e7)
    >>> study = er.Study.grid("lamp", tasks=[task], methods=methods, seeds=1, budget=budget)
    >>> try:
    ...     er.main(study, ["--dry-run", "--jobs", "1"])
    ... except SystemExit as exit:
    ...     print("status", exit.code)
    results/lamp/phototaxis/cma-es/seed-0  unfinished  network 2-16-2, 82 weights
    results/lamp/phototaxis/backprop/seed-0  unfinished  network 2-16-2, 82 weights
    2 trials of flops=1e+07 each, 1 at a time; nothing was run.
    status 0
    """
    stop_if_loading()
    if argv is None and in_notebook():
        raise SettingsError("main reads a command line, and a notebook has none; use show(study.run()).")
    with exits_with_a_sentence("interrupted; finished work is kept. Run the same command again to continue."):
        args = _build_parser().parse_args(argv)
        study = _change_study(study, args)
        if args.dry_run:
            _print_trials(study, args)
            raise Exit(0)
        try:
            results = study.run(
                args.results,
                jobs=args.jobs,
                only=args.only,
                step_seconds=args.step_timeout,
                executor=args.dask,
                spread=args.spread,
                shard=args.shard,
                callbacks=make_trackers(args.track, args.track_x),
            )
        except Interrupted:
            raise KeyboardInterrupt from None
        if any(run.status not in _BROKEN for run in results.runs):
            from evorobo.report.study import show

            show(results)
    _exit_if_broken(results)
    return results


def _build_parser() -> Parser:
    parser = Parser(description="Run the trials of an experiment that are not finished yet, and show the results.")
    parser.add_argument("--seeds", metavar="N", help="number of seeds (5), or a list of seeds (3,7,11)")
    add_common_flags(parser, "trials")
    add_step_timeout(parser)
    add_dask(parser)
    parser.add_argument(
        "--spread", default="trials", metavar="WHAT", help="what goes to the cluster: trials, or members of generations"
    )
    parser.add_argument("--budget", metavar="B", help="budget of each trial: flops=1e9, env_steps=1e5,n_evals=10")
    parser.add_argument("--shard", metavar="K/N", help="the part of the trials to run: 3/10 is the third of ten")
    parser.add_argument("--only", metavar="PART", help='part of the study: a task, a method, seed-3, "*/cma-es/*"')
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting: hidden=[8,8]"
    )
    parser.add_argument("--compiled", action="store_true", help="compile episodes, gradients and training with numba")
    parser.add_argument("--tuned", action="append", metavar="FILE", help="use the settings found by evorobo tune")
    add_track(parser)
    parser.add_argument("--dry-run", action="store_true", help="list the trials and run none")
    return parser


def _change_study(study: Study, args: argparse.Namespace) -> Study:
    """Return the study as the flags of the command line change it."""
    if args.tuned:
        study = tuned(study, *args.tuned)
    study = apply_overrides(study, args.set)
    if args.compiled:
        study = compile_all(study)
    if args.budget:
        study = replace(study, budget=Budget.parse(args.budget))
    if args.seeds:
        study = replace(study, seeds=parse_seeds(args.seeds))
    return study


def _print_trials(study: Study, args: argparse.Namespace) -> None:
    folder = as_path(args.results) / study.name
    trials = select_shard(study.trials(args.only), args.shard)
    for trial in trials:
        spec = trial.spec
        widths = "-".join(map(str, spec.widths))
        print(f"{folder / trial.path}  {trial_status(folder / trial.path)}  network {widths}, {spec.n_params} weights")
    print(f"{len(trials)} trials of {study.budget.as_text} each, {args.jobs} at a time; nothing was run.")


def _exit_if_broken(results: Results) -> None:
    """Print which trials failed or diverged, each reason once, and exit with status 1; return if there are none."""
    reasons = Counter((run.status, run.reason) for run in results.runs if run.status in _BROKEN)
    if not reasons:
        return
    for (status, reason), count in reasons.items():
        print(f"evorobo: {count} of {len(results.runs)} trials {status}: {reason}", file=sys.stderr)
    raise Exit(1)
