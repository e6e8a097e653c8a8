"""Makes `toys` importable from every folder of tests, and from the worker processes they start."""
