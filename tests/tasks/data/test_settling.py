"""All that is unclear or unusual in a file is in one report, whose settings settle it."""

import re
import shlex

import numpy as np
import pytest

import evorobo as er
from evorobo.tasks.data.file_report import with_answers
from evorobo.tasks.data.findings import content_findings, imbalance_note
from evorobo.tasks.text.questions import OpenQuestion
from evorobo.tasks.text.source import unique_names

N_ROWS = 120


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(N_ROWS, 3))


def write(path, lines, **settings):
    path.write_text("\n".join(lines) + "\n", **settings)
    return path


def german(path, x):
    """A spreadsheet in German: title, units, decimal commas, marks of thousands that may be decimals, ja and nein."""
    lines = [
        "Messung vom 12.03.2024;;;;;",
        "Zeit;Drehzahl;Temperatur;Pumpe;Version;Kraft",
        "[s];[1/min];[°C];[-];[-];[Nm]",
    ]
    for row, (a, b, c) in enumerate(x):
        speed, temperature = f"{1500 + int(200 * a):,}".replace(",", "."), "" if row in (40, 41) else f"{20 + b:.1f}"
        lines.append(
            f"{row / 50:.3f};{speed};{temperature};{('ja', 'nein')[int(a > 0)]};3;{c:.3f}".replace(f"{speed}", "@")
        )
        lines[-1] = lines[-1].replace(".", ",").replace("@", speed)
    return write(path, lines, encoding="cp1252")


def two_headers(path, x):
    """Names of groups above the names of columns, and a label of whole numbers."""
    lines = ["imu,imu,imu,meta,meta", "ax,ay,az,subject,activity"]
    lines += [
        f"{a:.4f},{b:.4f},{c:.4f},{row // 20 + 1},{int(a > 0) + int(b > 0) + 1}" for row, (a, b, c) in enumerate(x)
    ]
    return write(path, lines)


def repeated_names(path, x):
    """An index, two columns of one name, texts among numbers, remarks, and the label under two names."""
    lines = [",speed,speed,temp,ok,note,label,label_code"]
    for row, (a, b, c) in enumerate(x):
        temp, note = "err" if row % 40 == 3 else f"{c:.3f}", "" if row % 20 else "checked"
        label = ("stuck", "free")[int(a > 0)]
        lines.append(f"{row},{a:.4f},{b:.4f},{temp},{('no', 'yes')[int(b > 0)]},{note},{label},{int(a > 0)}")
    return write(path, lines)


def shuffled(path, x):
    """Time stamps in a random order, and an id in the last column."""
    lines = [
        f"2024-03-01T12:00:{row // 10:02}.{row % 10},drive{row // 60},{a:.3f},{('mud', 'sand', 'grass')[row % 3]},"
        f"{('slow', 'fast')[int(a > 0)]},r{row:05}"
        for row, (a, _, _) in enumerate(x)
    ]
    return write(path, ["timestamp,drive,slope,ground,speed,id", *np.random.default_rng(1).permutation(lines)])


def no_header(path, x):
    """No names, a counter of rows, thousands in quotes, units in cells."""
    lines = [
        f'{row + 1},"{12000 + int(3000 * a):,}",{b:.2f}%,"{c:.2f} m/s",{int(a > 0)}' for row, (a, b, c) in enumerate(x)
    ]
    return write(path, lines)


def codes_of_missing(path, x):
    """Dates and times, empty cells, -999, a constant text, TRUE and FALSE."""
    lines = ["date\ttime\tleft\tright\tfirmware\tmode\tcollision"]
    for row, (a, b, _) in enumerate(x):
        left, right = "NA" if row % 50 == 7 else f"{a:.3f}", "-999" if row % 60 == 9 else f"{b:.3f}"
        lines.append(
            f"03/01/2024\t12:00:{row % 60:02}\t{left}\t{right}\tv1.2\t{('auto', 'man')[row // 60]}\t{a + b > 0}".upper()
        )
    return write(path, [lines[0].lower(), *lines[1:]])


FILES = {
    german: (
        1,
        ("'1.525' is 1525 or 1.525", "2 empty from line 44", "'ja'", "'Version' never changes"),
        ("Drehzahl", "Temperatur", "Pumpe=ja", "Pumpe=nein"),
    ),
    two_headers: (1, ("column 'meta activity' holds 3 different",), ("imu ax", "imu ay", "imu az")),
    repeated_names: (
        1,
        (
            "Column 'label_code' holds 2 different",
            "'err' 3 times",
            "'note'",
            "'label' determines the class in all rows",
        ),
        ("speed", "speed.1", "temp", "ok"),
    ),
    shuffled: (
        1,
        ("Column 'id' holds 120 different texts in 120 rows", "not in the order of 'timestamp'"),
        ("slope", "ground=grass", "ground=mud", "ground=sand"),
    ),
    no_header: (1, ("Column 4 holds 2 different", "'12,", "'0' counts the rows"), ("1", "2", "3")),
    codes_of_missing: (0, (), ("left", "right", "mode=AUTO", "mode=MAN")),
}


