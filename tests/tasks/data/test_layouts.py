"""Files as other programs write them: headers, remarks, units, encodings, marks and indices; and one parser's table."""

import gzip

import numpy as np
import pytest

from evorobo import DataError, SettingsError
from evorobo.tasks.data.readers import read_table
from evorobo.tasks.data.text_files import read_text_file
from evorobo.tasks.text import blocks

NUMBERS = np.random.default_rng(0).random((2, 12))
ROWS = [f"{x:.3f},{y:.3f},{move}" for x, y, move in zip(*NUMBERS, ["go", "turn", "go"] * 4, strict=True)]
NUMBERED = "".join(f'"{number}",{row}\n' for number, row in enumerate(ROWS, 1))
COMMAS = ['"{}","{}",{}\n'.format(*(cell.replace(".", ",") for cell in row.split(","))) for row in ROWS]
BODY = "\n".join(ROWS) + "\n"
PLAIN = "front,left,move\n" + BODY


@pytest.fixture
def write(tmp_path):
    def write(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def sentence(path, **settings):
    with pytest.raises((DataError, SettingsError)) as caught:
        read_table(path, **settings)
    return str(caught.value)


LAYOUTS = {
    "capital ending": ("ROBOT.CSV", PLAIN, "utf-8"),
    "capital ending, zipped": ("ROBOT.CSV.GZ", gzip.compress(PLAIN.encode(), mtime=0), "utf-8"),
    "hint of Excel": ("a.csv", "sep=,\n" + PLAIN, "utf-8"),
    "hint and semicolons": ("a.csv", "sep=;\n" + PLAIN.replace(",", ";"), "utf-8"),
    "hint in quotes": ("a.csv", '"sep=;"\r\n' + PLAIN.replace(",", ";"), "utf-8"),
    "remarks above": ("a.csv", "# robot log, 12 June\n# rate 20 Hz\n" + PLAIN, "utf-8"),
    "remarks within": ("a.csv", PLAIN.replace("\n", "\n% pause\n", 3) + "// end\n", "utf-8"),
    "names in a remark": ("a.csv", "# front,left,move\n" + BODY, "utf-8"),
    "names of rostopic": ("a.csv", "%front,left,move\n" + BODY, "utf-8"),
    "units": ("a.csv", "front,left,move\nm,m,-\n" + BODY, "utf-8"),
    "units in brackets, twice": ("a.csv", "front,left,move\n[m],[m],[]\n(mean),(mean),()\n" + BODY, "utf-8"),
    "tabs": ("a.csv", PLAIN.replace(",", "\t"), "utf-8"),
    "bars": ("a.csv", PLAIN.replace(",", "|"), "utf-8"),
    "blanks": ("a.txt", PLAIN.replace(",", "   "), "utf-8"),
    "commas and blanks": ("a.csv", PLAIN.replace(",", " , "), "utf-8"),
    "decimal commas between tabs": ("a.tsv", PLAIN.replace(",", "\t").replace(".", ","), "utf-8"),
    "decimal commas between semicolons": ("a.csv", PLAIN.replace(",", ";").replace(".", ","), "utf-8"),
    "decimal commas in quotes": ("a.csv", "front,left,move\n" + "".join(COMMAS), "utf-8"),
    "decimal commas between blanks": ("a.txt", PLAIN.replace(",", " ").replace(".", ","), "utf-8"),
    "UTF-16": ("a.csv", PLAIN, "utf-16"),
    "UTF-16 without a mark": ("a.csv", PLAIN, "utf-16-le"),
    "UTF-32": ("a.csv", PLAIN, "utf-32"),
    "byte order mark": ("a.csv", PLAIN, "utf-8-sig"),
    "quotes": ("a.csv", "".join('"' + line.replace(",", '","') + '"\n' for line in PLAIN.splitlines()), "utf-8"),
    "carriage returns": ("a.csv", PLAIN.replace("\n", "\r"), "utf-8"),
    "an index of pandas": ("a.csv", ",front,left,move\n" + NUMBERED, "utf-8"),
    "row names of R": ("a.csv", '"front","left","move"\n' + NUMBERED, "utf-8"),
    "a last separator": ("a.csv", "front,left,move\n" + "".join(f"{row},\n" for row in ROWS), "utf-8"),
    "a last row of separators": ("a.csv", PLAIN + ",,\n", "utf-8"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "encoding"), LAYOUTS.values(), ids=LAYOUTS)
def test_a_file_of_another_program_gives_the_same_table(write, name, text, encoding):
    expected, table = read_table(write("plain.csv", PLAIN)), read_table(write(name, text, encoding))
    assert (table.input_names, table.target_names, table.classes) == (("front", "left"), ("move",), ("go", "turn"))
    np.testing.assert_array_equal(table.inputs, expected.inputs)
    np.testing.assert_array_equal(table.targets, expected.targets)


def test_letters_of_windows_are_read(write):
    text = PLAIN.replace("front", "Winkel [°]").replace("turn", "zurück")
    for encoding in ("latin-1", "cp1252", "utf-8"):
        table = read_table(write("a.csv", text, encoding))
        assert (table.input_names[0], table.classes) == ("Winkel [°]", ("go", "zurück"))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["True", "False"], [1, 0]),
        (["true", "FALSE"], [1, 0]),
        (["yes", "no"], [1, 0]),
        (["on", "off"], [1, 0]),
        (["True", "0"], [1, 0]),
    ],
)
def test_booleans_are_inputs(write, cells, expected):
    lines = [f"{cells[number % 2]},{row}" for number, row in enumerate(ROWS)]
    table = read_table(write("a.csv", "bumper,front,left,move\n" + "\n".join(lines)))
    assert table.inputs[:2, 0].tolist() == expected


