"""The command `evorobo`: thin, everything it does is one call into the floors below."""

from __future__ import annotations

import inspect
import runpy
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from evorobo.commands import bring, leave, tune
from evorobo.errors import EvoroboError, SettingsError, unknown


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit status: its own, or 2 with one sentence for what a user can get wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands: dict[str, Callable[[list[str]], None]] = {
        "run": run,
        "plot": plot,
        "table": table,
        "compare": compare,
        "convert": convert,
        "tune": tune.tune,
        "report": report,
        "replay": replay,
        "lessons": lessons,
        "list": list_,
        "new-task": bring.new_task,
        "new-dataset": bring.new_dataset,
        "check-task": bring.check,
        "export": leave.export,
        "import": leave.import_,
    }
    sys.path.insert(0, str(Path.cwd()))  # robots in files here are found, as under `python -m`
    try:
        if not words or words[0] in ("-h", "--help"):
            print(_overview(commands))
        elif words[0] not in commands:
            raise unknown("command", words[0], commands)
        else:
            commands[words[0]](words[1:])
    except EvoroboError as error:
        print(f"evorobo: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("evorobo: interrupted.", file=sys.stderr)
        raise SystemExit(130) from None
    raise SystemExit(0)


def run(words: list[str]) -> None:
    """SCRIPT [flags]: run an experiment script, or again the trial of a trial.json; SCRIPT --help lists the flags"""
    if not words or words[0].startswith("-"):
        raise SettingsError("which script? For example: evorobo run experiments/phototaxis.py --seeds 3")
    script, flags = Path(words[0]), words[1:]
    if not script.is_file():
        raise SettingsError(f"there is no file {script}.")
    if script.suffix == ".json":
        _run_trial(script, flags)
        return
    sys.argv = [str(script), *flags]
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def _run_trial(path: Path, words: list[str]) -> None:
    from evorobo.script import Parser, parse
    from evorobo.study.ending import reason
    from evorobo.study.trial import Trial

    parser = Parser(prog="evorobo run trial.json")
    parser.add_argument("--results", default="results/again", metavar="DIR", help="where the run goes")
    folder = Path(parse(parser, words).results)
    trial = Trial.load(path)
    folder = folder / trial.path
    if (ended := trial.run(folder)) != "finished":
        print(f"evorobo: {folder} {ended}: {reason(folder)}", file=sys.stderr)
        raise SystemExit(1)
    print(f"{folder}: finished")


def plot(words: list[str]) -> None:
    """FOLDER [--x COLUMN,..] [--linear] [--out FILE]: draw the learning curves of a study"""
    from evorobo.report import curves
    from evorobo.script import Parser, parse
    from evorobo.study.results import load

    parser = Parser(prog="evorobo plot")
    parser.add_argument("folder", help="results/<study>")
    parser.add_argument("--x", default="", metavar="COLUMNS", help="what to plot against: flops,env_steps,cpu_seconds")
    parser.add_argument("--linear", action="store_true", help="a linear x axis instead of a logarithmic one")
    parser.add_argument("--out", metavar="FILE", help="default: curves.png in the folder")
    asked = parse(parser, words)
    columns = tuple(filter(None, asked.x.split(",")))
    print(
        curves.plot(load(asked.folder), asked.out or Path(asked.folder) / "curves.png", x=columns, log=not asked.linear)
    )


def table(words: list[str]) -> None:
    """FOLDER [--format terminal|markdown|csv]: print the table of a study"""
    from evorobo.report import tables
    from evorobo.report.cautions import cautions
    from evorobo.script import Parser, parse
    from evorobo.study.results import load

    formats = {"terminal": tables.to_terminal, "markdown": tables.to_markdown, "csv": tables.to_csv}
    parser = Parser(prog="evorobo table")
    parser.add_argument("folder", help="results/<study>")
    parser.add_argument("--format", default="terminal", help=", ".join(formats))
    asked = parse(parser, words)
    if asked.format not in formats:
        raise unknown("format", asked.format, formats)
    results = load(asked.folder)
    words = [] if asked.format == "csv" else cautions(results)
    print("\n\n".join([formats[asked.format](tables.summary(results)), *words]))


def compare(words: list[str]) -> None:
    """PLACE.. [--at env_steps=1e5] [--metric COLUMN] [--out DIR]: is the first worse than the others? status 1 if so"""
    from evorobo.report.compare import compare
    from evorobo.script import Parser, parse

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
    asked = parse(parser, words)
    flags = {name: vars(asked)[name] for name in ("at", "metric", "threshold", "lower_is_better")}
    found = compare(*asked.places, **flags)
    print(found, "", *found.write(asked.out), sep="\n")
    raise SystemExit(found.status)


def convert(words: list[str]) -> None:
    """FOLDER --to csv|parquet|tensorboard [--out PATH]: the curves of a study, or of a folder of studies, for others"""
    from evorobo.report.convert import FORMATS, convert
    from evorobo.script import Parser, parse

    parser = Parser(prog="evorobo convert")
    parser.add_argument("folder", help="results/<study>, or a folder with studies in it")
    parser.add_argument("--to", required=True, metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument(
        "--x", default="", metavar="COLUMN", help="what TensorBoard's steps count: env_steps, flops, ..."
    )
    parser.add_argument("--out", metavar="PATH", help="default: looks.csv, looks.parquet, tensorboard/ in the folder")
    asked = parse(parser, words)
    print(convert(asked.folder, asked.to, asked.out, asked.x))


def report(words: list[str]) -> None:
    """FOLDER [--robustness] [--out FILE]: all there is to see of a study, on one page for any browser"""
    from evorobo.report.page.page import write_report
    from evorobo.script import Parser, parse
    from evorobo.study.results import load

    parser = Parser(prog="evorobo report")
    parser.add_argument("folder", help="results/<study>")
    parser.add_argument("--robustness", action="store_true", help="test all answers with noise on sensors and weights")
    parser.add_argument("--out", metavar="FILE", help="default: report.html in the folder")
    asked = parse(parser, words)
    print(write_report(load(asked.folder), asked.out, robustness=asked.robustness))


def replay(words: list[str]) -> None:
    """SEED_FOLDER [--gif|--mp4|--png|--window] [--episodes N] [--episode K] [--out FILE]: a trial's robot at work"""
    from evorobo.report.replay import Replay
    from evorobo.script import Parser, parse

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
    parser.set_defaults(form=Replay.gif)
    asked = parse(parser, words)
    out = (asked.out,) if asked.out else ()
    if asked.form is Replay.window and out:
        raise SettingsError("a window writes no file; leave out --out, or take --gif, --mp4 or --png.")
    if written := asked.form(Replay(asked.folder, asked.episode, asked.episodes), *out):
        print(written)


def lessons(words: list[str]) -> None:
    """[NUMBER|NAME|all] [flags]: what the course teaches, a line each; or run one of its lessons, or all"""
    from evorobo import course

    if not words:
        for script in course.lessons():
            print(f"{script.stem[:2]}  {course.statement(script)}")
        return
    ended = []
    for script in course.chosen(words[0]):
        print(f"{script.stem[:2]}  {course.statement(script)}", flush=True)
        ended.append(course.run(script, words[1:]))
    raise SystemExit(max(ended))


def list_(words: list[str]) -> None:
    """[tasks|robots|methods|layers|activations]: what there is, a line each"""
    kinds: dict[str, Callable[[], Iterable[tuple[str, Any]]]] = {
        "tasks": _data_sets,
        "robots": _robots,
        "methods": _methods,
        "layers": _layers,
        "activations": _activations,
    }
    for word in words:
        if word not in kinds:
            raise unknown("kind of thing", word, kinds)
    for kind in words or kinds:
        print(f"{kind}:")
        for name, thing in kinds[kind]():
            text = thing if isinstance(thing, str) else inspect.getdoc(thing) or ""
            print(f"  {name:28} {text.splitlines()[0] if text else ''}".rstrip())


def _data_sets() -> Iterable[tuple[str, Any]]:
    from evorobo.tasks.datasets.catalogue import LOADERS

    yield from sorted(LOADERS.items())
    yield "FILE.csv .tsv .npz .arff", "your own labelled data: DatasetTask(path, target=...)"
    yield "any gymnasium id", "a robot to drive: ControlTask(id)"


def _robots() -> Iterable[tuple[str, Any]]:
    from evorobo.settings import resolve
    from evorobo.tasks.robots import registry

    for id, spec in registry.registered().items():
        yield id, inspect.getmodule(resolve(spec.kwargs["robot"]))


def _methods() -> Iterable[tuple[str, Any]]:
    import evorobo

    yield "Backprop()", inspect.getmodule(evorobo.Backprop)
    yield "DAgger()", inspect.getmodule(evorobo.DAgger)
    for strategy in (evorobo.CMAES, evorobo.GA, evorobo.OpenAIES, evorobo.SelfAdaptiveES):
        yield f"Evolution({strategy.__name__}())", inspect.getmodule(strategy)


def _layers() -> Iterable[tuple[str, Any]]:
    import evorobo

    for layer in (
        evorobo.BatchNorm,
        evorobo.CTRNN,
        evorobo.Dense,
        evorobo.Dropout,
        evorobo.Elman,
        evorobo.GRU,
        evorobo.LayerNorm,
        evorobo.LSTM,
    ):
        yield layer.__name__, inspect.getmodule(layer)


def _activations() -> Iterable[tuple[str, Any]]:
    from evorobo.nets.activations import ACTIVATIONS

    for name, activation in ACTIVATIONS.items():
        yield name, f"begins with {activation.initialiser} weights"


def _overview(commands: dict[str, Callable[[list[str]], None]]) -> str:
    lines = ["evorobo: should this robot's controller be evolved or trained by backpropagation?", ""]
    for name, command in commands.items():
        lines.append(f"  evorobo {name} {inspect.getdoc(command)}")
    return "\n".join(lines)