@pytest.mark.parametrize("make", FILES, ids=lambda make: make.__name__)
def test_new_dataset_asks_once_for_all_and_then_works(make, x, evorobo, tmp_path, monkeypatch):
    """`FILES` holds the number of reports, what they say, and the inputs of the new task."""
    file = make(tmp_path / f"{make.__name__}.csv", x)
    n_reports, sentences, inputs = FILES[make]
    command = ["new-dataset", file.name]
    for _ in range(n_reports):
        code, _, text = evorobo(*command)
        assert code == 2
        assert all(sentence in text for sentence in sentences), text
        advised = re.search(r"The same as a command:\n    evorobo (.*)", text)
        command = shlex.split(advised[1]) if advised else [*command, "--kind", "classification"]
    assert evorobo(*command)[0] == 0
    monkeypatch.syspath_prepend(tmp_path / make.__name__)
    task = __import__(make.__name__).task
    assert task.table.input_names == inputs
    assert np.isfinite(task.table.inputs).all()


def test_the_report_in_python_names_settings_that_settle_all(x, tmp_path):
    task = er.DatasetTask(str(repeated_names(tmp_path / "grip.csv", x)))
    with pytest.raises(OpenQuestion) as caught:
        _ = task.table
    text = str(caught.value)
    assert text.startswith("grip.csv: 4 points are unclear or unusual.\n- Column 'label_code' holds")
    settings = re.search("Settings that settle all: (.*)", text)[1]
    settled = er.DatasetTask(task.source, **eval(f"dict({settings})"))
    assert settled == with_answers(task, caught.value.answers)
    assert settled.table.input_names == ("speed", "speed.1", "temp", "ok")
    assert np.isnan(settled.raw_inputs[:, 2]).sum() == 3
    with_label = eval("dict({})".format(settings.replace("'note', 'label'", "'note'")))
    assert "'label' determines the class" in er.DatasetTask(task.source, one_hot=("label",), **with_label).caveat()


def test_units_in_cells_are_read_where_all_cells_have_the_same(tmp_path):
    lines = ["speed,load,label", *(f"{value / 4} m/s,{value} {('kg', 'g')[value % 2]},{value}.5" for value in range(8))]
    file = write(tmp_path / "a.csv", lines)
    with pytest.raises(OpenQuestion, match="column 'load': '0 kg' is not a number"):
        _ = er.read_table(file, header=True)
    table = er.read_table(file, header=True, ignore="load")
    assert table.inputs[:, 0].tolist() == [value / 4 for value in range(8)]


def test_a_repeated_name_is_the_target_only_by_number(tmp_path):
    file = write(tmp_path / "a.csv", ["x,x,y", *(f"{value}.5,{value}.25,{value}.75" for value in range(5))])
    assert er.read_table(file).input_names == ("x", "x.1")
    with pytest.raises(er.DataError, match=r"a\.csv has 2 columns named 'x'; give one of the numbers 0, 1 instead\."):
        er.read_table(file, target="x")
    assert er.read_table(file, target=1).input_names == ("x", "y")
    assert unique_names(["x", "x", "x.1", "x"]) == ("x", "x.2", "x.1", "x.3")


def test_a_file_that_no_setting_settles_has_no_answers(x, tmp_path):
    file = repeated_names(tmp_path / "a.csv", x)
    file.write_text(file.read_text() + "1,2\n")
    with pytest.raises(er.DataError, match="line 122 has 2 cells where other lines have 8"):
        _ = er.DatasetTask(str(file)).table


def test_constant_columns_and_suspicious_labels_are_found():
    rng = np.random.default_rng(0)
    labels = np.array(["go"] * 40 + ["Go "] * 8 + ["stop"] * 2)
    table = er.make_table(np.c_[rng.normal(size=50), np.full(50, 7.0)], labels)
    constant, rare, alike = content_findings(table)
    assert (constant.sentence, constant.left_out) == ("'1' never changes; leave it out.", ("1",))
    assert rare.sentence == "Classes with few rows: 'stop' (2); a part of the split may lack them."
    assert alike.sentence == "The classes 'Go ' and 'go' may be one class, written differently."
    assert imbalance_note(table).startswith("The classes are unequal (Go  16%, go 80%, stop 4%)")
    plain = er.make_table(rng.normal(size=(50, 2)), rng.normal(size=50))
    assert content_findings(plain) == []
    assert imbalance_note(plain) == ""


def test_an_input_in_other_units_than_the_target_is_a_copy_of_it():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 3))
    celsius = inputs @ [1.0, 2.0, 0.0] + 20
    task = er.DatasetTask.from_arrays(np.c_[inputs, 1.8 * celsius + 32], celsius)
    (copy,) = content_findings(task.table)
    assert copy.sentence.startswith("'3' determines the target in all rows")
    assert copy.left_out == ("3",)
