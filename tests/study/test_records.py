"""Files of results carry the number of their format; another number is refused with a cure."""

import json

import pytest

from evorobo import ResultsError
from evorobo.study.records import FORMAT, read_record, write_record


def test_a_record_is_read_without_its_format(tmp_path):
    path = tmp_path / "result.json"
    write_record(path, {"status": "finished", "test": 0.1})
    assert json.loads(path.read_text()) == {"format": FORMAT, "status": "finished", "test": 0.1}
    assert read_record(path) == {"status": "finished", "test": 0.1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"status": "finished"}, r"has format 1 of an older version of evorobo, and this version reads format 3; run "),
        ({"format": 1}, r"has format 1 of an older version"),
        (
            {"format": 4},
            r"has format 4 of a newer version of evorobo.*; run the experiment again with another --results",
        ),
        ({"format": "x"}, r"has format x of a newer version"),
        ([], r"result\.json is damaged \(no fields\); delete its folder"),
    ],
)
def test_another_format_is_refused_with_a_cure(tmp_path, content, message):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ResultsError, match=message):
        read_record(path)


def test_a_damaged_record_is_refused(tmp_path):
    path = tmp_path / "result.json"
    path.write_text('{"status"')
    with pytest.raises(ResultsError, match=r"result\.json is damaged .*; delete its folder"):
        read_record(path)
