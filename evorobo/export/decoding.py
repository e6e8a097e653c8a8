"""From a network's outputs to actions of a robot or classes of data: the last step of an exported controller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.export.expressions import Call, Expression, Variable
from evorobo.export.program import Program
from evorobo.nets.genome import Genome
from evorobo.tasks.base import Task
from evorobo.tasks.control.spaces import BoxDecoder, DiscreteDecoder, MultiDiscreteDecoder, decoder_of
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.task import DatasetTask


class Decoding(Protocol):
    """How `outputs (..., out)` become actions.

    `sizes` are the sizes of groups of outputs; the action is the index of the largest output of each group plus its
    number in `starts`. Without groups the action is a row of values, which `expression` computes.
    """

    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def starts(self) -> tuple[int, ...]: ...
    @property
    def names(self) -> tuple[str, ...]: ...

    def expression(self, program: Program, outputs: Variable) -> Expression: ...
    def __call__(self, outputs: Array) -> Array: ...

    def is_unambiguous(self, outputs: Array, gap: float) -> np.ndarray:
        """Which rows `(rows,)` have the same choices after rounding errors below `gap`."""


@dataclass(frozen=True)
class RawOutputs:
    """The outputs are the action."""

    names: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()

    def expression(self, program: Program, outputs: Variable) -> Expression:
        return outputs

    def __call__(self, outputs: Array) -> Array:
        return outputs

    def is_unambiguous(self, outputs: Array, gap: float) -> np.ndarray:
        return np.ones(len(outputs), bool)


@dataclass(frozen=True)
class LargestOutput:
    """The index of the largest output of each group; `names` are those of the choices of a single group."""

    sizes: tuple[int, ...]
    starts: tuple[int, ...]
    names: tuple[str, ...] = ()

    def expression(self, program: Program, outputs: Variable) -> Expression:
        return outputs

    def __call__(self, outputs: Array) -> Array:
        ends = np.cumsum(self.sizes)
        groups = [outputs[..., end - size : end] for end, size in zip(ends, self.sizes, strict=True)]
        return np.stack([group.argmax(-1) for group in groups], axis=-1) + np.array(self.starts)

    def is_unambiguous(self, outputs: Array, gap: float) -> np.ndarray:
        # no other output of a group is within the gap of the largest, unless the two are equal
        ends = np.cumsum(self.sizes)
        clear = np.ones(len(outputs), bool)
        for end, size in zip(ends, self.sizes, strict=True):
            behind = outputs[:, end - size : end].max(1, keepdims=True) - outputs[:, end - size : end]
            clear &= ~((behind > 0) & (behind < gap)).any(1)
        return clear


@dataclass(frozen=True, eq=False)
class BoundedOutputs:
    """Motor values: outputs, from -1 to 1 and `scaled` to `low` to `high` or as they are, clipped to these limits.

    `whole` values are rounded to whole numbers.
    """

    low: Array
    high: Array
    scaled: bool
    whole: bool = False
    names: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()

    def expression(self, program: Program, outputs: Variable) -> Expression:
        value: Expression = outputs
        if self.scaled and not (np.all(self.low == -1) and np.all(self.high == 1)):
            half, center = (self.high - self.low) / 2, (self.high + self.low) / 2
            value = program.constant("center", center) + program.constant("half", half) * value
        if self.whole:
            value = Call("rint", (value,))
        if np.isinf(self.low).all() and np.isinf(self.high).all():
            return value
        # an infinite limit becomes the largest number of single precision
        largest = float(np.finfo(np.float32).max)
        low, high = (np.clip(side, -largest, largest) for side in (self.low, self.high))
        value = Call("maximum", (value, program.constant("low", low)))
        return Call("minimum", (value, program.constant("high", high)))

    def __call__(self, outputs: Array) -> Array:
        values = self.low + (outputs + 1) / 2 * (self.high - self.low) if self.scaled else outputs
        return np.clip(np.rint(values) if self.whole else values, self.low, self.high)

    def is_unambiguous(self, outputs: Array, gap: float) -> np.ndarray:
        if not self.whole:
            return np.ones(len(outputs), bool)
        return (self(outputs - gap) == self(outputs + gap)).all(-1)


def decoding_of(task: Task | None, genome: Genome) -> Decoding:
    """How the outputs of a genome are decoded for a task: as moves, as motors, as classes, or unchanged."""
    if isinstance(task, DatasetTask):
        classes = task.table.classes
        if classes:
            return LargestOutput((len(classes),), (0,), classes)
        names = task.table.target_names
        return RawOutputs(names if len(names) == task.n_outputs else ())
    if not isinstance(task, ControlTask):
        return RawOutputs()
    robot = task.robot
    match decoder_of(genome, task.decoder):
        case DiscreteDecoder(n_outputs=n, start=start):
            return LargestOutput((n,), (start,), tuple(robot.moves) if robot and len(robot.moves) == n else ())
        case MultiDiscreteDecoder(sizes=sizes, start=start):
            return LargestOutput(sizes, start)
        case BoxDecoder() as decoder:
            names = tuple(robot.motors) if robot and len(robot.motors) == decoder.n_outputs else ()
            return BoundedOutputs(decoder.low, decoder.high, decoder.scaled, decoder.whole, names)
    return RawOutputs()
