"""Whole episodes in machine code: what a robot's functions compute, traced once and compiled with its network."""
