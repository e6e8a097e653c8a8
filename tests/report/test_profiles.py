"""Normalized scores and performance profiles: by hand, and the formulas of rliable."""

import numpy as np
import pytest

from evorobo import SettingsError
from evorobo.report.statistics import normalize, performance_profile


def test_references_become_zero_and_one():
    references = {"random": 20.0, "solved": 420.0, "teacher": 500.0}
    assert normalize([20, 220, 420, 620], references).tolist() == [0, 0.5, 1, 1.5]
    assert normalize([500], references, one="teacher").tolist() == [1]


def test_a_loss_is_reversed():
    assert normalize([6.0, 2.0, 4.0], {"random": 6.0, "teacher": 2.0}, one="teacher").tolist() == [0, 1, 0.5]


def test_a_missing_reference_raises_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"unknown reference 'teachr'; did you mean 'teacher'\?"):
        normalize([1], {"random": 0.0, "teacher": 1.0}, one="teachr")
    with pytest.raises(SettingsError, match=r"random \(3\) and solved \(3\) span no scale"):
        normalize([1], {"random": 3.0, "solved": 3.0})


def test_the_profile_is_the_share_of_runs_strictly_above(rng):
    scores, taus = rng.normal(size=(5, 6)), np.linspace(-1, 1, 9)
    profile = performance_profile(list(scores.T), taus)
    assert profile.share == pytest.approx([np.mean(scores > tau) for tau in taus], abs=1e-12)
    assert performance_profile([[1.0, 2.0]], [0.5, 1.0, 2.0]).share.tolist() == [1, 0.5, 0]


def test_unequal_numbers_of_runs_are_all_counted():
    assert performance_profile([[0.0, 1.0, 1.0], [1.0]], [0.5]).share == pytest.approx([0.75])


def test_a_profile_falls_to_0_at_the_highest_score_and_lies_within_its_band(rng):
    profile = performance_profile([rng.normal(size=7), rng.normal(size=4)])
    assert (np.diff(profile.share) <= 0).all()
    assert (profile.share[-1], len(profile.taus)) == (0, 101)
    assert ((profile.low <= profile.share) & (profile.share <= profile.high)).all()


@pytest.fixture
def rng():
    return np.random.default_rng(0)
