"""`evorobo plot`, `table`, `compare`, `convert`, `report` and `replay`: show what lies in results folders."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from evorobo.arguments import Exit, Parser, add_trust
from evorobo.errors import ResultsError, SettingsError
from evorobo.files import as_path


def add_plot(parser: Parser) -> None:
    """Add the arguments of `evorobo plot`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    parser.add_argument("--x", default="", metavar="COLUMN,..", help="cost columns of the x axes: flops,env_steps")
    parser.add_argument("--linear", action="store_true", help="use a linear x axis instead of a logarithmic one")
    parser.add_argument("--out", metavar="FILE", help="default: curves.png in the folder")
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=plot)


def plot(args: argparse.Namespace) -> None:
    """Draw learning curves and print the paths of the figures."""
    from evorobo.report.analysis.study_table import StudyTable
    from evorobo.report.figures import curves
    from evorobo.study.results import load

    columns = tuple(filter(None, args.x.split(",")))
    path = args.out or as_path(args.folder) / "curves.png"
    study_table = StudyTable.from_results(load(args.folder))
    print(*curves.plot(study_table, path, x=columns, log=not args.linear), sep="\n")


def add_table(parser: Parser) -> None:
    """Add the arguments of `evorobo table`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    formats = ("terminal", "markdown", "csv")
    parser.add_argument("--format", default="terminal", choices=formats, metavar="FORMAT", help=", ".join(formats))
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=table)


def table(args: argparse.Namespace) -> None:
    """Print a table of final scores and costs, with the cautions about the results below it."""
    from evorobo.report.analysis import tables
    from evorobo.report.analysis.cautions import cautions
    from evorobo.report.analysis.study_table import StudyTable
    from evorobo.study.results import load

    study_table = StudyTable.from_results(load(args.folder))
    to_text = {"terminal": tables.to_terminal, "markdown": tables.to_markdown, "csv": tables.to_csv}[args.format]
    notes = [] if args.format == "csv" else cautions(study_table)
    print("\n\n".join([to_text(tables.summary_rows(study_table)), *notes]))


def add_compare(parser: Parser) -> None:
    """Add the arguments of `evorobo compare`."""
    parser.description = (
        "Compare the first place with each other one, or the methods of a single study. Exit status: 0, the first is "
        "not worse; 1, it is worse with confidence; 2, the comparison is not possible."
    )
    parser.add_argument("places", nargs="+", metavar="PLACE", help="a study, a folder of a task or method in it, a CSV")
    parser.add_argument("--at", default="", metavar="COST", help="compare when both have spent it: env_steps=1e5")
    parser.add_argument("--metric", default="test", metavar="COLUMN", help="compare this column (default test)")
    parser.add_argument("--threshold", type=float, metavar="SCORE", help="report the cost of reaching this score")
    parser.add_argument("--lower-is-better", action="store_true", help="for a column in which small values are good")
    parser.add_argument(
        "--column", action="append", default=[], metavar="OURS=THEIRS", help="a column of a CSV: seed=run_name"
    )
    parser.add_argument("--out", default="results/compare", metavar="DIR", help="default results/compare")
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=compare)


def compare(args: argparse.Namespace) -> None:
    """Print verdicts, write figure and tables, and exit with the status that the verdicts imply."""
    from evorobo.report.analysis.compare import compare
    from evorobo.report.comparison import write_comparison

    flags = {name: vars(args)[name] for name in ("at", "metric", "threshold", "lower_is_better")}
    columns = dict(text.partition("=")[::2] for text in args.column)
    comparison = compare(*args.places, columns=columns, **flags)
    print(comparison, "", *write_comparison(comparison, args.out), sep="\n")
    raise Exit(comparison.exit_status)


def add_convert(parser: Parser) -> None:
    """Add the arguments of `evorobo convert`."""
    from evorobo.report.formats.convert import FORMATS

    parser.add_argument("folder", metavar="FOLDER", help="results/<study>, or a folder with studies in it")
    parser.add_argument("--to", required=True, choices=FORMATS, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("--x", default="", metavar="COLUMN", help="cost column that TensorBoard's steps count: flops")
    parser.add_argument("--out", metavar="PATH", help="default: evals.csv, evals.parquet or tensorboard/ in the folder")
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=convert)


def convert(args: argparse.Namespace) -> None:
    """Write learning curves as another kind of file and print its path."""
    from evorobo.report.formats.convert import convert

    print(convert(args.folder, args.to, args.out, args.x))


def add_report(parser: Parser) -> None:
    """Add the arguments of `evorobo report`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    parser.add_argument(
        "--robustness", action="store_true", help="test all solutions with noise on sensors and weights"
    )
    parser.add_argument("--out", metavar="FILE", help="default: report.html in the folder")
    add_trust(parser)
    parser.set_defaults(function=report)


def report(args: argparse.Namespace) -> None:
    """Write the report page and print its path."""
    from evorobo.commands.targets import note_left_out
    from evorobo.report.page.page import write_report
    from evorobo.study.results import load
    from evorobo.study.trust import check_trust

    results = load(args.folder, trust=args.trust)
    try:
        check_trust(results.settings, results.folder / "study.json", args.trust)
    except ResultsError as error:
        note_left_out(error, "the behavior of its solutions")
    if args.robustness:
        print(
            f"Testing the solutions of {len(results.runs)} runs under noise; finished tests are kept if you interrupt.",
            flush=True,
        )
    print(write_report(results, args.out, robustness=args.robustness))


def add_replay(parser: Parser) -> None:
    """Add the arguments of `evorobo replay`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>/<task>/<method>/seed-0")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--gif", action="store_const", dest="form", const="gif", help="a film as GIF (default)")
    forms.add_argument("--mp4", action="store_const", dest="form", const="mp4", help="a film as MP4, made by ffmpeg")
    forms.add_argument("--png", action="store_const", dest="form", const="png", help="one picture of many episodes")
    forms.add_argument("--window", action="store_const", dest="form", const="window", help="a film on the screen")
    parser.add_argument("--episodes", type=int, metavar="N", help="number of test episodes")
    parser.add_argument("--episode", type=int, default=0, metavar="K", help="the first of them (default 0)")
    parser.add_argument("--out", metavar="FILE", help="default: replay.gif, .mp4 or .png in the folder")
    add_trust(parser)
    parser.set_defaults(function=replay)


def replay(args: argparse.Namespace) -> None:
    """Show test episodes of a trial's solution, and print the path of the file where one is written."""
    from evorobo.report.replay.replay import Replay
    from evorobo.report.replay.staleness import staleness_caution

    if args.form == "window" and args.out:
        raise SettingsError("a window writes no file; leave out --out, or use --gif, --mp4 or --png.")
    forms: dict[str, Callable[..., object]] = {"gif": Replay.gif, "mp4": Replay.mp4}
    forms |= {"png": Replay.png, "window": Replay.window}
    form = args.form or {".mp4": "mp4", ".png": "png"}.get(Path(args.out or "").suffix.lower(), "gif")
    shown = Replay(args.folder, args.episode, args.episodes, args.trust)
    if caution := staleness_caution(shown.trial_folder, args.trust):
        print(caution)
    if path := forms[form](shown, *filter(None, [args.out])):
        print(path)
