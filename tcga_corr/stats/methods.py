"""The formulas of the correlation methods: coefficient, p and interval.

A method is an entry of :data:`FORMULAS`; its label and limits are in
:mod:`tcga_corr.vocabulary.methods`, under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tcga_corr.choices import Method
from tcga_corr.stats.exact_spearman import MAX_SAMPLES, exact_p, least_p

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Formulas:
    """How a method computes.

    Attributes
    ----------
    variance
        r to the numerator of the variance of z = atanh(r); its denominator is n - ``n_lost``.
    n_lost
        Samples that the estimate of the variance costs.
    ranked
        Whether the values are replaced by their average ranks first.
    p
        r, n and the number of controls to the two-sided p of r = 0; None where ``pair`` gives it.
    pair
        Two vectors to coefficient and p; None where the coefficient is the product of two unit
        vectors (:func:`tcga_corr.stats.correlation.unit_rows`).
    rows
        Two matrices to the coefficient of each row; None where ``pair`` is.
    """

    variance: Callable[[Vector], Vector]
    n_lost: float
    ranked: bool = False
    p: Callable[[Vector, Counts, Counts], Vector] | None = None
    pair: Callable[[Vector, Vector], tuple[float, float]] | None = None
    rows: Callable[[Matrix, Matrix], Vector] | None = None


def _pearson_p(r: Vector, n: Counts, n_controls: Counts) -> Vector:
    from scipy import special

    size = n - n_controls
    shape = np.where(size > 2, size / 2 - 1, np.nan)
    return np.asarray(2 * special.betainc(shape, shape, (1 - np.abs(r)) / 2))


def _spearman_p(r: Vector, n: Counts, n_controls: Counts) -> Vector:
    from scipy import special

    freedom = n - n_controls - 2
    t = r * np.sqrt(freedom / ((1 + r) * (1 - r)))
    p = np.asarray(np.maximum(2 * special.stdtr(freedom, -np.abs(t)), least_p(n)))
    is_exact = np.broadcast_to((n_controls == 0) & (n >= 2) & (n <= MAX_SAMPLES), p.shape)
    sizes, coefficients = np.broadcast_to(n, p.shape), np.broadcast_to(r, p.shape)
    for size in np.unique(sizes[is_exact]):
        where = is_exact & (sizes == size)
        p[where] = exact_p(coefficients[where], int(size))
    return p


def _kendall(x: Vector, y: Vector) -> tuple[float, float]:
    from scipy.stats import kendalltau

    tau, p = kendalltau(x, y)
    return float(tau), float(p)


def _kendall_rows(x: Matrix, y: Matrix) -> Vector:
    """Kendall's tau-b of rows, from the signs of all differences."""
    concordance, x_untied, y_untied = np.zeros((3, len(y)))
    for sample in range(y.shape[1] - 1):
        x_signs = np.sign(x[:, sample + 1 :] - x[:, sample : sample + 1])
        y_signs = np.sign(y[:, sample + 1 :] - y[:, sample : sample + 1])
        concordance += (x_signs * y_signs).sum(axis=1)
        x_untied += np.abs(x_signs).sum(axis=1)
        y_untied += np.abs(y_signs).sum(axis=1)
    scale = np.sqrt(x_untied * y_untied)
    return np.asarray(concordance / np.where(scale == 0, np.nan, scale))


FORMULAS: dict[Method, Formulas] = {
    "pearson": Formulas(variance=np.ones_like, n_lost=3, p=_pearson_p),
    "spearman": Formulas(variance=lambda r: 1 + r**2 / 2, n_lost=3, ranked=True, p=_spearman_p),
    "kendall": Formulas(
        variance=lambda r: np.full_like(r, 0.437), n_lost=4, pair=_kendall, rows=_kendall_rows
    ),
}


def is_ranked(method: Method) -> bool:
    """Whether a method correlates ranks."""
    return FORMULAS[method].ranked


def p_of_r(r: ArrayLike, n: ArrayLike, method: Method, n_controls: ArrayLike = 0) -> Vector:
    """Two-sided p of r = 0, of a method whose p follows from r and n.

    ``pearson``: of independent normals, beta with both shapes (n - c)/2 - 1. ``spearman``: exact
    for up to 12 samples without controls (:mod:`tcga_corr.stats.exact_spearman`), else Student's t
    with n - 2 - c degrees of freedom, and never less than n samples can give, 2 / n!.

    Parameters
    ----------
    r
        Correlation coefficients.
    n
        Samples; r, n and n_controls are broadcast together.
    method
        Its name.
    n_controls
        c, the variables held constant in a partial correlation.
    """
    formula = FORMULAS[method].p
    if formula is None:
        raise ValueError(f"the p of {method} does not follow from its coefficient")
    with np.errstate(divide="ignore", invalid="ignore"):
        p = formula(np.asarray(r, dtype=np.float64), np.asarray(n), np.asarray(n_controls))
        return np.asarray(np.minimum(p, 1.0))


def fisher_variance(
    r: ArrayLike, n: ArrayLike, method: Method = "pearson", n_controls: ArrayLike = 0
) -> Vector:
    """Variance of z = atanh(r); NaN where n is too small for one.

    ``pearson``: 1 / (n - 3 - c) (Fisher 1921, Metron 1(4):3). ``spearman``: (1 + r^2/2) /
    (n - 3 - c) (Bonett & Wright 2000, Psychometrika 65:23, doi:10.1007/BF02294183). ``kendall``:
    0.437 / (n - 4 - c) (Fieller, Hartley & Pearson 1957, Biometrika 44:470,
    doi:10.1093/biomet/44.3-4.470). Each of the c controls costs one sample.

    Parameters
    ----------
    r
        Correlation coefficients.
    n
        Samples; r, n and n_controls are broadcast together.
    method
        Its name.
    n_controls
        c, the variables held constant in a partial correlation.
    """
    r, n, controls = np.broadcast_arrays(np.asarray(r, dtype=np.float64), n, n_controls)
    formulas = FORMULAS[method]
    size = n - formulas.n_lost - controls
    variance: Vector = formulas.variance(r) / np.where(size > 0, size, np.nan)
    return variance


def fisher_interval(r: Vector, variance: Vector, confidence: float = 0.95) -> tuple[Vector, Vector]:
    """The interval tanh(atanh r +- z sqrt(variance)), both ends."""
    from scipy import special

    with np.errstate(divide="ignore", invalid="ignore"):
        half_width = special.ndtri((1 + confidence) / 2) * np.sqrt(variance)
        z = np.arctanh(r)
        return np.tanh(z - half_width), np.tanh(z + half_width)
