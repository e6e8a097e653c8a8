"""Floor 4, what is compared: trials, budgets, logs, checkpoints, executors, studies and their tuning."""
