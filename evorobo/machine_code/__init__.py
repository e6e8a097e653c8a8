"""Compiles Python on numbers and arrays to machine code, by numba, for the kernels of networks and robots."""
