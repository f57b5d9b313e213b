"""Adjustment of p-values for many tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Benjamini-Hochberg q-values of the p-values that are numbers; NaN stays NaN.

    Of a matrix, each column is a family of its own.

    ``q_(i) = min over j >= i of p_(j) m / j`` for the m p-values in ascending order (Benjamini &
    Hochberg 1995, J. R. Stat. Soc. B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x).
    """
    order = np.argsort(p, axis=0, kind="stable")  # NaN last
    scaled = np.take_along_axis(p, order, axis=0)
    m = (~np.isnan(p)).sum(axis=0)
    place = np.arange(1, len(p) + 1).reshape(-1, *[1] * (p.ndim - 1))
    scaled *= m / place
    np.fmin.accumulate(scaled[::-1], axis=0, out=scaled[::-1])
    np.minimum(scaled, 1.0, out=scaled)
    q = np.empty_like(scaled)
    np.put_along_axis(q, order, scaled, axis=0)
    q[np.isnan(p)] = np.nan
    return q


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's adjusted p-values of the p-values that are numbers; NaN stays NaN.

    ``max over j <= i of (m - j + 1) p_(j)``, at most 1, for the m p-values in ascending order: the
    chance of any false answer among all, whatever their dependence (Holm 1979, Scand. J. Stat.
    6:65, https://www.jstor.org/stable/4615733).
    """
    adjusted = np.full(p.shape, np.nan)
    valid = np.flatnonzero(~np.isnan(p))
    order = valid[np.argsort(p[valid], kind="stable")]
    scaled = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
