"""Functions of one number in double precision, in arithmetic that a processor does for several numbers at once."""

import math

from numpy import float64, int64

real = float64
"""The type of all numbers of a kernel that contains this file."""
SHIFT = 6755399441055744.0
"""1.5 times 2^52: its last bit counts ones, so that a sum with it is rounded to a whole number."""
SHIFT_BITS = int64(4843621399236968448)
"""The bits of `SHIFT` as a whole number."""


def tanh(x):
    """tanh of one number, within 3e-16.

    With z = -2 |x|, it is -(exp(z) - 1) / (exp(z) + 1), with the sign of x.
    """
    z = abs(x)
    power, p = exp_parts(-2.0 * (20.0 if z > 20.0 else z))
    e = power * p + (power - 1.0)
    return math.copysign(e / (e + 2.0), x)


def exp_parts(z):
    """2^n and exp(r) - 1, of which exp(z) is 2^n (exp(r) - 1) + 2^n, where z = n log(2) + r.

    The second is a Taylor polynomial of degree 13.
    """
    shifted = z * 1.4426950408889634 + SHIFT
    n = shifted - SHIFT
    r = (z - n * 0.6931471803691238) - n * 1.9082149292705877e-10
    p = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0)
    p = 1.0 / 3628800.0 + r * (1.0 / 39916800.0 + r * p)
    p = 1.0 / 40320.0 + r * (1.0 / 362880.0 + r * p)
    p = 1.0 / 720.0 + r * (1.0 / 5040.0 + r * p)
    p = 1.0 / 24.0 + r * (1.0 / 120.0 + r * p)
    p = r + r * r * (0.5 + r * (1.0 / 6.0 + r * p))
    return int64(((float64(shifted).view(int64) - SHIFT_BITS) + 1023) << 52).view(float64), p


def exp_below_zero(z):
    """exp of one number of at most 0; below -700 it is that of -700."""
    power, p = exp_parts(-700.0 if z < -700.0 else z)
    return power * p + power


def sigmoid(z):
    return (tanh(0.5 * z) + 1.0) * 0.5
