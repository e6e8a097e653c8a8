"""Floor 5, what is shown: statistics, curves, tables."""
