"""The effects of :mod:`tcga_corr.stats.groups`, of many variables at once.

Where a test of groups has an answer, its effect is that of these functions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.groups import ROUNDING, Test

Matrix = NDArray[np.floating[Any]]
Vector = NDArray[np.float64]
Places = NDArray[np.intp]


def effects_of_two(values: Matrix, a: Places, b: Places) -> Mapping[Test, Vector]:
    """Effects of one group against another: Hedges' g, and the rank-biserial correlation.

    Parameters
    ----------
    values
        Variables x samples, finite.
    a, b
        The samples of both groups.

    Returns
    -------
    By test, one for each variable, as :func:`tcga_corr.stats.groups.compare_two` has it; NaN where
    nothing varies within groups.
    """
    first, second = values[:, a], values[:, b]
    return {"welch": _hedges_g(first, second), "mann-whitney": _rank_biserial(first, second)}


def effects_of_pairs(
    values: Matrix, pairs: Sequence[tuple[Places, Places]]
) -> Mapping[Test, Vector]:
    """Effects within pairs: Cohen's d_z, and the matched-pairs rank-biserial correlation.

    Parameters
    ----------
    values
        Variables x samples, finite.
    pairs
        Of each patient the samples in the first group and in the second, whose means are compared.

    Returns
    -------
    By test, as :func:`tcga_corr.stats.groups.compare_pairs` has it.
    """
    from scipy.stats import rankdata

    first, second = (
        np.stack([values[:, pair[side]].mean(axis=1, dtype=np.float64) for pair in pairs], axis=1)
        for side in (0, 1)
    )
    differences = first - second
    rounding = ROUNDING * np.maximum(np.abs(first), np.abs(second))
    differences[np.abs(differences) <= rounding] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        d_z = differences.mean(axis=1) / differences.std(axis=1, ddof=1)
        # zeros have the lowest ranks, and count for nothing
        ranks = rankdata(np.abs(differences), axis=1)
        ranks -= (differences == 0).sum(axis=1, keepdims=True)
        positive = np.where(differences > 0, ranks, 0).sum(axis=1)
        total = np.where(differences != 0, ranks, 0).sum(axis=1)
        biserial = 2 * positive / total - 1
    return {"paired t": _finite(d_z), "wilcoxon": _finite(biserial)}


def effects_of_many(values: Matrix, groups: Sequence[Places]) -> Mapping[Test, Vector]:
    """Effects of several groups: eta squared of the values, and of their ranks.

    Epsilon squared, H / (n - 1), is the eta squared of ranks, tied or not.

    Parameters
    ----------
    values
        Variables x samples, finite.
    groups
        The samples of each.

    Returns
    -------
    By test, as :func:`tcga_corr.stats.groups.compare_many` has it.
    """
    from scipy.stats import rankdata

    grouped = np.concatenate(groups)
    ends = np.cumsum([len(group) for group in groups])
    places = [np.arange(end - len(group), end) for group, end in zip(groups, ends, strict=True)]
    some = values[:, grouped].astype(np.float64)
    eta = _eta_squared(some, places)
    of_ranks = _eta_squared(np.asarray(rankdata(some, axis=1)), places)
    return {"anova": eta, "welch anova": eta, "kruskal-wallis": of_ranks}


def _finite(values: Vector) -> Vector:
    return np.where(np.isfinite(values), values, np.nan)


def _hedges_g(first: Matrix, second: Matrix) -> Vector:
    from scipy.special import gammaln

    m = first.shape[1] + second.shape[1] - 2
    means = [side.mean(axis=1, dtype=np.float64) for side in (first, second)]
    squares = sum(
        ((side - mean[:, np.newaxis]) ** 2).sum(axis=1)
        for side, mean in zip((first, second), means, strict=True)
    )
    unbias = math.exp(gammaln(m / 2) - gammaln((m - 1) / 2)) / math.sqrt(m / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _finite(unbias * (means[0] - means[1]) / np.sqrt(squares / m))


def _rank_biserial(first: Matrix, second: Matrix) -> Vector:
    """2 U / (n_a n_b) - 1, by the places of the smaller group's values among the larger's."""
    if first.shape[1] < second.shape[1]:
        return -_rank_biserial(second, first)
    found = np.empty(len(first))
    ordered = np.sort(first, axis=1)
    for row, (among, own) in enumerate(zip(ordered, second, strict=True)):
        place = partial(among.searchsorted, own)
        found[row] = (place(side="left") + place(side="right")).sum()
    return np.asarray(1 - found / (first.shape[1] * second.shape[1]))


def _eta_squared(values: Vector, groups: Sequence[Places]) -> Vector:
    deviations = values - values.mean(axis=1, keepdims=True)
    between = sum(len(group) * deviations[:, group].mean(axis=1) ** 2 for group in groups)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _finite(np.asarray(between / np.vecdot(deviations, deviations)))
