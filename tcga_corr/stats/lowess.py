"""Cleveland's robust smoother, point by point as R's lowess has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_ROBUST_STEPS = 3


def lowess(x: Vector, y: Vector, share: float) -> Vector:
    """Smooth y over x by weighted lines, with three robust steps.

    Each value is that of a line through its ``share * n`` nearest points, by tricube weights of
    distance, and bisquare weights of the residuals at six times their median (Cleveland 1979, J.
    Am. Stat. Assoc. 74:829, doi:10.1080/01621459.1979.10481038).

    Parameters
    ----------
    x, y
        Points, both of shape (n,), x ascending.
    share
        Of the points that make a line, between 0 and 1.

    Returns
    -------
    Vector
        The smoothed y, shape (n,).
    """
    n = len(x)
    n_near = max(2, min(n, int(share * n + 1e-7)))
    robust = np.ones(n)
    smooth = np.zeros(n)
    for step in range(_ROBUST_STEPS + 1):
        first = 0
        for point in range(n):
            while first + n_near < n and x[point] - x[first] > x[first + n_near] - x[point]:
                first += 1
            radius = max(x[point] - x[first], x[first + n_near - 1] - x[point])
            smooth[point] = _line_at(point, x, y, robust, radius)
        residuals = np.abs(y - smooth)
        scale = 6 * float(np.median(residuals))
        if step == _ROBUST_STEPS or scale < 1e-7 * residuals.mean():
            break
        robust = (1 - np.minimum(residuals / scale, 1) ** 2) ** 2
        robust[residuals <= 0.001 * scale] = 1
        robust[residuals > 0.999 * scale] = 0
    return smooth


def _line_at(point: int, x: Vector, y: Vector, robust: Vector, radius: float) -> float:
    """The value at a point of the line through the points within a radius."""
    distance = np.abs(x - x[point])
    near = distance <= 0.999 * radius
    weight = np.where(near, (1 - (distance / max(radius, 1e-300)) ** 3) ** 3, 0.0)
    weight[distance <= 0.001 * radius] = 1
    weight = np.where(near, weight, 0.0) * robust
    total = weight.sum()
    if total <= 0:
        return float(y[point])
    weight /= total
    middle = float(weight @ x)
    spread = float(weight @ (x - middle) ** 2)
    if radius > 0 and np.sqrt(spread) > 0.001 * (x[-1] - x[0]):
        weight = weight * (1 + (x[point] - middle) * (x - middle) / spread)
    return float(weight @ y)
