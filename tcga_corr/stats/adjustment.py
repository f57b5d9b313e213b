"""Adjustment of p-values for many tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Benjamini-Hochberg q-values of the p-values that are numbers; NaN stays NaN.

    ``q_(i) = min over j >= i of p_(j) m / j`` for the m p-values in ascending order (Benjamini &
    Hochberg 1995, J. R. Stat. Soc. B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    q = np.full(p.shape, np.nan)
    valid = np.flatnonzero(~np.isnan(p))
    order = valid[np.argsort(p[valid], kind="stable")]
    m = len(order)
    scaled = p[order] * (m / np.arange(1, m + 1))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
