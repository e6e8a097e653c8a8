"""Dense ARFF files as sources of columns: numbers, and nominal columns with declared classes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.text.layout import READ_ERRORS, open_text, unreadable
from evorobo.tasks.text.parsing import Block, Cells
from evorobo.tasks.text.source import Source


class ArffSource(Source):
    """An ARFF file, gzipped or not."""

    def __init__(self, path: Path, na_values: Collection[str | float] = ()) -> None:
        from scipy.io import arff

        try:
            with open_text(path, "utf-8-sig") as file:
                data, metadata = arff.loadarff(file)
        except (arff.ArffError, NotImplementedError, ValueError, IndexError, StopIteration) as error:
            raise DataError(
                f"{path.name} cannot be read as ARFF ({error}); evorobo reads dense files with numeric and nominal "
                "columns."
            ) from error
        except READ_ERRORS as error:
            raise unreadable(path, error) from error
        super().__init__(path.name, metadata.names(), na_values=na_values, line_word="data row")
        self._nominal: dict[str, tuple[str, ...]] = {}
        self._n_rows = len(data)
        self._cells: list[Cells] = []
        for name, kind in zip(metadata.names(), metadata.types(), strict=True):
            column = np.atleast_1d(data[name])
            if kind == "nominal":
                self._nominal[name] = tuple(str(value) for value in metadata[name][1] or ())
                self._cells.append(np.char.decode(column, "utf-8").tolist())
            else:
                values = column.astype(np.float64)
                self._cells.append(values if np.isfinite(values).all() else list(map(str, values.tolist())))

    has_declared_types = True

    def classes(self, column: int) -> tuple[str, ...]:
        return self._nominal.get(self.names[column], ())

    def blocks(self, kinds: list[str], decimal: str) -> Iterator[Block]:
        yield Block(self._cells, np.arange(1, self._n_rows + 1))
