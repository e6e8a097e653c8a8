"""Experiment trackers: the evals of a study in MLflow, Weights & Biases and TensorBoard while it runs."""
