"""The log of a trial and its file."""

import json
from hashlib import sha256

import numpy as np
import pytest

from evorobo import ResultsError
from evorobo.learners.base import StepResult
from evorobo.study.log import Log
from evorobo.study.results import read_curve
from evorobo.tasks.base import COST_COLUMNS, Cost

COST = Cost(env_steps=10, samples=3, forward_flops=7, update_flops=5, cpu_seconds=0.1 + 0.2)


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path / "curve.csv")
    log.append(Cost(), 0, None, 1.0, 2.0)
    log.append(COST, 1, StepResult(-0.5, {"step_size": 1 / 3, "epoch": 2}), float("nan"), 0.1)
    return log


def test_every_row_has_all_costs_then_the_scores_then_the_columns_of_the_method(log):
    header = log.path.read_text().splitlines()[0].split(",")
    assert header == [*COST_COLUMNS, "generations", "train", "validation", "test", "step_size", "epoch"]


def test_the_file_is_read_back_to_the_same_numbers(log):
    curve = read_curve(log.path)
    assert curve["env_steps"].tolist() == [0, 10]
    assert curve["cpu_seconds"].tolist() == [0, 0.1 + 0.2]
    assert curve["step_size"][1] == 1 / 3
    assert curve["test"].tolist() == [2.0, 0.1]


def test_an_unknown_value_is_an_empty_cell(log):
    first, second = log.path.read_text().splitlines()[1:]
    assert first == "0,0,0,0,0,0,0,0.0,0.0,0,,1.0,2.0,,"
    assert second.split(",")[10:12] == ["-0.5", ""]
    curve = read_curve(log.path)
    assert np.isnan(curve["train"][0])
    assert np.isnan(curve["validation"][1])


RESULTS = [  # of the steps before each eval: columns appear late, stay away for an eval, and hold every kind of number
    None,
    StepResult(-0.5, {"step_size": 1 / 3, "epoch": 2}),
    StepResult(0.5, {"step_size": float("nan"), "epoch": -3}),
    StepResult(1e300, {"diversity": np.float32(0.1)}),
    StepResult(-0.0, {"epoch": 10**20, "step_size": float("inf"), "flag": True}),
]


def write_log(path, results=RESULTS):
    """Return the log, and after each row its state, its evals and its file."""
    log, states = Log(path), []
    for number, result in enumerate(results):
        log.append(COST, number, result, float("nan") if number % 2 else 0.1, number / 7)
        states.append((json.loads(json.dumps(log.state())), repr(log.evals), path.read_bytes()))
    return log, states


def test_rows_are_appended_and_the_digest_is_that_of_the_file(tmp_path):
    log, states = write_log(tmp_path / "curve.csv")
    for state, _, content in states:
        assert state["sha256"] == sha256(content).hexdigest()
    assert log.path.read_text().splitlines()[0].endswith(",test,step_size,epoch,diversity,flag")
    inode = log.path.stat().st_ino
    log.append(COST, 9, StepResult(1.0, {"epoch": 1}), 1.0, 1.0)
    assert log.path.stat().st_ino == inode, "no new column, and the file was written anew"
    assert log.sha256 == sha256(log.path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kept", range(1, 6))
@pytest.mark.parametrize("later", range(5))
def test_a_log_is_cut_back_to_the_rows_of_its_checkpoint(tmp_path, kept, later):
    _, states = write_log(tmp_path / "curve.csv")
    state, evals, content = states[kept - 1]
    (tmp_path / "curve.csv").write_bytes(states[max(kept - 1, later)][2] + b"17,3,half a r")
    log = Log(tmp_path / "curve.csv")
    log.restore(state)
    assert log.path.read_bytes() == content
    assert repr(log.evals) == evals
    for number, result in enumerate(RESULTS[kept:], kept):
        log.append(COST, number, result, float("nan") if number % 2 else 0.1, number / 7)
    assert log.path.read_bytes() == states[-1][2]
    assert log.sha256 == sha256(log.path.read_bytes()).hexdigest()


def test_a_log_that_lacks_rows_of_its_checkpoint_or_has_others_is_refused(tmp_path):
    log, states = write_log(tmp_path / "curve.csv")
    state, _, content = states[3]
    wrong = [content[:cut] for cut in range(0, len(content) - 1, 3)]  # the end of the last line alone changes nothing
    wrong += [
        content.replace(b"0.3333", b"0.3334"),
        content.replace(b"epoch", b"epoch2"),
        b"\xff" + content,
        b"x\n" * 9,
    ]
    for damaged in wrong:
        log.path.write_bytes(damaged)
        with pytest.raises(
            ResultsError, match=r"curve\.csv lacks rows of its checkpoint, or they were changed; delete"
        ):
            Log(log.path).restore(state)
        assert log.path.read_bytes() == damaged
    log.path.unlink()
    with pytest.raises(ResultsError, match="lacks rows of its checkpoint"):
        Log(log.path).restore(state)


def test_a_file_that_another_program_changes_while_the_trial_runs_is_not_written_on(log):
    with log.path.open("a") as file:
        file.write("1,2,3\n")
    with pytest.raises(ResultsError, match=r"curve\.csv was changed while its trial ran \(\d+ bytes instead of \d+\)"):
        log.append(COST, 2, StepResult(1.0, {"epoch": 3}), 1.0, 2.0)


def test_callbacks_see_all_first_columns_and_no_test_score(log):
    first, second = log.evals
    assert set(first) == {*COST_COLUMNS, "generations", "train", "validation"}
    assert set(second) == {*first, "step_size", "epoch"}
    assert np.isnan(first["train"])
    assert type(second["epoch"]) is int


def test_numbers_of_numpy_are_written_as_plain_numbers(tmp_path):
    log = Log(tmp_path / "curve.csv")
    log.append(Cost(), 0, StepResult(np.float64(0.25), {"norm": np.float32(0.5)}), np.float64(1), np.float64(2))
    assert log.path.read_text().splitlines()[1] == "0,0,0,0,0,0,0,0.0,0.0,0,0.25,1.0,2.0,0.5"


def test_the_evals_of_a_callback_stay_as_they_were_and_cost_nothing_for_each_row(log):
    seen = log.evals
    log.append(COST, 2, StepResult(3.0, {}), 0.5, 1.0)
    assert (len(seen), len(log.evals)) == (2, 3)
    assert [row["generations"] for row in log.evals] == [0, 1, 2]
    assert log.evals[-1]["validation"] == 0.5
    assert seen[-1] == seen[1:][0] == log.evals[1]
    assert seen[-1] is log.evals[1]  # no copies
    with pytest.raises(IndexError):
        seen[2]
