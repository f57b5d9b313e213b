"""The dispersions of many genes at once, as DESeq2 estimates them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.negative_binomial import Matrix, Vector, chunks_of_genes, outer_products

_STEP, _GROWTH, _MOST_STEPS = 0.5, 2.0, 40
_TOLERANCE, _MOST_HALVINGS = 1e-7, 80  # of the logarithm of a dispersion
_LEAST_GAIN, _TINY, _FLAT = 1e-6, float(np.log(1e-7)), 1e-3


@dataclass(frozen=True)
class Prior:
    """A normal distribution of the logarithms of dispersions.

    Attributes
    ----------
    mean
        Of each gene, shape (genes,).
    variance
        The same for all.
    """

    mean: Vector
    variance: float


def dispersions(
    counts: Matrix,
    means: Matrix,
    design: Matrix,
    start: Vector,
    bounds: tuple[float, float],
    prior: Prior | None = None,
) -> Vector:
    """The dispersion of each gene that is most likely, given the means.

    Of the likelihood with Cox and Reid's adjustment for the coefficients, and a prior's density,
    the maximum uphill of the start (Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8).
    Without a prior the start stays, as in DESeq2, where it is tiny and the way up begins flat, or
    where the likelihood's logarithm gains less than a millionth of itself.

    Parameters
    ----------
    counts, means
        Shape (genes, samples); means above 0.
    design
        Shape (samples, columns), of full rank.
    start
        Shape (genes,), within the bounds.
    bounds
        The smallest and largest dispersion.
    prior
        Of the logarithms of dispersions.

    Returns
    -------
    Vector
        Shape (genes,).
    """
    found = np.empty(len(counts))
    for genes in chunks_of_genes(*counts.shape):
        own = None if prior is None else Prior(prior.mean[genes], prior.variance)
        slope = _Slope(counts[genes], means[genes], design, own)
        begin = np.log(start[genes])
        end = _uphill(slope, begin, np.log(bounds))
        found[genes] = np.exp(end if prior else np.where(_stays(slope, begin, end), begin, end))
    return found


def _stays(slope: _Slope, begin: Vector, end: Vector) -> NDArray[np.bool_]:
    """Whether DESeq2 stays where it began."""
    every = np.arange(len(begin))
    before = slope.density(begin, every)
    little = slope.density(end, every) < before + np.abs(before) * _LEAST_GAIN
    flat = (begin <= _TINY) & (np.abs(slope(begin, every)) < _FLAT)
    stays: NDArray[np.bool_] = little | flat
    return stays


class _Slope:
    """The derivative of the posterior density's logarithm by that of the dispersion."""

    def __init__(self, counts: Matrix, means: Matrix, design: Matrix, prior: Prior | None) -> None:
        self._counts, self._means, self._prior = counts, means, prior
        self._products = outer_products(design)
        self._shape = (-1, design.shape[1], design.shape[1])

    def __call__(self, log_dispersion: Vector, genes: NDArray[np.intp]) -> Vector:
        from scipy.special import digamma

        counts, means = self._counts[genes], self._means[genes]
        dispersion = np.exp(log_dispersion)[:, None]
        size = 1 / dispersion
        terms = digamma(size) - digamma(counts + size) + np.log1p(means * dispersion)
        terms += (counts - means) / (means + size)
        slope: Vector = terms.sum(axis=1) / dispersion[:, 0]
        weights = means / (1 + means * dispersion)
        information = (weights @ self._products).reshape(self._shape)
        change = (weights**2 @ self._products).reshape(self._shape)
        traces = np.trace(np.linalg.solve(information, change), axis1=1, axis2=2)
        slope += 0.5 * dispersion[:, 0] * traces
        if self._prior is not None:
            slope -= (log_dispersion - self._prior.mean[genes]) / self._prior.variance
        return slope

    def density(self, log_dispersion: Vector, genes: NDArray[np.intp]) -> Vector:
        """The likelihood's logarithm without what depends on counts and means alone."""
        from scipy.special import gammaln

        counts, means = self._counts[genes], self._means[genes]
        dispersion = np.exp(log_dispersion)[:, None]
        size = 1 / dispersion
        terms = gammaln(counts + size) - gammaln(size) - counts * np.log(means + size)
        terms -= size * np.log1p(means * dispersion)
        weights = means / (1 + means * dispersion)
        information = (weights @ self._products).reshape(self._shape)
        density: Vector = terms.sum(axis=1) - 0.5 * np.linalg.slogdet(information)[1]
        return density


def _uphill(slope: _Slope, start: Vector, bounds: Vector) -> Vector:
    """Where the slope is first 0 uphill of each start, or the bound that is reached before."""
    lowest, highest = bounds
    place = np.clip(start, lowest, highest)
    every = np.arange(len(place))
    here = slope(place, every)
    ahead, ahead_slope = place.copy(), here.copy()
    going, step = every[here != 0], _STEP
    for _ in range(_MOST_STEPS):
        if not len(going):
            break
        place[going], here[going] = ahead[going], ahead_slope[going]
        moved = ahead[going] + step * np.sign(here[going])
        ahead[going] = np.clip(moved, lowest, highest)
        ahead_slope[going] = slope(ahead[going], going)
        at_end = (ahead[going] <= lowest) | (ahead[going] >= highest)
        going = going[(np.sign(ahead_slope[going]) == np.sign(here[going])) & ~at_end]
        step *= _GROWTH
    bracketed = np.flatnonzero(here * ahead_slope < 0)
    found = ahead
    found[bracketed] = _root(
        slope,
        bracketed,
        (place[bracketed], here[bracketed]),
        (ahead[bracketed], ahead_slope[bracketed]),
    )
    return found


def _root(
    slope: _Slope,
    genes: NDArray[np.intp],
    left: tuple[Vector, Vector],
    right: tuple[Vector, Vector],
) -> Vector:
    """Roots between places of slopes of opposite sign, by false position (the Illinois rule)."""
    (a, slope_a), (b, slope_b) = left, right
    found = b.copy()
    open_ = np.arange(len(genes))
    for _ in range(_MOST_HALVINGS):
        if not len(open_):
            break
        x = b - slope_b * (b - a) / (slope_b - slope_a)
        value = slope(x, genes[open_])
        crosses = np.sign(value) != np.sign(slope_b)
        a = np.where(crosses, b, a)
        slope_a = np.where(crosses, slope_b, slope_a / 2)
        moved = np.abs(x - b)
        b, slope_b = x, value
        found[open_] = b
        going = (moved > _TOLERANCE) & (np.abs(b - a) > _TOLERANCE) & (value != 0)
        open_ = open_[going]
        a, b, slope_a, slope_b = a[going], b[going], slope_a[going], slope_b[going]
    return found
