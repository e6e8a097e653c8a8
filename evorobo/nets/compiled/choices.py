"""Choices between numbers, as functions: numba takes seconds for a thousand calls, minutes for a thousand branches."""


def pick(condition, yes, no):
    return yes if condition else no


def both(one, other):
    return one and other


def either(one, other):
    return one or other


def minimum(one, other):
    """As in NumPy, what is no number wins."""
    return one if one < other or one != one else other


def maximum(one, other):
    return one if one > other or one != one else other


def fmin(one, other):
    """As in NumPy, what is no number loses."""
    return one if one < other or other != other else other


def fmax(one, other):
    return one if one > other or other != other else other


def clip(number, low, high):
    return low if number < low else (high if number > high else number)
