"""All that a file in any language has to say about one controller."""

from __future__ import annotations

from dataclasses import dataclass

from evorobo.errors import SettingsError
from evorobo.export.decoding import Decoding, decoding_of
from evorobo.export.layers import write_layers
from evorobo.export.recording import SelfTestData, record_self_test
from evorobo.export.steps import Program, Variable
from evorobo.nets.genome import Genome
from evorobo.tasks.base import Task
from evorobo.tasks.control.task import ControlTask
from evorobo.tasks.data.task import DatasetTask


@dataclass(frozen=True, eq=False)
class ExportedController:
    """A genome, how its outputs are read, a recording of it, and names: of itself and of its sensors, if known."""

    title: str
    genome: Genome
    decoding: Decoding
    self_test: SelfTestData
    sensors: tuple[str, ...]

    @property
    def n_sensors(self) -> int:
        return self.genome.spec.n_inputs

    @property
    def n_outputs(self) -> int:
        return self.genome.spec.n_outputs

    @property
    def n_actions(self) -> int:
        return len(self.decoding.sizes) or self.n_outputs

    @property
    def action_index(self) -> str:
        """What Python puts behind rows of actions `(..., k)`, so that a single choice is a number and no row of one."""
        return "[..., 0]" if len(self.decoding.sizes) == 1 else ""

    @property
    def header(self) -> tuple[str, ...]:
        """The lines that open every file: who this is, what goes in, what comes out."""
        names = ", ".join(self.sensors)
        inside = _counted(self.n_sensors, "sensor") + (f": {names}" if names else "")
        return self.title, f"In: {inside}.", f"Out: {self._out}."

    @property
    def _out(self) -> str:
        names, sizes, starts = self.decoding.names, self.decoding.sizes, self.decoding.starts
        if len(sizes) == 1:
            moves = [f"{starts[0] + number} {name}" for number, name in enumerate(names)]
            return "the number of a choice, " + (", ".join(moves) or f"{starts[0]} to {starts[0] + sizes[0] - 1}")
        if sizes:
            return f"the numbers of {len(sizes)} choices, of {', '.join(map(str, sizes))} each"
        return _counted(self.n_outputs, "value") + (f": {', '.join(names)}" if names else "")

    def to_program(self) -> tuple[Program, Variable, Variable]:
        """The steps of one moment, from a value named `sensors` to `outputs` and `action`; for choices the action is
        not among the steps, since picking the largest is no arithmetic."""
        program, genome = Program(), self.genome
        x = Variable("sensors", self.n_sensors)
        if genome.input_scaler:
            program.comment("sensors to a common scale")
            mean, sd = (
                program.constant(f"sensor_{each}", getattr(genome.input_scaler, each).astype(float))
                for each in ("mean", "sd")
            )
            x = program.assign("x", x.size, (x - mean) / sd)
        y = write_layers(program, genome.spec, genome.weights, x)
        if genome.output_scaler:
            program.comment("answers in their own units")
            mean, sd = (
                program.constant(f"output_{each}", getattr(genome.output_scaler, each).astype(float))
                for each in ("mean", "sd")
            )
            y = program.assign("outputs", y.size, y * sd + mean)
        term = self.decoding.expression(program, y)
        if term is y:
            return program, y, y
        program.comment("outputs to motor values")
        return program, y, program.assign("action", y.size, term)


def prepare_export(genome: Genome, task: Task | None, title: str) -> ExportedController:
    """Of the plain network behind `genome`, batch norm folded and dropout gone. Raises `SettingsError` for a batch norm
    that cannot be folded, and for a task that the genome does not fit."""
    genome = genome.folded()
    spec = genome.spec
    if task is not None and (task.n_inputs, task.n_outputs) != (spec.n_inputs, spec.n_outputs):
        raise SettingsError(
            f"the genome has {spec.n_inputs} inputs and {spec.n_outputs} outputs, {task.name} has {task.n_inputs} and "
            f"{task.n_outputs}; name the task that it was made for, or none."
        )
    read = decoding_of(task)
    return ExportedController(title, genome, read, record_self_test(genome, read, task), _sensors(task))


def _sensors(task: Task | None) -> tuple[str, ...]:
    if isinstance(task, ControlTask) and task.robot and len(task.robot.sensors) == task.n_inputs:
        return tuple(task.robot.sensors)
    if isinstance(task, DatasetTask):
        names = task.table.input_names
        return names if any(not name.isdigit() for name in names) else ()
    return ()


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
