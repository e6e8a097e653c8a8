"""Exported controllers at work: each file loaded as its users would, under one pair of functions."""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evorobo import export_genome

CC = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"]
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler cc on this computer")
LANGUAGES = [
    pytest.param("numpy"),
    pytest.param("c", marks=needs_cc),
    pytest.param("onnx"),
    pytest.param("torch"),
]
EXACT = {"numpy": 1e-12, "c": 2e-5, "onnx": 2e-5, "torch": 2e-5}
"""How far outputs of size 1 may be from the genome's: rounding of double or of single precision."""


def load(to: str, genome: Any, folder: Path, task: Any = None) -> Any:
    """`genome` exported to `folder` and loaded again, with `step(sensors) -> (outputs, action)` and `reset()`."""
    module = {"onnx": "onnxruntime", "torch": "torch"}.get(to)
    if module and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    suffix = {"numpy": ".py", "c": ".c", "onnx": ".onnx", "torch": ".py"}[to]
    files = export_genome(genome, to, folder / f"leg{suffix}", task)
    if to == "c":
        return _compiled(files[0], genome, task)
    if to == "torch":
        return _Torch(_imported(files[0]).Controller.load())
    return _imported(files[-1]).Controller()


def _imported(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class _Torch:
    controller: Any

    def step(self, sensors):
        import torch

        with torch.no_grad():
            outputs = self.controller.outputs(torch.tensor(sensors, dtype=torch.float32))
            return outputs.numpy(), self.controller.action(outputs).numpy()

    def reset(self):
        self.controller.reset()


class _compiled:
    def __init__(self, path, genome, task):
        library = path.with_suffix(".so")
        subprocess.run([*CC, "-shared", "-fPIC", str(path), "-lm", "-o", str(library)], check=True)
        self.functions = ctypes.CDLL(str(library))
        self.n_outputs = genome.spec.n_outputs
        self.chooses = "int action[" in path.read_text()
        self.n_actions = int(path.read_text().split(" action[")[1].split("]")[0])
        # room enough for any of the networks of these tests
        self.memory = [(ctypes.c_float * 1000)(*[np.nan] * 1000)] if genome.spec.recurrent else []
        self.reset()

    def reset(self):
        if self.memory:
            self.functions.leg_reset(*self.memory)

    def step(self, sensors):
        outputs = (ctypes.c_float * self.n_outputs)()
        action = ((ctypes.c_int if self.chooses else ctypes.c_float) * self.n_actions)()
        self.functions.leg_step(*self.memory, (ctypes.c_float * len(sensors))(*sensors), outputs, action)
        return np.array(outputs), np.array(action)
