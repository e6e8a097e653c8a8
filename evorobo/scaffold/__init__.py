"""Folders to start from: a robot or a data set of your own, with an experiment and a test that run."""
