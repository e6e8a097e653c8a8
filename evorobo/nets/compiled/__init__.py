"""Networks as machine code: their layout in memory and the kernel that numba compiles."""
