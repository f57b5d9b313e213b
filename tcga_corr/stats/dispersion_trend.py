"""How the dispersions of genes depend on their means, and how they spread around that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_START, _LEAST_RATIO, _LARGEST_RATIO = (0.1, 1.0), 1e-4, 15.0
_MOST_ROUNDS, _ROUNDS_CHANGE = 11, 1e-6
_MOST_STEPS, _STEPS_CHANGE, _MOST_HALVINGS = 25, 1e-8, 30
_EDGES = np.arange(-20, 21) / 2
_N_DRAWS = 10_000
_VARIANCES = np.linspace(0, 8, 161)
_LOGS = np.linspace(-40, 5, 4501)


def parametric_trend(means: Vector, dispersions: Vector) -> tuple[float, float] | None:
    """The curve a0 + a1 / mean through dispersions, as DESeq2 fits it.

    A gamma regression, repeated without the genes that are more than 15 times above the curve or
    10,000 times below it, until it stays (Love, Huber & Anders 2014,
    doi:10.1186/s13059-014-0550-8).

    Parameters
    ----------
    means, dispersions
        Above 0, shape (genes,).

    Returns
    -------
    tuple[float, float] | None
        a0 and a1; None if they do not stay above 0, or never settle.
    """
    curve = np.array(_START)
    columns = np.stack([np.ones(len(means)), 1 / means], axis=1)
    for _ in range(_MOST_ROUNDS):
        ratios = dispersions / (columns @ curve)
        near = (ratios > _LEAST_RATIO) & (ratios < _LARGEST_RATIO)
        found, settled = _gamma_regression(columns[near], dispersions[near], curve)
        if found is None or not (found > 0).all():
            return None
        change = float((np.log(found / curve) ** 2).sum())
        curve = found
        if change < _ROUNDS_CHANGE and settled:
            return float(curve[0]), float(curve[1])
    return None


def _gamma_regression(
    columns: NDArray[np.float64], response: Vector, start: Vector
) -> tuple[Vector | None, bool]:
    """Coefficients of a gamma model with means that are linear, and whether they settled."""
    place: Vector = start
    fitted: Vector = columns @ start
    deviance = _deviance(response, fitted)
    for _ in range(_MOST_STEPS):
        weighted = columns / fitted[:, None]
        aim, _, rank, _ = np.linalg.lstsq(weighted, response / fitted, rcond=None)
        if rank < columns.shape[1]:
            return None, False
        for _ in range(_MOST_HALVINGS):
            if (columns @ aim > 0).all():
                break
            aim = (aim + place) / 2
        else:
            return None, False
        before, place = deviance, aim.astype(np.float64)
        fitted = columns @ place
        deviance = _deviance(response, fitted)
        if abs(deviance - before) < _STEPS_CHANGE * (abs(deviance) + 0.1):
            return place, True
    return place, False


def _deviance(response: Vector, fitted: Vector) -> float:
    ratios = response / fitted
    return float(2 * (ratios - 1 - np.log(ratios)).sum())


def spread_of_few(residuals: Vector, freedom: int) -> float:
    """The variance of the logarithms of true dispersions, where few degrees of freedom are left.

    Estimates of so few are so skew that their spread does not tell. So, as DESeq2 does, the
    histogram of residuals is compared with that of chi-squared errors with a normal spread, and the
    variance of the smallest Kullback-Leibler divergence taken. Its 10,000 draws are integrals here.

    Parameters
    ----------
    residuals
        Logarithms of dispersions minus those of the trend, shape (genes,).
    freedom
        Samples less columns of the design, 1 to 3.
    """
    inside = residuals[(residuals > _EDGES[0]) & (residuals < _EDGES[-1])]
    observed, _ = np.histogram(inside, _EDGES, density=True)
    divergences = np.array([_divergence(observed, one, freedom) for one in _VARIANCES])
    best = int(np.argmin(divergences))
    if best in (0, len(_VARIANCES) - 1):
        return float(_VARIANCES[best])
    before, here, after = divergences[best - 1 : best + 2]
    step = 0.5 * (before - after) / (before - 2 * here + after)
    return float(_VARIANCES[best] + step * (_VARIANCES[1] - _VARIANCES[0]))


def _divergence(observed: Vector, variance: float, freedom: int) -> float:
    from scipy.special import gammaln, ndtr

    half = freedom / 2
    errors = np.exp(half * (_LOGS + np.log(half)) - half * np.exp(_LOGS) - gammaln(half))
    errors /= errors.sum()
    distance = _EDGES[:, None] - _LOGS
    below = ndtr(distance / np.sqrt(variance)) if variance else (distance > 0).astype(float)
    shares = np.diff(below @ errors)
    shares[shares < 0.5 / _N_DRAWS] = 0
    expected = shares / shares.sum() / np.diff(_EDGES)
    both = np.concatenate([observed, expected])
    small = both[both > 0].min()
    return float((observed * (np.log(observed + small) - np.log(expected + small))).sum())
