"""A file that can be read in several ways, as an error that names the settings which decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evorobo.errors import DataError


class OpenQuestion(DataError):
    """A file with several readings, or with cells that are no numbers.

    `answers` are settings of `DatasetTask` and of its files that settle it in the likeliest way: "target", "kind",
    "missing", "one_hot", "ignore", "header", "thousands" and "na_values". Without any, the file must be corrected.
    `is_certain` says that they leave no doubt. `statement` is the message without advice that `answers` make needless.
    """

    def __init__(
        self, message: str, answers: Mapping[str, Any], is_certain: bool = False, statement: str | None = None
    ) -> None:
        super().__init__(message)
        self.statement = statement or message
        self.answers = dict(answers)
        self.is_certain = is_certain
