"""Figures for papers: formats by the name's ending, embedded fonts, widths, parts, new names and bands as numbers."""

import csv
import re
import zlib
from io import BytesIO
from shutil import which
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont

from evorobo import FigureSettings, ResultsError, SettingsError, plot
from evorobo.report.figures.curves import figure
from evorobo.report.statistics import average_curve


def test_a_pdf_has_the_width_asked_for_and_its_fonts_inside(small_study, tmp_path):
    (path, caption) = plot(small_study, tmp_path / "lamp.pdf", FigureSettings(width="8.5cm"))
    content = path.read_bytes()
    left, bottom, right, _ = map(float, re.search(rb"/MediaBox \[ ([^\]]*) \]", content)[1].split())
    assert (left, bottom) == (0, 0)
    assert right == pytest.approx(8.5 / 2.54 * 72, abs=0.1)
    fonts = re.findall(rb"/Subtype /(Type3|TrueType|CIDFontType2)", content)
    assert fonts
    assert b"Type3" not in fonts  # journals refuse type 3
    files = re.findall(rb"/FontFile2 (\d+) 0 R", content)
    assert len(files) == len(fonts)
    for number in files:
        packed = re.search(rb"\n%s 0 obj\n.*?stream\r?\n(.*?)\r?\nendstream" % number, content, re.DOTALL)[1]
        glyphs = TTFont(BytesIO(zlib.decompress(packed)))["glyf"]
        assert len(glyphs.keys()) > 5
    assert b"CreationDate" not in content
    assert "Thick lines: interquartile mean" in caption.read_text()


def test_an_svg_holds_its_letters_as_paths_and_its_caption(small_study, tmp_path):
    (path,) = plot(small_study, tmp_path / "lamp.svg")
    root = ElementTree.parse(path).getroot()
    assert not root.findall(".//{*}text")
    assert "interquartile" in root.find(".//{*}description").text


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_equal_results_give_equal_files(small_study, tmp_path, ending):
    first, again = (plot(small_study, tmp_path / f"{name}.{ending}")[0].read_bytes() for name in "ab")
    assert first == again


def test_capital_endings_are_known_and_other_ones_are_refused(small_study, tmp_path):
    assert plot(small_study, tmp_path / "A.PNG")[0].read_bytes()[1:4] == b"PNG"
    for name in ("fig.eps", "fig", "fig.jpeg"):
        with pytest.raises(SettingsError, match=rf"{name} names no known format; give it a name that ends in \.png"):
            plot(small_study, tmp_path / name)
        assert not (tmp_path / name).exists()
    with pytest.raises(SettingsError, match="names no known format"):
        plot(small_study, tmp_path / "paths.csv", kind="paths")


def test_pgf_needs_latex(small_study, tmp_path):
    settings = FigureSettings(x=("flops",), width="1 column")
    if any(map(which, ("xelatex", "lualatex", "pdflatex"))):
        assert r"\begin{pgfpicture}" in plot(small_study, tmp_path / "lamp.pgf", settings)[0].read_text()
    else:
        with pytest.raises(SettingsError, match="a PGF figure needs LaTeX"):
            plot(small_study, tmp_path / "lamp.pgf", settings)


@pytest.mark.parametrize(
    ("width", "inches"), [("85mm", 85 / 25.4), ("3.4 in", 3.4), ("1 column", 3.5), ("2 Columns", 7.16)]
)
def test_widths(small_table, width, inches):
    drawn = figure(small_table, FigureSettings(width=width))
    assert drawn.get_size_inches()[0] == pytest.approx(inches)
    drawn.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in drawn.axes]
    for i, box in enumerate(boxes):
        assert drawn.bbox.x0 - 1 <= box.x0 < box.x1 <= drawn.bbox.x1 + 1
        assert not any(box.padded(-2).overlaps(other.padded(-2)) for other in boxes[i + 1 :])
    assert not drawn.texts  # title and remarks are the caption's


@pytest.mark.parametrize("width", ["8.5", "wide", "-3cm", "3 columns", "1cm", "3m"])
def test_an_invalid_width_is_refused(width):
    with pytest.raises(SettingsError, match="the width"):
        FigureSettings(width=width)


@pytest.mark.parametrize(("limits", "log_y"), [((5, 1), False), ((0, float("inf")), False), ((0, 10), True)])
def test_invalid_limits_are_refused(limits, log_y):
    with pytest.raises(SettingsError, match="limits"):
        FigureSettings(y_limits=limits, log_y=log_y)


def test_only_rename_title_and_limits(small_table):
    settings = FigureSettings(
        only=("cma*", "my-own"), rename={"cma-es": "CMA-ES", "CartPole": "Cart pole", "solved": "goal"},
        title="Poles", y_limits=(0, 600),
    )  # fmt: skip
    drawn = figure(settings.select(small_table), settings)
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["CMA-ES", "my-own"]
    assert drawn.texts[0].get_text() == "Poles"
    assert drawn.axes[0].get_title(loc="left") == "Cart pole"
    assert drawn.axes[0].get_ylim() == (0, 600)
    assert [text.get_text() for text in drawn.axes[-1].texts] == ["random", "goal"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (FigureSettings(only=("cma",)), "unknown task or method 'cma'; did you mean 'cma-es'"),
        (FigureSettings(rename={"cmaes": "x"}), "did you mean 'cma-es'"),
        (FigureSettings(rename={"cma-es": "backprop"}), "would have one name"),
    ],
)
def test_unknown_parts_and_names_given_twice_are_refused(small_table, settings, message):
    with pytest.raises(SettingsError, match=message):
        settings.select(small_table)


def test_the_bands_of_the_figure_as_numbers(small_study, small_table, tmp_path):
    (path,) = plot(small_study, tmp_path / "lamp.csv", FigureSettings(x=("env_steps",), rename={"my-own": "mine"}))
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [*dict.fromkeys(row["method"] for row in rows)] == ["cma-es", "mine"]  # backprop spends no steps
    mean = average_curve(small_table.cells["CartPole", "cma-es"].curves("env_steps", log=True))
    of_method = [row for row in rows if row["method"] == "cma-es"]
    for name, values in {"cost": mean.x, "iqm": mean.middle, "low": mean.low, "high": mean.high}.items():
        assert [float(row[name]) for row in of_method] == values.tolist()
    assert {row["n"] for row in rows} == {"5"}


def test_a_study_without_robots_has_no_paths(small_study):
    with pytest.raises(ResultsError, match="has no paths to show"):
        plot(small_study, kind="paths")
    with pytest.raises(SettingsError, match="unknown kind of figure 'path'; did you mean 'paths'"):
        plot(small_study, kind="path")
