"""Every schedule against PyTorch's and against values by hand."""

import json

import pytest
from record_torch_reference import FILE, plateaus

from evorobo import Constant, Cosine, Exponential, Linear, ReduceOnPlateau, SettingsError, Step, WarmUp

TORCH = json.loads(FILE.read_text())["schedules"]


def curve(schedule, fractions):
    return [schedule.factor(fraction, schedule.start()) for fraction in fractions]


def factors_after(schedule, losses):
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
def test_schedules_equal_those_of_torch(name, schedule):
    assert curve(schedule, [step / 20 for step in range(21)]) == pytest.approx(TORCH[name], rel=1e-10)


def test_reduce_on_plateau_equals_that_of_torch():
    assert factors_after(ReduceOnPlateau(0.5, 4, 1e-3), plateaus()) == pytest.approx(TORCH["plateau"], rel=1e-10)
    assert len(set(TORCH["plateau"])) > 5


def test_values_by_hand():
    assert curve(Constant(), [0, 0.3, 1]) == [1, 1, 1]
    assert curve(Step(), [0, 0.499, 0.5, 0.75, 1]) == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    assert curve(Linear(), [0, 0.25, 1]) == pytest.approx([1, 0.75, 0])
    assert curve(Linear(0.2), [0, 0.5, 1, 1.5]) == pytest.approx([1, 0.6, 0.2, 0.2])
    assert curve(Exponential(), [0, 0.5, 1]) == pytest.approx([1, 0.1, 0.01])
    # half a cosine: (1 + sqrt(1/2)) / 2 at a quarter of the budget, 1/2 at half of it
    assert curve(Cosine(), [0, 0.25, 0.5, 1]) == pytest.approx([1, (1 + 0.5**0.5) / 2, 0.5, 0])
    assert curve(Cosine(0.2), [0, 0.5, 1]) == pytest.approx([1, 0.6, 0.2])


def test_the_cosine_stays_constant_after_the_end_of_the_budget():
    assert Cosine(0.1).factor(1.5, {}) == pytest.approx(0.1)


def test_warm_up_grows_from_zero_and_the_next_schedule_spans_the_rest_of_the_budget():
    schedule = WarmUp(0.2, Cosine())
    assert curve(schedule, [0, 0.05, 0.1, 0.2]) == pytest.approx([0, 0.25, 0.5, 1])
    # from 0.2 to 1: the middle of the cosine is at 0.6
    assert curve(schedule, [0.2 + 0.8 / 4, 0.6, 1]) == pytest.approx([(1 + 0.5**0.5) / 2, 0.5, 0], abs=1e-12)


def test_the_default_warm_up_is_a_twentieth_of_the_budget_then_constant():
    assert curve(WarmUp(), [0.025, 0.05, 0.5, 1]) == pytest.approx([0.5, 1, 1, 1])


def test_warm_up_passes_the_loss_to_the_next_schedule():
    schedule = WarmUp(0.1, ReduceOnPlateau(0.5, patience=0))
    state = schedule.start()
    for loss in (1.0, 1.0):
        schedule.on_epoch_end(loss, state)
    assert schedule.factor(0.5, state) == 0.5
    assert schedule.factor(0.05, state) == 0.5 * 1.0  # half way up the warm-up


def test_the_rate_drops_each_time_patience_is_exhausted():
    # the first 1 is the best; three epochs without improvement exceed a patience of two
    assert factors_after(ReduceOnPlateau(0.1, 2), [1] * 8) == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01])


def test_a_better_loss_restarts_patience():
    assert factors_after(ReduceOnPlateau(0.1, 1), [1, 1, 0.9, 0.9, 0.8, 0.8]) == [1] * 7


def test_an_improvement_below_the_threshold_does_not_count():
    schedule = ReduceOnPlateau(0.1, 1, threshold=0.1)
    assert factors_after(schedule, [1, 0.91, 0.905])[-1] == pytest.approx(0.1)
    assert factors_after(schedule, [1, 0.91, 0.89])[-1] == 1


def test_the_threshold_applies_to_negative_losses():
    # a likelihood may be negative; an improvement is then further from zero
    schedule = ReduceOnPlateau(0.1, 1, threshold=0.1)
    assert factors_after(schedule, [-1, -0.95, -0.93])[-1] == pytest.approx(0.1)
    assert factors_after(schedule, [-1, -1.05, -1.08])[-1] == pytest.approx(0.1)
    assert factors_after(schedule, [-1, -1.05, -1.2])[-1] == 1


def test_without_a_threshold_an_equal_loss_is_no_improvement():
    assert factors_after(ReduceOnPlateau(0.1, 1, threshold=0), [1, 1, 1])[-1] == pytest.approx(0.1)
    assert factors_after(ReduceOnPlateau(0.1, 1, threshold=0), [-1, -1, -1])[-1] == pytest.approx(0.1)


def test_the_defaults_of_reduce_on_plateau_are_those_of_torch():
    # patience 10, factor 0.1, threshold 1e-4
    assert factors_after(ReduceOnPlateau(), [1] * 12)[-2:] == pytest.approx([1, 0.1])
    assert factors_after(ReduceOnPlateau(), [1, *[1 - 0.5e-4] * 11])[-1] == pytest.approx(0.1)
    assert factors_after(ReduceOnPlateau(), [1, *[1 - 2e-4] * 11])[-1] == 1


def test_a_loss_that_is_not_a_number_is_no_improvement():
    assert factors_after(ReduceOnPlateau(0.1, 0), [float("nan")])[-1] == pytest.approx(0.1)


def test_a_saved_state_resumes_exactly():
    schedule, losses = ReduceOnPlateau(0.5, 2), plateaus()
    state = schedule.start()
    for loss in losses:
        state = json.loads(json.dumps(state))
        schedule.on_epoch_end(loss, state)
    assert schedule.factor(1.0, state) == factors_after(schedule, losses)[-1] < 1


def test_invalid_settings_are_refused():
    with pytest.raises(SettingsError, match="final must be a number above 0, not 0"):
        Exponential(0)
    for fraction in (0, 1):
        with pytest.raises(SettingsError, match="fraction must be a number above 0 and below 1, not"):
            WarmUp(fraction)
