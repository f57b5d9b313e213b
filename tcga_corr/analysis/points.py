"""What a scatter shows: the samples of one tumor type, and the line through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.correlation import FITTED, Fit

if TYPE_CHECKING:
    import polars as pl

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """The samples that have every variable; of an adjusted pair, the residuals of the fit.

    Attributes
    ----------
    samples
        Their barcodes.
    x, y
        Their values, in the same order.
    n_controls
        Fitted controls, each a degree of freedom.
    """

    samples: list[str]
    x: Vector
    y: Vector
    n_controls: int = 0


@dataclass(frozen=True)
class Line:
    """A line of least squares at places along x, and the 95 % band of its mean."""

    at: Vector
    y: Vector
    low: Vector
    high: Vector


def points_of(frame: pl.DataFrame, x: str, y: str, adjust: Sequence[str] = ()) -> Points:
    """The points of one tumor type.

    Parameters
    ----------
    frame
        Rows of :meth:`tcga_corr.Engine.values`, of one tumor type.
    x, y, adjust
        Names of its columns.
    """
    frame = frame.drop_nulls([x, y, *adjust])
    samples = frame["sample"].to_list()
    values_x, values_y = (frame[name].to_numpy() for name in (x, y))
    if not adjust or not len(frame):
        return Points(samples, values_x, values_y)
    fit = Fit(frame.select(adjust).to_numpy())
    left_x, left_y = (_left(fit, one - one.mean()) for one in (values_x, values_y))
    return Points(samples, left_x, left_y, fit.n_controls)


def _left(fit: Fit, deviations: Vector) -> Vector:
    """What a fit leaves; exactly nothing where only rounding error is left."""
    left = fit.left_of(deviations)
    is_error = np.linalg.norm(left) <= FITTED * np.linalg.norm(deviations)
    return np.zeros_like(left) if is_error else left


def line_through(points: Points, places: int = 100) -> Line | None:
    """The least-squares line of y on x; None where x is constant or there are too few samples."""
    from scipy.special import stdtrit

    x, y = points.x, points.y
    n, df = len(x), len(x) - 2 - points.n_controls
    if df < 1:
        return None
    deviations = x - x.mean()
    squares = float((deviations**2).sum())
    # below this they are rounding error of the mean, as where r is computed
    if squares <= (1e-13 * abs(float(x.mean()))) ** 2 * n:
        return None
    slope = float((deviations * (y - y.mean())).sum()) / squares
    at = np.linspace(x.min(), x.max(), places)
    line = y.mean() + slope * (at - x.mean())
    rest = y - y.mean() - slope * deviations
    error = np.sqrt((rest**2).sum() / df * (1 / n + (at - x.mean()) ** 2 / squares))
    half = stdtrit(df, 0.975) * error
    return Line(at, line, line - half, line + half)
