"""Principal components of samples, from a genes x samples matrix that may not fit in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_ROWS_AT_ONCE = 2_048


def principal_components(
    values: NDArray[np.float32], genes: NDArray[np.bool_], columns: NDArray[np.intp], count: int
) -> Matrix:
    """The first principal components of samples: eigenvectors of their cross-products.

    Genes are centred over the samples, not scaled, as is usual for logarithms of expression.

    Parameters
    ----------
    values
        Genes x samples.
    genes
        Which genes count.
    columns
        The samples.
    count
        How many components, fewer than there are samples.

    Returns
    -------
    count x samples, rows of length one and mean zero, the largest variance first; the sign of each
    is that of its largest entry.
    """
    from scipy import linalg

    cross = np.zeros((len(columns), len(columns)))
    rows = np.flatnonzero(genes)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = values[rows[start : start + _ROWS_AT_ONCE]][:, columns].astype(np.float64)
        part -= part.mean(axis=1, keepdims=True)
        cross += part.T @ part
    n = len(columns)
    _, vectors = linalg.eigh(cross, subset_by_index=(n - count, n - 1))
    found = vectors.T[::-1]
    largest = found[np.arange(count), np.abs(found).argmax(axis=1)]
    return np.ascontiguousarray(found * np.sign(largest)[:, np.newaxis])
