"""A layer without parameters before or after a network, which tests it with other readings or motors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from evorobo.arrays import Array
from evorobo.nets.genome import Genome
from evorobo.nets.layer import Layer, Parameter, Params
from evorobo.tasks.base import Task
from evorobo.tasks.control.task import ControlTask


@dataclass(frozen=True, eq=False)
class ExtraLayer(Layer):
    """A layer that changes what passes through it or keeps it, and passes gradients on."""

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return {}

    def flops(self, n_inputs: int) -> int:
        return 0

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        return dy


def with_first_layer(genome: Genome, layer: ExtraLayer) -> Genome:
    """Return the genome with a layer before its network; how it reads raw rows is left out."""
    return replace(genome, spec=replace(genome.spec, layers=(layer, *genome.spec.layers)), data=None)


def with_last_layer(genome: Genome, layer: ExtraLayer) -> Genome:
    """Return the genome with a layer after its network."""
    return replace(genome, spec=replace(genome.spec, layers=(*genome.spec.layers, layer)), data=None)


def not_compiled(task: Task) -> Task:
    """Return the task as it tests networks with such a layer, which cannot be compiled."""
    return replace(task, compiled=False) if isinstance(task, ControlTask) and task.compiled else task
