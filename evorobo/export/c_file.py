"""A controller as one file of C99 in single precision: no heap, no library but the mathematics, fit for a robot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evorobo.arrays import Array
from evorobo.export.blueprint import ExportedController
from evorobo.export.steps import Assign, Comment, Instruction, MatMul, Normalize, Program, Variable, VariableSlice
from evorobo.export.words import c_float, comment_lines, format_rows, to_infix

FUNCTIONS = {
    "tanh": "tanhf",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "softplus": "softplus",
    "gelu": "gelu",
    "minimum": "fminf",
    "maximum": "fmaxf",
}
DEFINITIONS = {
    "sigmoid": "0.5f * tanhf(0.5f * z) + 0.5f",
    "relu": "fmaxf(z, 0.0f)",
    "leaky_relu": "fmaxf(z, 0.01f * z)",
    "elu": "z > 0.0f ? z : expm1f(z)",
    "softplus": "fmaxf(z, 0.0f) + log1pf(expf(-fabsf(z)))",
    "gelu": "z * (tanhf(0.7978845608f * (z + 0.044715f * z * z * z)) + 1.0f) / 2.0f",
}
PRODUCT = """
/* y = x weight + bias, bias may be 0 */
static void product(int inputs, int units, const float *x, const float *weight, const float *bias, float *y) {
    for (int j = 0; j < units; j++) y[j] = bias ? bias[j] : 0.0f;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < units; j++) y[j] += x[i] * weight[i * units + j];
}
"""
NORM = """
/* each number to mean 0 and deviation 1 among its neighbours, then to a size of its own */
static void normalize(int n, const float *x, const float *gain, const float *shift, float epsilon, float *y) {
    float mean = 0.0f, variance = 0.0f;
    for (int i = 0; i < n; i++) mean += x[i] / (float)n;
    for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / (float)n;
    for (int i = 0; i < n; i++) y[i] = gain[i] * (x[i] - mean) / sqrtf(variance + epsilon) + shift[i];
}
"""
LARGEST = """
/* the number of the largest, the first of equals */
static int largest(int n, const float *x) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}
"""
TEMPLATE = """\
/*
{about}

   cc -std=c99 -Wall -c {name}.c                                  to link it to your program
   cc -std=c99 -DSELF_TEST {name}.c -lm -o test && ./test         to see that it does what it did when it was made

   Your program needs the declarations that follow.
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
    float worst = 0.0f;
{begin}    for (int t = 0; t < STEPS; t++) {{
        float outputs[{n_outputs}];
        {kind} action[{n_actions}];
        {name}_step({gives}SENSORS + t * {n_sensors}, outputs, action);
        for (int i = 0; i < {n_outputs}; i++) {{
            const float right = OUTPUTS[t * {n_outputs} + i], gap = fabsf(outputs[i] - right);
            if (gap > worst) worst = gap;
            if (!(gap <= 1e-4f * (1.0f + {scale}))) wrong++;
        }}
        for (int i = 0; i < {n_actions}; i++) {{
            const {kind} right = ACTIONS[t * {n_actions} + i];
            if ({differs}) wrong++;
        }}
    }}
    printf("%d recorded steps %s, largest gap %.1e\\n", STEPS, wrong ? "DIFFER" : "agree", (double)worst);
    return wrong != 0;
}}
#endif
"""


def write_c(controller: ExportedController, name: str) -> str:
    """The text of the file, whose functions begin with `name`, an identifier."""
    (program, outputs, action), n = controller.to_program(), controller
    value = _value(program)
    sizes, starts = controller.decoding.sizes, controller.decoding.starts
    kind = "int" if sizes else "float"
    lines = [f"float {each}[{size}];" for each, size in _locals(program).items()]
    for step in program.instructions:
        lines += _say(step, value)
    lines.append(f"for (int i = 0; i < {outputs.size}; i++) outputs[i] = {value(outputs)}[i];")
    if sizes:
        ends = np.cumsum(sizes)
        for place, (end, size, start) in enumerate(zip(ends, sizes, starts, strict=True)):
            first = f"{start} + " if start else ""
            lines.append(f"action[{place}] = {first}largest({size}, outputs + {end - size});")
    elif action is outputs:
        lines.append(f"for (int i = 0; i < {outputs.size}; i++) action[i] = outputs[i];")
    remembers, memory = bool(program.memory), f"struct {name}_memory"
    takes = f"{memory} *memory, " if remembers else ""
    sensors, answers = f"const float sensors[{n.n_sensors}]", f"float outputs[{n.n_outputs}]"
    moment = f"void {name}_step({takes}{sensors}, {answers}, {kind} action[{n.n_actions}])"
    forget = f"void {name}_reset({memory} *memory)"
    fields = "".join(f"    float {each}[{size}];\n" for each, size in program.memory.items())
    struct = f"\n/* what it remembers from moment to moment */\n{memory} {{\n{fields}}};\n" if remembers else ""
    zeros = "".join(
        f"    for (int i = 0; i < {size}; i++) memory->{each}[i] = 0.0f;\n" for each, size in program.memory.items()
    )
    recorded = [
        _array("float", "SENSORS", n.self_test.sensors),
        _array("float", "OUTPUTS", n.self_test.outputs),
        _array(kind, "ACTIONS", n.self_test.actions),
    ]
    scale = float(np.abs(n.self_test.outputs).max(initial=0.0))
    near = "!(fabsf(action[i] - right) <= 1e-4f * (1.0f + fabsf(right)))"
    return TEMPLATE.format(
        about="\n".join(comment_lines(controller.header, "   ")),
        name=name,
        kind=kind,
        n_sensors=n.n_sensors,
        n_outputs=n.n_outputs,
        n_actions=n.n_actions,
        struct=struct,
        declared=(f"/* before each episode */\n{forget};\n" if remembers else "") + f"{moment};",
        constants="\n".join(_array("float", each, np.asarray(values)) for each, values in program.constants.items()),
        helpers=_helpers(program, bool(sizes)),
        reset=f"\n{forget} {{\n{zeros}}}\n" if remembers else "",
        signature=moment,
        body="\n".join(f"    {line}" for line in lines),
        n_steps=len(n.self_test.sensors),
        recorded="\n".join(recorded),
        begin=f"    {memory} memory;\n    {name}_reset(&memory);\n" if remembers else "",
        gives="&memory, " if remembers else "",
        scale=c_float(np.float32(scale)),
        differs="action[i] != right" if sizes else near,
    )


