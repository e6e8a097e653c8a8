"""Floor 1, what learns: networks as flat genomes, in NumPy alone."""
