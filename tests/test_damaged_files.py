"""Files with random damage and settings that make no sense: one sentence, no traceback, no wrong value."""

import json
import random
from contextlib import suppress

import numpy as np
import pytest

from evorobo import (
    CMAES,
    Archive,
    Backprop,
    Budget,
    ControlTask,
    Dense,
    Evolution,
    EvoroboError,
    Genome,
    NetworkSpec,
    SettingsError,
    Study,
    Trial,
    import_genome,
)
from evorobo.arguments import parse_seeds
from evorobo.export.export_genome import export_genome
from evorobo.report.analysis.merge import provenance_cautions
from evorobo.report.page.facts import machines
from evorobo.settings import to_plain
from evorobo.study import checkpoint
from evorobo.study.machine import machine_facts
from evorobo.study.overrides import apply_overrides
from evorobo.study.provenance import continuations
from evorobo.study.records import FORMAT, read_object, write_record
from evorobo.study.results import load
from evorobo.study.tuning.tuned import tuned

N_DAMAGES = 200
SPEC = NetworkSpec(3, (Dense(4), Dense(2, "identity")))
STUDY = Study.grid(
    "lamp",
    tasks=[ControlTask("evorobo/Phototaxis-v0", env_kwargs={"noise": 0.1})],
    methods=[Evolution(CMAES()), Backprop()],
    seeds=2,
    budget=Budget(flops=1e6),
    hidden=(4,),
)


def damage(content, rng):
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


def same(one, other):
    return len(one) == len(other) and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def a_genome(path):
    Genome(SPEC, np.random.default_rng(0).normal(size=SPEC.n_params)).save(path)


def an_archive(path):
    rng = np.random.default_rng(1)
    weights, ranges = rng.normal(size=(3, SPEC.n_params)), np.array([[0.0, 1.0]])
    Archive(SPEC, weights, np.arange(3.0), rng.uniform(size=(3, 1)), ("distance",), ranges).save(path)


def a_checkpoint(path):
    checkpoint.save(path, {"mean": np.arange(5.0), "generations": 3, "rows": [{"test": 0.5}]})


def read_archive(path):
    archive = Archive.load(path)
    return archive.weights, archive.scores, archive.measures