HEADERS = {
    "angles": ("-90,-45,0,45,90,action", "a text that no other row has in its column"),
    "numbers of pandas": ("0,1,2,3,4,5", "the numbers 0 to 5"),
    "frequencies": ("10.5,11.5,12.5,13.5", "evenly spaced numbers"),
    "years": ("2019,2020,2021", "evenly spaced numbers"),
    "wavelengths": ("400,500,650,810", "whole numbers above decimals"),
    "far away": ("1e4,5e4,2e4", "numbers far from those below"),
    "numbers and names": ("1,2,label", "a text that no other row has in its column"),
    "a name beside numbers": ("Physical,9,1,4", "text above numbers"),
}


@pytest.mark.parametrize(("header", "reason"), HEADERS.values(), ids=HEADERS)
def test_a_first_row_of_numbers_is_a_question(write, header, reason):
    n_columns, rng = header.count(",") + 1, np.random.default_rng(0)
    is_label = header.endswith(("action", "label"))
    rows = [[f"{value:.3f}" for value in rng.random(n_columns)] for _ in range(30)]
    lines = [
        ",".join([*row[:-1], ["go", "turn"][number % 2] if is_label else row[-1]]) for number, row in enumerate(rows)
    ]
    path = write("a.csv", "\n".join([header, *lines]))
    start = ", ".join(header.split(",")[:4]) + (", ..." if n_columns > 4 else "")
    assert sentence(path) == (
        f"a.csv, line 1 ({start}) may be a header or the first row of data: it holds {reason}; set header=True or "
        "header=False in loader_kwargs, or --header yes or --header no."
    )
    table = read_table(path, header=True)
    assert (len(table), table.input_names[0]) == (30, header.split(",")[0])
    if reason != "text above numbers":
        assert len(read_table(path, header=False)) == 31


def test_numbers_without_a_header_are_data(write):
    rng = np.random.default_rng(0)
    for rows in (rng.random((20, 4)), rng.integers(0, 999, (20, 4)), np.arange(3, 83).reshape(20, 4) ** 2):
        path = write("a.csv", "\n".join(",".join(map(str, row)) for row in rows.tolist()))
        assert len(read_table(path, kind="regression")) == 20


HOLES = ["None", "#N/A", "NaN", "nan", "NULL", "n/a", "-", "?"]


