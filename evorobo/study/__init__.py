"""Floor 4, what is compared: trials, budgets, logs, checkpoints."""
