"""Pearson, Spearman and Kendall correlation of many groups at once, plain or partial.

The groups (tumor types) lie one after another in one vector; group i is
``x[offsets[i]:offsets[i + 1]]``. Raw values of different groups are never mixed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import Method
from tcga_corr.stats.methods import FORMULAS, fisher_interval, fisher_variance, is_ranked, p_of_r

MIN_SAMPLES = 10
# of a unit vector, what is left by a fit that leaves nothing but rounding error
FITTED = 1e-9

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Correlations:
    """One entry per group; NaN where there is no answer, and ``notes`` says why.

    Attributes
    ----------
    n
        Samples.
    r
        Correlation coefficient in [-1, 1].
    ci_low, ci_high
        Interval of the stated confidence.
    p
        Two-sided p-value of r = 0.
    notes
        Empty where there is an answer.
    n_controls
        Controls that were fitted: those that add something to the others.
    """

    n: NDArray[np.int64]
    r: Vector
    ci_low: Vector
    ci_high: Vector
    p: Vector
    notes: list[str]
    n_controls: NDArray[np.int64]


def correlate_groups(
    x: Vector,
    y: Vector,
    offsets: NDArray[np.int64],
    method: Method = "pearson",
    min_samples: int = MIN_SAMPLES,
    confidence: float = 0.95,
    names: tuple[str, str] = ("x", "y"),
    controls: Sequence[Matrix] | None = None,
) -> Correlations:
    """Correlate x with y within each group.

    ``pearson``: r of the values, p from the exact distribution of r of independent normals, the
    beta distribution with both shapes n/2 - 1; interval tanh(atanh r +- z / sqrt(n - 3)) (Fisher
    1921). ``spearman``: r of the average ranks, p from t = r sqrt((n - 2) / (1 - r^2)) with n - 2
    degrees of freedom; interval with the variance (1 + r^2/2) / (n - 3) (Bonett & Wright 2000,
    Psychometrika 65:23, doi:10.1007/BF02294183). ``kendall``: tau-b, p as
    :func:`scipy.stats.kendalltau` has it (exact where there are no ties and n is small, else
    normal); interval with the variance 0.437 / (n - 4) (Fieller, Hartley & Pearson 1957,
    Biometrika 44:470, doi:10.1093/biomet/44.3-4.470).

    With ``controls``, the partial correlation: of what is left of x and y (for ``spearman`` of
    their ranks) after a linear fit of the controls (their ranks). Each control that adds something
    to the others takes one from n in the formulas above, so that t has n - 2 - c degrees of
    freedom.

    Parameters
    ----------
    x, y
        All groups' values, finite, of equal length.
    offsets
        Groups + 1 ascending positions, from 0 to the length.
    method
        ``pearson``, ``spearman`` or ``kendall``.
    min_samples
        Groups of fewer, not counting one for each control, get a note instead of numbers; 5 or
        more.
    confidence
        Of the interval.
    names
        What the notes call x and y.
    controls
        A matrix per group, its samples x its controls, finite; not for ``kendall``.
    """
    formulas = FORMULAS[method]
    if controls is not None and formulas.pair is not None:
        raise ValueError(f"there is no partial {method.title()} correlation here")
    n = np.diff(offsets)
    x_values, y_values = x, y
    if formulas.ranked:
        x, y = _ranked_within(x, offsets), _ranked_within(y, offsets)
    x_unit, x_constant = _unit_deviations(x, offsets)
    y_unit, y_constant = _unit_deviations(y, offsets)
    fits = [Fit(matrix, ranked=formulas.ranked) for matrix in controls or ()]
    n_controls = np.array([fit.n_controls for fit in fits]) if fits else np.zeros_like(n)
    x_fitted = y_fitted = np.zeros_like(x_constant)
    if fits:
        x_unit, x_fitted = _left_of(x_unit, offsets, fits)
        y_unit, y_fitted = _left_of(y_unit, offsets, fits)
    few = n - n_controls < min_samples
    unanswered = few | x_constant | y_constant | x_fitted | y_fitted
    if formulas.pair is not None:
        r, p = _pair_by_pair(formulas.pair, x_values, y_values, offsets, unanswered)
    else:
        r = _group_sums(x_unit * y_unit, offsets)
        r[unanswered] = np.nan
        r = snapped(r)
        p = p_of_r(r, n - n_controls, method)
    ci_low, ci_high = fisher_interval(r, fisher_variance(r, n, method, n_controls), confidence)
    notes = [
        note_of_few(count, min_samples + taken)
        if is_few
        else note_of_constant(names, flat) or note_of_fitted(names, fit)
        for count, taken, is_few, flat, fit in zip(
            n.tolist(),
            n_controls.tolist(),
            few,
            zip(x_constant, y_constant, strict=True),
            zip(x_fitted, y_fitted, strict=True),
            strict=True,
        )
    ]
    return Correlations(n, r, ci_low, ci_high, p, notes, n_controls)


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
        mean = columns.mean(axis=0) if len(columns) else np.zeros(columns.shape[1])
        deviations = columns - mean
        length = np.linalg.norm(deviations, axis=0)
        varying = length > 1e-13 * np.abs(mean) * np.sqrt(max(1, len(columns)))
        unit = deviations[:, varying] / length[varying]
        left, weight, _ = np.linalg.svd(unit, full_matrices=False)
        self._directions = left[:, weight > 1e-10 * np.sqrt(max(1, len(columns)))]
        self.n_controls = self._directions.shape[1]

    def left_of(self, deviations: Matrix) -> Matrix:
        """What the fit leaves of variables given as deviations from their mean, ... x samples."""
        fitted = (deviations @ self._directions) @ self._directions.T
        return np.asarray(deviations - fitted)


def _left_of(
    units: Vector, offsets: NDArray[np.int64], fits: Sequence[Fit]
) -> tuple[Vector, NDArray[np.bool_]]:
    """What fits leave of each group's unit deviations, to length one; and where that is nothing."""
    parts, fitted = [], []
    for fit, (start, end) in zip(fits, itertools.pairwise(offsets), strict=True):
        left = fit.left_of(units[start:end])
        length = float(np.linalg.norm(left))
        fitted.append(fit.n_controls > 0 and length <= FITTED)
        parts.append(left if fitted[-1] or length == 0 else left / length)
    return np.concatenate(parts), np.array(fitted, dtype=np.bool_)


