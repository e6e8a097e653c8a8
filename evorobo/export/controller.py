"""Everything that a file in any language says about one controller."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evorobo.errors import SettingsError
from evorobo.export.decoding import Decoding, decoding_of
from evorobo.export.encoding import write_encoding
from evorobo.export.expressions import Variable
from evorobo.export.layers import write_layers
from evorobo.export.program import Program
from evorobo.export.self_test import SelfTestData, record_self_test
from evorobo.nets.data_format import DataFormat
from evorobo.nets.genome import Genome
from evorobo.nets.scaling import Scaler
from evorobo.tasks.base import Task
from evorobo.tasks.capabilities import HasDataFormat
from evorobo.tasks.control.task import ControlTask


@dataclass(frozen=True, eq=False)
class ExportedController:
    """A genome, how its outputs are decoded, recorded steps, a title, and the names of its sensors, if known."""

    title: str
    genome: Genome
    decoding: Decoding
    self_test: SelfTestData
    sensors: tuple[str, ...]

    @property
    def n_sensors(self) -> int:
        return len(self.data.columns) if self.data else self.genome.spec.n_inputs

    @property
    def data(self) -> DataFormat | None:
        """How the sensors become inputs; None where they are the inputs."""
        return self.genome.data if self.genome.data and not self.genome.data.is_identity else None

    @property
    def n_outputs(self) -> int:
        return self.genome.spec.n_outputs

    @property
    def n_actions(self) -> int:
        return len(self.decoding.sizes) or self.n_outputs

    @property
    def action_index(self) -> str:
        """What Python appends to rows of actions `(..., k)` so that a single choice is a number, not a row of one."""
        return "[..., 0]" if len(self.decoding.sizes) == 1 else ""

    @property
    def header(self) -> tuple[str, str, str]:
        """The first lines of every file: the title, the inputs, the outputs."""
        names = ", ".join(map(self._describe_sensor, range(len(self.sensors))))
        inputs = _counted(self.n_sensors, "sensor") + (f": {names}" if names else "")
        return self.title, f"In: {inputs}.", f"Out: {self._describe_action()}."

    def _describe_sensor(self, number: int) -> str:
        categories = self.data.categories[number] if self.data else ()
        numbers = ", ".join(f"{code} {name}" for code, name in enumerate(categories))
        return self.sensors[number] + (f" (the number of a text: {numbers})" if categories else "")

    def _describe_action(self) -> str:
        names, sizes, starts = self.decoding.names, self.decoding.sizes, self.decoding.starts
        if len(sizes) == 1:
            moves = [f"{starts[0] + number} {name}" for number, name in enumerate(names)]
            return "the number of a choice, " + (", ".join(moves) or f"{starts[0]} to {starts[0] + sizes[0] - 1}")
        if sizes:
            return f"the numbers of {len(sizes)} choices, of {', '.join(map(str, sizes))} each"
        return _counted(self.n_outputs, "value") + (f": {', '.join(names)}" if names else "")

    def to_program(self) -> tuple[Program, Variable, Variable]:
        """The instructions of one step, from `sensors` to the variables of the outputs and of the action.

        For choices the action is the outputs: the languages write the argmax themselves.
        """
        program, genome = Program(), self.genome
        x = Variable("sensors", self.n_sensors)
        if self.data:
            x = write_encoding(program, self.data, x)
        if genome.input_scaler:
            program.comment("sensors, normalized")
            mean, sd = _scaler_constants(program, "sensor", genome.input_scaler)
            x = program.assign("x", x.size, (x - mean) / sd)
        y = write_layers(program, genome.spec, genome.weights, x)
        if genome.output_scaler:
            program.comment("outputs, in their own units")
            mean, sd = _scaler_constants(program, "output", genome.output_scaler)
            y = program.assign("outputs", y.size, y * sd + mean)
        action = self.decoding.expression(program, y)
        if action is y:
            return program, y, y
        program.comment("outputs to motor values")
        return program, y, program.assign("action", y.size, action)


def prepare_export(genome: Genome, task: Task | None, title: str) -> ExportedController:
    """The controller of the equivalent plain network, without batch norm and dropout.

    Raises `SettingsError` for a batch norm that cannot be folded, and for a task that the genome does not fit.
    """
    genome = genome.folded()
    if isinstance(task, HasDataFormat) and genome.data is None:
        genome = replace(genome, data=task.data_format)
    spec = genome.spec
    if task is not None and (task.n_inputs, task.n_outputs) != (spec.n_inputs, spec.n_outputs):
        raise SettingsError(
            f"the genome has {spec.n_inputs} inputs and {spec.n_outputs} outputs, {task.name} has {task.n_inputs} and "
            f"{task.n_outputs}; name the task that it was made for, or none."
        )
    decoding = decoding_of(task, genome)
    sensors = genome.data.columns if genome.data else _sensor_names(task)
    return ExportedController(title, genome, decoding, record_self_test(genome, decoding, task), sensors)


def _scaler_constants(program: Program, name: str, scaler: Scaler) -> tuple[Variable, Variable]:
    mean = program.constant(f"{name}_mean", scaler.mean.astype(float))
    return mean, program.constant(f"{name}_sd", scaler.sd.astype(float))


def _sensor_names(task: Task | None) -> tuple[str, ...]:
    if isinstance(task, ControlTask) and task.robot and len(task.robot.sensors) == task.n_inputs:
        return tuple(task.robot.sensors)
    return ()


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
