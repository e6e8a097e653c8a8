"""What is different in a notebook: objects have displays, progress is one live bar, and no command line is read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

_DISPLAYS = "evorobo.report.displays"  # above the classes that it displays; imported at the first use


def in_notebook() -> bool:
    """Return whether the code runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def to_html(thing: Any) -> str:
    """Return a thing as HTML, with its figures in it, for a notebook."""
    html: str = import_module(_DISPLAYS).to_html(thing)
    return html


def live_html() -> Callable[[str], None]:
    """Show an empty output in the current cell; return a function that replaces its HTML."""
    from IPython.display import HTML, display

    handle: Any = display(HTML(""), display_id=True)
    return lambda html: handle.update(HTML(html))


def display_pictures(paths: Sequence[Path]) -> None:
    """Show the PNG and SVG files among `paths` in the current cell."""
    from IPython.display import SVG, Image, display

    for path in paths:
        if path.suffix == ".png":
            display(Image(filename=str(path), width=900))
        elif path.suffix == ".svg":
            display(SVG(filename=str(path)))
