"""Floor 2, what is learned: problems seen from four sides."""
