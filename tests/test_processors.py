"""On other types of processor the same settings give the same results, except for rounding: the tolerance of the docs.

OpenBLAS and NumPy choose their instructions by the processor. Here they are made to choose those of other processors,
in processes of their own. Robots get actions of single precision from networks of double precision, so that nearly all
rounding errors end there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evorobo.study.machine import machine_facts

HOUSE = Path(__file__).parents[1]
TOLERANCES = {"data": 1e-9, "robot": 1e-6}
"""Largest difference of test scores, relative to 1 or to the score; `docs/guides/reproducibility.md` states it."""
PROGRAM = """
import json
import sys
import numpy as np
import evorobo as er
from threadpoolctl import threadpool_limits

x = np.random.default_rng(0).normal(size=(200, 5))
tasks = {
    "data": er.DatasetTask.from_arrays(x, np.sin(x[:, :1] + x[:, 1:2]), label="sines"),
    "robot": er.ControlTask("evorobo/Phototaxis-v0", test_episodes=20, max_steps=100),
}
n_seeds, steps = int(sys.argv[1]), {"data": int(sys.argv[2]), "robot": int(sys.argv[3])}
methods = [er.Evolution(er.CMAES()), er.Evolution(er.XNES()), er.Backprop()]
if n_seeds > 1:
    methods += [er.Evolution(er.SepCMAES()), er.Evolution(er.SNES())]
scores = {}
with threadpool_limits(1):
    for name, task in tasks.items():
        spec = er.NetworkSpec.build(task.n_inputs, (8,), task.n_outputs, task.output)
        for method in methods:
            for seed in range(n_seeds):
                learner = method.start(task, spec, np.random.default_rng(seed))
                for _ in range(steps[name]):
                    learner.step(0.5)
                scores[f"{name} {method.name} {seed}"] = task.test(learner.genome)
print(json.dumps(scores))
"""


def other_processors() -> dict[str, dict[str, str]]:
    """Environment variables with which the libraries choose the instructions of another processor, by its name."""
    if "openblas" not in machine_facts()["blas"] or machine_facts()["architecture"] not in ("x86_64", "AMD64"):
        return {}
    simd = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    kernels = ["Haswell", "Nehalem", *(["SkylakeX"] if {"X86_V4", "AVX512_SKX"} & set(simd) else [])]
    processors = {kernel: {"OPENBLAS_CORETYPE": kernel} for kernel in kernels}
    return processors | {"without vector instructions": {"NPY_DISABLE_CPU_FEATURES": " ".join(simd)}}


def run(*processors: dict[str, str], n_seeds: int, data_steps: int, robot_steps: int) -> list[dict[str, float]]:
    """Test scores by task, method and seed on each processor; the processes run side by side."""
    command = [sys.executable, "-c", PROGRAM, str(n_seeds), str(data_steps), str(robot_steps)]
    environments = [{**os.environ, "PYTHONPATH": str(HOUSE), **settings} for settings in processors]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for environment in environments]
    return [json.loads(process.communicate()[0]) for process in processes]


def assert_equal_but_for_rounding(here: dict[str, float], there: dict[str, float], processor: str) -> None:
    for name, score in here.items():
        tolerance = TOLERANCES[name.split()[0]]
        assert there[name] == pytest.approx(score, rel=tolerance, abs=tolerance), (processor, name)


needs_openblas = pytest.mark.skipif(not other_processors(), reason="the BLAS of NumPy cannot be made to choose others")


@needs_openblas
def test_scores_with_the_kernels_of_two_processors_differ_by_rounding_only() -> None:
    processors = other_processors()
    haswell, nehalem = run(processors["Haswell"], processors["Nehalem"], n_seeds=1, data_steps=25, robot_steps=4)
    assert len(haswell) == 6
    assert_equal_but_for_rounding(haswell, nehalem, "Nehalem")


@pytest.mark.slow
@pytest.mark.reproduction
@needs_openblas
def test_scores_on_other_processors_differ_by_rounding_only() -> None:
    processors = other_processors()
    here, *others = run({}, *processors.values(), n_seeds=2, data_steps=60, robot_steps=12)
    assert len(here) == 20
    for processor, there in zip(processors, others, strict=True):
        assert_equal_but_for_rounding(here, there, processor)


def test_the_tolerances_are_those_of_the_documentation() -> None:
    text = (HOUSE / "docs/guides/reproducibility.md").read_text()
    for tolerance in TOLERANCES.values():
        assert f"{tolerance:.0e}".replace("e-0", "e-") in text
