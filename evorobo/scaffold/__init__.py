"""Folders to begin with: a robot of your own, or data of your own, with an experiment and a test that run."""
