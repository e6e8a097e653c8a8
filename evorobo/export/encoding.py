"""The columns of a data set to the inputs of a network, as instructions: missing values, one-hot texts, past rows."""

from __future__ import annotations

from functools import reduce

import numpy as np

from evorobo.export.expressions import Call, Constant, Expression, Variable
from evorobo.export.program import Program
from evorobo.nets.data_format import DataFormat, RollingWindow, Statistic

_HALF = Constant(0.5)


def write_encoding(program: Program, data: DataFormat, x: Variable) -> Variable:
    """Add the instructions that make inputs of the columns `x`; they are those of `DataFormat.encode`."""
    if np.isfinite(data.fill).any():
        program.comment("missing values replaced")
        fill = program.constant("replacement", data.fill.astype(float))
        x = program.assign("complete", x.size, Call("where", (Call("isnan", (x,)), fill, x)))
    if data.has_categories:
        program.comment("texts, which are numbers of categories, to zeros and ones")
        n_inputs = len(data.codes)
        select = np.zeros((x.size, n_inputs))
        select[data.expanded_columns, np.arange(n_inputs)] = 1
        spread = program.matmul("spread", x, program.constant("columns", select))
        is_text = ~np.isnan(data.codes)
        category = program.constant("category", np.where(is_text, data.codes, -1.0))
        has_category = Call("greater", (program.constant("is_text", is_text.astype(float)), _HALF))
        one_hot = Call("where", (Call("equal", (spread, category)), Constant(1.0), Constant(0.0)))
        x = program.assign("encoded", n_inputs, Call("where", (has_category, one_hot, spread)))
    return _write_history(program, data, x) if data.has_history else x


def _write_history(program: Program, data: DataFormat, x: Variable) -> Variable:
    """Add lags and windows. Before the first step, its row stands for those before."""
    program.comment("past rows")
    n_past = max([*data.lags, *(window.rows - 1 for window in data.windows)])
    x = program.assign("now", x.size, x)
    begun = program.add_state("begun", x.size)
    past = [program.add_state(f"past{step}", x.size) for step in range(1, n_past + 1)]
    has_past = Call("greater", (begun, _HALF))
    before = [x]
    for step, row in enumerate(past, 1):
        before.append(program.assign(f"before{step}", x.size, Call("where", (has_past, row, x))))
    parts = [x, *(before[lag] for lag in data.lags)]
    for number, window in enumerate(data.windows):
        for what in window.statistics:
            parts.append(_write_statistic(program, what, window, before, f"{what}{number}"))
    inputs = program.concatenate("inputs", parts)
    for row, newer in zip(reversed(past), reversed(before[:-1]), strict=True):
        program.assign(row.name, x.size, newer)
    program.assign("begun", x.size, Call("maximum", (begun, program.constant("one", np.ones(x.size)))))
    return inputs


def _write_statistic(
    program: Program, what: Statistic, window: RollingWindow, before: list[Variable], name: str
) -> Variable:
    rows: list[Expression] = list(before[: window.rows])
    if what in ("min", "max"):
        extreme = "minimum" if what == "min" else "maximum"
        return program.assign(name, before[0].size, reduce(lambda one, other: Call(extreme, (one, other)), rows))
    n_rows = Constant(float(window.rows))
    mean = program.assign(f"{name}_mean", before[0].size, reduce(lambda one, other: one + other, rows) / n_rows)
    if what == "mean":
        return mean
    squares = [(row - mean) * (row - mean) for row in rows]
    variance = reduce(lambda one, other: one + other, squares) / n_rows
    return program.assign(name, before[0].size, Call("sqrt", (variance,)))
