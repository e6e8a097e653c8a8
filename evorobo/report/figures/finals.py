"""The panel of final scores: a dot for each run, and the IQM of each method with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.report.figures.layout import CHARACTER
from evorobo.report.figures.style import TEXT_COLOR, Style
from evorobo.report.statistics import bootstrap_interval, iqm


def draw_finals(axes: Axes, outcomes: Mapping[str, ArrayLike], styles: dict[str, Style], width: float) -> None:
    """Draw the scores of the methods side by side, in a panel of `width` inches.

    Diverged runs have infinite scores, which are not drawn.
    """
    for x, (method, scores) in enumerate(outcomes.items()):
        values, color = np.asarray(scores, float), styles[method].color
        finite = values[np.isfinite(values)]
        middle, interval = float(iqm(values)) if len(values) else np.nan, bootstrap_interval(values)
        dots = x - 0.17 + _jitter(len(finite))
        axes.plot(dots, finite, ls="", marker="o", ms=4.2, mfc=color, mec="none", alpha=0.5, label=f"_{method} runs")
        if np.isfinite(interval).all():
            axes.fill_between([x + 0.1, x + 0.34], *interval, color=color, alpha=0.3, lw=0)
        if np.isfinite(middle):
            axes.plot(
                [x + 0.1, x + 0.34], [middle] * 2, color=color, lw=2.4,
                solid_capstyle="butt", label=f"_{method} IQM",
            )  # fmt: skip
    names = [shorten(method) for method in outcomes]
    axes.set_xticks(range(len(names)), names, color=TEXT_COLOR)
    if _slanted(names, width):
        for label in axes.get_xticklabels():
            label.set(rotation=40 if max(map(len, names)) <= 12 else 60, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.55, len(names) - 0.45)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")


def finals_width(methods: Sequence[str]) -> float:
    """The usual width of the panel in inches."""
    names = [shorten(method) for method in methods]
    width = 0.35 + 0.66 * len(names)
    return width if len(names) <= 4 and not _slanted(names, width) else 0.7 + 0.44 * len(names)


def labels_height(methods: Sequence[str], width: float) -> float:
    """The height of slanted names below the panel, in inches."""
    names = [shorten(method) for method in methods]
    return max(0.055 * max(map(len, names)) - 0.2, 0.0) if _slanted(names, width) else 0.0


def shorten(name: str) -> str:
    """A long name with its middle replaced by an ellipsis; the legend has the whole name."""
    return name if len(name) <= 24 else f"{name[:12].rstrip()}…{name[-11:].lstrip()}"


def _slanted(names: Sequence[str], width: float) -> bool:
    """Whether names side by side would touch each other in a panel of `width` inches."""
    return (width - 0.3) / max(len(names), 1) < CHARACTER * max(map(len, names), default=0) + 0.06


def _jitter(n: int) -> Array:
    """Horizontal offsets `(n,)` that separate dots of equal height: multiples of the golden ratio, modulo 1."""
    return 0.26 * ((0.5 + 0.618034 * np.arange(n)) % 1 - 0.5)
