"""The figure of a lesson: names keep their colors, numbers have intervals, networks show their numbers."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from evorobo import FigureSettings
from evorobo.course import estimate
from evorobo.course.lesson_page import LessonPage, write_lesson_figure
from evorobo.report.figures import output
from evorobo.report.figures.style import FAMILIES, METHOD_STYLES

VALUES = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0])  # IQM 4.5: the mean of 3, 4, 5, 6


@pytest.fixture
def page():
    with output.figure_style():
        yield LessonPage()


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_an_estimate_is_the_interquartile_mean_with_its_interval():
    middle, low, high = (float(part.strip("[],")) for part in estimate(VALUES).split())
    assert middle == 4.5
    assert low < middle < high < 80
    assert estimate(np.full(5, 0.88123)) == "0.881 [0.881, 0.881]"
    assert estimate(np.full(5, 17.0), 0) == "17 [17, 17]"
    assert estimate([2.2e-10, 2.2e-10]) == "2.2e-10 [2.2e-10, 2.2e-10]"
    assert estimate([3.0]) == "3.00"


def test_methods_have_their_usual_colors_and_other_names_take_the_next_free_ones(page):
    assert page.style("backprop") == METHOD_STYLES["backprop"]
    first, second = page.style("wide"), page.style("narrow")
    colors = [FAMILIES[family][0] for family in ("cma", "natural gradient")]
    assert [first.color, second.color] == colors  # of other families, so that they differ clearly
    assert page.style("wide") == first


def test_a_curve_is_its_iqm_over_every_run(page):
    (axes,) = page.add_panels("panel")
    page.plot_curve(axes, [0, 1], np.column_stack([VALUES, 2 * VALUES]), "backprop")
    *runs, average, _ = axes.lines  # the last one holds the markers
    assert [tuple(line.get_ydata()) for line in runs] == [(value, 2 * value) for value in VALUES]
    assert tuple(average.get_ydata()) == (4.5, 9.0)
    assert to_hex(average.get_color()) == METHOD_STYLES["backprop"].color.lower()


def test_a_path_begins_small_and_ends_large(page):
    (axes,) = page.add_panels("panel")
    page.plot_path(axes, [[0, 0], [1, 2], [3, 4]], "backprop")
    path, end = axes.lines
    assert path.get_xydata().tolist() == [[0, 0], [1, 2], [3, 4]]
    assert end.get_xydata().tolist() == [[3, 4]]
    assert end.get_markersize() > path.get_markersize()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_network_is_drawn_with_a_number_in_each_unit_and_on_each_arrow(page, backwards):
    (axes,) = page.add_panels("panel")
    names = [["a", "b"], ["c"]]
    page.plot_network(axes, [[1, -2], [3]], [[[0.25], [0.5]]], names, "forward", backwards)
    assert sorted(texts(axes)) == sorted(["1.00", "−2.00", "3.00", "0.25", "0.50", "a", "b", "c"])  # noqa: RUF001
    arrows = [(text.xyann, text.xy) for text in axes.texts if not text.get_text()]
    expected = [((0, 0.5), (1, 0)), ((0, -0.5), (1, 0))]
    assert arrows == [(end, start) if backwards else (start, end) for start, end in expected]


def test_powers_of_ten_are_written_without_superscripts(page):
    (axes,) = page.add_panels("panel")
    page.set_log_scale(axes, "xy")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    labels = [axes.xaxis.get_major_formatter()(value) for value in (1e-8, 1e-3, 0.01, 1, 1000, 1e5)]
    assert labels == ["1e-8", "1e-3", "0.01", "1", "1000", "1e5"]


def test_a_figure_is_written_under_its_statement(tmp_path):
    def draw(page, data):
        left, right = page.add_panels("left", "right")
        page.plot_scores(left, {"one": data["one"], "other": data["one"]})
        page.plot_reference(left, data["one"], "usual")
        page.plot_theory(right, [0, 1], [2, 3], "theory")
        texts.append(left.texts[0].get_position()[1])

    texts: list[float] = []
    (path,) = write_lesson_figure("A statement.", "A finding.", draw, {"one": VALUES}, "", tmp_path / "page.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert texts == [4.5]
    paper = FigureSettings(width="1 column")
    path, caption = write_lesson_figure("A.", "A finding.", draw, {"one": VALUES}, "A note.", tmp_path / "a.pdf", paper)
    assert b"/FontFile2" in path.read_bytes()
    assert caption.read_text() == "A finding. A note.\n"


def test_the_panels_of_a_lesson_stand_below_each_other_on_narrow_paper():
    for width, rows in (("", 1), ("1 column", 3), ("5in", 2)):
        with output.figure_style():
            page = LessonPage(FigureSettings(width=width))
            panels = page.add_panels("one", "a title of many words that needs two lines", "three", widths=(1, 2, 1))
            page.add_layout("A statement.", "A finding.", "")
            page.figure.draw_without_rendering()
        assert len({round(axes.get_position().y0, 2) for axes in panels}) == rows
        titles = [axes.title if axes.get_title() else axes._left_title for axes in panels]
        assert all(title.get_window_extent().x1 <= page.figure.bbox.x1 for title in titles)
