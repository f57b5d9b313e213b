"""The random pairs themselves: their tail, another way to draw them, and shared genes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from scipy import special

from calibrating.cohorts import Place, Table, open_place
from calibrating.pairs import ChancePairs, Sampler, chance_pairs, ranked_r, sampler_at
from calibrating.simulation import SEED, Generator, Rows, Vector
from tcga_corr.analysis.nulls import random_pairs
from tcga_corr.analysis.nulls.random_genes import Draws
from tcga_corr.analysis.nulls.random_pairs import RandomPairs
from tcga_corr.analysis.nulls.setting import Side
from tcga_corr.stats.comparison import compare
from tcga_corr.stats.correlation import correlate_rows
from tcga_corr.vocabulary.nulls import N_DRAWS

Mask = NDArray[np.bool_]

NOMINAL = (0.05, 0.01, 0.001, 0.0001)
TAIL_KINDS = {"pathways": "set and set", "pathway and gene": "set and gene"}
TAIL_PAIRS = 6  # of each kind
TAIL_DRAWS = 100_000
DIRECT_PAIRS = {"pathways": 4, "pathway and gene": 1}  # of five
DIRECT_DRAWS = 2_000
RESAMPLES = 400
SHARED = (0, 0.05, 0.1, 0.2, 1 / 3)  # ends of the parts, as shares of the smaller set
SHARING_DRAWS = 2 * N_DRAWS


def draws_of(place: Place, pairs: ChancePairs, start: int, stop: int) -> Draws:
    """The r of the random pairs with which some pairs are compared: draws x pairs."""
    variables, x, y = pairs.distinct
    table = place.panel(variables).table(x, y)
    sides = table.sides(sampler_at(place).pool.symbols)
    random = RandomPairs(sampler_at(place).pool, sides, x, y)
    return random.draws(table.setting, sides, random.family.parts(start, stop))


# --- the tail


def measure_tail(store: Path, tables: Sequence[Table], start: int, stop: int) -> dict[str, Vector]:
    """Draws of the same pairs in some tables: of each kind, tables x draws x pairs."""
    places = [open_place(store, table.key) for table in tables]
    rng = np.random.default_rng([SEED, 8])
    pairs = {
        kind: chance_pairs(kind, sampler_at(places[0]), rng, TAIL_PAIRS) for kind in TAIL_KINDS
    }
    step = 2 * N_DRAWS  # whose orders of genes are kept for the next table
    found: dict[str, list[Draws]] = {kind: [] for kind in TAIL_KINDS}
    for begin in range(start, stop, step):
        for kind, own in pairs.items():
            part = [draws_of(place, own, begin, min(begin + step, stop)) for place in places]
            found[kind].append(np.stack(part))
    return {kind: np.concatenate(parts, axis=1) for kind, parts in found.items()}


@dataclass(frozen=True)
class Tail:
    """A null on Fisher's z, a row per pair: its shape, and the share beyond each nominal p."""

    skewness: Vector
    kurtosis: Vector
    beyond: Vector  # pairs x nominal p
    n_draws: int


def tail_of(draws: Draws) -> Tail:
    """Compare each draw with the normal curve of the thousand draws before it.

    Parameters
    ----------
    draws
        Draws x pairs, in multiples of a thousand; a pair whose gene is constant here has none.
    """
    z = np.arctanh(draws[:, ~np.isnan(draws).any(axis=0)].astype(np.float64))
    deviation = z - z.mean(axis=0)
    variance = (deviation**2).mean(axis=0)
    blocks = z.reshape(-1, N_DRAWS, z.shape[1])
    mean, spread = (of(blocks, axis=1, keepdims=True) for of in (np.mean, _spread))
    far = np.abs((np.roll(blocks, -1, axis=0) - mean) / spread)
    p = 2 * special.ndtr(-far)
    return Tail(
        (deviation**3).mean(axis=0) / variance**1.5,
        (deviation**4).mean(axis=0) / variance**2 - 3,
        np.stack([(p <= level).mean(axis=(0, 1)) for level in NOMINAL], axis=1),
        len(draws),
    )


def _spread(values: Vector, axis: int, keepdims: bool = False) -> Vector:
    return values.std(axis=axis, ddof=1, keepdims=keepdims)


# --- decks against direct draws


