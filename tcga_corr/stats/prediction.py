"""Where the z of one more tumor type is expected, for many questions at once.

The prediction interval of Nagashima, Noma & Furukawa 2019 (Stat. Methods Med. Res. 28:1689,
doi:10.1177/0962280218773520) by quadrature: without random numbers, the same bytes each time.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

QUESTIONS = 256  # at once, so that all arrays stay in the processor's cache
TAU2_NODES = 20
CONTOUR_NODES, CONTOUR_STEP = 4, 1.1
MOST_STEPS, ROUNDING = 60, 1e-6  # of quantiles; rounding in mean deviations
BEYOND_LOW, BEYOND_HIGH = 1e-6, 1e-4  # probability of tau^2 outside its nodes
LEAST_Q = 1e-6  # per degree of freedom; below it, tau^2 is 0 in any case


def prediction_interval(
    z: Vector, variance: Vector, confidence: float = 0.95, *, truncated: bool = True
) -> tuple[Vector, Vector]:
    """Lowest and highest z expected of one more type, by the confidence distribution of tau^2.

    The larger tau^2, the larger is Cochran's Q, with weights w = 1/v, by chance. So for the
    observed q, H(tau^2) = 1 - P(Q <= q; tau^2) rises from H(0) to 1, and is the confidence
    distribution function of tau^2; H(0) is the probability of 0.
    Given tau^2, with u = 1 / (v + tau^2), mu the mean of z weighted by u, and s^2 =
    sum u (z - mu)^2 / ((k - 1) sum u), one more type has z = mu + tau N + s T, with N standard
    normal and T of Student's t with k - 1 degrees of freedom, all independent. The ends are
    quantiles of this z over the distribution of tau^2 (Nagashima, Noma & Furukawa 2019, Stat.
    Methods Med. Res. 28:1689, doi:10.1177/0962280218773520, algorithm 1). The paper draws tau^2,
    N and T; here they are integrated, to within 0.5 % of the interval's width.

    Parameters
    ----------
    z
        Of shape (types,) or (types, questions); any number where the variance is infinite.
    variance
        Of z, positive, of the same shape; infinite where a type has no z.
    confidence
        Of the interval.
    truncated
        Whether s^2 is at least 1 / sum u, as in :func:`tcga_corr.stats.pooling.pool`. The paper
        has no such bound.

    Returns
    -------
    Two arrays with an entry per question, or two scalars for one; NaN below three types.
    """
    shape = z.shape[1:]
    z, variance = (one.reshape(len(one), math.prod(shape)) for one in (z, variance))
    ends = np.full((2, z.shape[1]), np.nan)
    k = np.isfinite(variance).sum(axis=0)
    for types in np.unique(k[k > 2]):
        questions = np.flatnonzero(k == types)
        for start in range(0, len(questions), QUESTIONS):
            some = questions[start : start + QUESTIONS]
            ends[:, some] = _ends(
                z[:, some], variance[:, some], int(types) - 1, (1 + confidence) / 2, truncated
            )
    low, high = ends.reshape(2, *shape)
    return low[()], high[()]


def _ends(
    z: Vector, variance: Vector, df: int, level: float, truncated: bool
) -> tuple[Vector, Vector]:
    """Both ends of questions with the same number of types.

    T is normal with a deviation of sqrt(df) / chi, so z is a mixture of normals over tau^2 and chi.
    """
    tau2, mass = _confidence_distribution(z, 1 / variance, df)
    mean, error2 = _means(z, variance, tau2, df, truncated)
    chi, chance = _chi_nodes(df)
    deviation = np.sqrt(tau2[:, None] + error2[:, None] * (df / chi**2)[:, None])
    mass, mean = mass[:, None] * chance[:, None], mean[:, None]
    return -_quantile(-mean, deviation, mass, level), _quantile(mean, deviation, mass, level)


def _means(
    z: Vector, variance: Vector, tau2: Vector, df: int, truncated: bool
) -> tuple[Vector, Vector]:
    """The mean of z and its squared standard error for each tau^2, nodes x questions."""
    mean, error2 = np.empty((2, *tau2.shape))
    for node, value in enumerate(tau2):
        weights = 1 / (variance + value)
        total = weights.sum(axis=0)
        mean[node] = (weights * z).sum(axis=0) / total
        error2[node] = (weights * (z - mean[node]) ** 2).sum(axis=0) / (df * total)
        if truncated:
            error2[node] = np.maximum(error2[node], 1 / total)
    return mean, error2


def _quantile(mean: Vector, deviation: Vector, mass: Vector, level: float) -> Vector:
    """The quantile of mixtures of normals over the first two axes.

    By Newton's method in the normal deviate of the distribution function, which is a line for one
    normal, and by halves where that leaves the limits known so far.
    """
    from scipy import special

    wanted = special.ndtri(level)
    parts = mean + wanted * deviation
    low, high = parts.min(axis=(0, 1)), parts.max(axis=(0, 1))
    value: Vector = np.clip((mass * parts).sum(axis=(0, 1)), low, high)
    rounding = ROUNDING * (mass * deviation).sum(axis=(0, 1))
    left = np.flatnonzero(high - low > rounding)
    for _ in range(MOST_STEPS):
        if not left.size:
            break
        now = value[left]
        probability, density = _mixture(now, mean[..., left], deviation[..., left], mass[..., left])
        low[left] = np.where(probability < level, now, low[left])
        high[left] = np.where(probability < level, high[left], now)
        found = special.ndtri(probability)
        new = now + (wanted - found) * np.exp(-(found**2) / 2) / density
        inside = (low[left] < new) & (new < high[left])
        value[left] = np.where(inside, new, (low[left] + high[left]) / 2)
        left = left[np.abs(value[left] - now) > rounding[left]]
    return value


def _mixture(value: Vector, mean: Vector, deviation: Vector, mass: Vector) -> tuple[Vector, Vector]:
    """Distribution function and density, times sqrt(2 pi), of mixtures of normals."""
    from scipy import special

    place = (value - mean) / deviation
    density = (mass * np.exp(-(place**2) / 2) / deviation).sum(axis=(0, 1))
    probability = (mass * special.ndtr(place)).sum(axis=(0, 1))
    return probability, density


def _confidence_distribution(z: Vector, weights: Vector, df: int) -> tuple[Vector, Vector]:
    """Nodes of tau^2 and their masses, both nodes x questions.

    Q is the sum of (1 + tau^2 d) chi^2_1, one d per degree of freedom, and its mean is df + tau^2
    times the sum of d. The nodes are Chebyshev's in the logarithm of that mean: were all variances
    equal, H would be the same function of it for all questions, but for a shift.
    """
    from scipy import special

    share = weights / weights.sum(axis=0)
    q = (weights * (z - (share * z).sum(axis=0)) ** 2).sum(axis=0)
    q = np.maximum(q, LEAST_Q * df)
    sum_d, sum_d2 = _sums_of_d(weights, share)
    like = np.clip(sum_d**2 / sum_d2, 1, df)
    low = np.log(q * like / (2 * df * special.gammainccinv(like / 2, BEYOND_LOW)))
    high = np.log(q * like / (2 * df * special.gammaincinv(like / 2, BEYOND_HIGH)))
    low = np.maximum(low, 0)
    place, rule = _chebyshev()
    growth = low + np.maximum(high - low, 0) * place[:, None]
    tau2 = np.expm1(growth) * df / sum_d
    mean = df * np.exp(growth)
    like = np.clip(mean**2 / (df + 2 * tau2 * sum_d + tau2**2 * sum_d2), 1, df)
    above = 1 - _cdf_of_q(q, weights, tau2, _contour(q, mean, like))
    mass = (rule[:, :, None] * above).sum(axis=1)
    mass[0] += above[0]
    mass[-1] += 1 - above[-1]
    return tau2, mass


def _sums_of_d(weights: Vector, share: Vector) -> tuple[Vector, Vector]:
    """Sum of d, and of d^2: d are the eigenvalues, but one 0, of Q's matrix W - w w' / sum w."""
    rest = weights * (1 - share)
    own = weights * share
    return rest.sum(axis=0), (rest**2).sum(axis=0) + own.sum(axis=0) ** 2 - (own**2).sum(axis=0)


def _contour(q: Vector, mean: Vector, like: Vector) -> tuple[NDArray[Any], NDArray[Any]]:
    """Points s and steps ds of a parabola in the upper half-plane, contour x nodes x questions.

    It goes through the saddle point of exp(s q) E exp(-s Q) / s, and bends as the steepest descent
    does there, for a multiple of chi-squared with Q's mean and variance, so with ``like`` degrees
    of freedom. On any path the integral is the same; on this one a few points suffice.
    """
    scale = mean / like
    linear = mean + 2 * scale - q
    saddle = (linear + np.sqrt(linear**2 + 8 * scale * q)) / (4 * scale * q)
    base = 1 + 2 * saddle * scale
    curvature = 1 / saddle**2 + 2 * scale * mean / base**2
    third = -2 / saddle**3 - 8 * scale**2 * mean / base**3
    bend = third / (6 * curvature)
    unit = CONTOUR_STEP / np.sqrt(curvature)
    height = (np.arange(CONTOUR_NODES) + 0.5)[:, None, None] * unit
    return saddle + 1j * height + bend * height**2, (1j + 2 * bend * height) * unit


def _cdf_of_q(
    q: Vector, weights: Vector, tau2: Vector, contour: tuple[NDArray[Any], NDArray[Any]]
) -> Vector:
    """P(Q <= q) for each tau^2, by inverting the Laplace transform of Q along the contour.

    E exp(-s Q) = (product a x sum (w / sum w) / a)^(-1/2) with a = 1 + 2 s (1 + tau^2 w), over the
    types: no eigenvalue is needed (trapezoidal rule through the saddle point: Rice 1980, SIAM J.
    Sci. Stat. Comput. 1:438).
    """
    s, step = contour
    fixed, slope = 1 + 2 * s, 2 * s * tau2
    product, total = np.ones_like(s), np.zeros_like(s)  # of all a; of w x the product of other a
    turned = np.zeros(s.shape, dtype=bool)
    for one in weights:
        a = slope * one
        a += fixed
        total *= a
        total += product * one
        upper = product.imag >= 0
        product *= a
        # each a turns by less than half a circle, so the square root changes its sign here
        turned ^= upper & (product.imag < 0)
    root = np.sqrt(product) * np.sqrt(total / product / weights.sum(axis=0))
    absent = (weights == 0).sum(axis=0)
    root = np.where(turned, -root, root) / np.sqrt(fixed) ** absent
    terms: Vector = (np.exp(s * q) * step / (s * root)).imag
    probability: Vector = terms.sum(axis=0) / np.pi
    return probability


@cache
def _chebyshev() -> tuple[Vector, Vector]:
    """Chebyshev's nodes from 0 to 1, and a matrix R: sum (R h) g is the integral of g dh.

    Trefethen 2000, Spectral Methods in MATLAB, doi:10.1137/1.9780898719598: chapter 6 has the
    derivative of h at the nodes, chapter 12 Clenshaw and Curtis's weights.
    """
    order = np.arange(TAU2_NODES + 1)
    node = -np.cos(np.pi * order / TAU2_NODES)
    sign = np.where((order == 0) | (order == TAU2_NODES), 2.0, 1.0) * (-1.0) ** order
    derivative = np.outer(sign, 1 / sign) / (node[:, None] - node + np.eye(len(node)))
    derivative -= np.diag(derivative.sum(axis=1))
    integrals = np.zeros(len(node))
    integrals[::2] = 2 / (1 - order[::2] ** 2.0)
    weights = np.linalg.solve(np.polynomial.chebyshev.chebvander(node, TAU2_NODES).T, integrals)
    return (1 + node) / 2, weights[:, None] * derivative


@cache
def _chi_nodes(df: int) -> tuple[Vector, Vector]:
    """Gauss's rule for a mean over chi: nodes and weights, fewer the more degrees of freedom.

    Of the density on a fine grid, by Lanczos's method and the eigenvalues of the tridiagonal matrix
    (Golub & Welsch 1969, Math. Comput. 23:221, doi:10.1090/S0025-5718-69-99647-1).
    """
    grid, spacing = np.polynomial.legendre.leggauss(300)
    reach = math.sqrt(df) + 9
    grid = reach * (1 + grid) / 2
    density = np.exp((df - 1) * np.log(grid / math.sqrt(df)) - (grid**2 - df) / 2) * spacing
    vector, last, beta = np.sqrt(density / density.sum()), np.zeros_like(grid), 0.0
    size = 3 + 24 // df
    matrix = np.zeros((size + 1, size + 1))
    for row in range(size):
        ahead = grid * vector - beta * last
        matrix[row, row] = (ahead * vector).sum()
        ahead -= matrix[row, row] * vector
        beta = math.sqrt((ahead**2).sum())
        matrix[row, row + 1] = matrix[row + 1, row] = beta
        vector, last = ahead / beta, vector
    nodes, vectors = np.linalg.eigh(matrix[:-1, :-1])
    return nodes, vectors[0] ** 2
