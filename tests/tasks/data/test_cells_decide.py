"""Classes, groups and sequences are separated by the text of their cells; where a text has two readings, a question."""

import numpy as np
import pytest

from evorobo import DataError, DatasetTask, FoldSplit, GroupSplit, SettingsError, make_table
from evorobo.tasks.data.readers import read_table

N = 40
X = np.random.default_rng(0).uniform(0, 4, (N, 2)).round(3)


@pytest.fixture
def write(tmp_path):
    """Write a file of two sensors and further columns of N cells, each a recurring pattern."""

    def write(name="robots.csv", sep=",", **columns):
        cells = {"x": X[:, 0], "y": X[:, 1], **{key: np.resize(cells, N) for key, cells in columns.items()}}
        lines = [sep.join(map(str, row)) for row in zip(*cells.values(), strict=True)]
        path = tmp_path / name
        path.write_text("\n".join([sep.join(cells), *lines]) + "\n")
        return path

    return write


def sentence(path, **settings):
    with pytest.raises((DataError, SettingsError)) as caught:
        read_table(path, **settings)
    return str(caught.value)


CODES = {
    "versions": (["1.1", "1.10", "1.2"], ("1.1", "1.10", "1.2")),
    "leading zeros": (["007", "7", "07"], ("007", "07", "7")),
    "underscores": (["1_1", "11", "2_1"], ("11", "1_1", "2_1")),
    "ids of 17 digits": (
        ["20240503101530001", "20240503101530002", "20240503101530003"],
        ("20240503101530001", "20240503101530002", "20240503101530003"),
    ),
    "exponents": (["1e3", "1000", "2e3"], ("1000", "1e3", "2e3")),
    "hexadecimal": (["0x1F", "0x2A", "0x1f"], ("0x1F", "0x1f", "0x2A")),
    "versions of three parts": (["1.2.3", "1.2.10", "1.2.1"], ("1.2.1", "1.2.10", "1.2.3")),
    "dates": (["2024-05-03", "2024-05-04", "2024-05-30"], ("2024-05-03", "2024-05-04", "2024-05-30")),
}


@pytest.mark.parametrize(("codes", "classes"), CODES.values(), ids=CODES)
def test_the_text_of_a_cell_is_the_class(write, codes, classes):
    table = read_table(write(label=codes), kind="classification")
    assert table.classes == classes
    assert [table.classes[number] for number in table.targets[:3]] == codes


@pytest.mark.parametrize("codes", [codes for codes, _ in CODES.values()], ids=CODES)
def test_the_text_of_a_cell_is_the_group(write, codes):
    path = write(run=codes, move=["go", "turn"])
    run = read_table(path, columns="run").columns["run"]
    assert len(np.unique(run)) == 3
    task = DatasetTask(str(path), split=FoldSplit(3, column="run", validation=False))
    assert {codes[row % 3] for row in task.parts.test}.isdisjoint({codes[row % 3] for row in task.parts.train})
    named = DatasetTask(str(path), split=GroupSplit("run", test=(codes[1],)))
    assert {row % 3 for row in named.parts.test} == {1}


@pytest.mark.parametrize("codes", [["1.1", "1.10"], ["07", "7"], ["20240503101530001", "20240503101530002"]])
def test_the_text_of_a_cell_is_the_sequence(tmp_path, codes):
    lines = [f"{code},{x},{y},{x + y}" for code, rows in zip(codes, (X[:20], X[20:]), strict=True) for x, y in rows]
    (tmp_path / "robots.csv").write_text("\n".join(["run,x,y,speed", *lines]))
    task = DatasetTask(str(tmp_path / "robots.csv"), sequence="run")
    assert task.sequences(np.arange(N)).tolist() == [0] * 20 + [1] * 20