@pytest.mark.parametrize("hole", [hole for hole in HOLES if hole != "-"])
def test_a_missing_label_is_no_class(write, hole):
    path = write("a.csv", PLAIN.replace("turn", hole, 1))
    assert sentence(path) == (
        f"a.csv, line 3, column 'move' is {hole}; fill the cell or delete the line, or if it is a class, name all "
        "classes in loader_kwargs={'classes': (...)}."
    )
    assert len(read_table(path, classes=("go", "turn", hole)).classes) == 3


def test_all_odd_cells_of_a_file_are_in_one_sentence(write):
    rows = [row.split(",") for row in ROWS]
    rows[0][0], rows[4][0], rows[2][1], rows[5][1], rows[3][2] = "", "", "near", "far", "NaN"
    assert sentence(write("a.csv", "front,left,move\n" + "\n".join(map(",".join, rows)))) == (
        "a.csv holds cells that are empty or not numbers: column 'front' (2 empty from line 2 on), column 'left' "
        "('near' in line 4, 'far' in line 7), column 'move' (empty in line 5); correct these cells or delete their "
        "lines, or leave columns out: loader_kwargs={'ignore': ('front', 'left')}, or --ignore front,left, or if it is "
        "a class, name all classes in loader_kwargs={'classes': (...)}."
    )


def test_a_long_cell_is_cut_in_the_message(write):
    message = sentence(write("a.csv", PLAIN.replace("0.637", "9" * 5000)))
    assert f"column 'front': '{'9' * 57}...' has more digits than a number holds" in message
    assert len(message) < 300


def test_a_label_in_the_first_column_is_recognized(write):
    lines = [",".join([row.split(",")[2], *row.split(",")[:2]]) for row in ROWS]
    message = sentence(write("a.csv", "move,front,left\n" + "\n".join(lines)))
    assert message.startswith(
        "a.csv, line 2, column 'move': 'go' is not a number; correct the cell, or leave the column out"
    )
    assert "; if it is what to predict, set target='move', or --target move" in message


def test_a_nameless_first_column_that_is_no_index_is_reported(write):
    lines = [f"{0.5 + number % 3},{row}" for number, row in enumerate(ROWS)]
    assert sentence(write("a.csv", ",front,left,move\n" + "\n".join(lines))) == (
        "a.csv: column 0 has no name and is no index of whole numbers; name it in the header, or leave it out: "
        "loader_kwargs={'ignore': ('Unnamed: 0',)}, or --ignore Unnamed: 0."
    )


