"""Robots to drive: any gymnasium id as a task."""
