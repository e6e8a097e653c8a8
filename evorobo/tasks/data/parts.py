"""Training, validation and test rows of a table, and the interface of what assigns them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from evorobo.tasks.data.tables import Table


@dataclass(frozen=True, eq=False)
class Parts:
    """Row numbers of the three parts of a table.

    A split may leave rows out, but no row is in two parts.

    Parameters
    ----------
    train : array of int of shape (n_train,)
        Sorted numbers of the training rows.
    validation : array of int of shape (n_validation,)
        Sorted numbers of the validation rows. It may be empty.
    test : array of int of shape (n_test,)
        Sorted numbers of the test rows.

    Examples
    --------
    >>> import evorobo as er
    >>> table = er.make_table([[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0])
    >>> er.ChronologicalSplit(validation=0.25, test=0.25).split(table)
    Parts(train=array([0, 1]), validation=array([2]), test=array([3]))
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


class Split(ABC):
    """Interface of a split. Derive from it, as a frozen dataclass, to add a split of your own.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import evorobo as er
    >>> @dataclass(frozen=True)
    ... class EverySecond(er.Split):
    ...     def split(self, table):
    ...         rows = np.arange(len(table))
    ...         return er.Parts(rows[::2], rows[:0], rows[1::2])
    >>> EverySecond().split(er.make_table(np.zeros((5, 1)), np.zeros(5))).test
    array([1, 3])
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the split reads. They are no inputs then."""
        return ()

    @abstractmethod
    def split(self, table: Table) -> Parts:
        """Assign the rows of a table to parts.

        Parameters
        ----------
        table : Table
            The data.

        Returns
        -------
        Parts
            Row numbers of the training, validation and test rows.

        Raises
        ------
        DataError
            If the table has too few rows.
        SettingsError
            If the table has no such column or value.
        """
