"""Gymnasium's MuJoCo robots (version 5), many robots in one call."""