def measure_direct(store: Path, table: Table, count: int) -> Vector:
    """How far the nulls by decks and by direct draws differ, in standard errors.

    Returns
    -------
    Pairs x 4: mean, deviation, and the 2.5 and 97.5 % quantiles.
    """
    place = open_place(store, table.key)
    sampler = sampler_at(place)
    rng = np.random.default_rng([SEED, 9, table.number])
    found = []
    for kind, share in DIRECT_PAIRS.items():
        pairs = chance_pairs(kind, sampler, rng, max(1, count * share // 5))
        by_decks = draws_of(place, pairs, 0, DIRECT_DRAWS)
        variables, x, y = pairs.distinct
        sides = place.panel(variables).table(x, y).sides(sampler.pool.symbols)
        for number, (one, other) in enumerate(zip(x, y, strict=True)):
            direct = direct_draws(place, sampler, sides[one], sides[other], rng)
            found.append(difference(by_decks[:, number], direct, rng))
    return np.array(found)


def direct_draws(place: Place, sampler: Sampler, x: Side, y: Side, rng: Generator) -> Vector:
    """The r of disjoint random variables, drawn class by class without decks."""
    values = np.empty((2, DIRECT_DRAWS, len(place.cohort.columns)))
    for draw in range(DIRECT_DRAWS):
        taken = np.zeros(len(sampler.pool.symbols), dtype=np.bool_)
        for side, into in zip((x, y), values, strict=True):
            own = taken.copy()
            own[side.rows] = True
            rows = _drawn(sampler, side.rows, own, rng)
            taken[rows] = True
            into[draw] = _values(place, side, rows)
    return correlate_rows(*values)


def _drawn(sampler: Sampler, like: Rows, without: Mask, rng: Generator) -> Rows:
    """Random genes of the classes of some, none of those that are not to be drawn."""
    codes, counts = np.unique(sampler.classes.codes[like], return_counts=True)
    parts = []
    for code, count in zip(codes, counts, strict=True):
        members = sampler.members[code]
        parts.append(rng.choice(members[~without[members]], count, replace=False, shuffle=False))
    return np.concatenate(parts)


def _values(place: Place, side: Side, rows: Rows) -> Vector:
    if side.kind == "set":
        return place.cohort.scores(rows)
    return place.cohort.table.values[rows[0], place.cohort.columns].astype(np.float64)


def difference(one: Draws, other: Draws, rng: Generator) -> Vector:
    """Differences of four numbers of two nulls in their standard errors, by the bootstrap."""
    first, second = _summary(one), _summary(other)
    variance = [
        np.var([_summary(rng.choice(draws, len(draws))) for _ in range(RESAMPLES)], axis=0, ddof=1)
        for draws in (one, other)
    ]
    return (first - second) / np.sqrt(variance[0] + variance[1])


def _summary(draws: Draws) -> Vector:
    z = np.arctanh(draws.astype(np.float64))
    return np.array([z.mean(), z.std(ddof=1), *np.quantile(z, [0.025, 0.975])])


# --- shared genes


@dataclass(frozen=True)
class Sharing:
    """Pairs that share genes: two ways to draw, and one way drawn twice.

    Attributes
    ----------
    share
        Shared genes over those of the smaller set.
    between
        Pairs x 3: draws of whole sets minus draws of the reduced ones: the mean and the deviation
        in the null's deviations, on Fisher's z, and p.
    again
        The same of a thousand draws of whole sets minus the next thousand.
    systematic
        As ``between``, over all draws.
    """

    share: Vector
    between: Vector
    again: Vector
    systematic: Vector


def measure_sharing(store: Path, table: Table, count: int) -> Sharing:
    """Draw for pairs of pathways that share genes, of whole sets and of the reduced ones."""
    place = open_place(store, table.key)
    rng = np.random.default_rng([SEED, 10, table.number])
    share, pairs = sharing_pairs(sampler_at(place), rng, count)
    variables, x, y = pairs.distinct
    panel = place.panel(variables)
    observed = ranked_r(panel, panel.pairs(x, y))
    whole, reduced = (_drawn_by(place, pairs, limit) for limit in (1.0, 0.0))
    first, second = slice(0, N_DRAWS), slice(N_DRAWS, 2 * N_DRAWS)
    everything = slice(0, SHARING_DRAWS)

    def minus(one: Draws, other: Draws) -> Vector:
        return _numbers(one, one, observed) - _numbers(other, one, observed)

    return Sharing(
        share,
        minus(whole[first], reduced[first]),
        minus(whole[first], whole[second]),
        minus(whole[everything], reduced[everything]),
    )


def _drawn_by(place: Place, pairs: ChancePairs, limit: float) -> Draws:
    """Draws of reduced sets where more than a share of the smaller set is shared."""
    with mock.patch.object(random_pairs, "SHARED_TO_REDUCE", limit):
        return draws_of(place, pairs, 0, SHARING_DRAWS)


def _numbers(draws: Draws, unit: Draws, observed: Vector) -> Vector:
    """Mean and deviation of nulls, in the deviations of others, and p: pairs x 3."""
    z, scale = (np.arctanh(one.astype(np.float64)) for one in (draws, unit))
    deviation = scale.std(axis=0, ddof=1)
    p = compare(draws, observed, normal_tail=True).p
    return np.stack([z.mean(axis=0) / deviation, z.std(axis=0, ddof=1) / deviation, p], axis=1)


def sharing_pairs(sampler: Sampler, rng: Generator, count: int) -> tuple[Vector, ChancePairs]:
    """Pairs of reference sets that share genes, equally many of each part."""
    one, other, share = _shares(sampler)
    chosen = []
    for number, (low, high) in enumerate(itertools.pairwise(SHARED)):
        some = np.flatnonzero((share > low) & (share <= high))
        n = (count + number) // (len(SHARED) - 1)
        chosen.append(rng.choice(some, min(n, len(some)), replace=False))
    places = np.concatenate(chosen)
    pathways = np.stack([one[places], other[places]], axis=1)
    x, y = ([sampler.pathway(number) for number in side] for side in pathways.T)
    return share[places], ChancePairs(x, y, pathways)


def _shares(sampler: Sampler) -> tuple[Rows, Rows, Vector]:
    """All pairs of reference sets that share genes, and the share of the smaller set."""
    members = np.zeros((len(sampler.sets), len(sampler.pool.symbols)), dtype=np.float32)
    for number, rows in enumerate(sampler.sets):
        members[number, rows] = 1
    shared = members @ members.T
    one, other = np.nonzero(np.triu(shared, 1))
    sizes = members.sum(axis=1)
    return one, other, shared[one, other] / np.minimum(sizes[one], sizes[other])
