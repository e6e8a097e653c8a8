"""Functions of NumPy written down instead of computed: what compiled kernels and exported files are made of."""
