"""Whether correlations differ between groups of samples, and how r changes with a number.

Differences are of z = atanh(r) (Fisher 1921), with the variances of
:func:`tcga_corr.stats.methods.fisher_variance`; several groups by Cochran's Q of their z (Cochran
1954, Biometrics 10:101, doi:10.2307/3001666). The permutation p is over the labels of samples:
variables are standardised within each group, so that groups that differ in mean or spread, as
stages do, do not look as if they differed in r.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_SEED = 489
_AT_ONCE = 4_000_000  # labels of permutations held at a time
_CONSTANT = 1e-10  # a variance of a group's samples, of values of variance one, that is rounding


@dataclass(frozen=True)
class Difference:
    """A difference of z with its interval and two-sided p; NaN where there is none."""

    delta: float
    ci_low: float
    ci_high: float
    p: float
    variance: float


def difference(delta: float, variance: float, confidence: float = 0.95) -> Difference:
    """The interval and p of a difference that is nearly normal.

    Examples
    --------
    >>> round(difference(0.2, 0.01).p, 4)
    0.0455
    """
    from scipy import special

    error = np.sqrt(variance)
    half = special.ndtri((1 + confidence) / 2) * error
    p = float(2 * special.ndtr(-abs(delta) / error)) if error > 0 else np.nan
    return Difference(delta, float(delta - half), float(delta + half), p, variance)


def cochran_q(z: Vector, variance: Vector) -> tuple[float, int, float]:
    """Cochran's Q of some z, its degrees of freedom, and its p from chi-squared."""
    from scipy import special

    weights = 1 / variance
    mean = (weights * z).sum() / weights.sum()
    q, df = float((weights * (z - mean) ** 2).sum()), len(z) - 1
    return q, df, float(special.chdtrc(df, q))


def permutation_p(
    groups: Sequence[Matrix],
    variance: Vector,
    n_draws: int,
    fitted: Sequence[Matrix | None] | None = None,
) -> float:
    """How often groups of shuffled samples differ as much in r, (b + 1) / (B + 1).

    What is held fixed is fitted again in every permutation: what a fit leaves has fewer degrees of
    freedom than samples, and r of shuffled residuals would vary less than the observed r (Winkler
    et al. 2014, doi:10.1016/j.neuroimage.2014.01.060).

    Parameters
    ----------
    groups
        For each group x and y, 2 x samples: deviations of length one, whose product is r.
    variance
        Of the z of each group.
    n_draws
        B, the permutations.
    fitted
        For each group the directions that were fitted out of x and y, samples x controls
        (:attr:`tcga_corr.stats.correlation.Fit.directions`); None of nothing.

    Returns
    -------
    The p of Cochran's Q of the groups; for two groups that of the difference of z. Permutations
    in which a group does not vary, as of genes with many zeros, have no r and are not counted in B.
    """
    sizes = [group.shape[1] for group in groups]
    # of unit variance, so that samples can change groups
    pairs = np.concatenate([group * np.sqrt(group.shape[1]) for group in groups], axis=1)
    observed = _q_of(np.array([[(group[0] * group[1]).sum()] for group in groups]), variance)[0]
    rng = np.random.default_rng([_SEED, *sizes])
    n_at_once = max(1, _AT_ONCE // pairs.shape[1])
    n_beyond = n_known = 0
    for start in range(0, n_draws, n_at_once):
        size = min(n_at_once, n_draws - start)
        order = rng.random((size, pairs.shape[1])).argsort(axis=1)
        q = _q_of(np.stack(_r_of_parts(pairs, order, sizes, fitted)), variance)
        n_known += int((~np.isnan(q)).sum())
        n_beyond += int((q >= observed * (1 - 1e-12)).sum())
    return (n_beyond + 1) / (n_known + 1)


def _r_of_parts(
    pairs: Matrix,
    order: NDArray[np.intp],
    sizes: Sequence[int],
    fitted: Sequence[Matrix | None] | None = None,
) -> list[Vector]:
    """For each group, r of its samples in each permutation; NaN where they do not vary."""
    found, start = [], 0
    for size, directions in zip(sizes, fitted or [None] * len(sizes), strict=True):
        x, y = (values[order[:, start : start + size]] for values in pairs)
        x, y = (values - values.mean(axis=1, keepdims=True) for values in (x, y))
        if directions is not None:
            x, y = (values - (values @ directions) @ directions.T for values in (x, y))
        squares = np.stack([np.vecdot(x, x), np.vecdot(y, y)])
        varies = (squares > _CONSTANT * size).all(axis=0)
        spread = np.where(varies, np.sqrt(squares.prod(axis=0)), np.nan)
        found.append(np.vecdot(x, y) / spread)
        start += size
    return found


def _q_of(r: Matrix, variance: Vector) -> Vector:
    """Cochran's Q of each column of groups x permutations."""
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    weights = (1 / variance)[:, np.newaxis]
    mean = (weights * z).sum(axis=0) / weights.sum()
    return np.asarray((weights * (z - mean) ** 2).sum(axis=0))


def slope_of_z(x: Vector, y: Vector, number: Vector, n_fitted: int) -> Difference:
    """How much z = atanh(r) of x and y changes with a standard deviation of a number.

    The product of x and y, whose mean is r, is fitted by the number (the liquid association of Li
    2002, PNAS 99:16875, doi:10.1073/pnas.252466999); its slope over 1 - r^2 is that of z. The
    variance is robust to products that vary more where the number is large (HC3, MacKinnon & White
    1985, doi:10.1016/0304-4076(85)90158-7).

    Parameters
    ----------
    x, y
        Deviations of length one, of which the number has been fitted out.
    number
        Of each sample.
    n_fitted
        How many variables were fitted out of x and y.
    """
    from scipy import special

    n = len(x)
    products = x * y * n
    deviations = number - number.mean()
    scaled = deviations / np.sqrt((deviations**2).mean())
    r = products.mean()
    slope = (scaled * products).mean()
    left = products - r - slope * scaled
    leverage = (1 + scaled**2) / n
    variance = ((scaled * left / (1 - leverage)) ** 2).sum() / n**2
    df = n - 2 - n_fitted
    to_z = 1 / (1 - r**2)
    error, delta = np.sqrt(variance) * to_z, slope * to_z
    half = special.stdtrit(df, 0.975) * error
    p = float(2 * special.stdtr(df, -abs(delta) / error))
    return Difference(float(delta), float(delta - half), float(delta + half), p, float(error**2))


def permutation_p_of_slope(x: Vector, y: Vector, number: Vector, n_draws: int) -> float:
    """How often a shuffled number changes r as much, (b + 1) / (B + 1); see :func:`slope_of_z`."""
    products = x * y
    products = products - products.mean()
    deviations = number - number.mean()
    observed = abs(products @ deviations)
    rng = np.random.default_rng([_SEED, len(x)])
    n_beyond = 0
    for start in range(0, n_draws, step := max(1, _AT_ONCE // len(x))):
        size = min(step, n_draws - start)
        shuffled = deviations[rng.random((size, len(x))).argsort(axis=1)]
        n_beyond += int((np.abs(shuffled @ products) >= observed * (1 - 1e-12)).sum())
    return (n_beyond + 1) / (n_draws + 1)
