"""Negative binomial models of the counts of many genes at once, as DESeq2 fits them.

Of a gene's count y with mean mu and dispersion a, the variance is mu + a mu^2; the logarithm of mu
is the design times coefficients, plus that of the sample's size factor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

RIDGE = 1e-6  # of all coefficients, so that those of no information stay finite

_CHUNK = 2**17  # numbers of a matrix that the processor's cache holds
_DEVIANCE_OF_NONE = 1000.0
_NO_BOUND = 10.0
_VARIANCES = (1e-6, 400.0)
_WIDE = 15.0  # in natural logarithms
_LEAST, _ROUNDING, _MOST_LOG = 1e-3, 1e-9, 300.0
_MOST_NEWTON, _MOST_SHARES, _TOLERANCE = 500, 30, 1e-7


@dataclass(frozen=True)
class Coefficients:
    """Fitted coefficients.

    Attributes
    ----------
    values
        In natural logarithms, shape (genes, columns).
    means
        Of each count, shape (genes, samples).
    leverages
        Of each sample, shape (genes, samples).
    converged
        False where the iteration diverged or took too long; values are of the likelihood itself.
    """

    values: Matrix
    means: Matrix
    leverages: Matrix
    converged: NDArray[np.bool_]


def coefficients(
    counts: Matrix,
    size_factors: Vector,
    design: Matrix,
    dispersion: Vector,
    least_mean: float,
    *,
    largest: float,
    tolerance: float,
    most_iterations: int,
) -> Coefficients:
    """Coefficients of each gene, by iteratively reweighted least squares.

    As DESeq2 has them: weights are of means of at least ``least_mean``, and the iteration ends when
    the deviance changes by less than ``tolerance`` of itself (Love, Huber & Anders 2014,
    doi:10.1186/s13059-014-0550-8). Where it does not, as without reads in a level of a covariate,
    the likelihood is maximised, of means however small.

    Parameters
    ----------
    counts
        Shape (genes, samples).
    size_factors
        Shape (samples,).
    design
        Shape (samples, columns), of full rank.
    dispersion
        Shape (genes,).
    least_mean
        In reads, of the weights.
    largest
        A coefficient beyond it diverges.
    tolerance
        Of the deviance, relative.
    most_iterations
        After which a gene counts as not converged.
    """
    parts = [
        _coefficients(
            counts[genes], size_factors, design, dispersion[genes],
            least_mean, largest, tolerance, most_iterations,
        )
        for genes in chunks_of_genes(*counts.shape)
    ]  # fmt: skip
    names = ("values", "means", "leverages", "converged")
    return Coefficients(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))


def _coefficients(
    counts: Matrix,
    size_factors: Vector,
    design: Matrix,
    dispersion: Vector,
    least_mean: float,
    largest: float,
    tolerance: float,
    most_iterations: int,
) -> Coefficients:
    products, ridge = outer_products(design), RIDGE * np.eye(design.shape[1])
    orthogonal, triangle = np.linalg.qr(design)
    logs = np.log(counts / size_factors + 0.1)
    values = np.linalg.solve(triangle, (logs @ orthogonal).T).T
    converged = np.zeros(len(counts), np.bool_)
    deviance = np.full(len(counts), _DEVIANCE_OF_NONE)
    open_ = np.arange(len(counts))
    for _ in range(most_iterations):
        if not len(open_):
            break
        y, a = counts[open_], dispersion[open_, None]
        means = np.maximum(size_factors * np.exp(values[open_] @ design.T), least_mean)
        weights = means / (1 + means * a)
        working = np.log(means / size_factors) + (y - means) / means
        information = _information(weights, products) + ridge
        moved = np.linalg.solve(information, ((weights * working) @ design)[..., None])[..., 0]
        finite = (np.abs(moved) <= largest).all(axis=1)
        open_, moved, y, a = open_[finite], moved[finite], y[finite], a[finite]
        values[open_] = moved
        means = np.maximum(size_factors * np.exp(moved @ design.T), least_mean)
        found = -2 * _negative_log_likelihood(y, means, a)
        ratio = np.abs(found - deviance[open_]) / (np.abs(found) + 0.1)
        deviance[open_] = found
        converged[open_[ratio <= tolerance]] = True
        open_ = open_[ratio > tolerance]
    rest = np.flatnonzero(~converged)
    if len(rest):
        values[rest] = _Posterior(
            counts[rest], size_factors, design, dispersion[rest], RIDGE
        ).highest()
    means = size_factors * np.exp(values @ design.T)
    floored = np.maximum(means, least_mean)
    weights = floored / (1 + floored * dispersion[:, None])
    information = _information(weights, products) + ridge
    inverse = np.linalg.inv(information).reshape(len(counts), -1)
    return Coefficients(values, means, weights * (inverse @ products.T), converged)


def _information(weights: Matrix, products: Matrix) -> Matrix:
    """Of each gene, shape (genes, columns, columns), from weights of samples."""
    n_columns = math.isqrt(products.shape[1])
    return (weights @ products).reshape(-1, n_columns, n_columns)


def _negative_log_likelihood(counts: Matrix, means: Matrix, dispersion: Matrix) -> Vector:
    """Of each gene; ``dispersion`` has shape (genes, 1)."""
    from scipy.special import gammaln

    size = 1 / dispersion
    binomial = gammaln(counts + size) - gammaln(counts + 1) - gammaln(size)
    terms = (counts + size) * np.log(size + means) - counts * np.log(means) - binomial
    total: Vector = (terms + size * np.log(dispersion)).sum(axis=1)
    return total


def standard_errors(means: Matrix, design: Matrix, dispersion: Vector, contrast: Vector) -> Vector:
    """The standard error of a contrast of each gene's coefficients, in natural logarithms.

    Parameters
    ----------
    means
        Shape (genes, samples).
    design
        Shape (samples, columns).
    dispersion
        Shape (genes,).
    contrast
        Shape (columns,).
    """
    found = np.empty(len(means))
    for genes, inverse, information in _informations(means, design, dispersion):
        ahead = inverse @ contrast
        found[genes] = np.sqrt(np.einsum("gi,gij,gj->g", ahead, information, ahead))
    return found


def without_bounds(
    means: Matrix, design: Matrix, dispersion: Vector, contrast: Vector
) -> NDArray[np.bool_]:
    """Whether the counts of a gene set no bound to a contrast, as the ridge alone does.

    Parameters
    ----------
    means
        Those that were fitted, however small, shape (genes, samples).
    design
        Shape (samples, columns).
    dispersion
        Shape (genes,).
    contrast
        Shape (columns,).

    Returns
    -------
    NDArray[np.bool_]
        Where its standard deviation is above 10, in natural logarithms.
    """
    found = np.empty(len(means), np.bool_)
    for genes, inverse, _ in _informations(means, design, dispersion):
        found[genes] = inverse @ contrast @ contrast > _NO_BOUND**2
    return found


def _informations(
    means: Matrix, design: Matrix, dispersion: Vector
) -> Iterator[tuple[slice, Matrix, Matrix]]:
    """Of portions of genes, the inverse of the information with the ridge, and the information."""
    products, ridge = outer_products(design), RIDGE * np.eye(design.shape[1])
    for genes in chunks_of_genes(*means.shape):
        weights = means[genes] / (1 + means[genes] * dispersion[genes, None])
        information = _information(weights, products)
        yield genes, np.linalg.inv(information + ridge).astype(np.float64), information


def shrunken(
    counts: Matrix,
    size_factors: Vector,
    design: Matrix,
    dispersion: Vector,
    column: int,
    scale: float,
) -> Vector:
    """A coefficient of each gene, shrunken by a Cauchy prior.

    The maximum of the posterior density, with normal priors of standard deviation 15 for the other
    coefficients (Zhu, Ibrahim & Love 2019, apeglm, doi:10.1093/bioinformatics/bty895). Where there
    are two maxima, one near no change and one near the fold change itself, it is the higher.

    Parameters
    ----------
    counts
        Shape (genes, samples).
    size_factors
        Shape (samples,).
    design
        Shape (samples, columns).
    dispersion
        Shape (genes,).
    column
        That of the coefficient, with a design of which it is the fold change wanted.
    scale
        Of the Cauchy distribution, in natural logarithms.

    Returns
    -------
    Vector
        In natural logarithms, shape (genes,).
    """
    found = np.empty(len(counts))
    for genes in chunks_of_genes(*counts.shape):
        posterior = _Posterior(
            counts[genes], size_factors, design, dispersion[genes], 1 / _WIDE**2, column, scale
        )
        found[genes] = posterior.highest()[:, column]
    return found


def cauchy_scale(changes: Vector, errors: Vector) -> float:
    """The scale of the prior of coefficients, by their spread beyond their errors.

    Efron and Morris' estimate of the variance of true changes, at most 1, as apeglm has it (Zhu,
    Ibrahim & Love 2019, doi:10.1093/bioinformatics/bty895).

    Parameters
    ----------
    changes, errors
        Coefficients and their standard errors, in natural logarithms, finite, shape (genes,).
    """
    from scipy.optimize import brentq

    squares, noise = changes**2, errors**2

    def beyond(variance: float) -> float:
        weights = 1 / (variance + noise) ** 2
        return float(((squares - noise) * weights).sum() / weights.sum()) - variance

    low, high = _VARIANCES
    if beyond(low) < 0:
        return float(np.sqrt(low))
    return min(1.0, float(np.sqrt(brentq(beyond, low, high))))


class _Posterior:
    """The posterior density of genes' coefficients, one of which may have a Cauchy prior.

    Those of ``column`` have one of the scale; all others a normal prior of a precision.
    """

    def __init__(
        self,
        counts: Matrix,
        size_factors: Vector,
        design: Matrix,
        dispersion: Vector,
        precision: float,
        column: int | None = None,
        scale: float = 1.0,
    ) -> None:
        self._counts, self._offset, self._design = counts, np.log(size_factors), design
        self._size, self._column, self._square = 1 / dispersion[:, None], column, scale**2
        self._products = outer_products(design)
        self._precision = np.full(design.shape[1], precision)
        if column is not None:
            self._precision[column] = 0

    def highest(self) -> Matrix:
        """The coefficients of the maximum, by Newton's steps and a bound of the Cauchy density.

        Of that density's logarithm the curvature is bounded by that of a normal one of the same
        slope, so that each step, halved where needed, goes uphill.
        """
        place = self._uphill(self._of_means())
        if self._column is None:
            return place
        every = np.arange(len(place))
        other = self._uphill(self._of_counts())
        higher = self._value(other, every) < self._value(place, every)
        place[higher] = other[higher]
        return place

    def _of_means(self) -> Matrix:
        """An intercept alone."""
        weights, *_ = np.linalg.lstsq(self._design, np.ones(len(self._design)), rcond=None)
        means = (self._counts / np.exp(self._offset)).mean(axis=1)
        place: Matrix = np.log(np.maximum(means, _LEAST))[:, None] * weights
        return place

    def _of_counts(self) -> Matrix:
        """Least squares of the logarithms."""
        logs = np.log(self._counts / np.exp(self._offset) + 0.1)
        place: Matrix = np.linalg.lstsq(self._design, logs.T, rcond=None)[0].T.astype(np.float64)
        return place

    def _uphill(self, place: Matrix) -> Matrix:
        counts = self._counts
        value = self._value(place, np.arange(len(counts)))
        open_ = np.arange(len(counts))
        for _ in range(_MOST_NEWTON):
            if not len(open_):
                break
            step = self._step(place[open_], open_)
            share = np.ones(len(open_))
            better = place[open_] + step
            reached = self._value(better, open_)
            for _ in range(_MOST_SHARES):
                worse = np.flatnonzero(~(reached <= value[open_] + _ROUNDING))
                if not len(worse):
                    break
                share[worse] /= 2
                better[worse] = place[open_[worse]] + share[worse, None] * step[worse]
                reached[worse] = self._value(better[worse], open_[worse])
            higher = reached <= value[open_] + _ROUNDING
            place[open_[higher]], value[open_[higher]] = better[higher], reached[higher]
            share[~higher] = 0
            open_ = open_[np.abs(share[:, None] * step).max(axis=1) > _TOLERANCE]
        return place

    def _value(self, place: Matrix, genes: NDArray[np.intp]) -> Vector:
        """The negative logarithm of the density, but for a constant."""
        counts, size = self._counts[genes], self._size[genes]
        linear = place @ self._design.T + self._offset
        terms = (counts + size) * np.logaddexp(linear, np.log(size)) - counts * linear
        total: Vector = terms.sum(axis=1) + 0.5 * (self._precision * place**2).sum(axis=1)
        if self._column is not None:
            total += np.log1p(place[:, self._column] ** 2 / self._square)
        return total

    def _step(self, place: Matrix, genes: NDArray[np.intp]) -> Matrix:
        counts, size = self._counts[genes], self._size[genes]
        means = np.exp(np.minimum(place @ self._design.T + self._offset, _MOST_LOG))
        precision = np.tile(self._precision, (len(genes), 1))
        if self._column is not None:
            precision[:, self._column] = 2 / (self._square + place[:, self._column] ** 2)
        slope = (counts - (counts + size) * means / (means + size)) @ self._design
        slope -= precision * place
        weights = (counts + size) * size * means / (means + size) ** 2
        n_columns = len(self._precision)
        curvature = _information(weights, self._products)
        curvature[:, np.arange(n_columns), np.arange(n_columns)] += precision
        found = np.linalg.solve(curvature, slope[..., None])
        step: Matrix = found[..., 0].astype(np.float64)
        return step


def outer_products(design: Matrix) -> Matrix:
    """The outer product of each row of a design with itself, shape (samples, columns^2)."""
    return (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)


def chunks_of_genes(n_genes: int, n_samples: int) -> Iterator[slice]:
    """Slices of genes whose numbers the processor's cache holds."""
    size = max(1, _CHUNK // n_samples)
    return (slice(first, first + size) for first in range(0, n_genes, size))
