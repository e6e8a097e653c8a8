"""Labelled sensor data as tasks."""
