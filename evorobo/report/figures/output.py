"""The style of all figures, the same on every machine, and writing a figure to a file: PNG, PDF, SVG or PGF."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from evorobo.errors import SettingsError
from evorobo.files import as_path, write_atomically
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import GRID_COLOR, MUTED_COLOR, TEXT_COLOR

MAX_TASKS = 16
"""How many tasks are in one figure; layout and memory grow faster than the number of panels."""

FORMATS = ("png", "pdf", "svg", "pgf")
"""The formats of figures, by the ending of the file's name."""

_DPI = 180  # of PNG files

_RC_PARAMS: Any = {
    "pdf.fonttype": 42,
    "svg.hashsalt": "evorobo",
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
    """Write `figure` to `path`, atomically, in the format that its name ends in; returns the path.

    The label of the figure is its description in the file. Raises `SettingsError` for an unknown ending.
    """
    write_atomically(path, figure_bytes(figure, file_format(path)))
    return as_path(path)


def save_with_caption(figure: Figure, path: str | Path, settings: FigureSettings) -> list[Path]:
    """Write `figure` and, where it has a width on paper, a text file with what belongs in its caption."""
    files = [save_figure(figure, path)]
    if settings.width:
        files.append(files[0].with_suffix(".txt"))
        write_atomically(files[1], f"{figure.get_label()}\n")
    return files


def save_parts(
    figure: Callable[[Sequence[str], str], Figure], tasks: Sequence[str], path: str | Path, settings: FigureSettings
) -> list[Path]:
    """Write a figure in parts of at most `MAX_TASKS` tasks: `curves.png`, `curves-2.png`, ...; returns the paths.

    `figure` is called with the tasks of a part and with what its title says of it, which is empty for a single part.
    """
    path = Path(path)
    parts = [tasks[start : start + MAX_TASKS] for start in range(0, len(tasks), MAX_TASKS)]
    paths = [path.with_stem(f"{path.stem}-{number}") if number > 1 else path for number in range(1, len(parts) + 1)]
    files = []
    for number, (part, file) in enumerate(zip(parts, paths, strict=True), 1):
        title = f", part {number} of {len(parts)}" if len(parts) > 1 else ""
        files += save_with_caption(figure(part, title), file, settings)
    return files


def file_format(path: str | Path, known: Sequence[str] = FORMATS) -> str:
    """The format that the name of a file ends in. Raises `SettingsError` for a name that ends in no known one."""
    ending = Path(path).suffix.lower()[1:]
    if ending not in known:
        endings = f"{', '.join(f'.{name}' for name in known[:-1])} or .{known[-1]}"
        raise SettingsError(f"{path} names no known format; give it a name that ends in {endings}.")
    return ending


def figure_bytes(figure: Figure, format: str = "png") -> bytes:
    """The content of a file of `figure`; equal figures give equal bytes.

    PDF files hold their fonts as TrueType (type 42), and SVG files hold letters as paths. So both look the same
    everywhere. Raises `SettingsError` for PGF without LaTeX.
    """
    if format == "pgf" and not (texsystem := next(filter(which, ("xelatex", "lualatex", "pdflatex")), None)):
        raise SettingsError("a PGF figure needs LaTeX (xelatex, lualatex or pdflatex); install it, or write a PDF.")
    buffer = BytesIO()
    with figure_style():
        if format == "pgf":
            matplotlib.rcParams["pgf.texsystem"] = texsystem
            matplotlib.rcParams["pgf.rcfonts"] = False  # the fonts of the paper
        if format != "png":
            _round_positions(figure)
        figure.savefig(buffer, format=format, dpi=_DPI, **_metadata(figure, format))
    return buffer.getvalue()


def _round_positions(figure: Figure) -> None:
    """Lay the panels out on round positions, because the last digits of a layout differ from run to run."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(Bbox(axes.get_position(original=True).get_points().round(6)))


def _metadata(figure: Figure, format: str) -> dict[str, Any]:
    """The description of the figure, and no date, for the formats that hold them."""
    caption = str(figure.get_label())
    known: dict[str, dict[str, Any]] = {
        "png": {"Description": caption} if caption else {},
        "pdf": {"Subject": caption, "Creator": "evorobo", "CreationDate": None},
        "svg": {"Description": caption, "Creator": "evorobo", "Date": None},
    }
    return {"metadata": known[format]} if format in known else {}
