"""Files of every kind, random damage to them, and how each is read: for tests and for the torture."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evorobo import (
    CMAES,
    Archive,
    Backprop,
    Budget,
    ControlTask,
    DatasetTask,
    Dense,
    Evolution,
    EvoroboError,
    Genome,
    NetworkSpec,
    Study,
    Trial,
    import_genome,
)
from evorobo.export.export_genome import export_genome
from evorobo.report.analysis.merge import provenance_cautions
from evorobo.report.analysis.robustness import load_robustness
from evorobo.report.page.facts import machines
from evorobo.settings import to_plain
from evorobo.study import checkpoint
from evorobo.study.machine import machine_facts
from evorobo.study.provenance import continuations
from evorobo.study.records import FORMAT, read_object, write_record
from evorobo.study.results import load
from evorobo.study.tuning.tuned import tuned
from evorobo.tasks.control.teaching.demonstrations import Demonstrations

SPEC = NetworkSpec(3, (Dense(4), Dense(2, "identity")))
STUDY = Study.grid(
    "lamp",
    tasks=[ControlTask("evorobo/Phototaxis-v0", env_kwargs={"noise": 0.1})],
    methods=[Evolution(CMAES()), Backprop()],
    seeds=2,
    budget=Budget(flops=1e6),
    hidden=(4,),
)
TRIAL = "phototaxis/cma-es/seed-0"
VALUES = ["[]", "null", "3", "NaN", '"text"', "", "{}", "[" * 5000, json.dumps({"format": FORMAT}), "[[[]]]", "true"]
ODD = [None, [], {}, 3, -1, 1.5, "x", "../../x", True, [[]], {"type": "Dense"}, {"type": 3}, {"function": []}, 10**30,
       float("nan"), float("inf"), "\udc80", [None], {"a": None}]  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of file: `write(folder)` returns the path of one, `read(path)` what it holds.

    A file that is `exact` is refused or read as before, whatever the damage; any other may be read with other values.
    """

    write: Callable[[Path], Path]
    read: Callable[[Path], Any]
    exact: bool = False


def damage(content: bytes, rng: random.Random) -> bytes:
    """Return `content` with a flipped bit, other bytes, a cut, or bytes left out or repeated."""
    position, data = rng.randrange(len(content)), bytearray(content)
    match rng.randrange(5):
        case 0:
            data[position] ^= 1 << rng.randrange(8)
        case 1:
            data[position : position + 4] = rng.randbytes(4)
        case 2:
            del data[position:]
        case 3:
            del data[position : position + rng.randrange(1, 40)]
        case 4:
            data[position:position] = data[position : position + rng.randrange(1, 40)]
    return bytes(data)


def replaced(plain: Any, rng: random.Random) -> Any:
    """Return a copy of `plain` with one value, at any depth, replaced by an odd one."""
    copy = json.loads(json.dumps(plain))
    parents = [copy]
    for parent in parents:
        children = parent.values() if isinstance(parent, dict) else parent
        parents.extend(child for child in children if isinstance(child, dict | list) and child)
    parent = rng.choice(parents)
    key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    parent[key] = rng.choice(ODD)
    return copy


def damaged(path: Path, count: int, rng: random.Random) -> Iterator[int]:
    """Damage a file `count` times; after each time yield its number. At the end the file is as before."""
    content = path.read_bytes()
    plain = json.loads(content) if path.suffix == ".json" else None
    try:
        for number in range(count):
            if plain and number < len(VALUES):
                path.write_text(VALUES[number])
            elif plain and number % 2:
                path.write_text(json.dumps(replaced(plain, rng)))
            else:
                path.write_bytes(damage(content, rng))
            yield number
    finally:
        path.write_bytes(content)


def outcome(kind: Kind, path: Path, values: Any) -> str:
    """Return what reading a damaged file gave: "refused", "read", or "other values" instead of `values`."""
    try:
        found = kind.read(path)
    except EvoroboError:
        return "refused"
    return "read" if not kind.exact or same(found, values) else "other values"


def same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def setting_paths(plain: Any, prefix: str = "") -> Iterator[str]:
    """Yield the path of each setting, as `--set` takes it."""
    if isinstance(plain, dict):
        for key, value in plain.items():
            if key != "type":
                yield f"{prefix}{key}"
                yield from setting_paths(value, f"{prefix}{key}.")


def odd_assignments(count: int, rng: random.Random) -> Iterator[str]:
    """Yield texts for `--set` that make no sense."""
    methods = [f"methods.{method.name}.{path}" for method in STUDY.methods for path in setting_paths(to_plain(method))]
    tasks = [f"tasks.*.{path}" for path in setting_paths(to_plain(STUDY.tasks[0]))]
    known = [*setting_paths(to_plain(STUDY)), *methods, *tasks]
    for number in range(count):
        text = rng.choice([json.dumps(rng.choice(ODD)), "[" * 5000, "[99999999999]", '["a", null]', "=", "\x1b[31m"])
        yield f"{known[number % len(known)]}={text}"


# ---- the kinds


def _genome() -> Genome:
    return Genome(SPEC, np.random.default_rng(0).normal(size=SPEC.n_params))


def write_genome(folder: Path) -> Path:
    _genome().save(folder / "genome.npz")
    return folder / "genome.npz"


