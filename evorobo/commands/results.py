"""`evorobo plot`, `table`, `compare`, `convert`, `report` and `replay`: show what lies in results folders."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evorobo.arguments import Exit, Parser, add_trust
from evorobo.errors import ResultsError, SettingsError

if TYPE_CHECKING:
    from evorobo.report.figures.settings import FigureSettings


def add_plot(parser: Parser) -> None:
    """Add the arguments of `evorobo plot`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    kinds = ("curves", "paths", "archives", "importance", "rows")
    parser.add_argument("--kind", default=kinds[0], choices=kinds, metavar="KIND", help=f"{', '.join(kinds)}")
    parser.add_argument("--x", default="", metavar="COLUMN,..", help="cost columns of the x axes: flops,env_steps")
    parser.add_argument("--linear", action="store_true", help="use a linear x axis instead of a logarithmic one")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help='a task or method to show, or a pattern: "cma*"'
    )
    parser.add_argument(
        "--rename", action="append", default=[], metavar="OLD=NEW", help="another name of a task or method"
    )
    _add_figure_flags(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="a name in .png, .pdf, .svg, .pgf or .csv; default: KIND.png in the folder"
    )
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=plot)


def _add_figure_flags(parser: Parser) -> None:
    """Add the flags that figures of curves have in common."""
    parser.add_argument("--width", default="", metavar="WIDTH", help='on paper: 8.5cm, 85mm, 3.4in, "1 column"')
    parser.add_argument("--title", metavar="TEXT", help='the title of the figure; "" for none')
    parser.add_argument("--y-limits", metavar="LOW,HIGH", help="lowest and highest score of the axis: 0,100")
    parser.add_argument("--log-y", action="store_true", help="use a logarithmic score axis")


def _figure_settings(args: argparse.Namespace, **others: Any) -> FigureSettings:
    """The settings of a figure as the flags say."""
    from evorobo.report.figures.settings import FigureSettings

    limits = None
    if args.y_limits is not None:
        try:
            low, high = map(float, args.y_limits.split(","))
        except ValueError as error:
            raise SettingsError(f"--y-limits takes two numbers, as 0,100, not {args.y_limits!r}.") from error
        limits = low, high
    return FigureSettings(width=args.width, title=args.title, y_limits=limits, log_y=args.log_y, **others)


def plot(args: argparse.Namespace) -> None:
    """Draw a figure and print the paths of its files."""
    from evorobo.report.plot import plot
    from evorobo.study.results import load

    settings = _figure_settings(
        args,
        x=tuple(filter(None, args.x.split(","))),
        log_x=not args.linear,
        only=tuple(args.only),
        rename=_pairs("--rename", args.rename),
    )
    print(*plot(load(args.folder, trust=args.trust), args.out, settings, kind=args.kind), sep="\n")


def _pairs(flag: str, texts: Sequence[str]) -> dict[str, str]:
    """The texts OLD=NEW of a flag as a table. Raises `SettingsError` for a text without "="."""
    for text in texts:
        if not all(text.partition("=")):
            raise SettingsError(f"{flag} takes OLD=NEW, not {text!r}.")
    return dict(text.split("=", 1) for text in texts)