@pytest.mark.parametrize(
    ("labels", "doubt"),
    [
        (["1.2", "1.1", "1.10"], "3 different texts, of which 1.1 and 1.10 are the same number"),
        (["007", "012"], "codes with leading zeros, as 007"),
        (["20240503101530001", "20240503101530002"], "whole numbers of many digits, as 20240503101530001"),
        (["1", "2"], "2 different whole numbers"),
        (["0", "1", "2", "3", "4"], "5 different whole numbers"),
        (["1.0", "2.0"], "2 different whole numbers"),
        (["-1", "1"], "2 different whole numbers"),
    ],
)
def test_numbers_that_may_be_classes_are_a_question(write, labels, doubt):
    path = write(label=labels)
    assert sentence(path) == (
        f"robots.csv, column 'label' holds {doubt}: classification? Set kind='classification' if these are classes, or "
        "kind='regression' if they are values to predict; on the command line --kind."
    )
    assert len(read_table(path, kind="classification").classes) == len(labels)
    if len(labels[0]) < 16:
        assert read_table(path, kind="regression").classes == ()


def test_one_hot_columns_are_a_question_and_one_hot_arrays_are_classes(write):
    path = write(go=["1", "0", "0"], turn=["0", "1", "0"], stop=["0", "0", "1"])
    target = ("go", "turn", "stop")
    assert sentence(path, target=target).startswith(
        "robots.csv, columns 'go', 'turn', 'stop' hold a 1 in one column of each row: classification? Set kind="
    )
    assert read_table(path, target, "classification").classes == target
    assert read_table(path, target, "regression").targets.shape == (N, 3)
    one_hot = np.eye(3, dtype=int)[[0, 2, 1, 0]]
    table = make_table(np.ones((4, 2)), one_hot)
    assert (table.classes, table.targets.tolist()) == (("0", "1", "2"), [0, 2, 1, 0])
    assert make_table(np.ones((4, 2)), one_hot.astype(bool), classes=("a", "b", "c")).classes == ("a", "b", "c")
    assert make_table(np.ones((4, 2)), one_hot.astype(float)).targets.shape == (4, 3)


def test_values_are_no_question(write):
    assert read_table(write(speed=X[:, 0] * 2)).classes == ()
    assert read_table(write(count=np.arange(N))).classes == ()
    assert read_table(write(angle=["0.5", "1.5"])).classes == ()


def test_one_text_of_two_spellings_is_a_question(write):
    path = write(label=["1.0", "2.0", "1"])
    assert sentence(path, kind="classification") == (
        "robots.csv, column 'label' holds 1 and 1.0: one class or two? Write them alike if they are one; else name all "
        "classes in loader_kwargs={'classes': (...)}."
    )
    assert read_table(path, kind="classification", classes=("1", "1.0", "2.0")).classes == ("1", "1.0", "2.0")


def test_a_minus_sign_of_typography_is_a_minus_sign(write):
    path = write(label=["−1", "1", "0"])  # noqa: RUF001
    assert read_table(path, kind="classification").classes == ("−1", "0", "1")  # noqa: RUF001
    assert set(read_table(path, kind="regression").targets[:, 0]) == {-1, 0, 1}
    assert "may be a header or the first row of data" in sentence(write(sep=",", **{"−45": ["0.5", "0.25"]}))  # noqa: RUF001


def test_underscores_are_no_digits(write):
    assert sentence(write(place=["1_1", "11"])) == (
        "robots.csv, line 2, column 'place': '1_1' is text in a column of numbers; correct the cell, or set "
        "kind='classification'."
    )
    assert sentence(write(place=["1_1", "11"]), target="x").startswith(
        "robots.csv, line 2, column 'place': '1_1' is not a number"
    )


def test_an_id_of_many_digits_is_no_input(write):
    assert sentence(write(session=["20240503101530001", "20240503101530002"], move=["go", "turn"])) == (
        "robots.csv, line 2, column 'session': '20240503101530001' has more digits than a number holds, as an id has; "
        "correct the cell, or keep the column beside the inputs: loader_kwargs={'columns': ('session',)}, or --ignore "
        "session (40 such cells in the column: '20240503101530001' 20 times from line 2 on, '20240503101530002' 20 "
        "times from line 3 on)."
    )


