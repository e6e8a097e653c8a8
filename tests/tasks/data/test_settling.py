"""Odd columns of a file are reported together with the settings that settle them; notes on columns and labels."""

import numpy as np
import pytest

import evorobo as er
from evorobo.tasks.data.settling import OddColumnsError, content_notes


@pytest.fixture
def file(tmp_path):
    """Two holes, a text column, an id in text, a session in text, and a constant column."""
    rng = np.random.default_rng(0)
    lines = ["a,b,ground,note,session,gain,label"]
    for row in range(60):
        a, b = ("" if row == 5 else f"{rng.normal():.3f}"), ("NaN" if row == 9 else f"{rng.normal():.3f}")
        lines.append(
            f"{a},{b},{('grass', 'sand')[row % 2]},note {row},lap{row // 10},25,{('go', 'stop')[row % 3 == 0]}"
        )
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_all_odd_columns_are_in_one_error_that_says_what_settles_them(file):
    with pytest.raises(OddColumnsError) as caught:
        _ = er.DatasetTask(str(file)).table
    message = str(caught.value)
    for column in ("'a'", "'b'", "'ground'", "'note'", "'session'"):
        assert column in message
    assert message.endswith(
        """or settle all: missing="median", one_hot=('ground',), loader_kwargs={'ignore': ('note', 'session')}, or """
        "--missing median --one-hot ground --ignore note,session."
    )
    error = caught.value
    task = er.DatasetTask(str(file), missing="median", one_hot=error.one_hot, loader_kwargs={"ignore": error.left_out})
    assert task.table.input_names == ("a", "b", "ground=grass", "ground=sand", "gain")


def test_a_cell_that_no_setting_settles_is_not_settled(file):
    file.write_text(file.read_text() + "0.5,1,sand,note,lap5,near,go\n")
    with pytest.raises(OddColumnsError) as caught:
        _ = er.DatasetTask(str(file), loader_kwargs={"header": True}).table
    assert not caught.value.is_settled
    assert "'near' in line 62" in str(caught.value)
    assert "settle all" not in str(caught.value)


def test_constant_columns_and_suspicious_labels_are_noted():
    rng = np.random.default_rng(0)
    labels = np.array(["go"] * 40 + ["Go "] * 8 + ["stop"] * 2)
    table = er.make_table(np.c_[rng.normal(size=50), np.full(50, 7.0)], labels)
    constant, rare, alike, unequal = content_notes(table)
    assert constant == "'1' never changes, so nothing is learned from it."
    assert rare == "Classes with few rows: 'stop' (2); a part of the split may lack them."
    assert alike == "The classes 'Go ' and 'go' may be one class, written differently."
    assert unequal.startswith("The classes are unequal (Go  16%, go 80%, stop 4%)")
    assert content_notes(er.make_table(rng.normal(size=(50, 2)), rng.normal(size=50))) == []
