"""Principal components of samples, from a genes x samples matrix that may not fit in memory."""

from __future__ import annotations

from dataclasses import dataclass

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
    return _vectors(_cross_products(values, np.flatnonzero(genes), columns), count)[1]


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of samples.

    Attributes
    ----------
    scores
        The coordinates, components x samples, in the unit of the values: what R's ``prcomp`` has
        in ``x``, but for the sign.
    shares
        Of each component the share of the variance of all genes that it explains.
    """

    scores: Matrix
    shares: NDArray[np.float64]


def sample_components(
    values: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp], count: int
) -> Components:
    """The coordinates of samples on their first principal components, as R's ``prcomp`` has them.

    Genes are centred, not scaled; sample i has ``v_i sqrt(lambda)`` on a component of eigenvector v
    and eigenvalue lambda of the samples' cross-products, and the component the share
    ``lambda / trace``. Signs are those of :func:`principal_components`.

    Parameters
    ----------
    values
        Genes x samples, finite.
    rows
        The genes, not all of them constant.
    columns
        The samples.
    count
        How many components, fewer than there are samples.
    """
    cross = _cross_products(values, rows, columns)
    weights, vectors = _vectors(cross, count)
    weights = np.maximum(weights, 0.0)
    return Components(vectors * np.sqrt(weights)[:, np.newaxis], weights / float(np.trace(cross)))


def most_variable(
    values: NDArray[np.float32], columns: NDArray[np.intp], count: int
) -> NDArray[np.intp]:
    """The rows of the genes with the largest variance over samples, largest first.

    Of equal variances the upper row comes first; constant genes are left out.

    Parameters
    ----------
    values
        Genes x samples.
    columns
        The samples.
    count
        How many at most.
    """
    variances = np.empty(len(values))
    for start in range(0, len(values), _ROWS_AT_ONCE):
        part = values[start : start + _ROWS_AT_ONCE][:, columns].astype(np.float64)
        is_constant = (part == part[:, :1]).all(axis=1)  # whose mean may not be the value itself
        variances[start : start + _ROWS_AT_ONCE] = np.where(is_constant, 0.0, part.var(axis=1))
    order = np.argsort(-variances, kind="stable")[:count]
    return order[variances[order] > 0]


def _cross_products(
    values: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Matrix:
    """The samples' cross-products over centred genes."""
    cross = np.zeros((len(columns), len(columns)))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = values[rows[start : start + _ROWS_AT_ONCE]][:, columns].astype(np.float64)
        part -= part.mean(axis=1, keepdims=True)
        cross += part.T @ part
    return cross


def _vectors(cross: Matrix, count: int) -> tuple[NDArray[np.float64], Matrix]:
    """The largest eigenvalues and their eigenvectors as rows, the largest entry positive."""
    from scipy import linalg

    n = len(cross)
    weights, vectors = linalg.eigh(cross, subset_by_index=(n - count, n - 1))
    found = vectors.T[::-1]
    largest = found[np.arange(count), np.abs(found).argmax(axis=1)]
    return weights[::-1], np.ascontiguousarray(found * np.sign(largest)[:, np.newaxis])
