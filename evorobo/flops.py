"""How floating-point operations are counted, and the costs of matrix operations by formula.

Additions, subtractions, multiplications, divisions and elementary functions such as roots count one operation for each
number. Random numbers, comparisons, sorting and copies count none.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class CountsUpdateFlops(Protocol):
    """What changes weights and counts its own arithmetic, by formula: an optimizer or an operator."""

    def update_flops(self, n_weights: int) -> float:
        """Return the floating-point operations of one application, on average where chance decides.

        Parameters
        ----------
        n_weights : int
            Number of weights of a network.

        Returns
        -------
        float
            Operations for the cost column `update_flops`.
        """


def update_flops(changes_weights: object, n_weights: int) -> float:
    """Return the operations of one application of an optimizer or operator; 2 for each weight where it counts none."""
    if isinstance(changes_weights, CountsUpdateFlops):
        return changes_weights.update_flops(n_weights)
    return 2 * n_weights


def product_flops(rows: int, inner: int, columns: int) -> int:
    """Return the cost of the product of a `(rows, inner)` and an `(inner, columns)` matrix: 2 rows inner columns."""
    return 2 * rows * inner * columns


def eigh_flops(n: int) -> int:
    """Return the cost of the eigenvalues and eigenvectors of a symmetric `(n, n)` matrix: 14/3 n^3.

    LAPACK's `syevd`: 4/3 n^3 to tridiagonal form, at most 4/3 n^3 by divide and conquer, 2 n^3 for the way back.
    """
    return round(14 * n**3 / 3)


def qr_flops(rows: int, columns: int) -> int:
    """Return the cost of the reduced QR factorization of a `(rows, columns)` matrix.

    Householder reflections (Golub and Van Loan, Matrix Computations): 2 (long - short / 3) short^2 for R, and as much
    for the product of the reflections, which is Q `(rows, min(rows, columns))`.
    """
    short, long = sorted((rows, columns))
    triangular = 2 * short**2 * (long - short / 3)
    orthogonal = triangular if rows >= columns else 4 * rows**3 / 3
    return round(triangular + orthogonal)
