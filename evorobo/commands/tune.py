"""`evorobo tune`: better settings for all methods of an experiment, at an equal price for each."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evorobo.errors import SettingsError

if TYPE_CHECKING:
    from evorobo.study.study import Study


def tune(argv: list[str]) -> None:
    """SCRIPT --space PATH=LOW..HIGH[:log] .. [--trials N] [--method NAME]: better settings for all, at equal effort"""
    from evorobo.arguments import Parser, add_common_flags, parse_args, parse_seeds
    from evorobo.report.analysis.tuning import to_terminal
    from evorobo.study.budget import Budget
    from evorobo.study.folders import Interrupted
    from evorobo.study.overrides import apply_overrides
    from evorobo.study.tuning.tuned import read_tuning, to_flags
    from evorobo.study.tuning.tuning import SEEDS, tune

    parser = Parser(
        prog="evorobo tune", description="Tune all methods of a study with Optuna, each with as many tries."
    )
    parser.add_argument("script", help="an experiment script with a study in it")
    parser.add_argument(
        "--space", action="append", required=True, metavar="RANGE", help="methods.cma-es.strategy.sigma=0.05..2:log"
    )
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="settings to try for each method (20)")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), metavar="N,..", help="default 1000,1001,1002")
    parser.add_argument("--task", metavar="NAME", help="on which task, where the study has several")
    parser.add_argument(
        "--method", action="append", default=[], metavar="NAME", help="tune this one alone; the others another time"
    )
    parser.add_argument("--budget", metavar="B", help="what each trial may spend; default: as in the study")
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="change a setting for all tries"
    )
    add_common_flags(parser, "trials")
    parser.add_argument(
        "--chance", type=int, default=0, metavar="SEED", help="of what the sampler proposes (default 0)"
    )
    asked = parse_args(parser, argv)
    study = apply_overrides(_study(Path(asked.script)), asked.set)
    if asked.budget:
        study = replace(study, budget=Budget.parse(asked.budget))
    places = {
        "task": asked.task,
        "methods": asked.method,
        "results": asked.results,
        "jobs": asked.jobs,
        "sampler_seed": asked.chance,
    }
    try:
        path = tune(study, asked.space, trials=asked.trials, seeds=parse_seeds(asked.seeds), **places)
    except Interrupted:
        print("evorobo: interrupted; run the same command again to go on.", file=sys.stderr)
        raise SystemExit(130) from None
    found = read_tuning(path)
    print("", to_terminal(found), "", path, sep="\n")
    script = shlex.quote(asked.script)
    if missing := [method.name for method in study.methods if method.name not in found["methods"]]:
        print(f"Tune {', '.join(missing)} too, with the same effort, then run the study with --tuned for each file.")
    else:
        print(f"Run it: python {script} --results results/tuned --tuned {path}", f"or with {to_flags(found)}", sep="\n")


def _study(script: Path) -> Study:
    """The one study that a script defines at its top."""
    from evorobo.settings import load_script
    from evorobo.study.study import Study

    found = {id(thing): thing for thing in vars(load_script(script)).values() if isinstance(thing, Study)}
    if len(found) != 1:
        raise SettingsError(f"{script} holds {len(found)} studies; give a script with one: study = Study.grid(...).")
    return next(iter(found.values()))
