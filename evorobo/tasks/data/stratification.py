"""Parts of rows with equal fractions of the classes, for rows and for whole groups of rows."""

from __future__ import annotations

import numpy as np

from evorobo.errors import DataError
from evorobo.tasks.data.tables import Table


def class_numbers(table: Table) -> np.ndarray:
    """Return the class of each row. Raises `DataError` for a table of values, which has no classes to stratify by."""
    if not table.classes:
        raise DataError("stratify=True needs classes, and this table holds values to predict; leave stratify out.")
    return table.targets


def stratified_order(classes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return rows in an order of which each stretch has about the fractions of the classes that all rows have.

    `order` is a permutation of the rows; rows of one class stay in it. The k-th of the n rows of a class is sorted by
    (k + 1/2) / n.
    """
    keys = np.empty(len(order))
    for number in np.unique(classes):
        of_class = order[classes[order] == number]
        keys[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    return order[np.argsort(keys[order], kind="stable")]


def stratified_groups(group: np.ndarray, classes: np.ndarray, folds: int, order: np.ndarray) -> np.ndarray:
    """Return the fold of each row. Groups stay together, and folds have fractions of the classes as equal as they can.

    `order` is a permutation of the groups. The group with the most unequal numbers of rows per class comes first; each
    goes to the fold with which the spread of the classes over the folds is lowest, as in scikit-learn's
    `StratifiedGroupKFold`.
    """
    counts = np.zeros((len(order), classes.max() + 1))
    np.add.at(counts, (group, classes), 1)
    totals = np.maximum(counts.sum(0), 1)
    fold, in_folds = np.empty(len(order), int), np.zeros((folds, counts.shape[1]))
    for number in order[np.argsort(-counts[order].std(1), kind="stable")]:
        best, lowest, fewest = 0, np.inf, np.inf
        for candidate in range(folds):
            with_group = in_folds.copy()
            with_group[candidate] += counts[number]
            spread, n_rows = (with_group / totals).std(axis=0).mean(), in_folds[candidate].sum()
            if spread < lowest or (np.isclose(spread, lowest) and n_rows < fewest):
                best, lowest, fewest = candidate, spread, n_rows
        fold[number] = best
        in_folds[fold[number]] += counts[number]
    return fold[group]
