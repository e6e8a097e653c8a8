"""Compiled episodes: the functions of a robot, traced once and compiled together with its network."""
