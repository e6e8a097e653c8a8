"""`evorobo export` and `evorobo import`: controllers as files of other languages and tools, in both directions."""

from __future__ import annotations

import argparse

from evorobo.arguments import Parser, add_trust
from evorobo.files import as_path


def add_export(parser: Parser) -> None:
    """Add the arguments of `evorobo export`."""
    from evorobo.export.export_genome import exporters

    languages = exporters()
    parser.description = "Write a controller as a file that runs without evorobo."
    parser.add_argument("genome", metavar="GENOME", help="genome.npz, or the folder of its trial")
    parser.add_argument("--to", required=True, choices=languages, metavar="LANGUAGE", help=", ".join(languages))
    parser.add_argument("--task", metavar="ID", help="its robot or data (default: of its trial.json), or none")
    parser.add_argument("--out", metavar="FILE", help="default: controller.py, .c, ... beside the genome")
    add_trust(parser)
    parser.set_defaults(function=export)


def export(args: argparse.Namespace) -> None:
    """Write the files of one language, print their paths and the command that tests them."""
    from evorobo.commands.targets import find_genome, resolve_task, task_of_genome
    from evorobo.export.export_genome import export_genome, exporters
    from evorobo.nets.genome import Genome

    path = find_genome(args.genome)
    if args.task is None:
        task = task_of_genome(path, args.trust)
    else:
        task = None if args.task == "none" else resolve_task(args.task, args.trust)
    exporter = exporters()[args.to]
    out = as_path(args.out) if args.out else path.with_name(exporter.file_name)
    title = "/".join(path.resolve().parent.parts[-3:]) if path.with_name("trial.json").is_file() else path.stem
    for file in export_genome(
        Genome.load(path, trust=args.trust), args.to, out, task, f"A controller: {title}. Made by evorobo."
    ):
        print(file)
    print(f"Test it: {exporter.self_test(out)}")


def add_import(parser: Parser) -> None:
    """Add the arguments of `evorobo import`."""
    from evorobo.nets.genome import ACTIONS

    parser.description = "Read weights of other tools as a genome."
    parser.add_argument("file", metavar="FILE", help="a PyTorch file, NPZ or JSON matrices, or exported JSON")
    parser.add_argument("--layers", metavar="N,..", help="layers from sensors to outputs, such as 24,40,LayerNorm,4")
    parser.add_argument("--activation", metavar="NAME", help="of the hidden layers (default tanh)")
    parser.add_argument("--output", metavar="NAME", help="of the last layer (default identity)")
    parser.add_argument("--only", default="", metavar="PREFIX,..", help="read only weights with names that start so")
    parser.add_argument(
        "--transposed", action=argparse.BooleanOptionalAction, help="matrices have the shape (outputs, inputs)"
    )
    parser.add_argument(
        "--actions", choices=ACTIONS, metavar="READING", help="motor values: clip outputs, or scale them from -1..1"
    )
    parser.add_argument("--task", metavar="ID", help="the robot or data set to test the genome on")
    parser.add_argument("--out", metavar="FILE", help="file of the genome (default: FILE.genome.npz)")
    add_trust(parser)
    parser.set_defaults(function=import_)


def import_(args: argparse.Namespace) -> None:
    """Write a genome; print its layers, what was assumed and, for a task, its test score and the reference scores."""
    from evorobo.commands.targets import resolve_task
    from evorobo.export.import_genome import Reading, read_foreign_genome

    only = tuple(filter(None, args.only.split(",")))
    reading = Reading(args.layers, args.activation, args.output, only, args.transposed, args.actions)
    foreign = read_foreign_genome(args.file, reading)
    genome, out = foreign.genome, as_path(args.out) if args.out else as_path(args.file).with_suffix(".genome.npz")
    genome.save(out)
    print(f"{out}: layers {' -> '.join(map(str, genome.spec.widths))} wide, {genome.spec.n_params} weights")
    if foreign.assumptions:
        print(f"Assumed: {'; '.join(foreign.assumptions)}.")
    if args.task:
        task = resolve_task(args.task, args.trust)
        references = ", ".join(f"{name} {score:.4g}" for name, score in task.references().items())
        print(f"{task.name}: {task.metric_info.name} {task.test(genome):.4g} on test ({references})")
