"""Learning from labelled examples."""
