"""Scores to compare with, drawn across all panels of a row as thin grey lines and named once, at its right end."""

from __future__ import annotations

from matplotlib.axes import Axes

from evorobo.report.scales import spread
from evorobo.report.style import QUIET, reference_dashes

_GAP = 0.07  # of a panel's height, between the middles of two lines of small print


def draw_references(axes: list[Axes], references: dict[str, float]) -> None:
    """One line for each reference in every one of `axes`, whose limits must be settled."""
    for panel in axes:
        for name, value in references.items():
            panel.axhline(value, color=QUIET, lw=0.9, ls=reference_dashes(name), zorder=1.5, label=f"_{name}")
    last = axes[-1]
    to_panel = last.transData + last.transAxes.inverted()
    places = spread([to_panel.transform((1, value))[1] for value in references.values()], _GAP)
    for name, value, place in zip(references, references.values(), places, strict=True):
        last.annotate(
            name, (1, value), xycoords=last.get_yaxis_transform(), xytext=(1.06, place), textcoords=last.transAxes,
            color=QUIET, size=7.5, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip
