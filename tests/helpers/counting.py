"""Arrays that count the floating-point operations in which they take part, as a reference for costs by formula."""

from __future__ import annotations

import numpy as np

from evorobo.flops import eigh_flops, product_flops, qr_flops

NOT_COUNTED = {
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
    "maximum", "minimum", "clip", "negative", "sign", "isfinite", "isnan", "bitwise_and", "bitwise_or", "invert",
}  # fmt: skip
"""Comparisons, choices and changes of sign."""


FACTORIZATIONS = {
    np.linalg.eigh: lambda matrix: eigh_flops(len(matrix)),
    np.linalg.qr: lambda matrix: qr_flops(*matrix.shape),
}


class Counter:
    """The number of operations so far, and those by name."""

    def __init__(self):
        self.total, self.by_name = 0, {}

    def add(self, name, n):
        self.total += n
        self.by_name[name] = self.by_name.get(name, 0) + n

    def take(self):
        total, self.total, self.by_name = self.total, 0, {}
        return total


class Counting(np.ndarray):
    """An array with a `counter`; results of operations with it count too."""

    counter: Counter

    def __array_finalize__(self, source):
        self.counter = getattr(source, "counter", None)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        counter = next(x.counter for x in (*inputs, *(out or ())) if isinstance(x, Counting) and x.counter)
        plain = [plain_array(x) for x in inputs]
        if out is not None:
            keywords["out"] = tuple(plain_array(x) for x in out)
        result = getattr(ufunc, method)(*plain, **keywords)
        counter.add(ufunc.__name__, count(ufunc.__name__, method, plain, result))
        if out is not None:
            return out[0] if len(out) == 1 else out
        if isinstance(result, tuple):
            return tuple(wrap(each, counter) for each in result)
        return wrap(result, counter)

    def __array_function__(self, function, types, args, keywords):
        counter = self.counter
        if function in FACTORIZATIONS:
            counter.add(function.__name__, FACTORIZATIONS[function](args[0]))
            args = [plain_array(x) for x in args]
            return tuple(wrap(each, counter) for each in function(*args, **keywords))
        return wrap(super().__array_function__(function, types, args, keywords), counter)


def count(name, method, inputs, result):
    """The operations of a call of a NumPy function."""
    if name in NOT_COUNTED:
        return 0
    if name == "matmul":
        one, other = inputs[0], inputs[1]
        rows = 1 if one.ndim == 1 else one.shape[-2]
        columns = 1 if other.ndim == 1 else other.shape[-1]
        return product_flops(rows, one.shape[-1], columns)
    if method == "reduce":
        return inputs[0].size - np.size(result)
    return max((np.size(each) for each in (result if isinstance(result, tuple) else (result,))), default=0)


def plain_array(x):
    return x.view(np.ndarray) if isinstance(x, Counting) else x


def wrap(x, counter):
    """An array, or numbers in one, that count; single numbers do not."""
    if isinstance(x, np.ndarray) and x.ndim and x.dtype.kind == "f":
        x = x.view(Counting)
        x.counter = counter
    return x


class CountingRandom:
    """A `numpy.random.Generator` whose arrays count; drawing them costs nothing."""

    def __init__(self, rng, counter):
        self._rng, self._counter = rng, counter

    def __getattr__(self, name):
        method = getattr(self._rng, name)
        return (
            (lambda *args, **keywords: wrap(method(*args, **keywords), self._counter)) if callable(method) else method
        )

    def normal(self, loc, scale, size):
        """Scaling by hand, which NumPy does inside."""
        return scale * self.standard_normal(size)


def count_attributes(thing, counter, seen=None):
    """Make all float arrays of an object of this package, and of the objects that it is made of, count."""
    seen = set() if seen is None else seen
    if id(thing) in seen or not type(thing).__module__.startswith("evorobo.learners"):
        return
    seen.add(id(thing))
    for name, value in list(vars(thing).items()):
        if type(value) is np.ndarray and value.dtype.kind == "f" and value.ndim:
            object.__setattr__(thing, name, wrap(value, counter))
        elif isinstance(value, dict):
            value |= {key: wrap(item, counter) for key, item in value.items()}
        else:
            count_attributes(value, counter, seen)
