"""Real robot data sets, one file each."""
