"""Empirical p-values: how often chance, or other pairs, give values as extreme as observed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_BINS = 20
# r of float32 sums is exact to this; a smaller difference counts as none
TOLERANCE = 1e-5
# draws as extreme as observed after which no more are needed
ENOUGH = 50

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Generator = np.random.Generator


def rank_p(others: Vector, observed: float) -> float:
    """The share of values at least as extreme as the observed one, which counts itself.

    ``(b + 1) / (B + 1)`` for b of B (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39,
    doi:10.2202/1544-6115.1585). NaN, as of a constant, does not count as extreme.
    """
    return float((np.count_nonzero(_as_extreme(others, observed)) + 1) / (len(others) + 1))


def sequential_p(draws: Vector, observed: float, enough: int = ENOUGH) -> float:
    """The p-value of draws that may stop once ``enough`` of them are as extreme as observed.

    ``h / l`` where the h-th such draw is the l-th of all, else ``(b + 1) / (B + 1)`` (Besag &
    Clifford 1991, Biometrika 78:301, doi:10.1093/biomet/78.2.301): as valid as with all draws.
    """
    as_extreme = np.flatnonzero(_as_extreme(draws, observed))
    if len(as_extreme) >= enough:
        return float(enough / (as_extreme[enough - 1] + 1))
    return float((len(as_extreme) + 1) / (len(draws) + 1))


def is_clear(draws: Vector, observed: float, enough: int = ENOUGH) -> bool:
    """Whether more draws would not change :func:`sequential_p`."""
    return int(np.count_nonzero(_as_extreme(draws, observed))) >= enough


def central_range(values: Vector) -> tuple[float, float]:
    """The 2.5 and 97.5 % quantiles, NaN left out; NaN where nothing is left."""
    numbers = values[~np.isnan(values)]
    if not len(numbers):
        return float("nan"), float("nan")
    low, high = np.quantile(numbers, [0.025, 0.975])
    return float(low), float(high)


def _as_extreme(values: Vector, observed: float) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(values) >= abs(observed) - TOLERANCE)


def expression_bins(means: NDArray[np.floating], n_bins: int = N_BINS) -> Rows:
    """Bins of similar mean expression: equally many genes in each, in order of their mean.

    Returns
    -------
    The bin of each gene, 0 to ``n_bins - 1``; of genes with one mean, by their order.
    """
    place = np.empty(len(means), dtype=np.intp)
    place[np.argsort(means, kind="stable")] = np.arange(len(means))
    return np.asarray(place * n_bins // max(1, len(means)))


def matched_draws(
    generator: Generator, bins: Rows, x: Rows, y: Rows, n_draws: int
) -> tuple[Rows, Rows]:
    """Random genes for those of x and y, each from the bin of the gene that it replaces.

    Within a draw no gene occurs twice, in one side or in both.

    Parameters
    ----------
    generator
        Random numbers.
    bins
        The bin of each gene, by :func:`expression_bins`; negative for genes not to be drawn.
    x, y
        Genes of the two sides, disjoint; one may be empty.
    n_draws
        Pairs to draw.

    Returns
    -------
    Two arrays, draws x genes of the side.
    """
    wanted = np.concatenate([x, y])
    drawn = np.empty((n_draws, len(wanted)), dtype=np.intp)
    for number in np.unique(bins[wanted]):
        places = np.flatnonzero(bins[wanted] == number)
        pool = np.flatnonzero(bins == number)
        drawn[:, places] = pool[_without_repeats(generator, len(pool), len(places), n_draws)]
    return drawn[:, : len(x)], drawn[:, len(x) :]


def _without_repeats(generator: Generator, size: int, k: int, n_draws: int) -> Rows:
    """For each draw, k different numbers below ``size`` in random order (Fisher & Yates)."""
    decks = np.tile(np.arange(size), (n_draws, 1))
    every = np.arange(n_draws)
    for place in range(k):
        other = generator.integers(place, size, n_draws)
        decks[every, place], decks[every, other] = decks[every, other], decks[every, place]
    return decks[:, :k]
