"""Empirical p-values: how often chance, or other pairs, give values as extreme as observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Draws = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

TOLERANCE = 1e-5
"""Values that differ by no more count as equal: what sums in single precision cost."""

ENOUGH_FOR_A_TAIL = 1_000
_FEW = 10  # beyond which the rank says more than a normal tail
_CENTRAL = 0.95
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Comparison:
    """Observed correlations among those of a null, an entry each; NaN where there is none.

    Attributes
    ----------
    p
        Two-tailed p-value.
    z
        How far the observed r is from the null's mean, in its standard deviations, on Fisher's z.
    mean
        The null's mean on Fisher's z, as r.
    low, high
        The range outside which p is below 0.05; NaN of fewer than 40 values.
    count
        Values of the null.
    """

    p: Vector
    z: Vector
    mean: Vector
    low: Vector
    high: Vector
    count: NDArray[np.int64]

    @classmethod
    def empty(cls, size: int) -> Comparison:
        """Of pairs that are compared with nothing."""
        p, z, mean, low, high = np.full((5, size), np.nan)
        return cls(p, z, mean, low, high, np.zeros(size, dtype=np.int64))

    def some(self, places: NDArray[Any]) -> Comparison:
        """Some entries."""
        return Comparison(*(getattr(self, name)[places] for name in _FIELDS))

    def put(self, places: NDArray[np.intp], other: Comparison) -> None:
        """Set some entries to those of another comparison."""
        for name in _FIELDS:
            getattr(self, name)[places] = getattr(other, name)


def compare(draws: Draws, observed: Vector, *, normal_tail: Mask | bool = False) -> Comparison:
    """Compare each observed r with the values of its null.

    p is two-tailed by rank, min(1, 2 (1 + b) / (B + 1)) where b is the smaller of the numbers of
    values that are at least and at most the observed one (Phipson & Smyth 2010, Stat. Appl. Genet.
    Mol. Biol. 9:39, doi:10.2202/1544-6115.1585). The range is from the j-th smallest to the j-th
    largest value, j = ceil(0.025 (B + 1)) - 1.

    Parameters
    ----------
    draws
        Values x pairs; NaN does not count.
    observed
        Of each pair.
    normal_tail
        Whether values, or which pairs' ones, are nearly normal on Fisher's z: where B is 1,000 or
        more and b below 10, p is then min(2 * 11 / (B + 1), 2 (1 - Phi(abs(z)))).
    """
    if not len(draws):
        return Comparison.empty(len(observed))
    step = max(1, _AT_ONCE // len(draws))
    slices = [slice(start, start + step) for start in range(0, len(observed), step)]
    has_tail = np.broadcast_to(normal_tail, len(observed))
    parts = [_compared(draws[:, part].T, observed[part], has_tail[part]) for part in slices]
    if not parts:
        return Comparison.empty(0)
    return Comparison(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS)
    )


_FIELDS = tuple(Comparison.__dataclass_fields__)


def _compared(values: Draws, observed: Vector, has_tail: Mask) -> Comparison:
    """As :func:`compare`, pairs x values."""
    ordered = np.sort(values, axis=1).astype(np.float64)  # NaN last
    count = _n_at_most(ordered, np.full(len(ordered), np.inf))
    at_most = _n_at_most(ordered, observed + TOLERANCE)
    at_least = count - _n_at_most(ordered, np.nextafter(observed - TOLERANCE, -np.inf))
    found = (count > 0) & ~np.isnan(observed)
    fewer = np.minimum(at_most, at_least)
    p = np.where(found, np.minimum(1.0, 2 * (1 + fewer) / (count + 1)), np.nan)
    z, mean = standing(ordered, observed)
    few = has_tail & found & (count >= ENOUGH_FOR_A_TAIL) & (fewer < _FEW) & ~np.isnan(z)
    if few.any():
        p[few] = np.minimum(2 * (_FEW + 1) / (count[few] + 1), _two_tails(z[few]))
    rank = end_of_range(count)
    row = np.arange(len(ordered))
    ranged = rank >= 1
    low, high = (
        np.where(ranged, ordered[row, np.where(ranged, place, 0)], np.nan)
        for place in (rank - 1, count - rank)
    )
    return Comparison(p, z, mean, low, high, count)


def _n_at_most(ordered: Vector, limits: Vector) -> NDArray[np.int64]:
    """How many values of each ascending row, NaN last, are at most a limit: by halving."""
    low, high = np.zeros(len(ordered), dtype=np.int64), np.full(len(ordered), ordered.shape[1])
    row = np.arange(len(ordered))
    with np.errstate(invalid="ignore"):
        while (low < high).any():
            middle = (low + high) // 2
            is_below = ordered[row, np.minimum(middle, ordered.shape[1] - 1)] <= limits
            is_below &= low < high
            low, high = np.where(is_below, middle + 1, low), np.where(is_below, high, middle)
    return low


def standing(values: Vector, observed: Vector) -> tuple[Vector, Vector]:
    """How far each observed r is from its row's mean in standard deviations of z, and that mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        on_z = np.arctanh(values)
        usable = np.isfinite(on_z)
        count = usable.sum(axis=1)
        on_z[~usable] = 0.0
        mean = on_z.sum(axis=1) / count
        on_z -= mean[:, np.newaxis]
        on_z[~usable] = 0.0
        squares = np.vecdot(on_z, on_z)
        z = (np.arctanh(observed) - mean) / np.sqrt(squares / (count - 1))
    return np.where(np.isfinite(z), z, np.nan), np.tanh(mean)


