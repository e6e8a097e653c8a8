"""Gymnasium's MuJoCo robots, version 5, any number at a time."""
