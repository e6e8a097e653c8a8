"""Backpropagation on labeled examples, and methods built on it."""