def write_archive(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    weights, ranges = rng.normal(size=(3, SPEC.n_params)), np.array([[0.0, 1.0]])
    archive = Archive(SPEC, weights, np.arange(3.0), rng.uniform(size=(3, 1)), ("distance",), ranges)
    archive.save(folder / "archive.npz")
    return folder / "archive.npz"


def read_archive(path: Path) -> tuple[Any, ...]:
    archive = Archive.load(path)
    return archive.weights, archive.scores, archive.measures


def write_checkpoint(folder: Path) -> Path:
    checkpoint.save(folder / "checkpoint.npz", {"mean": np.arange(5.0), "generations": 3, "rows": [{"test": 0.5}]})
    return folder / "checkpoint.npz"


def read_checkpoint(path: Path) -> tuple[Any, ...]:
    state = checkpoint.load(path)
    return state["mean"], state["generations"], state["rows"][0]["test"]


def write_results(folder: Path) -> None:
    """Write a study with one finished trial, as its files."""
    tasks = {"phototaxis": {"metric": {"name": "return"}, "references": {"random": 1.5}}}
    methods = {method.name: to_plain(method) for method in STUDY.methods}
    write_record(
        folder / "study.json", {"name": "lamp", "tasks": tasks, "methods": methods, "settings": to_plain(STUDY)}
    )
    trial = folder / TRIAL
    write_record(trial / "trial.json", to_plain(STUDY.trials()[0]))
    write_record(trial / "result.json", {"status": "finished", "test": 3.0, "reason": "é"})
    (trial / "curve.csv").write_text("flops,test\n0,1\n10,3\n")
    write_record(trial / "machine.json", {**machine_facts(), "date": "2026", "continued": [{"numpy": "2"}]})
    best = {"settings": {"methods.cma-es.strategy.sigma": 0.7}, "validation": 60.0, "failed": 0, "cost": {"flops": 1}}
    other = {**best, "settings": {"methods.backprop.optimizer.learning_rate": 0.1}}
    content = {"task": "phototaxis", "trials": 20, "seeds": [1000], "budget": {"flops": 1}}
    write_record(folder / "tuning.json", {**content, "methods": {"cma-es": best, "backprop": other}})
    export_genome(_genome(), "json", folder / "controller.json")
    (folder / "robustness.csv").write_text("task,method,seed,changed,level,score,genome\nbowl,ga,0,weights,0.1,3,ab\n")


def read_machine(folder: Path, path: Path) -> None:
    results = load(folder)
    machines(results), provenance_cautions([results, results])
    continuations(read_object(path))
    STUDY.trials()[0].changed_fingerprints(path.parent)


def _in_results(name: str, read: Callable[[Path, Path], Any]) -> Kind:
    depth = name.count("/")

    def write(folder: Path) -> Path:
        write_results(folder)
        return folder / name

    return Kind(write, lambda path: read(path.parents[depth], path))


def _demonstrations(name: str, exact: bool = False) -> Kind:
    def write(folder: Path) -> Path:
        task = ControlTask("evorobo/Phototaxis-v0", n_demonstrations=2, max_steps=5)
        task.demonstrate(np.random.default_rng(0)).save(folder / name)
        return folder / name if Path(name).suffix else folder / name / "data/main_data.hdf5"

    def read(path: Path) -> tuple[Any, ...]:
        steps = Demonstrations.load(path if Path(name).suffix else path.parents[1])
        return steps.observations, steps.actions, steps.episode

    return Kind(write, read, exact)


def _data(name: str, content: str) -> Kind:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
        return path

    def read(path: Path) -> tuple[Any, ...]:
        table = DatasetTask(str(path), kind="regression").table
        return table.inputs, table.targets

    return Kind(write, read, name.endswith(".gz"))


def write_torch(folder: Path) -> Path:
    import torch

    rng = torch.manual_seed(0)
    state = {"0.weight": torch.randn(4, 3, generator=rng), "0.bias": torch.randn(4, generator=rng)}
    torch.save(state, folder / "policy.pt")
    return folder / "policy.pt"


ARFF_HEADER = "@relation r\n@attribute a real\n@attribute b real\n@attribute c real\n@data\n"


def _rows() -> str:
    return "\n".join(",".join(f"{value:.6f}" for value in row) for row in np.random.default_rng(0).normal(size=(40, 3)))


KINDS = {
    "genome.npz": Kind(write_genome, lambda path: (Genome.load(path).weights,), exact=True),
    "archive.npz": Kind(write_archive, read_archive, exact=True),
    "checkpoint.npz": Kind(write_checkpoint, read_checkpoint, exact=True),
    "demonstrations.npz": _demonstrations("demonstrations.npz", exact=True),
    "data.csv.gz": _data("data.csv.gz", f"a,b,c\n{_rows()}\n"),
    "study.json": _in_results("study.json", lambda folder, path: load(folder)),
    "result.json": _in_results(f"{TRIAL}/result.json", lambda folder, path: load(folder)),
    "curve.csv": _in_results(f"{TRIAL}/curve.csv", lambda folder, path: load(folder)),
    "trial.json": _in_results(f"{TRIAL}/trial.json", lambda folder, path: Trial.load(path).path),
    "machine.json": _in_results(f"{TRIAL}/machine.json", read_machine),
    "tuning.json": _in_results("tuning.json", lambda folder, path: tuned(STUDY, path)),
    "controller.json": _in_results("controller.json", lambda folder, path: import_genome(path)),
    "robustness.csv": _in_results("robustness.csv", lambda folder, path: load_robustness(folder)),
    "demonstrations.csv": _demonstrations("demonstrations.csv"),
    "Minari (HDF5)": _demonstrations("demonstrations-v0"),
    "data.csv": _data("data.csv", f"a,b,c\n{_rows()}\n"),
    "data.arff": _data("data.arff", f"{ARFF_HEADER}{_rows()}\n"),
    "policy.pt": Kind(write_torch, lambda path: (import_genome(path).weights,), exact=True),
}  # fmt: skip
"""All kinds of files that evorobo reads, by name."""
