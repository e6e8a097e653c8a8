"""Choices between numbers, as functions: numba compiles a thousand calls in seconds, a thousand branches in minutes."""


def pick(condition, yes, no):
    return yes if condition else no


def both(one, other):
    return one and other


def either(one, other):
    return one or other


def minimum(one, other):
    """As in NumPy, NaN wins."""
    return one if one < other or one != one else other


def maximum(one, other):
    """As in NumPy, NaN wins."""
    return one if one > other or one != one else other


def fmin(one, other):
    """As in NumPy, NaN loses."""
    return one if one < other or other != other else other


def fmax(one, other):
    """As in NumPy, NaN loses."""
    return one if one > other or other != other else other


def clip(number, low, high):
    return low if number < low else (high if number > high else number)


def sloped(value, like):
    """The slope of `like` matters to derivatives only."""
    return value


def times(adjoint, partial):
    """A zero adjoint gives 0, even times infinity or NaN."""
    return 0.0 if adjoint == 0.0 else adjoint * partial
