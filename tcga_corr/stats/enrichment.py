"""Are the genes of a set at one end of a ranking, or more of a list than chance would have?

``gene set enrichment`` (GSEA, Subramanian et al. 2005, PNAS 102:15545, doi:10.1073/pnas.0506580102)
takes N genes in falling order of a number r. For a set of k of them the running sum rises by
|r| / sum of |r| over the set at each of its genes, and falls by 1 / (N - k) at every other. ES is
its largest deviation from zero. Chance is k random genes of the ranking: of one size they serve all
sets of it (Korotkevich et al. 2021, bioRxiv 060012, doi:10.1101/060012).

``over-representation`` takes a list of n of N genes, and asks how probable it is that so many of a
set's k are among them: the upper tail of the hypergeometric distribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Places = NDArray[np.intp]

_ROUNDING = 1e-9  # of a score, which is a sum of thousands of steps
_DRAWS_AT_ONCE = 500  # of a block, which has its own random numbers
SMALLEST_P = float(np.finfo(np.float64).tiny)
"""What is given for a p that is too small for a number."""


@dataclass(frozen=True)
class Score:
    """The enrichment score of a set.

    Attributes
    ----------
    es
        From -1 to 1.
    peak
        The place of the gene at which the running sum is furthest from zero: of a positive score
        the last one of the leading edge, of a negative one its first.
    """

    es: float
    peak: int


def running_sum(sizes: Vector, places: Places) -> Vector:
    """The running sum after each gene of a ranking.

    Parameters
    ----------
    sizes
        The sizes |r| of the ranking's numbers in its order, shape (N,).
    places
        The places of the set's genes, ascending; fewer than N.
    """
    steps = np.full(len(sizes), -1 / (len(sizes) - len(places)))
    steps[places] = sizes[places] / sizes[places].sum()
    return np.cumsum(steps)


def enrichment_score(sizes: Vector, places: Places) -> Score:
    """The score of a set; parameters as of :func:`running_sum`, at least one |r| above 0."""
    above, below = _extremes(sizes, places[np.newaxis])
    high, low = int(above[0].argmax()), int(below[0].argmin())
    es = float(_signed(above.max(axis=1), below.min(axis=1))[0])
    return Score(es, int(places[high if es > 0 else low]))


def _extremes(sizes: Vector, places: NDArray[np.integer]) -> tuple[Matrix, Matrix]:
    """The running sums just after and just before each gene of sets, sets x genes of one."""
    n_sets, k = places.shape
    after = np.cumsum(sizes[places], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        after /= after[:, -1:].copy()
    fallen = (places - np.arange(k)) / (len(sizes) - k)
    before = np.concatenate([np.zeros((n_sets, 1)), after[:, :-1]], axis=1)
    return after - fallen, before - fallen


def _signed(highest: Vector, lowest: Vector) -> Vector:
    """The deviation that is further from zero; the positive one of two that are equally far."""
    return np.where(highest >= -lowest, highest, lowest)


def null_scores(
    sizes: Vector, set_sizes: Iterable[int], n_draws: int, seed: int = 0
) -> dict[int, Vector]:
    """The scores of random genes, for each size of a set.

    The genes are drawn without repetition; those of a smaller set are the first of a larger one. A
    size's scores depend on nothing but the ranking's numbers, the size, n_draws and seed.

    Parameters
    ----------
    sizes
        As of :func:`running_sum`.
    set_sizes
        How many genes, each fewer than the ranking has.
    n_draws, seed
        Draws of each size, and of the random numbers.

    Returns
    -------
    A vector of n_draws for each size; NaN where the drawn genes are all 0.
    """
    wanted = sorted(set(set_sizes))
    found = {size: np.empty(n_draws) for size in wanted}
    for block, start in enumerate(range(0, n_draws, _DRAWS_AT_ONCE)):
        n_rows = min(_DRAWS_AT_ONCE, n_draws - start)
        drawn = _drawn(len(sizes), max(wanted, default=0), n_rows, [seed, block])
        for size in wanted:
            above, below = _extremes(sizes, np.sort(drawn[:, :size], axis=1))
            part = _signed(above.max(axis=1), below.min(axis=1))
            found[size][start : start + n_rows] = part
    return found


def _drawn(n: int, count: int, n_rows: int, seed: Sequence[int]) -> NDArray[np.int32]:
    """Random places without repetition, rows x count: the first steps of Fisher and Yates."""
    rng = np.random.default_rng(seed)
    deck = np.tile(np.arange(n, dtype=np.int32), (n_rows, 1))
    rows = np.arange(n_rows)
    for step in range(count):
        # as many numbers whatever n_rows, so that a shorter block has the same draws
        other = rng.integers(step, n, size=_DRAWS_AT_ONCE)[:n_rows]
        taken = deck[rows, other]
        deck[rows, other] = deck[:, step]
        deck[:, step] = taken
    return deck[:, :count]


def normalised(es: float, null: Vector) -> tuple[float, float, Vector]:
    """The normalised score, its p, and the normalised scores of chance.

    Parameters
    ----------
    es
        A set's score.
    null
        Those of random genes.

    Returns
    -------
    ``es`` by the mean size of the null's scores of its sign; ``(b + 1) / (B + 1)`` for b of the B
    scores of its sign that are at least as far from 0 (Phipson & Smyth 2010, doi:10.2202/
    1544-6115.1585); and the null by its own means. The first two are NaN where B is 0.
    """
    known = null[~np.isnan(null)]
    is_up = known >= 0
    scaled = np.empty_like(known)
    for side in (is_up, ~is_up):
        if side.any():
            mean = np.abs(known[side]).mean()
            scaled[side] = known[side] / mean if mean > 0 else 0.0
    same = np.abs(known[is_up if es >= 0 else ~is_up])
    if not len(same) or not same.mean() > 0:
        return np.nan, np.nan, scaled
    b = int(np.count_nonzero(same >= abs(es) - _ROUNDING))
    return es / float(same.mean()), (b + 1) / (len(same) + 1), scaled


def false_discovery_rate(
    nes: Vector, null: Mapping[int, Vector], key: NDArray[np.integer]
) -> Vector:
    """The false discovery rate of GSEA itself, for each set.

    ``(share of all sets' null scores of its sign that are as far) / (share of observed scores of
    its sign that are as far)``, at most 1 (Subramanian et al. 2005, supporting text).

    Parameters
    ----------
    nes
        Normalised scores, NaN where there is none.
    null
        Normalised scores of chance, by a key.
    key
        The key of each set's.
    """
    found = np.full(len(nes), np.nan)
    known = ~np.isnan(nes)
    keys, counts = np.unique(key[known], return_counts=True)
    if not len(keys):
        return found
    pool = np.concatenate([null[one] for one in keys.tolist()])
    weight = np.repeat(counts, [len(null[one]) for one in keys.tolist()])
    for sign in (1, -1):
        own = known & ((nes >= 0) == (sign > 0))
        side = (pool >= 0) == (sign > 0)
        if not own.any() or not side.any():
            continue
        by_chance = _share_beyond(np.abs(pool[side]), weight[side], np.abs(nes[own]))
        seen = _share_beyond(np.abs(nes[own]), np.ones(int(own.sum())), np.abs(nes[own]))
        found[own] = np.minimum(by_chance / seen, 1.0)
    return found


def _share_beyond(values: Vector, weights: NDArray[np.number], limits: Vector) -> Vector:
    """The share of the weights of values at or beyond each limit."""
    order = np.argsort(values)
    sums = np.concatenate([[0.0], np.cumsum(weights[order], dtype=np.float64)])
    below = sums[np.searchsorted(values[order], limits - _ROUNDING)]
    return np.asarray((sums[-1] - below) / sums[-1])


def over_representation(
    n_overlap: NDArray[np.integer],
    n_set: NDArray[np.integer],
    n_list: int,
    n_universe: int | NDArray[np.integer],
) -> tuple[Vector, Vector]:
    """The odds ratio and the one-sided p of each set's overlap with a list.

    With a = overlap, b = set - a, c = list - a and d the others of the universe, the ratio is
    ``a d / (b c)``: infinite where b c is 0 and a d is not, NaN where both are. p is
    ``P(overlap >= a)`` of the hypergeometric distribution, Fisher's exact test on one side; it is
    never below the smallest number.

    Parameters
    ----------
    n_overlap, n_set
        Genes of each set in the list, and in the universe.
    n_list, n_universe
        Genes of the list, and of the universe, which holds list and sets.
    """
    from scipy import stats

    a, k = n_overlap.astype(np.float64), n_set.astype(np.float64)
    b, c = k - a, n_list - a
    d = n_universe - k - c
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (a * d) / (b * c)
    p = stats.hypergeom.sf(n_overlap - 1, n_universe, n_set, n_list)
    return ratio, np.clip(p, SMALLEST_P, 1.0)
