"""`evorobo export` and `evorobo import`: controllers on their way out of the lab, and into it."""

from __future__ import annotations

import shlex
from pathlib import Path

from evorobo.errors import SettingsError, unknown


def export(argv: list[str]) -> None:
    """GENOME --to numpy|c|onnx|torch|json [--task ID] [--out FILE]: a controller as a file that runs without evorobo"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.commands.targets import find_genome, resolve_task, task_of_genome
    from evorobo.export.export_genome import SUFFIXES, export_genome
    from evorobo.nets.genome import Genome

    parser = Parser(prog="evorobo export")
    parser.add_argument("genome", help="genome.npz, or the folder of its trial")
    parser.add_argument("--to", required=True, metavar="LANGUAGE", help=", ".join(SUFFIXES))
    parser.add_argument("--task", metavar="ID", help="the robot or data it is for; default: of its trial.json; or none")
    parser.add_argument("--out", metavar="FILE", help="default: controller.py, .c, ... beside the genome")
    asked = parse_args(parser, argv)
    if asked.to not in SUFFIXES:
        raise unknown("language", asked.to, SUFFIXES)
    path = find_genome(asked.genome)
    task = task_of_genome(path) if asked.task is None else None if asked.task == "none" else resolve_task(asked.task)
    usual = "controller_torch.py" if asked.to == "torch" else f"controller{SUFFIXES[asked.to]}"
    out = Path(asked.out) if asked.out else path.with_name(usual)
    title = "/".join(path.resolve().parent.parts[-3:]) if path.with_name("trial.json").is_file() else path.stem
    files = export_genome(Genome.load(path), asked.to, out, task, f"A controller: {title}. Made by evorobo.")
    for file in files:
        print(file)
    script = shlex.quote(str(files[-1] if asked.to == "onnx" else out))
    tests = {
        "c": f"cc -std=c99 -DSELF_TEST {script} -lm -o self_test && ./self_test",
        "json": f"evorobo import {script}",
    }
    print(f"Test it: {tests.get(asked.to, f'python {script}')}")


def import_(argv: list[str]) -> None:
    """FILE [--layers 24,40,4] [--activation A] [--output A] [--task ID] [--out FILE]: others' weights as a genome"""
    from evorobo.arguments import Parser, parse_args
    from evorobo.commands.targets import resolve_task
    from evorobo.export.import_genome import import_genome
    from evorobo.nets.dense import Dense
    from evorobo.nets.spec import NetworkSpec

    parser = Parser(prog="evorobo import", description="The layouts are told in evorobo.export.layouts.")
    parser.add_argument("file", help="a PyTorch state_dict, an NPZ or JSON list of matrices, JSON that export wrote")
    parser.add_argument("--layers", metavar="N,N,..", help="widths from the sensors to the outputs, if nothing tells")
    parser.add_argument("--activation", default="tanh", metavar="NAME", help="of all layers but the last")
    parser.add_argument("--output", default="identity", metavar="NAME", help="the activation of the last layer")
    parser.add_argument("--only", default="", metavar="WORD,..", help="only weights whose names begin so")
    parser.add_argument("--transposed", action="store_true", help="matrices are (out, in)")
    parser.add_argument("--task", metavar="ID", help="the robot or data to judge it on")
    parser.add_argument("--out", metavar="FILE", help="where the genome goes; default: FILE.genome.npz")
    asked = parse_args(parser, argv)
    spec = None
    if asked.layers:
        first, *hidden, last = _widths(asked.layers)
        spec = NetworkSpec.build(first, [Dense(units, asked.activation) for units in hidden], last, asked.output)
    only = tuple(filter(None, asked.only.split(",")))
    flags = {"activation": asked.activation, "output": asked.output, "only": only, "transposed": asked.transposed}
    genome = import_genome(asked.file, spec, **flags)
    out = Path(asked.out) if asked.out else Path(asked.file).with_suffix(".genome.npz")
    genome.save(out)
    print(f"{out}: layers {' -> '.join(map(str, genome.spec.widths))} wide, {genome.spec.n_params} weights")
    if asked.task:
        task = resolve_task(asked.task)
        known = ", ".join(f"{name} {score:.4g}" for name, score in task.references().items())
        print(f"{task.name}: {task.metric_info.name} {task.test(genome):.4g} on test ({known})")


def _widths(text: str) -> list[int]:
    try:
        widths = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise SettingsError(f"--layers takes widths such as 24,40,40,4, not {text!r}.") from error
    if len(widths) < 2:
        raise SettingsError(f"--layers names at least sensors and outputs, as 4,2 does, not {text!r} alone.")
    return widths
