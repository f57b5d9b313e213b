"""The null of real pathways: the rank of an association among those of similar reference sets.

Of a pair, each gene set is replaced by the reference sets nearest to it in size, mean expression
and spread, while the other variable is kept; the direction with the larger p counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.gene_pool import GenePool
from tcga_corr.analysis.nulls.random_pairs import canonical_places
from tcga_corr.analysis.nulls.setting import Side
from tcga_corr.stats.comparison import Comparison, compare

N_NEAREST = 200
MIN_NEAREST = 40
"""Reference sets that have to be there, for a rank among them to say anything."""
SAME_PATHWAY = 0.3
"""Jaccard index from which two sets are one pathway, as in the reference collection."""

Vector = NDArray[np.float64]
Matrix = NDArray[np.floating]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ReferenceSets:
    """The reference collection among some genes.

    Attributes
    ----------
    names
        The names of its sets.
    rows
        Places of their genes in the pool, one set after another.
    offsets
        Where each set starts in ``rows``, and the end.
    """

    names: Sequence[str]
    rows: Rows
    offsets: Rows

    @property
    def sizes(self) -> Rows:
        """Genes of each set."""
        return np.diff(self.offsets)


class Neighbours:
    """The reference sets by their likeness to a set.

    Parameters
    ----------
    pool
        The genes, with their places in mean and spread.
    sets
        The reference sets, none of them empty.
    """

    def __init__(self, pool: GenePool, sets: ReferenceSets) -> None:
        self._pool, self._sets = pool, sets
        measures = np.stack(
            [
                np.log2(sets.sizes),
                np.add.reduceat(pool.mean[sets.rows], sets.offsets[:-1]) / sets.sizes,
                np.add.reduceat(pool.spread[sets.rows], sets.offsets[:-1]) / sets.sizes,
            ]
        )
        self._scale = (
            np.std(measures, axis=1)[:, np.newaxis] if len(sets.names) else np.ones((3, 1))
        )
        self._scale[self._scale == 0] = 1.0
        self._measures = measures / self._scale
        self._by_name = np.argsort(np.array(sets.names), kind="stable")

    def of(self, rows: Rows) -> Rows:
        """The reference sets that are not the same pathway as a set, nearest first."""
        own = np.array(
            [[np.log2(len(rows))], [self._pool.mean[rows].mean()], [self._pool.spread[rows].mean()]]
        )
        distance = np.sqrt(((self._measures - own / self._scale) ** 2).sum(axis=0))
        order = self._by_name[np.argsort(distance[self._by_name], kind="stable")]
        return np.asarray(order[~self._same_pathway(rows)[order]])

    def _same_pathway(self, rows: Rows) -> NDArray[np.bool_]:
        is_in = np.zeros(len(self._pool.symbols), dtype=np.intp)
        is_in[rows] = 1
        n_shared = np.add.reduceat(is_in[self._sets.rows], self._sets.offsets[:-1])
        union = self._sets.sizes + len(rows) - n_shared
        return np.asarray(n_shared >= SAME_PATHWAY * union)


def compare_with_reference(
    neighbours: Neighbours,
    sides: Sequence[Side],
    reference_r: Matrix,
    x: Rows,
    y: Rows,
    observed: Vector,
) -> tuple[Comparison, dict[int, str]]:
    """Rank each pair among pairs with reference sets.

    Parameters
    ----------
    neighbours
        The reference sets.
    sides
        The variables, with their genes in the pool.
    reference_r
        Variables x reference sets: their r without shared genes; NaN where there is none.
    x, y, observed
        Each pair's variables, and its r without shared genes.

    Returns
    -------
    The direction with the larger p of each pair; at equal p that in which the first variable in
    canonical order is replaced. And why a pair has none, by its place.
    """
    place = canonical_places(sides)
    first, second = (
        np.where((place[x] < place[y]) == is_first, x, y) for is_first in (True, False)
    )
    is_set = np.array([side.kind == "set" for side in sides])
    found = Comparison.empty(len(x))
    notes: dict[int, str] = {}
    for replaced, kept in ((first, second), (second, first)):
        for one in np.unique(replaced[is_set[replaced]]):
            pairs = np.flatnonzero(replaced == one)
            values = _nearest_r(reference_r[kept[pairs]], neighbours.of(sides[one].rows))
            result = compare(values.T, observed[pairs])
            for number in np.flatnonzero(result.count < MIN_NEAREST):
                notes[int(pairs[number])] = (
                    f"p_sets: {result.count[number]} reference sets like {sides[one].name}, "
                    f"at least {MIN_NEAREST} needed"
                )
            better = ~(result.p <= found.p[pairs])
            found.put(pairs[better], result.some(better))
    nothing = np.array(sorted(notes), dtype=np.intp)
    found.put(nothing, Comparison.empty(len(nothing)))
    return found, notes


def _nearest_r(r: Matrix, order: Rows) -> Matrix:
    """The first numbers of each row in an order, NaN for the others."""
    ordered = r[:, order]
    usable = ~np.isnan(ordered)
    nth = np.cumsum(usable, axis=1)
    ordered = np.where(usable & (nth <= N_NEAREST), ordered, np.nan)
    needed = int((nth < N_NEAREST).sum(axis=1).max(initial=0)) + 1
    return np.asarray(ordered[:, :needed])
