"""Sums of the rows of a matrix, weighted by numbers, in machine code: a layer of a network for one observation.

LLVM would check before each layer that arrays do not overlap, and keep the sums in memory. Here up to 128 sums stay in
registers over all rows. Each number is the same as in the Python code that this code replaces.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

GROUP = 4
"""So many rows are added up before they are added to the sums."""


@cache
def compiled_weighted_rows() -> Callable[..., None]:
    """Return `weighted_rows` of `evorobo.nets.compiled.network` in machine code, for kernels to call."""
    import numba

    eight, four, two, one = (_columns(16, registers) for registers in (8, 4, 2, 1))
    half = _columns(8, 1)

    def weighted_rows(weights, at, n_rows, n_columns, factors, sums):  # type: ignore[no-untyped-def]
        column = 0
        while column + 128 <= n_columns:
            eight(weights, at + column, n_rows, n_columns, factors, sums, column)
            column += 128
        if column + 64 <= n_columns:
            four(weights, at + column, n_rows, n_columns, factors, sums, column)
            column += 64
        if column + 32 <= n_columns:
            two(weights, at + column, n_rows, n_columns, factors, sums, column)
            column += 32
        if column + 16 <= n_columns:
            one(weights, at + column, n_rows, n_columns, factors, sums, column)
            column += 16
        if column < n_columns:
            half(weights, at + column, n_rows, n_columns, factors, sums, column)

    options: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False, "forceinline": True}
    compiled: Callable[..., None] = numba.njit(**options)(weighted_rows)
    return compiled


def _columns(lanes: int, registers: int) -> Any:
    """Return the function that writes `registers` times `lanes` sums, from a column on."""
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import types
    from numba.extending import intrinsic

    def columns(context, weights, at, n_rows, n_columns, factors, sums, column):  # type: ignore[no-untyped-def]
        size, number = weights.dtype.bitwidth // 8, types.int64
        signature = types.void(weights, number, number, number, factors, sums, number)

        def write(context, builder, signature, args):  # type: ignore[no-untyped-def]
            index = ir.IntType(64)
            register = ir.VectorType(context.get_value_type(weights.dtype), lanes)
            undefined, spread = register(ir.Undefined), ir.VectorType(ir.IntType(32), lanes)(None)
            matrix, numbers, target = (
                context.make_array(signature.args[place])(context, builder, args[place]).data for place in (0, 4, 5)
            )
            _, at, n_rows, n_columns, _, _, column = args

            def pointers(array, start):  # type: ignore[no-untyped-def]
                places = (builder.add(start, index(register_number * lanes)) for register_number in range(registers))
                return [builder.bitcast(builder.gep(array, [place]), register.as_pointer()) for place in places]

            first = [builder.load(pointer, align=size) for pointer in pointers(matrix, at)]
            before, loop, after = builder.block, *map(builder.append_basic_block, ("loop", "after"))
            begin = builder.add(at, n_columns)
            builder.branch(loop)  # there is at least one group of rows
            builder.position_at_end(loop)
            k, start = builder.phi(index), builder.phi(index)
            running = [builder.phi(register) for _ in first]
            products, row = [], start
            for place in range(GROUP):
                factor = builder.load(builder.gep(numbers, [builder.add(k, index(place))]))
                factors = builder.shuffle_vector(
                    builder.insert_element(undefined, factor, ir.IntType(32)(0)), undefined, spread
                )
                loaded = (builder.load(pointer, align=size) for pointer in pointers(matrix, row))
                products.append([builder.fmul(factors, values) for values in loaded])
                row = builder.add(row, n_columns)
            new = []
            for total, a, b, c, d in zip(running, *products, strict=True):
                pair, other = builder.fadd(a, b), builder.fadd(c, d)
                new.append(builder.fadd(total, builder.fadd(pair, other)))
            steps = zip((k, start), (index(0), begin), (builder.add(k, index(GROUP)), row), strict=True)
            for phi, at_first, then in (*steps, *zip(running, first, new, strict=True)):
                phi.add_incoming(at_first, before)
                phi.add_incoming(then, loop)
            builder.cbranch(builder.icmp_signed("<", builder.add(k, index(GROUP)), n_rows), loop, after)
            builder.position_at_end(after)
            for result, pointer in zip(new, pointers(target, column), strict=True):
                builder.store(result, pointer, align=size)
            return context.get_dummy_value()

        return signature, write

    return intrinsic(columns)