def _pair_by_pair(
    pair: Callable[[Vector, Vector], tuple[float, float]],
    x: Vector,
    y: Vector,
    offsets: NDArray[np.int64],
    unanswered: NDArray[np.bool_],
) -> tuple[Vector, Vector]:
    r, p = np.full((2, len(unanswered)), np.nan)
    for group, (start, end) in enumerate(itertools.pairwise(offsets)):
        if not unanswered[group]:
            r[group], p[group] = pair(x[start:end], y[start:end])
    return snapped(r), p


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


def _group_sums(values: Vector, offsets: NDArray[np.int64]) -> Vector:
    return np.array([values[start:end].sum() for start, end in itertools.pairwise(offsets)])


def _unit_deviations(
    values: Vector, offsets: NDArray[np.int64]
) -> tuple[Vector, NDArray[np.bool_]]:
    """Deviations from each group's mean, scaled to length one; and which groups are constant."""
    n = np.diff(offsets)
    mean = _group_sums(values, offsets) / np.maximum(n, 1)
    deviations = values - np.repeat(mean, n)
    length = np.sqrt(_group_sums(deviations**2, offsets))
    # below this the deviations are rounding error of the mean
    constant = length <= 1e-13 * np.abs(mean) * np.sqrt(np.maximum(n, 1))
    scale = np.where(constant, 1.0, length)
    return deviations / np.repeat(scale, n), constant


def _ranked_within(values: Vector, offsets: NDArray[np.int64]) -> Vector:
    from scipy.stats import rankdata

    ranked = [rankdata(values[start:end]) for start, end in itertools.pairwise(offsets)]
    return np.concatenate(ranked) if ranked else values


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
        As of :func:`correlate_groups`.
    fit
        Of what is adjusted for; made with ``ranked`` for ``spearman``.

    Returns
    -------
    One r per row; NaN where either is constant, or a sum of what is adjusted for.
    """
    rows = FORMULAS[method].rows
    if rows is not None:
        return snapped(rows(x, y))
    products = unit_rows(x, method, fit) * unit_rows(y, method, fit)
    return snapped(products.sum(axis=1))


def snapped(r: Vector) -> Vector:
    """Exactly 1 or -1 where only rounding error is between."""
    return np.asarray(np.where(np.abs(r) > 1 - 1e-14, np.sign(r), r))


def unit_rows(values: Matrix, method: Method = "pearson", fit: Fit | None = None) -> Matrix:
    """Rows as deviations from their mean, scaled to length one; r is a product of two such rows.

    For ``spearman`` of their ranks; with a fit, of what it leaves. NaN where nothing varies.
    """
    if is_ranked(method):
        from scipy.stats import rankdata

        values = np.asarray(rankdata(values, axis=1))
    mean = values.mean(axis=1, keepdims=True)
    units = values - mean
    length = np.sqrt(np.square(units).sum(axis=1, keepdims=True))
    constant = length <= 1e-13 * np.abs(mean) * np.sqrt(values.shape[1])
    units /= np.where(constant, np.nan, length)
    if fit is None or not fit.n_controls:
        return np.asarray(units)
    left = fit.left_of(units)
    length = np.sqrt(np.square(left).sum(axis=1, keepdims=True))
    return np.asarray(left / np.where(length <= FITTED, np.nan, length))
