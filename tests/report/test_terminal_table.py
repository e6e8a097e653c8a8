"""Tables in narrow terminals: columns are left out, then texts are broken between words, and letters never."""

import pytest

from evorobo.printable import wrapped
from evorobo.report.analysis import tables
from evorobo.report.analysis.summary import summarize
from evorobo.report.analysis.terminal_table import terminal_table

HEADER, SIDES = ["method", "n", "score", "best"], ["left", "right", "right", "right"]
ROWS = [["a method with a long name", "10", "1.25", "9.75"], ["ga", "10", "2.50", ""]]


def widest(text):
    return max(map(len, text.split("\n")))


def test_without_a_limit_nothing_is_left_out():
    assert widest(terminal_table(ROWS, HEADER, SIDES, None, ["best"])) == 47
    assert "room" not in terminal_table(ROWS, HEADER, SIDES, 47, ["best"])


def test_the_first_columns_are_left_out_first_and_named():
    text = terminal_table(ROWS, HEADER, SIDES, 40, ["best", "n"])
    assert text.split("\n")[0].split() == ["method", "n", "score"]
    assert text.endswith("There is no room for: best.")


def test_then_texts_are_broken_between_words():
    text = terminal_table(ROWS, HEADER, SIDES, 24, ["best", "n"])
    assert widest(text) <= 28
    words = {word for line in text.split("\n")[2:-1] for word in line.split()}
    assert {"method", "long", "name", "1.25"} <= words


def test_the_summary_of_a_study_fits_80_columns(small_table):
    summary = summarize(small_table)
    assert widest(summary.to_terminal()) > 100
    text = summary.to_terminal(80)
    assert widest(text) <= 80
    assert "95% interval" in text
    for word in " ".join([*summary.sentences, *summary.cautions]).split():
        assert word in text  # no word is broken


def test_empty_columns_go_first(small_table):
    assert "samples" not in tables.to_terminal(tables.summary_rows(small_table.select(["CartPole"], ["cma-es"])), 80)


@pytest.mark.parametrize("width", [None, 20])
def test_lines_are_broken_between_words(width):
    text = "evorobo: a_long_path/of_a/folder_that_cannot_be_broken is missing; run it again"
    assert wrapped(text, width).split() == text.split()
    assert (wrapped(text, width) == text) == (width is None)
