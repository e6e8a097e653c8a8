"""Every schedule against PyTorch's and against worked values."""

import json

import pytest
from record_torch_reference import FILE, plateaus

from evorobo import Constant, Cosine, Exponential, ReduceOnPlateau, SettingsError, Step, WarmUp

TORCH = json.loads(FILE.read_text())["schedules"]


def curve(schedule, budget_fraction):
    return [schedule.factor(share, schedule.start()) for share in budget_fraction]


def told(schedule, losses):
    """The factors before each epoch and after the last."""
    state = schedule.start()
    factors = [schedule.factor(0.0, state)]
    for loss in losses:
        schedule.on_epoch_end(loss, state)
        factors.append(schedule.factor(0.0, state))
    return factors


@pytest.mark.parametrize(
    ("name", "schedule"),
    [("cosine", Cosine(0.05)), ("exponential", Exponential(0.02)), ("step", Step((0.25, 0.75), 0.3))],
)
def test_schedules_follow_torch_over_the_budget(name, schedule):
    assert curve(schedule, [step / 20 for step in range(21)]) == pytest.approx(TORCH[name], rel=1e-10)


def test_the_plateau_follows_torch_epoch_by_epoch():
    assert told(ReduceOnPlateau(0.5, 4, 1e-3), plateaus()) == pytest.approx(TORCH["plateau"], rel=1e-10)
    assert len(set(TORCH["plateau"])) > 5


def test_worked_values():
    assert curve(Constant(), [0, 0.3, 1]) == [1, 1, 1]
    assert curve(Step(), [0, 0.499, 0.5, 0.75, 1]) == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    assert curve(Exponential(), [0, 0.5, 1]) == pytest.approx([1, 0.1, 0.01])
    # half a cosine: at a quarter of the way (1 + sqrt(1/2)) / 2, at half of it the middle
    assert curve(Cosine(), [0, 0.25, 0.5, 1]) == pytest.approx([1, (1 + 0.5**0.5) / 2, 0.5, 0])
    assert curve(Cosine(0.2), [0, 0.5, 1]) == pytest.approx([1, 0.6, 0.2])


def test_the_end_of_the_budget_is_the_end_of_the_cosine():
    assert Cosine(0.1).factor(1.5, {}) == pytest.approx(0.1)


def test_warm_up_climbs_from_zero_then_the_other_schedule_has_the_rest_of_the_budget():
    schedule = WarmUp(0.2, Cosine())
    assert curve(schedule, [0, 0.05, 0.1, 0.2]) == pytest.approx([0, 0.25, 0.5, 1])
    # from 0.2 to 1: the middle of the cosine is at 0.6
    assert curve(schedule, [0.2 + 0.8 / 4, 0.6, 1]) == pytest.approx([(1 + 0.5**0.5) / 2, 0.5, 0], abs=1e-12)


def test_by_default_a_twentieth_of_the_budget_is_warm_up_and_the_rest_is_constant():
    assert curve(WarmUp(), [0.025, 0.05, 0.5, 1]) == pytest.approx([0.5, 1, 1, 1])


def test_warm_up_passes_the_loss_on_to_the_schedule_behind_it():
    schedule = WarmUp(0.1, ReduceOnPlateau(0.5, patience=0))
    state = schedule.start()
    for loss in (1.0, 1.0):
        schedule.on_epoch_end(loss, state)
    assert schedule.factor(0.5, state) == 0.5
    assert schedule.factor(0.05, state) == 0.5 * 1.0  # half way up the warm-up


def test_the_rate_drops_once_patience_is_used_up_and_waits_as_long_again():
    # the first 1 is the best so far; three epochs without better are one too many for a patience of two
    assert told(ReduceOnPlateau(0.1, 2), [1] * 8) == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01])


def test_a_better_loss_starts_the_patience_anew():
    assert told(ReduceOnPlateau(0.1, 1), [1, 1, 0.9, 0.9, 0.8, 0.8]) == [1] * 7


def test_better_by_less_than_the_threshold_is_no_better():
    schedule = ReduceOnPlateau(0.1, 1, threshold=0.1)
    assert told(schedule, [1, 0.91, 0.905])[-1] == pytest.approx(0.1)
    assert told(schedule, [1, 0.91, 0.89])[-1] == 1


def test_a_negative_loss_that_creeps_up_is_a_plateau():
    # likelihoods may be below zero; there "lower by the share" is further down, not nearer to zero
    schedule = ReduceOnPlateau(0.1, 1, threshold=0.1)
    assert told(schedule, [-1, -0.95, -0.93])[-1] == pytest.approx(0.1)
    assert told(schedule, [-1, -1.05, -1.08])[-1] == pytest.approx(0.1)
    assert told(schedule, [-1, -1.05, -1.2])[-1] == 1


def test_without_a_threshold_as_good_as_before_is_no_better():
    assert told(ReduceOnPlateau(0.1, 1, threshold=0), [1, 1, 1])[-1] == pytest.approx(0.1)
    assert told(ReduceOnPlateau(0.1, 1, threshold=0), [-1, -1, -1])[-1] == pytest.approx(0.1)


def test_by_default_the_plateau_is_that_of_torch():
    # ten epochs of patience, a tenth of the rate, better by a ten-thousandth
    assert told(ReduceOnPlateau(), [1] * 12)[-2:] == pytest.approx([1, 0.1])
    assert told(ReduceOnPlateau(), [1, *[1 - 0.5e-4] * 11])[-1] == pytest.approx(0.1)
    assert told(ReduceOnPlateau(), [1, *[1 - 2e-4] * 11])[-1] == 1


def test_a_loss_that_is_no_number_is_no_better():
    assert told(ReduceOnPlateau(0.1, 0), [float("nan")])[-1] == pytest.approx(0.1)


def test_a_state_written_down_and_read_again_goes_on_identically():
    schedule, losses = ReduceOnPlateau(0.5, 2), plateaus()
    state = schedule.start()
    for loss in losses:
        state = json.loads(json.dumps(state))
        schedule.on_epoch_end(loss, state)
    assert schedule.factor(1.0, state) == told(schedule, losses)[-1] < 1


def test_impossible_settings_are_refused():
    with pytest.raises(SettingsError, match="must end above 0, not at 0"):
        Exponential(0)
    for share in (0, 1):
        with pytest.raises(SettingsError, match="warm-up must be between 0 and 1, not"):
            WarmUp(share)
