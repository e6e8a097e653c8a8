"""Networks as flat genomes, in NumPy alone (floor 1)."""
