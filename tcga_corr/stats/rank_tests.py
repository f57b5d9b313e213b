"""Rank tests of many rows at once, with the rules of :mod:`tcga_corr.stats.groups` for one."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.groups import MAX_EXACT_PAIRS, MIN_GROUP, exact_p_of_signed_ranks

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_MOST_EXACT = 8  # values of the smaller group
_ROWS_AT_ONCE = 2000


def mann_whitney_rows(a: Matrix, b: Matrix) -> Vector:
    """Two-sided p of Mann and Whitney's U, row by row.

    Exact where no values of the row are tied and a group has at most 8, else from the normal
    distribution, corrected for ties and continuity (Mann & Whitney 1947, Ann. Math. Stat. 18:50,
    doi:10.1214/aoms/1177730491).

    Parameters
    ----------
    a, b
        Values, shapes (rows, n_a) and (rows, n_b), finite.

    Returns
    -------
    Vector
        Shape (rows,); NaN where all values of a row are equal, or a group has fewer than 3.
    """
    from scipy import stats

    p = np.full(len(a), np.nan)
    if min(a.shape[1], b.shape[1]) < MIN_GROUP:
        return p
    for start in range(0, len(a), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        both = np.sort(np.concatenate([a[rows], b[rows]], axis=1), axis=1)
        equal = both[:, 1:] == both[:, :-1]
        exact = ~equal.any(axis=1) & (min(a.shape[1], b.shape[1]) <= _MOST_EXACT)
        methods: tuple[tuple[Literal["exact", "asymptotic"], NDArray[np.bool_]], ...] = (
            ("exact", exact),
            ("asymptotic", ~exact & ~equal.all(axis=1)),
        )
        for method, chosen in methods:
            if chosen.any():
                found = stats.mannwhitneyu(a[rows][chosen], b[rows][chosen], method=method, axis=1)
                p[np.flatnonzero(chosen) + start] = np.asarray(found.pvalue)
    return p


def signed_rank_rows(a: Matrix, b: Matrix) -> Vector:
    """Two-sided p of Wilcoxon's signed ranks of a - b, row by row.

    As :func:`tcga_corr.stats.groups.signed_ranks`: zeros are left out, p is exact up to 50 pairs
    that differ, tied or not, and of more from the normal distribution (Wilcoxon 1945, Biometrics
    Bull. 1:80, doi:10.2307/3001968).

    Parameters
    ----------
    a, b
        Values of pairs, both of shape (rows, pairs), finite.

    Returns
    -------
    Vector
        Shape (rows,); NaN where no pair differs, or there are fewer than 3 pairs.
    """
    from scipy import stats

    p = np.full(len(a), np.nan)
    if a.shape[1] < MIN_GROUP:
        return p
    for row, differences in enumerate(a - b):
        apart = differences[differences != 0]
        if not len(apart):
            continue
        ranks = stats.rankdata(np.abs(apart))
        if len(apart) <= MAX_EXACT_PAIRS:
            doubled = np.rint(2 * np.sort(ranks)).astype(np.int64)
            positive = float(ranks[apart > 0].sum())
            p[row] = _exact_p(tuple(doubled.tolist()), positive)
        else:
            p[row] = float(stats.wilcoxon(apart, correction=True).pvalue)
    return p


@lru_cache(maxsize=100_000)
def _exact_p(doubled: tuple[int, ...], positive: float) -> float:
    """Cached: rows without ties have the same ranks, and few different sums."""
    return exact_p_of_signed_ranks(np.array(doubled) / 2, positive)
