"""The style of all figures, the same on every machine, and writing a figure to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from evorobo.files import as_path, write_atomically
from evorobo.report.figures.style import GRID_COLOR, MUTED_COLOR, TEXT_COLOR

MAX_TASKS = 16
"""How many tasks are in one figure; layout and memory grow faster than the number of panels."""

_RC_PARAMS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": TEXT_COLOR,
    "text.parse_math": False,  # a "$" in a name is a dollar
    "axes.edgecolor": "#9a9a9a",
    "axes.labelcolor": TEXT_COLOR,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "grid.color": GRID_COLOR,
    "grid.linewidth": 0.6,
    "xtick.color": "#9a9a9a",
    "ytick.color": "#9a9a9a",
    "xtick.labelcolor": MUTED_COLOR,
    "ytick.labelcolor": MUTED_COLOR,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Apply the style of evorobo to everything drawn inside, independent of the user's matplotlibrc; undo it after."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC_PARAMS)
        yield


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write `figure` to `path` as a PNG file, atomically; returns the path."""
    write_atomically(path, png_bytes(figure))
    return as_path(path)


def save_parts(figure: Callable[[Sequence[str], str], Figure], tasks: Sequence[str], path: str | Path) -> list[Path]:
    """Write a figure in parts of at most `MAX_TASKS` tasks: `curves.png`, `curves-2.png`, ...; returns the paths.

    `figure` is called with the tasks of a part and with what its title says of it, which is empty for a single part.
    """
    path = Path(path)
    parts = [tasks[start : start + MAX_TASKS] for start in range(0, len(tasks), MAX_TASKS)]
    paths = [path.with_stem(f"{path.stem}-{number}") if number > 1 else path for number in range(1, len(parts) + 1)]
    for number, (part, file) in enumerate(zip(parts, paths, strict=True), 1):
        save_figure(figure(part, f", part {number} of {len(parts)}" if len(parts) > 1 else ""), file)
    return paths


def png_bytes(figure: Figure) -> bytes:
    """The content of a PNG file of `figure`."""
    buffer = BytesIO()
    with figure_style():
        figure.savefig(buffer, format="png", dpi=180)
    return buffer.getvalue()