def add_table(parser: Parser) -> None:
    """Add the arguments of `evorobo table`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>")
    formats = ("terminal", "markdown", "latex", "csv")
    parser.add_argument("--format", default="terminal", choices=formats, metavar="FORMAT", help=", ".join(formats))
    parser.add_argument(
        "--rename", action="append", default=[], metavar="OLD=NEW", help="another name of a task or method"
    )
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=table)


def table(args: argparse.Namespace) -> None:
    """Print a table of final scores and costs, with the cautions about the results below it."""
    from evorobo.printable import terminal_width, wrapped
    from evorobo.report.analysis import tables
    from evorobo.report.analysis.cautions import cautions
    from evorobo.report.analysis.study_table import StudyTable
    from evorobo.study.results import load

    study_table = StudyTable.from_results(load(args.folder)).rename(_pairs("--rename", args.rename))
    rows, notes = tables.summary_rows(study_table), cautions(study_table)
    if args.format == "csv":
        print(tables.to_csv(rows))
    elif args.format == "latex":
        print(tables.to_latex(rows, notes))
    else:
        width = terminal_width() if args.format == "terminal" else None
        text = tables.to_terminal(rows, width) if args.format == "terminal" else tables.to_markdown(rows)
        print("\n\n".join([text, *(wrapped(note, width) for note in notes)]))


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
    _add_figure_flags(parser)
    parser.add_argument("--figure", metavar="FILE", help="default: compare.png in the folder of --out")
    parser.add_argument("--out", metavar="DIR", help="default results/compare/<first>-v-<second>")
    add_trust(parser, has_effect=False)
    parser.set_defaults(function=compare)


def compare(args: argparse.Namespace) -> None:
    """Print verdicts, write figure and tables, and exit with the status that the verdicts imply."""
    from evorobo.printable import terminal_width
    from evorobo.report.analysis.compare import compare
    from evorobo.report.comparison import write_comparison

    flags = {name: vars(args)[name] for name in ("at", "metric", "threshold", "lower_is_better")}
    settings = _figure_settings(args)
    comparison = compare(*args.places, columns=_pairs("--column", args.column), **flags)
    print(
        comparison.to_terminal(terminal_width()),
        "",
        *write_comparison(comparison, args.out, settings, figure=args.figure),
        sep="\n",
    )
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
    parser.add_argument("--robustness", action="store_true", help="test all solutions with noise and weaker motors")
    parser.add_argument("--importance", action="store_true", help="test all solutions with each sensor shuffled")
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
            f"Testing the solutions of {len(results.runs)} runs with noise and weaker motors; finished tests are kept "
            "if you interrupt.",
            flush=True,
        )
    print(write_report(results, args.out, robustness=args.robustness, importance=args.importance))


def add_replay(parser: Parser) -> None:
    """Add the arguments of `evorobo replay`."""
    parser.add_argument("folder", metavar="FOLDER", help="results/<study>/<task>/<method>/seed-0")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--gif", action="store_const", dest="form", const="gif", help="a film as GIF (default)")
    forms.add_argument("--mp4", action="store_const", dest="form", const="mp4", help="a film as MP4, made by ffmpeg")
    forms.add_argument("--plot", action="store_const", dest="form", const="plot", help="one figure of many episodes")
    forms.add_argument("--window", action="store_const", dest="form", const="window", help="a film on the screen")
    parser.add_argument("--episodes", type=int, metavar="N", help="number of test episodes")
    parser.add_argument("--episode", type=int, default=0, metavar="K", help="the first of them (default 0)")
    parser.add_argument("--width", default="", metavar="WIDTH", help='of --plot on paper: 8.5cm, 3.4in, "1 column"')
    parser.add_argument("--title", metavar="TEXT", help='the title of --plot; "" for none')
    parser.add_argument("--out", metavar="FILE", help="default: replay.gif, .mp4 or .png in the folder")
    add_trust(parser)
    parser.set_defaults(function=replay)


def replay(args: argparse.Namespace) -> None:
    """Show test episodes of a trial's solution, and print the path of the file where one is written."""
    from evorobo.report.figures.output import FORMATS
    from evorobo.report.figures.settings import FigureSettings
    from evorobo.report.replay.replay import Replay
    from evorobo.report.replay.staleness import staleness_caution

    if args.form == "window" and args.out:
        raise SettingsError("a window writes no file; leave out --out, or use --gif, --mp4 or --plot.")
    by_ending = {".mp4": "mp4"} | {f".{ending}": "plot" for ending in FORMATS}
    form = args.form or by_ending.get(Path(args.out or "").suffix.lower(), "gif")
    if form != "plot" and (args.width or args.title is not None):
        raise SettingsError("--width and --title are for a figure; add --plot.")
    shown = Replay(args.folder, args.episode, args.episodes, args.trust)
    if caution := staleness_caution(shown.trial_folder, args.trust):
        print(caution)
    if form == "window":
        shown.window()
    elif form == "plot":
        print(*shown.plot(args.out, FigureSettings(width=args.width, title=args.title)), sep="\n")
    else:
        print({"gif": shown.gif, "mp4": shown.mp4}[form](args.out))
