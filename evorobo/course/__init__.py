"""The machinery of the course: find, run and draw the lessons of experiments/lessons."""
