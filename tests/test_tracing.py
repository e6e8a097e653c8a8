"""The tracer of NumPy functions: types, names, operations."""

import numpy as np

from evorobo.tracing.arrays import DOUBLE, Number, Script, traced


def test_single_precision_stays_single_and_equal_terms_share_a_name():
    script = Script()
    x = traced([script.number("x[0]", np.dtype(np.float32))])
    assert [number.dtype for number in (x * 2.0)[0]] == [np.float32]
    assert [number.dtype for number in (x * np.array([2.0]))[0]] == [DOUBLE]
    lines = len(script.lines)
    np.sin(x[:, 0] * 2.0) + np.sin(2.0 * x[:, 0]) + np.sin(x[:, 0] * 2.0)
    assert len([line for line in script.lines[lines:] if "sin" in line]) == 2
    assert isinstance(np.sum(x), Number)


def test_a_number_knows_the_operation_that_made_it():
    script = Script()
    z = script.number("z", DOUBLE)
    result = np.where(traced([z]) > 1.0, z, 0.5)[0, 0]
    assert z.operation is None
    assert result.operation.name == "where"
    condition, *values = result.operation.operands
    assert (condition.operation.name, condition.operation.operands[1]) == ("greater", 1.0)
    assert values == [z, 0.5]
    assert script.lines[-2:] == ["v1 = v0 > float64(1.0)", "v2 = pick(v1, v0, float64(0.5))"]
