"""Executors: where trials run. One interface for this process and for workers, later also for clusters."""
