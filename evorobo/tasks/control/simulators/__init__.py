"""Simulators: each steps many robots in one call."""
