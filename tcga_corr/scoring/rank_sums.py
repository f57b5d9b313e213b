"""ssGSEA scores of many gene sets at once, from three sums over their genes.

With average ranks, all that a score needs of a set are W = sum(w), A = sum(w r) and R = sum(r),
where w = r**0.25 (see :mod:`tcga_corr.scoring.ssgsea`). Sums of disjoint sets add up, so genes are
taken out of a set by taking away their sums. In float64 a score of sums is the score to rounding.
Of random sets the sums are float32: of a correlation of scores that moves the sixth digit, of sets
of hundreds of genes the fifth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcga_corr.scoring.ranks import Ranks

Rows = NDArray[np.intp]
Terms = NDArray[np.float32]
Sums = NDArray[np.float64]
Scores = NDArray[np.float64]

N_SUMS = 3
_AT_ONCE = 64  # genes: what lies in the cache
_CENTRED_AT_ONCE = 512


def terms_by_doubled_rank(n_genes: int) -> Sums:
    """w, w r and r of each doubled average rank 0 .. 2 n: a table to take the terms of genes from.

    Square roots are exactly rounded, so the table is the same on any machine.

    Returns
    -------
    (2 n + 1) x 3.
    """
    rank = np.arange(2 * n_genes + 1) / 2
    weight = np.sqrt(np.sqrt(rank))  # r**ALPHA
    return np.stack([weight, weight * rank, rank], axis=1)


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
    with np.errstate(divide="ignore", invalid="ignore"):  # sums of no gene
        scores = np.divide(sums[:, 1], sums[:, 0], dtype=np.float64)
    misses = np.subtract(n_genes * (n_genes + 1) / 2, sums[:, 2], dtype=np.float64)
    misses *= 1 / np.where(possible, n_genes - size, np.nan)
    scores -= misses
    return np.asarray(scores)


def mean_terms(doubled: Ranks) -> Terms:
    """The mean of :func:`rank_terms` over samples: genes x 3."""
    return np.asarray(rank_terms(doubled).mean(axis=2, dtype=np.float64).astype(np.float32))


def centred_terms(
    doubled: Ranks, centre: Terms, rows: Rows, columns: Rows | slice, out: Terms
) -> None:
    """Write what some genes add to the three sums, as deviations from a constant of each gene.

    Small numbers, so that sums of hundreds of them in single precision keep their digits.

    Parameters
    ----------
    doubled
        All genes x samples.
    centre
        Genes x 3, near the terms' means.
    rows, columns
        The genes and the samples, as rows and columns of ``doubled``.
    out
        Genes x 3 x samples, to write into.
    """
    some = doubled[:, columns]
    for start in range(0, len(rows), _CENTRED_AT_ONCE):
        part = slice(start, start + _CENTRED_AT_ONCE)
        rank = some[rows[part]].astype(np.float32)
        rank *= np.float32(0.5)
        weight = np.sqrt(np.sqrt(rank))
        own = centre[part, :, np.newaxis]
        np.subtract(weight, own[:, 0], out=out[part, 0])
        np.subtract(rank, own[:, 2], out=out[part, 2])
        weight *= rank
        np.subtract(weight, own[:, 1], out=out[part, 1])


def deviations_of_scores(
    sums: Terms, at_centre: NDArray[np.float64], k: NDArray[np.intp], n_genes: int
) -> Terms:
    """Scores but for a constant of each set, :func:`constants_of_scores`.

    With sums W = W0 + w, A = A0 + a and R = R0 + r about a centre: (a - A0/W0 w) / (W0 + w) +
    r / (n - k).

    Parameters
    ----------
    sums
        Draws x sets x 3 x samples: w, a and r.
    at_centre
        Draws x sets x 3: W0, A0 and R0.
    k
        Genes of each set.
    n_genes
        Genes in the whole table, n.
    """
    whole = at_centre[:, :, 0, np.newaxis]
    ratio = (at_centre[:, :, 1, np.newaxis] / whole).astype(np.float32)
    outside = (1 / (n_genes - k)).astype(np.float32)[:, np.newaxis]
    weight = sums[:, :, 0]
    scores = sums[:, :, 1] - ratio * weight
    scores /= weight + whole.astype(np.float32)
    scores += sums[:, :, 2] * outside
    return np.asarray(scores)


def constants_of_scores(
    at_centre: NDArray[np.float64], k: NDArray[np.intp], n_genes: int
) -> NDArray[np.float64]:
    """A0/W0 - (n (n + 1)/2 - R0) / (n - k): what :func:`deviations_of_scores` leave out.

    Returns
    -------
    Draws x sets x 1.
    """
    outside = (n_genes * (n_genes + 1) / 2 - at_centre[:, :, 2]) / (n_genes - k)
    return (at_centre[:, :, 1] / at_centre[:, :, 0] - outside)[:, :, np.newaxis]