def _locals(program: Program) -> dict[str, int]:
    made = [step.into for step in program.instructions if not isinstance(step, Comment)]
    return {each.name: each.size for each in made if each.name not in {*program.memory, "outputs", "action"}}


def _value(program: Program) -> Callable[[Variable], str]:
    """Where a value begins, as a pointer that can be indexed."""

    def value(name: Variable) -> str:
        return f"memory->{name.name}" if name.name in program.memory else name.name

    return value


def _say(step: Instruction, value: Callable[[Variable], str]) -> list[str]:
    match step:
        case Comment(text):
            return [f"/* {text} */"]
        case MatMul(into, x, weight, bias):
            return [f"product({x.size}, {into.size}, {value(x)}, {weight}, {bias or 0}, {value(into)});"]
        case Normalize(into, x, gain, shift, epsilon):
            return [f"normalize({x.size}, {value(x)}, {gain}, {shift}, {c_float(np.float32(epsilon))}, {value(into)});"]
        case Assign(into, term):

            def number(name: Variable) -> str:
                first = f"{name.start} + " if isinstance(name, VariableSlice) and name.start else ""
                return f"{value(name)}[{first}i]"

            text = to_infix(term, number, FUNCTIONS)
            return [f"for (int i = 0; i < {into.size}; i++) {value(into)}[i] = {text};"]
    raise AssertionError(step)


def _helpers(program: Program, chooses: bool) -> str:
    used = [name for name in DEFINITIONS if name in program.functions()]
    text = "".join(f"\nstatic float {name}(float z) {{ return {DEFINITIONS[name]}; }}\n" for name in used)
    text += PRODUCT if any(isinstance(step, MatMul) for step in program.instructions) else ""
    text += NORM if any(isinstance(step, Normalize) for step in program.instructions) else ""
    return text + (LARGEST if chooses else "")


def _array(kind: str, name: str, values: Array) -> str:
    """A constant, its numbers row after row; C has no empty ones."""
    numbers = values if values.size else np.zeros(1)
    write = c_float if kind == "float" else lambda number: str(int(number))
    lines = format_rows(numbers, write, "", "")
    if len(lines) == 1:
        return f"static const {kind} {name}[] = {{{lines[0].strip().removesuffix(',')}}};"
    return "\n".join([f"static const {kind} {name}[] = {{", *lines, "};"])
