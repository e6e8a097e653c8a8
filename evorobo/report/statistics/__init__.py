"""What a handful of runs says, and no more: aggregates, intervals, tests, times to a threshold, areas, profiles.

Pure functions of arrays. Of scores, higher is better unless a function says otherwise.
"""

from evorobo.report.statistics.aggregates import iqm, normalised, optimality_gap, wilson
from evorobo.report.statistics.bootstrap import interval, stratified
from evorobo.report.statistics.crossing import Crossing, crossing
from evorobo.report.statistics.looks import area, at, grid_of
from evorobo.report.statistics.pairs import Probability, effect_size, mean_probability, probability_of_improvement
from evorobo.report.statistics.profiles import Profile, performance_profile
from evorobo.report.statistics.significance import holm, mann_whitney, permutation, power, runs_needed, welch
from evorobo.report.statistics.thresholds import Solved, Times, expected_running_time, kaplan_meier, time_to_threshold

__all__ = [
    "Crossing",
    "Probability",
    "Profile",
    "Solved",
    "Times",
    "area",
    "at",
    "crossing",
    "effect_size",
    "expected_running_time",
    "grid_of",
    "holm",
    "interval",
    "iqm",
    "kaplan_meier",
    "mann_whitney",
    "mean_probability",
    "normalised",
    "optimality_gap",
    "performance_profile",
    "permutation",
    "power",
    "probability_of_improvement",
    "runs_needed",
    "stratified",
    "time_to_threshold",
    "welch",
    "wilson",
]
