"""Graphs: rows are computed alone, the adjoint is the transposed derivative, and nodes know on what they depend."""

import numpy as np

from evorobo.tracing.arrays import DOUBLE, Script, traced, with_slope_of, without_jump
from evorobo.tracing.graph import Graph, jumps


def example():
    script = Script()
    numbers = [script.number(f"x[{at}]", DOUBLE) for at in range(3)]
    x, y, z = traced(numbers).T
    results = [np.sin(x) * y, np.where(z > 0, x, y) ** 2, z * 0 + 1.5, 4.0 * np.floor(x), x]
    return Graph(numbers, [np.asarray(result).ravel()[0] for result in results])


def test_values_and_derivatives_are_those_of_each_row():
    graph, inputs = example(), np.random.default_rng(0).normal(size=(7, 3))
    together = graph.evaluate(inputs)
    assert together.outputs.shape == (7, 5)
    for row, alone in enumerate(inputs):
        single = graph.evaluate(alone[None])
        np.testing.assert_array_equal(single.outputs[0], together.outputs[row])
        np.testing.assert_array_equal(single.jacobian()[0], together.jacobian()[row])


def test_the_adjoint_is_the_transposed_derivative():
    graph, rng = example(), np.random.default_rng(0)
    evaluation, adjoint = graph.evaluate(rng.normal(size=(7, 3))), rng.normal(size=(7, 5))
    expected = np.einsum("no,noi->ni", adjoint, evaluation.jacobian())
    np.testing.assert_allclose(evaluation.backward(adjoint), expected, rtol=1e-14, atol=1e-14)


def test_constants_and_inputs_can_be_outputs():
    script = Script()
    x = script.number("x[0]", DOUBLE)
    evaluation = Graph([x], [2.0, x]).evaluate(np.array([[3.0], [4.0]]))
    assert evaluation.outputs.tolist() == [[2.0, 3.0], [2.0, 4.0]]
    assert evaluation.jacobian().tolist() == [[[0.0], [1.0]]] * 2


def test_slopes_reach_less_far_than_numbers():
    graph = example()
    x, z, floored, chosen = 0, 2, graph.outputs[3], graph.outputs[1]
    assert floored in graph.reached_by([x], by_slope=False)
    assert floored not in graph.reached_by([x], by_slope=True)
    assert chosen in graph.reached_by([z], by_slope=False) - graph.reached_by([z], by_slope=True)
    assert {x, z} <= graph.leading_to([chosen])
    assert z not in graph.leading_to([graph.outputs[0]])


def test_a_number_can_have_the_slope_of_another_and_a_choice_can_be_smooth():
    script = Script()
    numbers = [script.number("x[0]", DOUBLE)]
    x = traced(numbers)[:, 0]
    flat = np.where(without_jump(np.abs(x) < 0.1), with_slope_of(0.0 * x, lambda: 3 * x), np.where(x > 1, 5.0, 2 * x))
    graph = Graph(numbers, [flat[0]])
    evaluation = graph.evaluate(np.array([[0.05], [0.5]]))
    assert evaluation.outputs.ravel().tolist() == [0.0, 1.0]
    assert evaluation.jacobian().ravel().tolist() == [3.0, 2.0]
    (jump,) = [node for node in graph.nodes if jumps(node) and node.place]
    assert jump.function == "greater"
    assert "test_graph.py, line" in jump.place
    assert (with_slope_of(1.0, lambda: 1 / 0), without_jump(True)) == (1.0, True)  # NumPy alone: nothing is traced
