"""A controller as one file of C99 in single precision: no heap, and no library but the standard mathematics."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.export.controller import ExportedController
from evorobo.export.exporter import Exporter
from evorobo.export.expressions import Variable, VariableSlice
from evorobo.export.formulas import Formula
from evorobo.export.program import Assign, Comment, Concatenate, Instruction, MatMul, Normalize, Program
from evorobo.export.text import Syntax, comment_lines, format_rows
from evorobo.registry import register_component

FUNCTIONS = {
    name: f"{name}f({{}})"
    for name in [
        "cbrt",
        "ceil",
        "cos",
        "cosh",
        "exp",
        "exp2",
        "expm1",
        "floor",
        "log",
        "log10",
        "log1p",
        "log2",
        "rint",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "trunc",
    ]
} | {
    "absolute": "fabsf({})",
    "arccos": "acosf({})",
    "arccosh": "acoshf({})",
    "arcsin": "asinf({})",
    "arcsinh": "asinhf({})",
    "arctan": "atanf({})",
    "arctan2": "atan2f({}, {})",
    "arctanh": "atanhf({})",
    "copysign": "copysignf({}, {})",
    "fmax": "fmaxf({}, {})",
    "fmin": "fminf({}, {})",
    "fmod": "fmodf({}, {})",
    "hypot": "hypotf({}, {})",
    "isfinite": "isfinite({})",
    "isinf": "isinf({})",
    "isnan": "isnan({})",
    "logical_and": "({} && {})",
    "logical_not": "!({})",
    "logical_or": "({} || {})",
    "maximum": "fmaxf({}, {})",
    "minimum": "fminf({}, {})",
    "power": "powf({}, {})",
    "where": "({} ? {} : {})",
}
MATMUL = """
/* y = x weight + bias, bias may be 0 */
static void matmul(int inputs, int units, const float *x, const float *weight, const float *bias, float *y) {
    for (int j = 0; j < units; j++) y[j] = bias ? bias[j] : 0.0f;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < units; j++) y[j] += x[i] * weight[i * units + j];
}
"""
LAYER_NORM = """
/* y = gain (x - mean) / sqrt(variance + epsilon) + shift, over the n values of x */
static void layer_norm(int n, const float *x, const float *gain, const float *shift, float epsilon, float *y) {
    float mean = 0.0f, variance = 0.0f;
    for (int i = 0; i < n; i++) mean += x[i] / (float)n;
    for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / (float)n;
    for (int i = 0; i < n; i++) y[i] = gain[i] * (x[i] - mean) / sqrtf(variance + epsilon) + shift[i];
}
"""
ARGMAX = """
/* the index of the largest value, the first of equal ones */
static int argmax(int n, const float *x) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}
"""
TEMPLATE = """\
/*
{about}

   cc -std=c99 -Wall -c {name}.c                                  compiles it for your program
   cc -std=c99 -DSELF_TEST {name}.c -lm -o test && ./test         compares it with recorded steps

   Your program needs the following declarations.
*/

#include <math.h>
{struct}
{declared}

{constants}
{helpers}{reset}
{signature} {{
{body}
}}

#ifdef SELF_TEST
#include <stdio.h>

#define STEPS {n_steps}
{recorded}

