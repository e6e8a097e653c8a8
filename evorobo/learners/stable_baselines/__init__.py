"""Algorithms of Stable-Baselines3 as methods; the package is imported when a learner starts."""
