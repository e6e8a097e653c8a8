"""Text of others is shown without terminal escapes, and short."""

import pytest

from evorobo.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("µ-law: 5 °C, 東京\n\tline", "µ-law: 5 °C, 東京\n\tline"),
        ("a\x1b[31mred\x1b[0m", r"a\x1b[31mred\x1b[0m"),
        ("title\x1b]0;owned\x07", r"title\x1b]0;owned\x07"),
        ("over\rwritten\x08", r"over\rwritten\x08"),
        ("c1 \x9b2J", r"c1 \x9b2J"),
        ("half \udc80", r"half \udc80"),
        ("right to left \u202eflip", r"right to left \u202eflip"),
        ("no break\xa0space", "no break\xa0space"),
        (None, "None"),
    ],
)
def test_control_characters_are_written_as_escapes(text, shown):
    assert printable(text) == shown
    printable(text).encode()


def test_a_long_text_is_cut_and_says_so():
    assert printable("x" * 1_000_000, 500) == "x" * 500 + " ... (999,500 more characters)"
