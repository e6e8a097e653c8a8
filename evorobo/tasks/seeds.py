"""Where the seeds of episodes begin, so that nobody trains on an episode that judges."""

TRAIN, VALIDATION, TEST, RANDOM = 0, 2**31, 3 * 2**30, 2**33
"""Training draws below 2^31; the fixed episodes that validate and test, and chance that drives, have the rest.

Seeds are below 2^32, which is as much as `numpy.random.seed` takes, should an environment still use it.
"""
