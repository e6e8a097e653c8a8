"""The settings of a figure: what it shows, its names, its width and its scales."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isfinite

from evorobo.errors import SettingsError, unknown
from evorobo.fields import checks_fields
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.formatting import COST_LABELS

_INCHES = {"cm": 1 / 2.54, "mm": 1 / 25.4, "in": 1.0}
_COLUMNS = {"1 column": 3.5, "2 columns": 7.16}
"""Widths of a column and of a page of two columns in inches, as in IEEE's template."""

_MIN_WIDTH, _MAX_WIDTH = 4 / 2.54, 100 / 2.54


@checks_fields
@dataclass(frozen=True)
class FigureSettings:
    """Settings of figures, for papers and slides.

    Figures without an axis of scores, or of costs, ignore what is for such an axis.

    Parameters
    ----------
    x : tuple of str, optional
        Cost columns of the x axes, a panel for each. Default: FLOPs, and environment steps or labeled samples.
    log_x, log_y : bool, default True and False
        Whether the axes are logarithmic. A loss over several powers of ten has a logarithmic axis anyway.
    y_limits : tuple of (float, float), optional
        Lowest and highest score of the axis. By default all scores are visible, without a few outliers.
    width : str, optional
        The width on paper: "8.5cm", "85mm", "3.4in", "1 column" (3.5 in) or "2 columns" (7.16 in). The panels then fill
        as many lines as they need. What belongs in the caption is not drawn: it is written to a text file beside
        the figure. By default the figure is as wide as its panels need, with all remarks.
    title : str, optional
        The title; an empty one leaves it out. By default it is the name of the study, or empty where a width is given.
    only : tuple of str, optional
        Tasks and methods to show, by name or pattern ("cma*"). Default: all.
    rename : dict of str to str, optional
        New names of tasks, methods and references. Colors stay.

    Raises
    ------
    SettingsError
        If a cost column, the width or the limits are invalid.

    Examples
    --------
    >>> import evorobo as er
    >>> er.FigureSettings(x=("flops",), width="8.5cm", y_limits=(0, 80), rename={"cma-es": "CMA-ES"}).width
    '8.5cm'
    """

    x: tuple[str, ...] = ()
    log_x: bool = True
    log_y: bool = False
    y_limits: tuple[float, float] | None = None
    width: str = ""
    title: str | None = None
    only: tuple[str, ...] = ()
    rename: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for cost_column in self.x:
            if cost_column not in COST_LABELS:
                raise unknown("cost column", cost_column, COST_LABELS)
        if self.y_limits and not (all(map(isfinite, self.y_limits)) and self.y_limits[0] < self.y_limits[1]):
            raise SettingsError(f"y_limits are {self.y_limits}; give two numbers, the lower one first.")
        if self.y_limits and self.log_y and self.y_limits[0] <= 0:
            raise SettingsError(f"a logarithmic axis cannot start at {self.y_limits[0]:g}; give limits above 0.")
        if self.width:
            _to_inches(self.width)

    @property
    def inches(self) -> float | None:
        """The width in inches; None where the panels decide.

        Returns
        -------
        float or None
            The width.
        """
        return _to_inches(self.width) if self.width else None

    def select(self, table: StudyTable, others: Collection[str] = ()) -> StudyTable:
        """Return the part of a table that `only` names, with the names of `rename`.

        Parameters
        ----------
        table : StudyTable
            The runs of a study.
        others : collection of str, optional
            Names in the figure that are not in the table, which `rename` may hold as well.

        Returns
        -------
        StudyTable
            The part of it.

        Raises
        ------
        SettingsError
            If `only` or `rename` name what is not there, or two things get one name.
        """
        if self.only:
            names = [*table.tasks, *table.methods]
            for part in self.only:
                if not _matching(names, [part]):
                    raise unknown("task or method", part, names)
            tasks, methods = _matching(table.tasks, self.only), _matching(table.methods, self.only)
            table = table.select(tasks or table.tasks, methods or table.methods)
        new_names = {old: new for old, new in self.rename.items() if old not in others}
        return table.rename(new_names) if new_names else table


def _matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    patterns = list(patterns)
    return [name for name in names if any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)]


def _to_inches(width: str) -> float:
    text = " ".join(width.lower().split())
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+) ?(cm|mm|in)", text)
    if text not in _COLUMNS and match is None:
        raise SettingsError(f'the width is {width!r}; give a number with cm, mm or in, "1 column" or "2 columns".')
    inches = _COLUMNS[text] if match is None else float(match[1]) * _INCHES[match[2]]
    if not _MIN_WIDTH <= inches <= _MAX_WIDTH:
        raise SettingsError(f"the width {width} is not between 4 cm and 1 m.")
    return inches
