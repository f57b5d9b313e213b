"""Pearson, Spearman and Kendall correlation of many rows at once, plain or partial.

``pearson``: r of the values, p from the exact distribution of r of independent normals, the beta
distribution with both shapes n/2 - 1; interval tanh(atanh r +- z / sqrt(n - 3)) (Fisher 1921).
``spearman``: r of the average ranks, p over all orders of up to 12 samples, else from
t = r sqrt((n - 2) / (1 - r^2)) with n - 2 degrees of freedom; interval with the variance
(1 + r^2/2) / (n - 3) (Bonett & Wright 2000, Psychometrika 65:23, doi:10.1007/BF02294183).
``kendall``: tau-b, p as :func:`scipy.stats.kendalltau` has it (exact where there are no ties and n
is small, else normal); interval with the variance 0.437 / (n - 4) (Fieller, Hartley & Pearson 1957,
Biometrika 44:470, doi:10.1093/biomet/44.3-4.470).

With controls, the partial correlation: of what is left of x and y (for ``spearman`` of their ranks)
after a linear fit of the controls (their ranks). Each control that adds something to the others
takes one from n in the formulas above, so that t has n - 2 - c degrees of freedom. There is no
partial Kendall here. p and intervals are in :mod:`tcga_corr.stats.methods`.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import Method
from tcga_corr.stats.methods import FORMULAS, is_ranked

MIN_SAMPLES = 10
# of a unit vector, what is left by a fit that leaves nothing but rounding error
FITTED = 1e-9
# sums of squares that have lost no digits to the limits of numbers
_SQUARES = (1e-200, 1e200)

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


class Fit:
    """A linear fit of controls, and what it leaves of other variables.

    Parameters
    ----------
    controls
        Samples x controls, finite.
    ranked
        Whether to fit their ranks.

    Attributes
    ----------
    n_controls
        Controls that add something to the others: constant and collinear ones do not.
    """

    def __init__(self, controls: Matrix, *, ranked: bool = False) -> None:
        from scipy.stats import rankdata

        columns = rankdata(controls, axis=0) if ranked and controls.size else controls
        units, constant = _unit_deviations(columns.T)
        left, weight, _ = np.linalg.svd(units[~constant].T, full_matrices=False)
        self._directions = left[:, weight > 1e-10 * np.sqrt(max(1, len(columns)))]
        self.n_controls = self._directions.shape[1]

    @property
    def directions(self) -> Matrix:
        """Samples x fitted controls: of length one and at right angles, spanning the controls."""
        return self._directions

    def left_of(self, deviations: Matrix) -> Matrix:
        """What the fit leaves of variables given as deviations from their mean, ... x samples."""
        fitted = (deviations @ self._directions) @ self._directions.T
        return np.asarray(deviations - fitted)


def note_of_few(n: int, least: int) -> str:
    """Why so few samples give nothing."""
    return f"too few samples: {n}, at least {least} needed"


def note_of_constant(names: tuple[str, str], constant: tuple[bool, bool]) -> str:
    """Which of x and y do not vary; empty where both do."""
    which = " and ".join(itertools.compress(names, constant))
    return which and f"{which} {'are' if all(constant) else 'is'} constant"


def note_of_fitted(names: tuple[str, str], fitted: tuple[bool, bool]) -> str:
    """Which of x and y a fit explains whole; empty where neither."""
    which = " and ".join(itertools.compress(names, fitted))
    return (
        which
        and f"{which} {'are' if all(fitted) else 'is'} a linear combination of what is adjusted for"
    )


def _unit_deviations(rows: Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
    """Rows as deviations from their mean, scaled to length one; NaN of constants, and which are."""
    units, length = _deviations_and_length(rows)
    units /= length[:, np.newaxis]
    return units, np.isnan(length)


def _deviations_and_length(rows: Matrix) -> tuple[Matrix, Vector]:
    """Rows as deviations from their mean, and their length; NaN of constants."""
    mean, deviations, square = _deviations(rows)
    beyond = ~((square > _SQUARES[0]) & (square < _SQUARES[1]))
    if beyond.any():
        mean[beyond], deviations[beyond], square[beyond] = _deviations(_moderate(rows[beyond]))
    length = np.sqrt(square)
    # below this the deviations are rounding error of the mean
    constant = length <= 1e-13 * np.abs(mean) * np.sqrt(rows.shape[1])
    return deviations, np.where(constant, np.nan, length)


def _deviations(rows: Matrix) -> tuple[Vector, Matrix, Vector]:
    """The mean of each row, the deviations from it, and their sum of squares."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = rows.sum(axis=1) / max(1, rows.shape[1])
        deviations = rows - mean[:, np.newaxis]
        return mean, deviations, np.vecdot(deviations, deviations)


def _moderate(rows: Matrix) -> Matrix:
    """Rows times a power of two, which changes no digit, so that the largest value is near one."""
    _, exponent = np.frexp(np.abs(rows).max(axis=1, keepdims=True, initial=0.0))
    return np.asarray(np.ldexp(rows, -exponent), dtype=np.float64)


def correlate_rows(
    x: Matrix, y: Matrix, method: Method = "pearson", fit: Fit | None = None
) -> Vector:
    """Correlate each row of x with the same row of y, or one row of x with every row of y.

    Parameters
    ----------
    x
        Rows x samples, or 1 x samples; finite.
    y
        Rows x samples, finite.
    method
        ``pearson``, ``spearman`` or ``kendall``.
    fit
        Of what is adjusted for; made with ``ranked`` for ``spearman``.

    Returns
    -------
    One r per row; NaN where either is constant, or a sum of what is adjusted for.
    """
    rows = FORMULAS[method].rows
    if rows is not None:
        return snapped(rows(x, y))
    x_left, x_length = _deviations_of_rows(x, method, fit)
    y_left, y_length = _deviations_of_rows(y, method, fit)
    return snapped(np.vecdot(x_left, y_left) / (x_length * y_length))


def snapped(r: Vector) -> Vector:
    """Exactly 1 or -1 where only rounding error is between."""
    return np.asarray(np.where(np.abs(r) > 1 - 1e-14, np.sign(r), r))


def unit_rows(values: Matrix, method: Method = "pearson", fit: Fit | None = None) -> Matrix:
    """Rows as deviations from their mean, scaled to length one; r is a product of two such rows.

    For ``spearman`` of their ranks; with a fit, of what it leaves. NaN where nothing varies.
    """
    left, length = _deviations_of_rows(values, method, fit)
    left /= length[:, np.newaxis]
    return left


def _deviations_of_rows(values: Matrix, method: Method, fit: Fit | None) -> tuple[Matrix, Vector]:
    """What is left of rows without their mean and a fit, and its length; NaN where nothing is."""
    if is_ranked(method):
        from scipy.stats import rankdata

        values = np.asarray(rankdata(values, axis=1))
    deviations, length = _deviations_and_length(values)
    if fit is None or not fit.n_controls:
        return deviations, length
    left = fit.left_of(deviations)
    left_length = np.sqrt(np.vecdot(left, left))
    return left, np.where(left_length > FITTED * length, left_length, np.nan)
