"""Labeled sensor data as tasks."""