int main(void) {{
    int wrong = 0;
    float largest = 0.0f;
{begin}    for (int t = 0; t < STEPS; t++) {{
        float outputs[{n_outputs}];
        {kind} action[{n_actions}];
        {name}_step({arguments}SENSORS + t * {n_sensors}, outputs, action);
        for (int i = 0; i < {n_outputs}; i++) {{
            const float expected = OUTPUTS[t * {n_outputs} + i], difference = fabsf(outputs[i] - expected);
            if (difference > largest) largest = difference;
            if (!(difference <= 1e-4f * (1.0f + {scale}))) wrong++;
        }}
        for (int i = 0; i < {n_actions}; i++) {{
            const {kind} expected = ACTIONS[t * {n_actions} + i];
            if ({differs}) wrong++;
        }}
    }}
    printf("%d recorded steps %s, largest difference %.1e\\n", STEPS, wrong ? "DIFFER" : "agree", (double)largest);
    return wrong != 0;
}}
#endif
"""


def c_float(number: np.generic | float) -> str:
    """A constant of C in single precision."""
    single = np.float32(number)
    if not np.isfinite(single):
        return "NAN" if np.isnan(single) else "INFINITY" if single > 0 else "-INFINITY"
    text = str(single)
    return (text if set(text) & set(".e") else text + ".0") + "f"


SYNTAX = Syntax("C", FUNCTIONS.get, c_float, c_float)


def write_c(controller: ExportedController, name: str) -> str:
    """The text of the file, whose functions begin with `name`, an identifier."""
    program, outputs, action = controller.to_program()
    sizes = controller.decoding.sizes
    kind = "int" if sizes else "float"
    has_state, struct_name = bool(program.state), f"struct {name}_memory"
    parameters = [
        *([f"{struct_name} *memory"] if has_state else []),
        f"const float sensors[{controller.n_sensors}]",
        f"float outputs[{controller.n_outputs}]",
        f"{kind} action[{controller.n_actions}]",
    ]
    signature = f"void {name}_step({', '.join(parameters)})"
    reset = f"void {name}_reset({struct_name} *memory)"
    fields = "".join(f"    float {field}[{size}];\n" for field, size in program.state.items())
    zeros = "".join(
        f"    for (int i = 0; i < {size}; i++) memory->{field}[i] = 0.0f;\n" for field, size in program.state.items()
    )
    recorded = controller.self_test
    near = "!(fabsf(action[i] - expected) <= 1e-4f * (1.0f + fabsf(expected)))"
    return TEMPLATE.format(
        about="\n".join(comment_lines(controller.header, "   ")),
        name=name,
        kind=kind,
        n_sensors=controller.n_sensors,
        n_outputs=controller.n_outputs,
        n_actions=controller.n_actions,
        struct=f"\n/* the network's state between steps */\n{struct_name} {{\n{fields}}};\n" if has_state else "",
        declared=(f"/* call it before each episode */\n{reset};\n" if has_state else "") + f"{signature};",
        constants="\n".join(_array("float", field, np.asarray(values)) for field, values in program.constants.items()),
        helpers=_helpers(program, bool(sizes)),
        reset=f"\n{reset} {{\n{zeros}}}\n" if has_state else "",
        signature=signature,
        body="\n".join(f"    {line}" for line in _body(controller, program, outputs, action)),
        n_steps=len(recorded.sensors),
        recorded="\n".join(
            [
                _array("float", "SENSORS", recorded.sensors),
                _array("float", "OUTPUTS", recorded.outputs),
                _array(kind, "ACTIONS", recorded.actions),
            ]
        ),
        begin=f"    {struct_name} memory;\n    {name}_reset(&memory);\n" if has_state else "",
        arguments="&memory, " if has_state else "",
        scale=c_float(float(np.abs(recorded.outputs).max(initial=0.0))),
        differs="action[i] != expected" if sizes else near,
    )


def _body(controller: ExportedController, program: Program, outputs: Variable, action: Variable) -> list[str]:
    """The lines of the step function."""

    def pointer(variable: Variable) -> str:
        return f"memory->{variable.name}" if variable.name in program.state else variable.name

    lines = [f"float {name}[{size}];" for name, size in _locals(program).items()]
    for instruction in program.instructions:
        lines += _write_instruction(instruction, program, pointer)
    lines.append(f"for (int i = 0; i < {outputs.size}; i++) outputs[i] = {pointer(outputs)}[i];")
    sizes, starts = controller.decoding.sizes, controller.decoding.starts
    for number, (end, size, start) in enumerate(zip(np.cumsum(sizes), sizes, starts, strict=True)):
        first = f"{start} + " if start else ""
        lines.append(f"action[{number}] = {first}argmax({size}, outputs + {end - size});")
    if not sizes and action is outputs:
        lines.append(f"for (int i = 0; i < {outputs.size}; i++) action[i] = outputs[i];")
    return lines


def _locals(program: Program) -> dict[str, int]:
    results = [instruction.into for instruction in program.instructions if not isinstance(instruction, Comment)]
    elsewhere = {*program.state, "outputs", "action"}
    return {result.name: result.size for result in results if result.name not in elsewhere}


def _write_instruction(instruction: Instruction, program: Program, pointer: Callable[[Variable], str]) -> list[str]:
    match instruction:
        case Comment(text):
            return [f"/* {text} */"]
        case MatMul(into, x, weight, bias):
            return [f"matmul({x.size}, {into.size}, {pointer(x)}, {weight}, {bias or 0}, {pointer(into)});"]
        case Normalize(into, x, gain, shift, epsilon):
            return [f"layer_norm({x.size}, {pointer(x)}, {gain}, {shift}, {c_float(epsilon)}, {pointer(into)});"]
        case Assign(into, expression):

            def element(variable: Variable) -> str:
                first = f"{variable.start} + " if isinstance(variable, VariableSlice) and variable.start else ""
                return f"{pointer(variable)}[{first}i]"

            text = SYNTAX.write(expression, element, program.functions.formulas)
            return [f"for (int i = 0; i < {into.size}; i++) {pointer(into)}[i] = {text};"]
        case Concatenate(into, parts):
            starts = np.cumsum([0, *(part.size for part in parts)])
            return [
                f"for (int i = 0; i < {part.size}; i++) {pointer(into)}[{start} + i] = {pointer(part)}[i];"
                for part, start in zip(parts, starts, strict=False)
            ]
    raise AssertionError(instruction)


def _helpers(program: Program, has_choices: bool) -> str:
    """The functions that the program calls."""
    text = "".join(map(_definition, program.functions.formulas.values()))
    text += MATMUL if any(isinstance(instruction, MatMul) for instruction in program.instructions) else ""
    text += LAYER_NORM if any(isinstance(instruction, Normalize) for instruction in program.instructions) else ""
    return text + (ARGMAX if has_choices else "")


def _definition(formula: Formula) -> str:
    steps, result = SYNTAX.body(formula)
    if not steps:
        return f"\nstatic float {formula.name}(float z) {{ return {result}; }}\n"
    lines = [f"    const float {name} = {value};\n" for name, value in steps]
    return f"\nstatic float {formula.name}(float z) {{\n{''.join(lines)}    return {result};\n}}\n"


def _array(kind: str, name: str, values: Array) -> str:
    """A constant array, row after row; an empty one, which C lacks, becomes a zero."""
    numbers = values if values.size else np.zeros(1)
    write = c_float if kind == "float" else lambda number: str(int(number))
    lines = format_rows(numbers, write, "", "")
    if len(lines) == 1:
        return f"static const {kind} {name}[] = {{{lines[0].strip().removesuffix(',')}}};"
    return "\n".join([f"static const {kind} {name}[] = {{", *lines, "};"])


def _identifier(stem: str) -> str:
    name = re.sub(r"\W", "_", stem, flags=re.ASCII)
    return f"_{name}" if name[:1].isdigit() else name


def _write(controller: ExportedController, path: Path) -> dict[Path, str | bytes]:
    return {path: write_c(controller, _identifier(path.stem))}


def _self_test(path: Path) -> str:
    return f"cc -std=c99 -DSELF_TEST {shlex.quote(str(path))} -lm -o self_test && ./self_test"


register_component("exporter", "c")(
    Exporter("C99 in single precision, without a heap", "controller.c", _write, _self_test)
)
