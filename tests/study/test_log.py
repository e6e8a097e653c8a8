"""The log of a trial and its file."""

import numpy as np
import pytest

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
    assert first == "0,0,0,0,0,0,0.0,0.0,0,,1.0,2.0,,"
    assert second.split(",")[9:11] == ["-0.5", ""]
    curve = read_curve(log.path)
    assert np.isnan(curve["train"][0])
    assert np.isnan(curve["validation"][1])


def test_a_log_made_from_its_rows_continues_without_a_difference(log, tmp_path):
    other = Log(tmp_path / "other.csv", [dict(row) for row in log.rows])
    for each in (log, other):
        each.append(COST, 2, StepResult(1.5, {"diversity": 2.0}), 3.0, 4.0)
    assert other.path.read_bytes() == log.path.read_bytes()


def test_numbers_of_numpy_are_written_as_plain_numbers(tmp_path):
    log = Log(tmp_path / "curve.csv")
    log.append(Cost(), 0, StepResult(np.float64(0.25), {"norm": np.float32(0.5)}), np.float64(1), np.float64(2))
    assert log.path.read_text().splitlines()[1] == "0,0,0,0,0,0,0.0,0.0,0,0.25,1.0,2.0,0.5"
