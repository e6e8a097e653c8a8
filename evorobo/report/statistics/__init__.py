"""Statistics of a few runs: aggregates, intervals, tests, times to a threshold, learning curves, profiles.

All are pure functions of arrays. Higher scores are better unless a function says otherwise.
"""

from evorobo.report.statistics.aggregates import iqm, normalize, optimality_gap, wilson_interval
from evorobo.report.statistics.bootstrap import bootstrap_interval, stratified_bootstrap_interval
from evorobo.report.statistics.crossing import Crossing, find_crossing
from evorobo.report.statistics.learning_curves import (
    AverageCurve,
    Curve,
    area_under_curve,
    average_curve,
    common_grid,
    evenly_spaced_indices,
    value_at,
)
from evorobo.report.statistics.pairs import (
    Probability,
    effect_size,
    mean_probability_of_improvement,
    probability_of_improvement,
)
from evorobo.report.statistics.profiles import Profile, performance_profile
from evorobo.report.statistics.significance import (
    holm_correction,
    mann_whitney_test,
    permutation_test,
    runs_needed,
    t_test_power,
    welch_test,
)
from evorobo.report.statistics.thresholds import (
    HittingTimes,
    KaplanMeierCurve,
    expected_running_time,
    kaplan_meier,
    time_to_threshold,
)

__all__ = [
    "AverageCurve",
    "Crossing",
    "Curve",
    "HittingTimes",
    "KaplanMeierCurve",
    "Probability",
    "Profile",
    "area_under_curve",
    "average_curve",
    "bootstrap_interval",
    "common_grid",
    "effect_size",
    "evenly_spaced_indices",
    "expected_running_time",
    "find_crossing",
    "holm_correction",
    "iqm",
    "kaplan_meier",
    "mann_whitney_test",
    "mean_probability_of_improvement",
    "normalize",
    "optimality_gap",
    "performance_profile",
    "permutation_test",
    "probability_of_improvement",
    "runs_needed",
    "stratified_bootstrap_interval",
    "t_test_power",
    "time_to_threshold",
    "value_at",
    "welch_test",
    "wilson_interval",
]