THREADS = {  # what public issue threads show; the rows are invented
    "lines above the header of a logger (flysight)": (
        "FIRMWARE_VER,v1\nDEVICE_ID,7\n" + PLAIN,
        "a.csv, line 2 has 2 cells where other lines have 3; correct the line.",
    ),
    "a sensor that is left out where it fails (opendata-stuttgart 382)": (
        PLAIN + "0.5,go\n",
        "a.csv, line 14 has 2 cells where other lines have 3; correct the line.",
    ),
    "commas within a text (AI-on-the-edge-device 3082, bagpy 27)": (
        PLAIN + "0.5,0.5,Neg. Rate, Calculated: 12\n",
        "a.csv, line 14 has 4 cells where other lines have 3; correct the line.",
    ),
    "units within cells": (
        PLAIN.replace("\n0.", "\n0 m "),
        "column 'front': '0 m 637' is not a number; correct the cell, or leave the column out",
    ),
    "percent signs": (PLAIN.replace(",turn", "%,turn", 1), "line 3, column 'left': '0.034%' is not a number"),
    "lists in a cell": (
        "scan,move\n" + "".join(f'"[{row[:5]}, 0.5]",{row[12:]}\n' for row in ROWS),
        "line 2, column 'scan': '[0.637, 0.5]' is not a number",
    ),
    "formulas of Excel": (PLAIN.replace("0.637", '="0.637"', 1), """column 'front': '="0.637"' is not a number"""),
    "a footer": (PLAIN + "total,12,\n", "column 'front' ('total' in line 14)"),
    "time stamps of ROS": (
        "%time,front,move\n" + "".join(f"14231558372048270{n:02},{row[:5]},{row[12:]}\n" for n, row in enumerate(ROWS)),
        "line 2, column 'time': '1423155837204827000' has more digits than a number holds, as an id has; correct the",
    ),
    "zeros at the end of a file": (PLAIN + "\0\0\0", "a.csv cannot be read (it is not a text file)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), THREADS.values(), ids=THREADS)
def test_files_of_issue_threads_that_are_no_tables_get_one_sentence(write, text, expected):
    assert expected in sentence(write("a.csv", text))


def test_titles_above_the_names_are_left_out(write):
    table, plain = (
        read_table(write("a.csv", "Device: e-puck\nDate: 2024-05-03\n\n" + PLAIN)),
        read_table(write("b.csv", PLAIN)),
    )
    assert (table.input_names, table.classes) == (plain.input_names, plain.classes)
    assert np.array_equal(table.inputs, plain.inputs)


def test_a_pattern_of_a_lidar_has_units_in_its_names(write):
    lines = [f"{number},{row[:11]}" for number, row in enumerate(ROWS)]
    table = read_table(write("a.csv", "Time/s,Azimuth/deg,Zenith/deg\n" + "\n".join(lines)))
    assert (len(table), table.target_names) == (12, ("Zenith/deg",))


def test_a_late_text_in_a_long_file_has_its_line(write):
    lines = [f"{number},{number / 7:.4f},{number % 11}.5" for number in range(30_000)]
    lines[25_000] = "25000,near,3.5"
    assert sentence(write("a.csv", "x,y,z\n" + "\n".join(lines))).startswith(
        "a.csv, line 25002, column 'y': 'near' is not a number"
    )


ODD = ["1.5", "-2", "1e5", ".5", "5.", "+3", "1e-300", "123456789.123456789", "0.1", "-0", " 7 ", '"8.5"']


@pytest.mark.parametrize("mark", [",", ";"])
def test_every_parser_reads_the_same_table(write, monkeypatch, mark):
    pytest.importorskip("pyarrow")
    rng, lines = np.random.default_rng(0), [mark.join(["x", "y", "hit", "run", "label"])]
    for number in range(3000):
        x, y = ODD[number % len(ODD)], repr(float(rng.normal()))
        cells = [x, y, "True" if number % 3 else "False", f" run {number // 500} ", f'"a{number % 7}"']
        lines.append(mark.join(cell.replace(".", ",") if mark == ";" else cell for cell in cells))
    path = write("a.csv", "\n".join(lines))
    tables = []
    for n_cells, large in ((blocks.CELLS_PER_BLOCK, blocks.LARGE), (500, blocks.LARGE), (500, 0), (10**9, 0)):
        monkeypatch.setattr(blocks, "CELLS_PER_BLOCK", n_cells)
        monkeypatch.setattr(blocks, "LARGE", large)
        tables.append(read_table(path, columns="run"))
    for table in tables:
        np.testing.assert_array_equal(table.inputs, tables[0].inputs)
        np.testing.assert_array_equal(table.targets, tables[0].targets)
        np.testing.assert_array_equal(table.columns["run"], tables[0].columns["run"])
    np.testing.assert_array_equal(tables[0].inputs[:12, 0], [float(cell.strip(' "')) for cell in ODD])
    assert tables[0].columns["run"][0] == "run 0"


@pytest.mark.parametrize(
    "cell", ["", "nan", "inf", "1_0", "0x10", "1d5", "\uff11", "1e400", "12345678901234567890", "near"]
)
def test_every_parser_refuses_the_same_cells(write, monkeypatch, cell):
    pytest.importorskip("pyarrow")
    lines = ["x,y,label", *[f"{number},0.5,{'ab'[number % 2]}" for number in range(50)]]
    lines[20] = f"{cell},0.5,a"
    path = write("a.csv", "\n".join(lines))
    expected = sentence(path)
    assert expected.startswith("a.csv, line 21, column 'x'")
    monkeypatch.setattr(blocks, "LARGE", 0)
    assert sentence(path) == expected


def test_a_text_file_keeps_its_cells_and_lines(write):
    text = read_text_file(write("a.csv", '# log\nname,note\na,"two\nlines"\n\nb,1_0\n'))
    assert (text.names, text.cells[1].tolist(), list(text.line_numbers)) == (
        ("name", "note"),
        ["two\nlines", "1_0"],
        [4, 6],
    )
