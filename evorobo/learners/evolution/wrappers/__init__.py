"""Strategies around other strategies: bounds, restarts, maps and halls of fame."""
