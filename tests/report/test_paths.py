"""Panels with the paths of robots."""

import numpy as np
from matplotlib.colors import to_hex
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from evorobo import FigureSettings
from evorobo.report.figures.paths import paths
from evorobo.report.figures.style import METHOD_STYLES


def walk(reach):
    def draw(axes):
        turn = np.linspace(0, 6, 50)
        axes.plot(reach * np.cos(turn), reach * np.sin(turn), "k", lw=0.8)

    return draw


def test_five_panels_take_two_rows_of_equal_scale_in_the_colors_of_their_methods():
    panels = {f"seed {i}": walk(i + 1) for i in range(5)}
    styles = dict.fromkeys(panels, METHOD_STYLES["cma-es"])
    drawn = paths(panels, styles, "arm", "6 episodes.", "m", FigureSettings())
    shown = [axes for axes in drawn.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == list(panels)
    assert len({axes.get_xlim() for axes in shown}) == len({axes.get_ylim() for axes in shown}) == 1
    assert all(axes.get_aspect() == 1 for axes in shown)
    assert to_hex(shown[0].spines["left"].get_edgecolor()) == METHOD_STYLES["cma-es"].color.lower()
    assert not len(shown[0].get_xticks())


def test_a_bar_of_a_round_length_shows_the_scale():
    drawn = paths({"ga": walk(3)}, METHOD_STYLES, "arm", "6 episodes.", "m", FigureSettings())
    left, right = drawn.axes[0].get_xlim()
    (bar,) = [artist for artist in drawn.axes[0].artists if isinstance(artist, AnchoredSizeBar)]
    assert bar.txt_label.get_text() == "1 m"  # the longest of 1, 2, 5, ... up to a quarter of 6.6
    assert 6 < right - left < 7
    assert drawn.get_label() == "6 episodes. All panels have one scale; the bar is 1 m long."


def test_a_drawing_that_labels_an_axis_keeps_axes_ticks_and_proportions():
    def draw(axes):
        axes.plot([0, 100], [0.01, 1.0])
        axes.set(xlabel="time [s]", yscale="log")

    drawn = paths({"ga": draw}, METHOD_STYLES, "arm", "6 episodes.", "m", FigureSettings())
    axes = drawn.axes[0]
    assert (axes.get_xlabel(), axes.get_yscale(), axes.get_aspect()) == ("time [s]", "log", "auto")
    assert len(axes.get_xticks()) > 1
    assert not axes.artists
