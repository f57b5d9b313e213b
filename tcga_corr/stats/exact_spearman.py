"""The exact distribution of Spearman's rho of few samples: over all orders of untied ranks."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

MAX_SAMPLES = 12
"""Up to so many samples the distribution is quickly made, and p is read from it."""

# of a sum of squares, which is a whole number: more than rounding error of r
_ROUNDING = 1e-6


def exact_p(r: Vector, n: int) -> Vector:
    """Two-sided p: the share of the n! orders whose absolute rho is at least that of r.

    Parameters
    ----------
    r
        Rank correlations of n samples. With ties the ranks are other numbers than 1 to n, and p is
        an approximation, nearer to that over all orders of the tied ranks than Student's t is.
    n
        Samples, 2 to :data:`MAX_SAMPLES`.
    """
    shares = _tail_shares(n)
    # half the sum of squared differences of ranks, of untied ones a whole number
    half = np.floor((1 - np.abs(r)) * (n**3 - n) / 12 + _ROUNDING)
    place = np.nan_to_num(half, nan=0.0).clip(0, len(shares) - 1).astype(np.intp)
    return np.where(np.isnan(r), np.nan, np.minimum(2 * shares[place], 1.0))


def least_p(n: NDArray[np.int64] | int) -> Vector:
    """The least two-sided p that n samples can give, 2 / n!; never less than a number can be."""
    from scipy import special

    logarithm = math.log(2) - special.gammaln(np.maximum(n, 2) + 1)
    return np.asarray(np.exp(np.maximum(logarithm, math.log(np.finfo(np.float64).tiny))))


@cache
def _tail_shares(n: int) -> Vector:
    """The share of the orders whose half sum of squared differences is at most 0, 1, 2, …."""
    return np.cumsum(_n_orders(n)) / math.factorial(n)


def _n_orders(n: int) -> NDArray[np.int64]:
    """How many orders of 1 to n have a sum of squared differences of 0, 2, 4, ….

    The first ranks take a subset of the places; the next rank takes each place that is left. So
    2^n subsets are gone through instead of n! orders.
    """
    largest = (n**3 - n) // 3
    counts = np.zeros((1 << n, largest + 1), dtype=np.int64)
    counts[0, 0] = 1
    subsets = np.arange(1 << n)
    n_taken = np.bitwise_count(subsets)
    for rank in range(n):
        taken = subsets[n_taken == rank]
        for place in range(n):
            free = taken[(taken >> place) & 1 == 0]
            step = (rank - place) ** 2
            counts[free | (1 << place), step:] += counts[free, : largest + 1 - step]
    return counts[-1, ::2]
