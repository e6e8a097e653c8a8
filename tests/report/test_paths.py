"""Panels with the paths of robots."""

import matplotlib.image
import numpy as np
import pytest
from matplotlib.colors import to_hex

from evorobo.report.figures.paths import paths, plot_paths
from evorobo.report.figures.style import METHOD_STYLES


def walk(reach):
    def draw(axes):
        turn = np.linspace(0, 6, 50)
        axes.plot(reach * np.cos(turn), reach * np.sin(turn), "k", lw=0.8)

    return draw


def test_five_panels_take_two_rows_of_equal_scale_in_the_colors_of_their_methods():
    drawn = paths([(f"seed {i}", "cma-es", walk(i + 1)) for i in range(5)])
    shown = [axes for axes in drawn.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == [f"seed {i}" for i in range(5)]
    assert len({axes.get_xlim() for axes in shown}) == len({axes.get_ylim() for axes in shown}) == 1
    assert all(axes.get_aspect() == 1 for axes in shown)
    assert to_hex(shown[0].spines["left"].get_edgecolor()) == METHOD_STYLES["cma-es"].color.lower()
    assert not len(shown[0].get_xticks())


@pytest.mark.parametrize("n", [1, 4, 5])
def test_plot_paths_writes_a_picture(tmp_path, n):
    path = plot_paths([("teacher", "teacher", walk(1))] * n, tmp_path / "paths.png")
    height, width, _ = matplotlib.image.imread(path).shape
    assert (width > height) == (n > 1)
