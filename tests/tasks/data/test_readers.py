"""Reading data files: formats, columns, kinds of targets, and errors with line and column."""

import gzip

import numpy as np
import pytest

from evorobo import DataError, SettingsError
from evorobo.tasks.data.readers import read_table

CSV = "front,left,day,move\n1.5,0.5,1,go\n0.8,0.4,1,turn\n2,0.25,2,go\n"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def sentence(path, *args, **options):
    with pytest.raises((DataError, SettingsError)) as caught:
        read_table(path, *args, **options)
    return str(caught.value)


def test_text_in_the_last_column_is_a_classification(write):
    table = read_table(write("robots.csv", CSV), columns=("day",))
    np.testing.assert_array_equal(table.inputs, [[1.5, 0.5], [0.8, 0.4], [2, 0.25]])
    np.testing.assert_array_equal(table.targets, [0, 1, 0])
    np.testing.assert_array_equal(table.columns["day"], [1, 1, 2])
    assert (table.classes, table.input_names, table.target_names) == (("go", "turn"), ("front", "left"), ("move",))
    assert len(table) == 3


def test_numbers_are_a_regression_on_named_or_numbered_columns(write):
    path = write("arm.csv", "a,b,x,y\n1,2,3,4\n5,6,7,8\n9,10,11,12\n")
    by_name, by_number = read_table(path, ("x", "y")), read_table(path, (-2, 3))
    for table in (by_name, by_number):
        np.testing.assert_array_equal(table.inputs, [[1, 2], [5, 6], [9, 10]])
        np.testing.assert_array_equal(table.targets, [[3, 4], [7, 8], [11, 12]])
        assert (table.classes, table.target_names) == ((), ("x", "y"))
    assert read_table(path, "a", ignore=("x", 3)).input_names == ("b",)
    assert read_table(path, ["x"], columns="a", ignore=-1).input_names == ("b",)


def test_numbers_are_classes_with_kind_classification(write):
    table = read_table(write("a.csv", "x,y\n1,10\n2,9\n3,10\n"), kind="classification")
    assert table.classes == ("9", "10")
    np.testing.assert_array_equal(table.targets, [1, 0, 1])


def test_given_classes_keep_their_order_and_exclude_others(write):
    path = write("robots.csv", CSV)
    table = read_table(path, classes=("stop", "turn", "go"))
    np.testing.assert_array_equal(table.targets, [2, 1, 2])
    assert sentence(path, classes=("stop", "go")) == (
        "robots.csv, line 3, column 'move': 'turn' is not one of the classes stop, go."
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "1,2,3\n4,5,6\n7,8,9\n"),
        ("a.csv", "1;2;3\n4;5;6\n7;8;9"),
        ("a.csv", "1,0;2;3,0e0\n4;5;0,6e+1\n7;8;9"),
        ("a.csv", "one;two;;three;\n1,0;2;;3;\n;;;;\n4;5;;6;\n7;8;;9;\n"),
        ("a.data", "1,2,3\r\n\n4,5,6\n7,8,9"),
        ("a.tsv", "1\t2\t3\n4\t5\t6\n7\t8\t9\n\n"),
        ("a.txt", "  1 2  3\n4 5 6\n7 8 9\n"),
        ("a.txt", "1\t2\t3\n4\t5\t6\n7\t8\t9\n"),
        ("a.dat", "1, 2, 3\n4, 5, 6\n7, 8, 9\n"),
        ("a.csv", "\ufeffone,two,three\n1,2,3\n4,5,6\n7,8,9\n"),
        ("a.csv.gz", gzip.compress(b"1,2,3\n4,5,6\n7,8,9\n", mtime=0)),
        ("a.tsv.gz", gzip.compress(b"1\t2\t3\n4\t5\t6\n7\t8\t9\n", mtime=0)),
    ],
)
def test_every_kind_of_text_file_gives_the_same_table(write, name, text):
    table = read_table(write(name, text))
    np.testing.assert_array_equal(table.inputs, [[1, 2], [4, 5], [7, 8]])
    np.testing.assert_array_equal(table.targets, [[3], [6], [9]])


def test_semicolons_in_a_file_with_commas_do_not_separate(write):
    table = read_table(write("a.csv", "a;b,c\n1,2\n3,4\n5,6\n"))
    assert (table.input_names, table.target_names) == (("a;b",), ("c",))