def end_of_range(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of so many values, counted from either end, is the end of the range; 0 for none."""
    return np.asarray(np.ceil((1 - _CENTRAL) / 2 * (count + 1) - 1e-9).astype(np.int64) - 1)


def _two_tails(z: Vector) -> Vector:
    from scipy import special

    return np.asarray(2 * special.ndtr(-np.abs(z)))


def compare_among(values: Vector, observed: Vector) -> Comparison:
    """Compare each observed r with all values but itself, of which it is one.

    As :func:`compare` does with a null of the other values; here they are the whole population, so
    that p is exact.

    Parameters
    ----------
    values
        The population; NaN does not count.
    observed
        Some of the values.
    """
    ordered = np.sort(values[~np.isnan(values)])
    count = np.full(len(observed), len(ordered) - 1)
    at_most = np.searchsorted(ordered, observed + TOLERANCE, side="right") - 1
    at_least = len(ordered) - np.searchsorted(ordered, observed - TOLERANCE, side="left") - 1
    p = np.minimum(1.0, 2 * (1 + np.minimum(at_most, at_least)) / (count + 1))
    p = np.where(count > 0, p, np.nan)
    z, mean = _standing_among(ordered, observed)
    rank, last = end_of_range(count), len(ordered) - 1
    own = np.searchsorted(ordered, observed)
    low, high = (
        np.where(rank >= 1, ordered[np.clip(place, 0, last)], np.nan)
        for place in (rank - 1 + (own < rank), last - rank + (own <= last - rank))
    )
    return Comparison(p, z, mean, low, high, count)


def _standing_among(values: Vector, observed: Vector) -> tuple[Vector, Vector]:
    """As :func:`standing`, of each observed r among all values but itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        on_z, z = np.arctanh(values), np.arctanh(observed)
        on_z = on_z[np.isfinite(on_z)]
        is_one = np.isfinite(z)
        count = len(on_z) - is_one
        mean = (on_z.sum() - np.where(is_one, z, 0.0)) / count
        centre = on_z.sum() / len(on_z) if len(on_z) else 0.0
        squares = ((on_z - centre) ** 2).sum() + len(on_z) * (centre - mean) ** 2
        squares -= np.where(is_one, (z - mean) ** 2, 0.0)
        z = (z - mean) / np.sqrt(squares / (count - 1))
    return np.where(np.isfinite(z), z, np.nan), np.tanh(mean)
