"""Pearson and Spearman correlation of many groups at once.

The groups (tumor types) lie one after another in one vector; group i is
``x[offsets[i]:offsets[i + 1]]``. Raw values of different groups are never mixed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["pearson", "spearman"]
METHODS: tuple[Method, ...] = ("pearson", "spearman")
MIN_SAMPLES = 10

Vector = NDArray[np.float64]


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
    """

    n: NDArray[np.int64]
    r: Vector
    ci_low: Vector
    ci_high: Vector
    p: Vector
    notes: list[str]


def correlate_groups(
    x: Vector,
    y: Vector,
    offsets: NDArray[np.int64],
    method: Method = "pearson",
    min_samples: int = MIN_SAMPLES,
    confidence: float = 0.95,
    names: tuple[str, str] = ("x", "y"),
) -> Correlations:
    """Correlate x with y within each group.

    ``pearson``: r of the values, p from the exact distribution of r of independent normals, the
    beta distribution with both shapes n/2 - 1; interval tanh(atanh r +- z / sqrt(n - 3)) (Fisher
    1921). ``spearman``: r of the average ranks, p from t = r sqrt((n - 2) / (1 - r^2)) with n - 2
    degrees of freedom; interval with the variance (1 + r^2/2) / (n - 3) (Bonett & Wright 2000,
    Psychometrika 65:23, doi:10.1007/BF02294183).

    Parameters
    ----------
    x, y
        All groups' values, finite, of equal length.
    offsets
        Groups + 1 ascending positions, from 0 to the length.
    method
        ``pearson`` or ``spearman``.
    min_samples
        Smaller groups get a note instead of numbers; 4 or more.
    confidence
        Of the interval.
    names
        What the notes call x and y.
    """
    from scipy import special

    n = np.diff(offsets)
    few = n < min_samples
    if method == "spearman":
        x, y = _ranked_within(x, offsets), _ranked_within(y, offsets)
    x_unit, x_constant = _unit_deviations(x, offsets)
    y_unit, y_constant = _unit_deviations(y, offsets)
    unanswered = few | x_constant | y_constant
    r = _group_sums(x_unit * y_unit, offsets)
    r[unanswered] = np.nan
    r = np.clip(r, -1.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "pearson":
            shape = n / 2 - 1
            p = 2 * special.betainc(shape, shape, (1 - np.abs(r)) / 2)
            spread = 1 / np.sqrt(n - 3)
        else:
            t = r * np.sqrt((n - 2) / ((1 + r) * (1 - r)))
            p = 2 * special.stdtr(n - 2, -np.abs(t))
            spread = np.sqrt((1 + r**2 / 2) / (n - 3))
        half_width = special.ndtri((1 + confidence) / 2) * spread
        ci_low, ci_high = np.tanh(np.arctanh(r) - half_width), np.tanh(np.arctanh(r) + half_width)
    notes = [
        _note(*group, min_samples, names)
        for group in zip(n.tolist(), few, x_constant, y_constant, strict=True)
    ]
    return Correlations(n, r, ci_low, ci_high, np.minimum(p, 1.0), notes)


def _note(
    n: int, few: bool, x_constant: bool, y_constant: bool, least: int, names: tuple[str, str]
) -> str:
    if few:
        return f"too few samples: {n}, at least {least} needed"
    constant = " and ".join(itertools.compress(names, (x_constant, y_constant)))
    if not constant:
        return ""
    return f"{constant} {'are' if x_constant and y_constant else 'is'} constant"


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
