"""Environments that outlive windows of steps: rows that end and restart alone, for methods that learn from steps."""
