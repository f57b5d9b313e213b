"""ssGSEA scores of many gene sets at once, from three sums over their genes.

With average ranks, all that a score needs of a set are W = sum(w), A = sum(w r) and R = sum(r),
where w = r**0.25 (see :mod:`tcga_corr.scoring.ssgsea`). Sums of disjoint sets add up, so genes are
taken out of a set by taking away their sums. They are kept as float32: of a correlation of scores
that moves the sixth digit, of sets of hundreds of genes the fifth, which a null does not need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tcga_corr.scoring.ranks import Ranks

Rows = NDArray[np.intp]
Terms = NDArray[np.float32]
Scores = NDArray[np.float64]

N_SUMS = 3
_AT_ONCE = 64  # genes: what lies in the cache


def rank_terms(doubled: Ranks) -> Terms:
    """What each gene adds to the three sums of a set: w, w r and r.

    Parameters
    ----------
    doubled
        Genes x samples, of :func:`~tcga_corr.scoring.ranks.doubled_average_ranks`.

    Returns
    -------
    Genes x 3 x samples.
    """
    terms = np.empty((len(doubled), N_SUMS, doubled.shape[1]), dtype=np.float32)
    for start in range(0, len(doubled), _AT_ONCE):
        rank = doubled[start : start + _AT_ONCE].astype(np.float32)
        rank /= 2
        weight = np.sqrt(np.sqrt(rank))  # r**ALPHA, exactly rounded on any machine
        part = terms[start : start + _AT_ONCE]
        part[:, 0], part[:, 2] = weight, rank
        np.multiply(weight, rank, out=part[:, 1])
    return terms


def sums_of_sets(terms: Terms, sets: Sequence[Rows] | NDArray[np.intp]) -> Terms:
    """The three sums of each set.

    Parameters
    ----------
    terms
        Of :func:`rank_terms`, for all genes that the sets have.
    sets
        The rows of ``terms`` in each set; added up in this order.

    Returns
    -------
    Sets x 3 x samples.
    """
    flat = terms.reshape(len(terms), N_SUMS * terms.shape[2])
    sums = np.empty((len(sets), flat.shape[1]), dtype=np.float32)
    for number, rows in enumerate(sets):
        np.add.reduce(flat.take(rows, axis=0), axis=0, out=sums[number])
    return sums.reshape(len(sets), N_SUMS, terms.shape[2])


def scores_of_sums(sums: NDArray[np.floating], k: NDArray[np.intp] | int, n_genes: int) -> Scores:
    """Raw ssGSEA scores of sets of k genes.

    ES = A / W - (n (n + 1) / 2 - R) / (n - k)

    Parameters
    ----------
    sums
        Sets x 3 x samples.
    k
        Genes of each set; where it is none or all of them the score is NaN.
    n_genes
        Genes in the whole table, n.

    Returns
    -------
    Sets x samples.
    """
    size = np.broadcast_to(np.asarray(k), len(sums))[:, np.newaxis]
    possible = (size > 0) & (size < n_genes)
    weight = np.where(possible, sums[:, 0], np.nan)
    outside = np.where(possible, n_genes - size, np.nan)
    hits = sums[:, 1].astype(np.float64) / weight
    misses = (n_genes * (n_genes + 1) / 2 - sums[:, 2].astype(np.float64)) / outside
    return np.asarray(hits - misses)