@pytest.mark.parametrize(
    ("cells", "sep", "value"),
    [
        (["1.234.567"], ";", 1234567),
        (["1'250.5"], ";", 1250.5),
        (["1 250 000"], ";", 1250000),
        (['"1,250.75"'], ",", 1250.75),
        (["1.250,75"], ";", 1250.75),
        (["−3.5"], ",", -3.5),  # noqa: RUF001
        (["2,5"], "\t", 2.5),
    ],
)
def test_numbers_with_one_reading_are_read(write, cells, sep, value):
    table = read_table(write(sep=sep, force=cells, move=["go", "turn"]))
    assert table.input_names == ("x", "y", "force")
    assert set(table.inputs[:, 2]) == {value}


@pytest.mark.parametrize(
    ("cell", "mark", "sep", "values"),
    [("1.250", ".", ";", (1250, 1.25)), ('"1,250"', ",", ",", (1250, 1.25)), ("12.500", ".", ";", (12500, 12.5))],
)
def test_thousands_are_a_question_where_decimals_are_possible(tmp_path, cell, mark, sep, values):
    other = "," if mark == "." else "."
    lines = [
        f"{cell}{sep}{str(x).replace('.', other)}{sep}{move}"
        for x, move in zip(X[:, 0], ["go", "turn"] * 20, strict=True)
    ]
    path = tmp_path / "robots.csv"
    path.write_text("\n".join([sep.join(("force", "x", "move")), *lines]))
    if mark == ".":  # a point beside decimal commas
        plain = cell.strip('"')
        assert sentence(path) == (
            f"robots.csv, line 2, column 'force': '{plain}' is {plain.replace('.', '')} or {plain}; set thousands='.' "
            f"if '.' separates thousands, else thousands='' (loader_kwargs, or --thousands) (40 such cells in the "
            f"column: '{plain}' 40 times from line 2 on)."
        )
    else:
        assert "set thousands=',' if ',' separates thousands, else thousands=''" in sentence(path)
    for thousands, value in zip((mark, ""), values, strict=True):
        assert set(read_table(path, thousands=thousands).inputs[:, 0]) == {value}


def test_masked_values_are_refused_and_masks_of_nothing_are_not():
    x, y = np.ma.masked_array(np.ones((4, 2)), mask=[[0, 0], [0, 1], [0, 0], [1, 0]]), np.arange(4.0)
    with pytest.raises(DataError) as caught:
        make_table(x, y)
    assert str(caught.value) == (
        "the data: inputs mask 2 values, the first at index 1, 1; fill them or delete their rows."
    )
    with pytest.raises(DataError, match=r"targets mask 1 values, the first at index 2; fill them"):
        make_table(np.ones((4, 2)), np.ma.masked_equal([1, 2, 9, 3], 9))
    with pytest.raises(DataError, match=r"column 'lap' mask 1 values, the first at index 0"):
        make_table(np.ones((4, 2)), y, columns={"lap": np.ma.masked_equal([9, 2, 1, 3], 9)})
    assert len(make_table(np.ma.masked_array(np.ones((4, 2))), y)) == 4


def test_objects_as_pandas_makes_them_become_numbers_booleans_or_text():
    y = np.array(["go", "turn", "go", "turn"], object)
    x = np.array([[1, 2.5], [2, 3.5], [0, 1.5], [1, 1.0]], object)
    table = make_table(x, y, columns={"lap": np.array([1, 1, 2, 2], object), "hit": np.array([True] * 4, object)})
    assert table.inputs.dtype == np.float64
    assert table.classes == ("go", "turn")
    assert [table.columns[name].dtype.kind for name in ("lap", "hit")] == ["i", "b"]
    for hole in (None, float("nan"), np.nan):
        with pytest.raises(DataError, match=r"targets mixes types; make it all numbers or all text. 1 of its"):
            make_table(x, np.array(["go", hole, "go", "turn"], object))
