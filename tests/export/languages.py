"""Exported controllers, loaded as their users load them, with `step` and `reset` in every language."""

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
"""Tolerance for outputs of size 1: rounding of double or of single precision."""


def load(to: str, genome: Any, folder: Path, task: Any = None) -> Any:
    """Export `genome` to `folder` and load it, with `step(sensors) -> (outputs, action)` and `reset()`."""
    module = {"onnx": "onnxruntime", "torch": "torch"}.get(to)
    if module and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    suffix = {"numpy": ".py", "c": ".c", "onnx": ".onnx", "torch": ".py"}[to]
    files = export_genome(genome, to, folder / f"leg{suffix}", task)
    if to == "c":
        return _Compiled(files[0], genome)
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


class _Compiled:
    def __init__(self, path, genome):
        library = path.with_suffix(".so")
        subprocess.run([*CC, "-shared", "-fPIC", str(path), "-lm", "-o", str(library)], check=True)
        self.functions = ctypes.CDLL(str(library))
        self.n_outputs = genome.spec.n_outputs
        self.has_choices = "int action[" in path.read_text()
        self.n_actions = int(path.read_text().split(" action[")[1].split("]")[0])
        # large enough for all networks of these tests
        self.memory = [(ctypes.c_float * 1000)(*[np.nan] * 1000)] if "_memory" in path.read_text() else []
        self.reset()

    def reset(self):
        if self.memory:
            self.functions.leg_reset(*self.memory)

    def step(self, sensors):
        outputs = (ctypes.c_float * self.n_outputs)()
        action = ((ctypes.c_int if self.has_choices else ctypes.c_float) * self.n_actions)()
        self.functions.leg_step(*self.memory, (ctypes.c_float * len(sensors))(*sensors), outputs, action)
        return np.array(outputs), np.array(action)
