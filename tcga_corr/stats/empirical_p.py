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