def read_checkpoint(path):
    state = checkpoint.load(path)
    return state["mean"], state["generations"], state["rows"][0]["test"]


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (a_genome, lambda path: (Genome.load(path).weights,)),
        (an_archive, read_archive),
        (a_checkpoint, read_checkpoint),
    ],
)
def test_a_damaged_archive_is_refused_or_holds_the_same_values(tmp_path, write, read):
    path, rng = tmp_path / "file.npz", random.Random(0)
    write(path)
    content, values = path.read_bytes(), read(path)
    for _ in range(N_DAMAGES):
        path.write_bytes(damage(content, rng))
        try:
            found = read(path)
        except EvoroboError:
            continue
        assert same(found, values)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A study with one finished trial, as its files."""
    folder = tmp_path_factory.mktemp("results") / "lamp"
    tasks = {"phototaxis": {"metric": {"name": "return"}, "references": {"random": 1.5}}}
    methods = {method.name: to_plain(method) for method in STUDY.methods}
    write_record(
        folder / "study.json", {"name": "lamp", "tasks": tasks, "methods": methods, "settings": to_plain(STUDY)}
    )
    trial = STUDY.trials()[0]
    write_record(folder / trial.path / "trial.json", to_plain(trial))
    write_record(
        folder / trial.path / "machine.json", {**machine_facts(), "date": "2026", "continued": [{"numpy": "2"}]}
    )
    write_record(folder / trial.path / "result.json", {"status": "finished", "test": 3.0, "reason": "é"})
    (folder / trial.path / "curve.csv").write_text("flops,test\n0,1\n10,3\n")
    best = {"settings": {"methods.cma-es.strategy.sigma": 0.7}, "validation": 60.0, "failed": 0, "cost": {"flops": 1}}
    other = {**best, "settings": {"methods.backprop.optimizer.learning_rate": 0.1}}
    content = {"task": "phototaxis", "trials": 20, "seeds": [1000], "budget": {"flops": 1}}
    write_record(folder / "tuning.json", {**content, "methods": {"cma-es": best, "backprop": other}})
    genome = Genome(SPEC, np.random.default_rng(0).normal(size=SPEC.n_params))
    export_genome(genome, "json", folder / "controller.json")
    return folder


TRIAL = "phototaxis/cma-es/seed-0/"


def read_machine(folder, path):
    results = load(folder)
    machines(results), provenance_cautions([results, results])
    continuations(read_object(path))
    STUDY.trials()[0].changed_fingerprints(path.parent)


READERS = {
    "study.json": lambda folder, path: load(folder),
    f"{TRIAL}result.json": lambda folder, path: load(folder),
    f"{TRIAL}curve.csv": lambda folder, path: load(folder),
    f"{TRIAL}trial.json": lambda folder, path: Trial.load(path).path,
    f"{TRIAL}machine.json": lambda folder, path: read_machine(folder, path),
    "tuning.json": lambda folder, path: tuned(STUDY, path),
    "controller.json": lambda folder, path: import_genome(path),
}
VALUES = ["[]", "null", "3", "NaN", '"text"', "", "{}", "[" * 5000, json.dumps({"format": FORMAT}), "[[[]]]", "true"]


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_text_file_is_one_sentence_or_is_read(results, name):
    path, rng = results / name, random.Random(1)
    content = path.read_bytes()
    READERS[name](results, path)
    plain = json.loads(content) if name.endswith("json") else None
    try:
        for number in range(N_DAMAGES):
            if number < len(VALUES):
                path.write_text(VALUES[number])
            elif plain and number % 2:
                path.write_text(json.dumps(replaced(plain, rng)))
            else:
                path.write_bytes(damage(content, rng))
            with suppress(EvoroboError):
                READERS[name](results, path)
    finally:
        path.write_bytes(content)


ODD = [None, [], {}, 3, -1, 1.5, "x", "../../x", True, [[]], {"type": "Dense"}, {"type": 3}, {"function": []}, 10**30,
       float("nan"), float("inf"), "\udc80", [None], {"a": None}]  # fmt: skip


def replaced(plain, rng):
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


def paths(plain, prefix=""):
    if isinstance(plain, dict):
        for key, value in plain.items():
            if key != "type":
                yield f"{prefix}{key}"
                yield from paths(value, f"{prefix}{key}.")


def test_settings_that_make_no_sense_are_one_sentence():
    rng = random.Random(2)
    methods = [f"methods.{method.name}.{path}" for method in STUDY.methods for path in paths(to_plain(method))]
    tasks = [f"tasks.*.{path}" for path in paths(to_plain(STUDY.tasks[0]))]
    known = [*paths(to_plain(STUDY)), *methods, *tasks]
    for number in range(2 * N_DAMAGES):
        text = rng.choice([json.dumps(rng.choice(ODD)), "[" * 5000, "[99999999999]", '["a", null]', "=", "\x1b[31m"])
        with suppress(EvoroboError):
            study = apply_overrides(STUDY, [f"{known[number % len(known)]}={text}"])
            for trial in study.trials():
                _ = trial.path, trial.spec.n_params


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: parse_seeds("99999999999"), "the number of --seeds must be at most 100,000, not 99,999,999,999"),
        (lambda: parse_seeds("0"), "the number of --seeds must be a whole number of at least 1, not 0"),
        (lambda: Budget(flops=1, n_evals=10**9), "n_evals must be a whole number from 1 to 1,000,000, not 1000000000"),
        (lambda: NetworkSpec.build(3, (99999999999,), 2).n_params, "at most 100,000,000 are accepted; use fewer units"),
        (lambda: NetworkSpec(3.0, SPEC.layers), "n_inputs must be a whole number of at least 1, not 3.0"),
        (lambda: NetworkSpec(3, (4,)), "NetworkSpec: layers[0] must be an object such as Dense(8), not 4"),
        (
            lambda: apply_overrides(STUDY, ["seeds=[true]"]),
            "seeds[0] must be a whole number from 0 to 2**128 - 1",
        ),
        (lambda: apply_overrides(STUDY, ["hidden=" + "[" * 9999]), "nested too deeply"),
    ],
)
def test_what_would_take_all_memory_is_refused(call, sentence):
    with pytest.raises(SettingsError) as caught:
        call()
    assert sentence in str(caught.value)
