"""`evorobo export` and `evorobo import`: controllers as files of other languages and tools, in both directions."""

from __future__ import annotations

import argparse
from pathlib import Path

from evorobo.arguments import Parser
from evorobo.errors import SettingsError


def add_export(parser: Parser) -> None:
    """Add the arguments of `evorobo export`."""
    from evorobo.export.export_genome import exporters

    languages = exporters()
    parser.description = "Write a controller as a file that runs without evorobo."
    parser.add_argument("genome", metavar="GENOME", help="genome.npz, or the folder of its trial")
    parser.add_argument("--to", required=True, choices=languages, metavar="LANGUAGE", help=", ".join(languages))
    parser.add_argument("--task", metavar="ID", help="its robot or data (default: of its trial.json), or none")
    parser.add_argument("--out", metavar="FILE", help="default: controller.py, .c, ... beside the genome")
    parser.set_defaults(function=export)


def export(args: argparse.Namespace) -> None:
    """Write the files of one language, print their paths and the command that tests them."""
    from evorobo.commands.targets import find_genome, resolve_task, task_of_genome
    from evorobo.export.export_genome import export_genome, exporters
    from evorobo.nets.genome import Genome

    path = find_genome(args.genome)
    task = task_of_genome(path) if args.task is None else None if args.task == "none" else resolve_task(args.task)
    exporter = exporters()[args.to]
    out = Path(args.out) if args.out else path.with_name(exporter.file_name)
    title = "/".join(path.resolve().parent.parts[-3:]) if path.with_name("trial.json").is_file() else path.stem
    for file in export_genome(Genome.load(path), args.to, out, task, f"A controller: {title}. Made by evorobo."):
        print(file)
    print(f"Test it: {exporter.self_test(out)}")


def add_import(parser: Parser) -> None:
    """Add the arguments of `evorobo import`."""
    parser.description = "Read weights of other tools as a genome."
    parser.add_argument("file", metavar="FILE", help="a PyTorch state_dict, NPZ or JSON matrices, or exported JSON")
    parser.add_argument("--layers", metavar="N,..", help="widths from sensors to outputs, where the file has none")
    parser.add_argument("--activation", default="tanh", metavar="NAME", help="of the hidden layers (default tanh)")
    parser.add_argument("--output", default="identity", metavar="NAME", help="of the last layer (default identity)")
    parser.add_argument("--only", default="", metavar="PREFIX,..", help="read only weights with names that start so")
    parser.add_argument("--transposed", action="store_true", help="matrices have the shape (outputs, inputs)")
    parser.add_argument("--task", metavar="ID", help="the robot or data set to test the genome on")
    parser.add_argument("--out", metavar="FILE", help="file of the genome (default: FILE.genome.npz)")
    parser.set_defaults(function=import_)


def import_(args: argparse.Namespace) -> None:
    """Write a genome, print its layers and, for a task, its test score beside the reference scores."""
    from evorobo.commands.targets import resolve_task
    from evorobo.export.import_genome import import_genome
    from evorobo.nets.dense import Dense
    from evorobo.nets.spec import NetworkSpec

    spec = None
    if args.layers:
        first, *hidden, last = parse_widths(args.layers)
        spec = NetworkSpec.build(first, [Dense(units, args.activation) for units in hidden], last, args.output)
    only = tuple(filter(None, args.only.split(",")))
    flags = {"activation": args.activation, "output": args.output, "only": only, "transposed": args.transposed}
    genome = import_genome(args.file, spec, **flags)
    out = Path(args.out) if args.out else Path(args.file).with_suffix(".genome.npz")
    genome.save(out)
    print(f"{out}: layers {' -> '.join(map(str, genome.spec.widths))} wide, {genome.spec.n_params} weights")
    if args.task:
        task = resolve_task(args.task)
        references = ", ".join(f"{name} {score:.4g}" for name, score in task.references().items())
        print(f"{task.name}: {task.metric_info.name} {task.test(genome):.4g} on test ({references})")


def parse_widths(text: str) -> list[int]:
    """Return the widths of `--layers 24,40,4`: sensors, hidden layers, outputs."""
    try:
        widths = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise SettingsError(f"--layers takes widths such as 24,40,40,4, not {text!r}.") from error
    if len(widths) < 2:
        raise SettingsError(f"--layers needs at least the numbers of sensors and outputs, such as 4,2, not {text!r}.")
    return widths
