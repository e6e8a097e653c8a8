"""Statistics of a few runs: aggregates, intervals, tests, times to a threshold, learning curves, profiles.

All are pure functions of arrays. Higher scores are better unless a function says otherwise.
"""

from evorobo.report.statistics.aggregates import iqm, normalize, optimality_gap, success_rate_interval
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
    probability_test,
)
from evorobo.report.statistics.profiles import Profile, performance_profile
from evorobo.report.statistics.significance import (
    MIN_RUNS,
    additional_runs,
    decision_test,
    hall_test,
    holm_correction,
    means_power,
    permutation_test,
    verdict_level,
    welch_power,
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
    "MIN_RUNS",
    "AverageCurve",
    "Crossing",
    "Curve",
    "HittingTimes",
    "KaplanMeierCurve",
    "Probability",
    "Profile",
    "additional_runs",
    "area_under_curve",
    "average_curve",
    "bootstrap_interval",
    "common_grid",
    "decision_test",
    "effect_size",
    "evenly_spaced_indices",
    "expected_running_time",
    "find_crossing",
    "hall_test",
    "holm_correction",
    "iqm",
    "kaplan_meier",
    "mean_probability_of_improvement",
    "means_power",
    "normalize",
    "optimality_gap",
    "performance_profile",
    "permutation_test",
    "probability_of_improvement",
    "probability_test",
    "stratified_bootstrap_interval",
    "success_rate_interval",
    "time_to_threshold",
    "value_at",
    "verdict_level",
    "welch_power",
    "welch_test",
]
