"""`evorobo plot`, `table`, `compare`, `convert`, `report` and `replay`: what lies in results folders, shown."""

from __future__ import annotations

from pathlib import Path

from evorobo.errors import SettingsError, unknown


def plot(argv: list[str]) -> None:
    """FOLDER [--x COLUMN,..] [--linear] [--out FILE]: draw the learning curves of a study"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.report.figures import curves
    from evorobo.study.results import load

    parser = Parser(prog="evorobo plot")
    parser.add_argument("folder", help="results/<study>")
    parser.add_argument("--x", default="", metavar="COLUMNS", help="what to plot against: flops,env_steps,cpu_seconds")
    parser.add_argument("--linear", action="store_true", help="a linear x axis instead of a logarithmic one")
    parser.add_argument("--out", metavar="FILE", help="default: curves.png in the folder")
    asked = parse_args(parser, argv)
    columns = tuple(filter(None, asked.x.split(",")))
    print(
        curves.plot(load(asked.folder), asked.out or Path(asked.folder) / "curves.png", x=columns, log=not asked.linear)
    )


def table(argv: list[str]) -> None:
    """FOLDER [--format terminal|markdown|csv]: print the table of a study"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.report.analysis import tables
    from evorobo.report.analysis.cautions import cautions
    from evorobo.study.results import load

    formats = {"terminal": tables.to_terminal, "markdown": tables.to_markdown, "csv": tables.to_csv}
    parser = Parser(prog="evorobo table")
    parser.add_argument("folder", help="results/<study>")
    parser.add_argument("--format", default="terminal", help=", ".join(formats))
    asked = parse_args(parser, argv)
    if asked.format not in formats:
        raise unknown("format", asked.format, formats)
    results = load(asked.folder)
    argv = [] if asked.format == "csv" else cautions(results)
    print("\n\n".join([formats[asked.format](tables.summary_rows(results)), *argv]))


def compare(argv: list[str]) -> None:
    """PLACE.. [--at env_steps=1e5] [--metric COLUMN] [--out DIR]: is the first worse than the others? status 1 if so"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.report.analysis.compare import compare

    parser = Parser(
        prog="evorobo compare",
        description="Compare the first place with each other one, or the methods of a single study. Exit status: 0, "
        "the first is not worse; 1, it is, with confidence; 2, they cannot be compared.",
    )
    parser.add_argument("places", nargs="+", metavar="PLACE", help="a study, a task's or method's folder in it, a CSV")
    parser.add_argument("--at", default="", metavar="PRICE", help="when all have spent it: env_steps=1e5, seconds=60")
    parser.add_argument("--metric", default="test", metavar="COLUMN", help="another column than the test score")
    parser.add_argument("--threshold", type=float, metavar="SCORE", help="the score whose price is told")
    parser.add_argument("--lower-is-better", action="store_true", help="for columns that do not say so themselves")
    parser.add_argument("--out", default="results/compare", metavar="DIR", help="default results/compare")
    asked = parse_args(parser, argv)
    flags = {name: vars(asked)[name] for name in ("at", "metric", "threshold", "lower_is_better")}
    found = compare(*asked.places, **flags)
    print(found, "", *found.write(asked.out), sep="\n")
    raise SystemExit(found.exit_status)


def convert(argv: list[str]) -> None:
    """FOLDER --to csv|parquet|tensorboard [--out PATH]: the curves of a study, or of a folder of studies, for others"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.report.formats.convert import FORMATS, convert

    parser = Parser(prog="evorobo convert")
    parser.add_argument("folder", help="results/<study>, or a folder with studies in it")
    parser.add_argument("--to", required=True, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument(
        "--x", default="", metavar="COLUMN", help="what TensorBoard's steps count: env_steps, flops, ..."
    )
    parser.add_argument("--out", metavar="PATH", help="default: evals.csv, evals.parquet, tensorboard/ in the folder")
    asked = parse_args(parser, argv)
    print(convert(asked.folder, asked.to, asked.out, asked.x))


def report(argv: list[str]) -> None:
    """FOLDER [--robustness] [--out FILE]: all there is to see of a study, on one page for any browser"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.report.page.page import write_report
    from evorobo.study.results import load

    parser = Parser(prog="evorobo report")
    parser.add_argument("folder", help="results/<study>")
    parser.add_argument("--robustness", action="store_true", help="test all answers with noise on sensors and weights")
    parser.add_argument("--out", metavar="FILE", help="default: report.html in the folder")
    asked = parse_args(parser, argv)
    results = load(asked.folder)
    if asked.robustness:
        runs = len(results.runs)
        print(f"Testing the answers of {runs} runs under noise; what is done is kept if you interrupt it.", flush=True)
    print(write_report(results, asked.out, robustness=asked.robustness))


def replay(argv: list[str]) -> None:
    """SEED_FOLDER [--gif|--mp4|--png|--window] [--episodes N] [--episode K] [--out FILE]: a trial's robot at work"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.report.replay.replay import Replay
    from evorobo.report.replay.staleness import staleness_caution

    parser = Parser(prog="evorobo replay")
    parser.add_argument("folder", help="results/<study>/<task>/<method>/seed-0")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--gif", action="store_const", dest="form", const=Replay.gif, help="moving pictures (default)")
    forms.add_argument("--mp4", action="store_const", dest="form", const=Replay.mp4, help="a video, made by ffmpeg")
    forms.add_argument("--png", action="store_const", dest="form", const=Replay.png, help="many episodes, one picture")
    forms.add_argument("--window", action="store_const", dest="form", const=Replay.window, help="on the screen")
    parser.add_argument("--episodes", type=int, metavar="N", help="how many test episodes")
    parser.add_argument("--episode", type=int, default=0, metavar="K", help="the first of them (default 0)")
    parser.add_argument("--out", metavar="FILE", help="default: replay.gif, .mp4, .png in the folder")
    asked = parse_args(parser, argv)
    out = (asked.out,) if asked.out else ()
    if asked.form is Replay.window and out:
        raise SettingsError("a window writes no file; leave out --out, or take --gif, --mp4 or --png.")
    by_name = {".mp4": Replay.mp4, ".png": Replay.png}
    form = asked.form or by_name.get(Path(asked.out or "").suffix.lower(), Replay.gif)
    shown = Replay(asked.folder, asked.episode, asked.episodes)
    if changed := staleness_caution(shown.trial_folder):
        print(changed)
    if written := form(shown, *out):
        print(written)
