"""The panel of final scores: each run a dot, each method its IQM and how sure we may be of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from evorobo.arrays import Array
from evorobo.report.figures.style import TEXT_COLOR, Style
from evorobo.report.statistics import bootstrap_interval, iqm


def draw_finals(axes: Axes, scores: dict[str, list[float]], styles: dict[str, Style]) -> None:
    """`scores` by method, side by side in their order."""
    for place, (method, values) in enumerate(scores.items()):
        color = styles[method].color
        dots = place - 0.17 + _jitter(len(values))
        axes.plot(dots, values, ls="", marker="o", ms=4.2, mfc=color, mec="none", alpha=0.5, label=f"_{method} runs")
        if values:
            low, high = bootstrap_interval(values)
            axes.fill_between([place + 0.1, place + 0.34], low, high, color=color, alpha=0.3, lw=0)
            axes.plot(
                [place + 0.1, place + 0.34], [iqm(values)] * 2, color=color, lw=2.4,
                solid_capstyle="butt", label=f"_{method} IQM",
            )  # fmt: skip
    names = [shorten(method) for method in scores]
    axes.set_xticks(range(len(names)), names, color=TEXT_COLOR)
    if _slanted(names):
        for label in axes.get_xticklabels():
            label.set(rotation=40 if max(map(len, names)) <= 12 else 60, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.55, len(names) - 0.45)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")


def finals_size(methods: Sequence[str]) -> tuple[float, float]:
    """Inches: how wide the panel wants to be, and how far slanted names reach below it."""
    names = [shorten(method) for method in methods]
    if not _slanted(names):
        return 0.35 + 0.66 * len(names), 0.0
    return 0.7 + 0.44 * len(names), max(0.055 * max(map(len, names)) - 0.2, 0.0)


def shorten(name: str) -> str:
    """A long name with a hole in the middle; the legend has all of it."""
    return name if len(name) <= 24 else f"{name[:12].rstrip()}…{name[-11:].lstrip()}"


def _slanted(names: Sequence[str]) -> bool:
    return len(names) > 4 or max(map(len, names), default=0) > 9


def _jitter(n: int) -> Array:
    """Sideways steps that keep dots of like height apart: the golden ratio's multiples, modulo one."""
    return 0.26 * ((0.5 + 0.618034 * np.arange(n)) % 1 - 0.5)