def test_a_header_of_numbers_needs_the_option(write):
    table = read_table(write("a.csv", "1,2\n3,4\n5,6\n7,8\n"), header=True)
    assert table.input_names == ("1",)
    assert len(table) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x,y\n1,2\n3\n4,5\n", "robots.csv, line 3 has 1 cells where other lines have 2; correct the line."),
        (
            "x,z,y\n1,2,3\nabc,2,3\n4,5,6\n",
            "robots.csv, line 3, column 'x': 'abc' is not a number; "
            "correct the cell, or leave the column out: loader_kwargs={'ignore': ('x',)}, or --ignore x.",
        ),
        (
            "1,2,3\n1,b,3\n4,5,6\n",
            "robots.csv, line 2, column 1: 'b' is not a number; "
            "correct the cell, or leave the column out: loader_kwargs={'ignore': (1,)}, or --ignore 1.",
        ),
        (
            "x,y\n1,2\n1e999,3\n4,5\n",
            "robots.csv, line 3, column 'x': '1e999' is not a number; "
            "correct the cell, or leave the column out: loader_kwargs={'ignore': ('x',)}, or --ignore x.",
        ),
        ("x,y\n1,2\nnan,3\n4,5\n", "robots.csv, line 3, column 'x' is nan; fill the cell or delete the line."),
        ("x,y\n1,2\n\n3,\n4,5\n", "robots.csv, line 4, column 'y' is empty; fill the cell or delete the line."),
        (
            "x,y\n1,2\n3,4o\n5,6\n",
            "robots.csv, line 3, column 'y': '4o' is text in a column of numbers; "
            "correct the cell, or set kind='classification'.",
        ),
        ("x,y\n1,2\n3,4\n", "robots.csv: 2 rows are too few to train, validate and test; give at least 3."),
        ("x,y\n", "robots.csv: 0 rows are too few to train, validate and test; give at least 3."),
        ("", "robots.csv is empty; give a file with one row of numbers per example."),
        ("y\n1\n2\n3\n", "robots.csv has no column left as input; its columns are y."),
        ("x,y\n1,a\n2,a\n3,a\n", "robots.csv: all rows belong to one class, 'a'; classification needs at least two."),
    ],
)
def test_an_invalid_file_raises_one_sentence_with_line_column_and_solution(write, text, expected):
    assert sentence(write("robots.csv", text)) == expected


def test_an_invalid_choice_of_columns_raises_one_sentence(write, tmp_path):
    path = write("robots.csv", CSV)
    assert sentence(path, "moves") == "robots.csv: unknown column 'moves'; did you mean 'move'?"
    assert sentence(path, 7) == (
        "robots.csv has 4 columns and no column 7; numbers count from 0, or backwards from -1."
    )
    assert (
        sentence(path, columns=("move",))
        == "robots.csv: 'move' is both the target and one of the columns to keep; remove one."
    )
    assert sentence(path, ("day", "move")) == ("robots.csv: classification has one target column, not 2; name one.")
    assert sentence(path, kind="clasification") == (
        "unknown kind of target 'clasification'; did you mean 'classification'?"
    )
    assert sentence(path, kind="regression").startswith(
        "robots.csv, line 2, column 'move': 'go' is not a number; correct the cell, or set"
    )
    assert sentence(tmp_path / "no.csv").startswith("there is no file ")


def test_unreadable_files_raise_one_sentence(write):
    assert sentence(write("a.xlsx", "x")) == (
        "a.xlsx has none of the suffixes that evorobo reads (.csv, .tsv, .data, .dat, .txt, .arff, .npz); "
        "save it as CSV."
    )
    assert "cannot be read" in sentence(write("a.csv", b"\xff\xfe\x00\x01"))
    assert "cannot be read" in sentence(write("a.csv", b'1,2\n"3,4\n'))
    assert "cannot be read" in sentence(write("a.csv.gz", b"1,2\n3,4\n5,6\n"))
    assert "cannot be read" in sentence(write("b.csv.gz", gzip.compress(b"1,2\n3,4\n5,6\n" * 99)[:-20]))
    assert "damaged" in sentence(write("a.npz", b"PK nothing"))
    assert "cannot be read as ARFF" in sentence(write("a.arff", "@relation x\n@attribute a string\n@data\nb\n"))


ARFF = "@relation r\n@attribute x numeric\n@attribute c {9,10,7}\n@attribute s {on, off}\n@data\n"


def test_an_arff_nominal_target_is_a_classification_in_declared_order(write):
    path = write("a.arff", ARFF + "1,10,on\r\n2,9,off\r\n3,10,on\r\n")
    table = read_table(path, "c", columns=("s",))
    assert table.classes == ("9", "10", "7")
    np.testing.assert_array_equal(table.targets, [1, 0, 1])
    assert list(table.columns["s"]) == ["on", "off", "on"]
    assert read_table(path, "x", ignore=("s",)).input_names == ("c",)
    zipped = write("b.arff.gz", gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_table(zipped, "c", ignore=("s",)).inputs, table.inputs)


def test_a_missing_arff_value_raises_one_sentence(write):
    path = write("a.arff", ARFF + "1,10,on\n?,9,off\n3,10,on\n")
    assert sentence(path) == "a.arff, data row 2, column 'x' is nan; fill the cell or delete the data row."


def test_an_npz_is_read_as_a_table(tmp_path):
    path, rng = tmp_path / "a.npz", np.random.default_rng(0)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    np.savez(path, inputs=x, targets=y, lap=np.arange(5), day=np.array(list("abcab")))
    table = read_table(path)
    np.testing.assert_array_equal(table.inputs, x)
    np.testing.assert_array_equal(table.targets, y)
    assert list(table.columns) == ["lap", "day"]
    np.savez(path, inputs=x, targets=np.array([3, 1, 3, 1, 1]))
    assert read_table(path).classes == ("1", "3")
    assert read_table(path, kind="regression").targets.shape == (5, 1)


def test_an_npz_without_inputs_raises_one_sentence(tmp_path):
    path, x, y = tmp_path / "a.npz", np.ones((4, 2)), np.arange(4.0)
    np.savez(path, x=x, targets=y)
    assert sentence(path) == "a.npz contains x, targets, but no array 'inputs'; add it."
    np.savez(path, inputs=np.array([[1, "a", None]] * 4, dtype=object), targets=y)
    assert "no NPZ file of plain arrays" in sentence(path)
