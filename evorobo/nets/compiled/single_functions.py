"""Functions of one number in single precision, in arithmetic that a processor does for several numbers at once."""

import math

from numpy import float32, int32

real = float32
"""The type of all numbers of a kernel that contains this file."""
SHIFT = float32(12582912.0)
"""1.5 times 2^23: its last bit counts ones, so that a sum with it is rounded to a whole number."""
SHIFT_BITS = int32(1262485504)
"""The bits of `SHIFT` as a whole number."""


def tanh(x):
    """tanh of one number, within 2e-7; see `double_functions.py`."""
    z = abs(x)
    power, p = exp_parts(float32(-2.0) * (float32(10.0) if z > float32(10.0) else z))
    e = power * p + (power - float32(1.0))
    return math.copysign(e / (e + float32(2.0)), x)


def exp_parts(z):
    """2^n and exp(r) - 1, of which exp(z) is 2^n (exp(r) - 1) + 2^n, where z = n log(2) + r.

    The second is a Taylor polynomial of degree 7.
    """
    shifted = z * float32(1.4426950408889634) + SHIFT
    n = shifted - SHIFT
    r = (z - n * float32(0.693145751953125)) - n * float32(1.4286068203094172e-06)
    p = float32(1.0 / 720.0) + r * float32(1.0 / 5040.0)
    p = float32(1.0 / 24.0) + r * (float32(1.0 / 120.0) + r * p)
    p = r + r * r * (float32(0.5) + r * (float32(1.0 / 6.0) + r * p))
    return int32(((float32(shifted).view(int32) - SHIFT_BITS) + 127) << 23).view(float32), p


def exp_below_zero(z):
    """exp of one number of at most 0; below -80 it is that of -80."""
    power, p = exp_parts(float32(-80.0) if z < float32(-80.0) else z)
    return power * p + power


def sigmoid(z):
    return (tanh(float32(0.5) * z) + float32(1.0)) * float32(0.5)
