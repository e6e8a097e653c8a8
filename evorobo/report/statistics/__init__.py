"""What a handful of runs says, and no more: aggregates, intervals, tests, times to a threshold, areas, profiles.

Pure functions of arrays. Of scores, higher is better unless a function says otherwise.
"""

from evorobo.report.statistics.aggregates import iqm, normalize, optimality_gap, wilson_interval
from evorobo.report.statistics.bootstrap import bootstrap_interval, stratified_bootstrap_interval
from evorobo.report.statistics.crossing import Crossing, find_crossing
from evorobo.report.statistics.looks import area_under_curve, value_at, common_grid
from evorobo.report.statistics.pairs import Probability, effect_size, mean_probability_of_improvement, probability_of_improvement
from evorobo.report.statistics.profiles import Profile, performance_profile
from evorobo.report.statistics.significance import holm_correction, mann_whitney_test, permutation_test, t_test_power, runs_needed, welch_test
from evorobo.report.statistics.thresholds import KaplanMeierCurve, HittingTimes, expected_running_time, kaplan_meier, time_to_threshold

__all__ = [
    "Crossing",
    "Probability",
    "Profile",
    "KaplanMeierCurve",
    "HittingTimes",
    "area_under_curve",
    "value_at",
    "find_crossing",
    "effect_size",
    "expected_running_time",
    "common_grid",
    "holm_correction",
    "bootstrap_interval",
    "iqm",
    "kaplan_meier",
    "mann_whitney_test",
    "mean_probability_of_improvement",
    "normalize",
    "optimality_gap",
    "performance_profile",
    "permutation_test",
    "t_test_power",
    "probability_of_improvement",
    "runs_needed",
    "stratified_bootstrap_interval",
    "time_to_threshold",
    "welch_test",
    "wilson_interval",
]
