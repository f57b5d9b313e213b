"""The empirical p-value of a statistic that is extreme where it is large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.comparison import TOLERANCE

Vector = NDArray[np.float64]


def rank_p(others: Vector, observed: float) -> float:
    """The share of values at least as far from 0 as the observed one, which counts itself.

    ``(b + 1) / (B + 1)`` for b of B (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39,
    doi:10.2202/1544-6115.1585). NaN, as of a constant, does not count as extreme.
    """
    with np.errstate(invalid="ignore"):
        as_extreme = np.abs(others) >= abs(observed) - TOLERANCE
    return float((np.count_nonzero(as_extreme) + 1) / (len(others) + 1))


def size_p(others: Vector, observed: float, level: float = 0.05) -> tuple[float, float]:
    """The p of a statistic that is extreme where it is large, and beyond which value it is small.

    ``(b + 1) / (B + 1)`` for b of B values that are at least the observed one, as :func:`rank_p`;
    and the value above which that is less than ``level``, NaN of too few. NaN is left out.

    Parameters
    ----------
    others
        Values of chance.
    observed
        The value.
    level
        Of the limit.
    """
    known = np.sort(others[~np.isnan(others)])
    if not len(known) or np.isnan(observed):
        return float("nan"), float("nan")
    n_as_large = len(known) - int(np.searchsorted(known, observed - TOLERANCE))
    place = int(np.ceil(level * (len(known) + 1) - 1e-9)) - 1
    high = float(known[-place]) if place >= 1 else float("nan")
    return (n_as_large + 1) / (len(known) + 1), high
