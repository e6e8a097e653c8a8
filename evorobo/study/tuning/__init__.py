"""Tuning: better settings for all methods of a study, with the same effort for each; Optuna proposes them."""
