"""Robot execution failures: rows, folds, known accuracies, and failures step by step."""

import numpy as np
import pytest
from at_hand import needs
from linear import ridge

from evorobo import DatasetTask, SettingsError
from evorobo.tasks.data.catalogue.failures import data_file, lp1, lp2, lp3, lp4, lp5

COUNTS = (
    {"collision": 17, "fr_collision": 16, "normal": 21, "obstruction": 34},
    {"back_col": 7, "front_col": 6, "left_col": 9, "normal": 20, "right_col": 5},
    {"lost": 3, "moved": 15, "ok": 20, "slightly_moved": 9},
    {"collision": 72, "normal": 24, "obstruction": 21},
    {"bottom_collision": 26, "bottom_obstruction": 21, "collision_in_part": 47, "collision_in_tool": 26, "normal": 44},
)


@pytest.fixture(autouse=True)
def _files():
    needs(*map(data_file, range(1, 6)))


@pytest.mark.parametrize(("load", "counts"), list(zip((lp1, lp2, lp3, lp4, lp5), COUNTS, strict=True)))
def test_rows_and_classes_are_as_documented_and_each_fold_has_its_fraction_of_every_class(load, counts):
    data = load()
    table = data.table
    assert table.inputs.shape == (sum(counts.values()), 90)
    assert dict(zip(table.classes, np.bincount(table.targets), strict=True)) == counts
    np.testing.assert_array_equal(table.columns["sequence"], np.arange(len(table)))
    tests = [fold.split.split(fold.table).test for fold in map(load, range(5))]
    np.testing.assert_array_equal(np.sort(np.concatenate(tests)), np.arange(len(table)))
    for test in tests:
        counted = np.bincount(table.targets[test], minlength=len(counts))
        np.testing.assert_array_less(np.abs(counted - np.array(list(counts.values())) / 5), 1)


def test_readings_are_in_order_of_time():
    table = lp1().table
    first = dict(zip(table.input_names, table.inputs[0], strict=True))
    assert [first[name] for name in ("Fx1", "Fy1", "Fz1", "Tx1", "Fz2", "Fz15", "Tz15")] == [-1, -1, 63, -3, 62, 64, 0]


def test_signlog_keeps_signs_and_compresses_large_values():
    raw, compressed = lp5().table.inputs, lp5(scaling="signlog").table.inputs
    np.testing.assert_allclose(np.sign(compressed) * np.expm1(np.abs(compressed)), raw, atol=1e-9)
    assert np.abs(raw).max() > 1000
    assert np.abs(compressed).max() < 10


def test_a_linear_fit_beats_the_majority_and_signlog_helps_it_on_lp5():
    def accuracy(options):
        tasks = [DatasetTask("lp5", loader_kwargs={"fold": fold, **options}) for fold in range(5)]
        return np.mean([np.mean(ridge(t, 30).argmax(1) == t.table.targets[t.parts.test]) for t in tasks])

    assert accuracy({}) > 47 / 164
    assert accuracy({"scaling": "signlog"}) > accuracy({}) + 0.1


def bayes(task):
    """Accuracy of naive Bayes with normal densities."""
    rows = np.concatenate([task.parts.train, task.parts.validation])
    x, y, test = task.table.inputs, task.table.targets, task.parts.test
    log_posterior = []
    for kind in range(len(task.table.classes)):
        members = x[rows[y[rows] == kind]]
        variance = members.var(0) + 1e-9 * x[rows].var(0).max()
        density = -0.5 * np.sum(np.log(variance) + (x[test] - members.mean(0)) ** 2 / variance, axis=1)
        log_posterior.append(np.log(len(members)) + density)
    return np.mean(np.argmax(log_posterior, 0) == y[test])


def test_naive_bayes_reaches_the_known_accuracy_on_lp1():
    tasks = [DatasetTask("lp1", loader_kwargs={"fold": fold}) for fold in range(5)]
    assert np.mean([bayes(task) for task in tasks]) == pytest.approx(0.934, abs=0.01)


def test_invalid_options_raise_one_sentence():
    with pytest.raises(SettingsError, match="unknown scaling 'sign-log'; did you mean 'signlog'"):
        lp1(scaling="sign-log")
    with pytest.raises(SettingsError, match="lp2: fold must be a whole number from 0 to 4, not 5"):
        _ = DatasetTask("lp2", loader_kwargs={"fold": 5}).table
    with pytest.raises(SettingsError, match="unknown row 'time_steps'; did you mean 'time_step'"):
        lp3(row="time_steps")


def test_time_steps_are_the_same_failures_with_one_target_each_at_the_end():
    for fold in range(5):
        whole, steps = lp4(fold=fold), lp4(fold=fold, row="time_step")
        table = steps.table
        np.testing.assert_array_equal(table.inputs.reshape(len(whole.table), 90), whole.table.inputs)
        assert table.input_names == ("Fx", "Fy", "Fz", "Tx", "Ty", "Tz")
        last = table.columns["last"] == 1
        np.testing.assert_array_equal(np.flatnonzero(last), np.arange(14, 15 * 117, 15))
        np.testing.assert_array_equal(table.targets[last], whole.table.targets)
        for name in ("train", "validation", "test"):
            rows, step_rows = (getattr(data.split.split(data.table), name) for data in (whole, steps))
            np.testing.assert_array_equal(table.columns["sequence"][step_rows], np.repeat(rows, 15))


def test_a_recurrent_network_sees_a_failure_step_by_step_and_is_scored_once():
    task = DatasetTask("lp4", loader_kwargs={"row": "time_step"}, sequence="sequence", scored_steps="last")
    assert (task.name, task.n_inputs) == ("lp4-time_step", 6)
    guess = task.references()["majority class"]
    assert guess == DatasetTask("lp4").references()["majority class"]
    assert task.references()["linear fit"] >= guess  # of the last reading alone
