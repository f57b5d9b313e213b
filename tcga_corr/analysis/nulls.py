"""The two nulls of an association: what random genes give, and what other real pathways give.

Both are of pairs that share no gene, as the observed pair is taken: without its shared genes. Sets
are scored by average ranks, whatever the tie rule of the rows, the observed ones with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from tcga_corr.scoring.rank_sums import Terms, rank_terms, scores_of_sums, sums_of_sets
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.stats.correlation import Fit, Method, correlate_rows
from tcga_corr.stats.null import (
    central_range,
    expression_bins,
    is_clear,
    matched_draws,
    rank_p,
    sequential_p,
)
from tcga_corr.store import ReferenceIndex, TableIndex

Null = Literal["genes", "sets"]
NULLS: tuple[Null, ...] = ("genes", "sets")
N_DRAWS = 1_000
# of like size, for a rank among them to say anything
MIN_REFERENCE_SETS = 20

# Jaccard index from which two sets are one pathway, as in the reference collection
SAME_PATHWAY = 0.3
_FIRST_DRAWS = 250  # after which what is clear already is stopped
_LATER_DRAWS = 750  # at a time: what bounds the memory
_SAMPLES_AT_ONCE = 128
_GENES_AT_ONCE = 512

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]
Kind = Literal["gene", "set", "covariate"]
_Number = TypeVar("_Number", bound=np.number[Any])
_NOWHERE = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Side:
    """One of the two variables in one table.

    Attributes
    ----------
    kind
        What it is.
    name
        What it is called.
    rows
        The table's rows that it is made of, ascending; none of a covariate.
    values
        One per sample that is correlated: of a covariate; empty of the others.
    whole
        The rows with those that were taken out.
    """

    kind: Kind
    name: str
    rows: Rows = field(default_factory=lambda: _NOWHERE)
    values: Vector = field(default_factory=lambda: np.empty(0))
    whole: Rows | None = None

    def without(self, rows: Rows) -> Side:
        """The same set without some genes; anything else as it is."""
        if self.kind != "set":
            return self
        kept = self.rows[~np.isin(self.rows, rows)]
        return Side(
            self.kind, self.name, kept, whole=self.rows if self.whole is None else self.whole
        )


@dataclass(frozen=True)
class NullResult:
    """One null's p-value, and the central 95 % of what it gives; NaN where it says nothing."""

    p: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""


@dataclass(frozen=True)
class Situation:
    """Where and how a pair is correlated.

    Attributes
    ----------
    table
        The tumor type's table.
    columns
        Its samples that are correlated.
    method
        How.
    fit
        Of what is adjusted for; None where nothing is.
    min_genes
        Genes that a set must have left.
    """

    table: TableIndex
    columns: Rows
    method: Method
    fit: Fit | None
    min_genes: int

    @property
    def n_genes(self) -> int:
        """Genes in the table."""
        return len(self.table.genes)

    def values(self, side: Side) -> Vector:
        """A side's value in each sample."""
        if side.kind == "covariate":
            return side.values
        if side.kind == "gene":
            return np.asarray(self._expression(side.rows)[0])
        doubled = self.table.ranks[side.rows][:, self.columns]
        return enrichment_scores(
            doubled, self.n_genes, weights_by_doubled_rank(self.n_genes, "average")
        )

    def drawn(self, kind: Kind, sets: Rows) -> Matrix:
        """The values of genes or sets given by their rows, draws x genes of each."""
        if kind == "gene":
            return self._expression(sets[:, 0])
        ranks = self.table.all_ranks()
        scores = np.empty((len(sets), len(self.columns)))
        for start in range(0, len(self.columns), _SAMPLES_AT_ONCE):
            part = slice(start, start + _SAMPLES_AT_ONCE)
            terms = rank_terms(_columns(ranks, self.columns[part]))
            scores[:, part] = scores_of_sums(sums_of_sets(terms, sets), sets.shape[1], self.n_genes)
        return scores

    def terms(self, rows: Rows) -> Terms:
        """What each of some genes adds to a set's sums."""
        return rank_terms(self.table.ranks[rows][:, self.columns])

    def correlate(self, x: Matrix, y: Matrix) -> Vector:
        """Correlate rows."""
        return correlate_rows(x, y, self.method, self.fit)

    def bins(self, varying_only: bool, kept: Rows) -> Rows:
        """Bins of like mean expression; -1 for genes that vary in no sample, if those are out."""
        values = self.table.all_values()
        mean = np.empty(self.n_genes)
        pool = np.ones(self.n_genes, dtype=np.bool_)
        for start in range(0, self.n_genes, _GENES_AT_ONCE):
            part = slice(start, start + _GENES_AT_ONCE)
            block = _columns(values[part], self.columns)
            mean[part] = block.mean(axis=1, dtype=np.float64)
            if varying_only:
                pool[part] = np.ptp(block, axis=1) > 0
        pool[kept] = True
        bins = np.full(self.n_genes, -1, dtype=np.intp)
        bins[pool] = expression_bins(mean[pool])
        return bins

    def _expression(self, rows: Rows) -> Matrix:
        values: Matrix = self.table.values[rows][:, self.columns].astype(np.float64)
        return values


def random_gene_null(situation: Situation, x: Side, y: Side, n_draws: int = N_DRAWS) -> NullResult:
    """Would random genes give it?

    Each gene of the two sides is replaced by a random one of the same bin of mean expression in
    these samples (20 bins), no gene twice in a pair; a covariate stays. ``p`` is the share of
    such pairs whose abs(r) is at least the observed one, drawing no more where that is clear
    (:func:`~tcga_corr.stats.null.sequential_p`). Draws depend on the tumor type, the source, and
    the genes of both sides alone, in either order.
    """
    observed = _observed(situation, x, y)
    if np.isnan(observed) or x.kind == y.kind == "covariate":
        return NullResult()
    one, other = sorted((x, y), key=lambda side: (side.kind, side.rows.tolist(), side.name))
    generator = np.random.default_rng(_seed(situation.table, one, other))
    involved = np.concatenate([one.rows, other.rows])
    bins = situation.bins("gene" in (one.kind, other.kind), involved)
    found = np.empty(0)
    while len(found) < n_draws and not is_clear(found, observed):
        count = min(_LATER_DRAWS if len(found) else _FIRST_DRAWS, n_draws - len(found))
        draws = matched_draws(generator, bins, one.rows, other.rows, count)
        sides = [
            side.values[np.newaxis]
            if side.kind == "covariate"
            else situation.drawn(side.kind, rows)
            for side, rows in zip((one, other), draws, strict=True)
        ]
        sides.sort(key=len)  # a covariate's one row first
        found = np.concatenate([found, situation.correlate(*sides)])
    return NullResult(sequential_p(found, observed), *central_range(found))


def matched_scores(situation: Situation, side: Side, n_draws: int) -> Matrix:
    """Scores of random sets in place of a set, matched gene by gene on mean expression.

    Returns
    -------
    Draws x samples.
    """
    generator = np.random.default_rng(_seed(situation.table, side))
    bins = situation.bins(varying_only=False, kept=side.rows)
    draws, _ = matched_draws(generator, bins, side.rows, _NOWHERE, n_draws)
    return situation.drawn("set", draws)


def real_set_null(situation: Situation, reference: ReferenceIndex, x: Side, y: Side) -> NullResult:
    """Would other real pathways give it?

    The rank of abs(r) among one side against every set of the reference collection of the other
    side's size, for each side that is a set; the larger of the two, with its range. Genes that a
    side and a reference set share are taken out of both. Sets that are the other side by another
    name, of a Jaccard index of 0.3 or more with it, are none of them.
    """
    observed = _observed(situation, x, y)
    results = [
        _rank_among(situation, reference, kept, replaced, observed)
        for kept, replaced in ((x, y), (y, x))
        if replaced.kind == "set"
    ]
    if np.isnan(observed) or not results:
        return NullResult()
    lacking = [result for result in results if result.note]
    return lacking[0] if lacking else max(results, key=lambda result: result.p)


def _observed(situation: Situation, x: Side, y: Side) -> float:
    for side in (x, y):
        if side.kind == "set" and not situation.min_genes <= len(side.rows) < situation.n_genes:
            return float("nan")
    values = (situation.values(side)[np.newaxis] for side in (x, y))
    return float(situation.correlate(*values)[0])


def _rank_among(
    situation: Situation, reference: ReferenceIndex, kept: Side, replaced: Side, observed: float
) -> NullResult:
    like = reference.like(len(replaced.rows))
    numbers = np.arange(like.start, like.stop)
    numbers = numbers[~_same_pathway(reference, replaced, situation.n_genes)[like]]
    if len(numbers) < MIN_REFERENCE_SETS:
        return _too_few(replaced, len(numbers))
    found = _against_reference(situation, reference, kept, numbers)
    if len(found) < MIN_REFERENCE_SETS:
        return _too_few(replaced, len(found))
    return NullResult(rank_p(found, observed), *central_range(found))


def _same_pathway(reference: ReferenceIndex, side: Side, n_genes: int) -> NDArray[np.bool_]:
    """Which reference sets are a side by another name."""
    whole = side.rows if side.whole is None else side.whole
    is_in = np.zeros(n_genes, dtype=np.intp)
    is_in[whole] = 1
    if not len(reference.rows):
        return np.zeros(0, dtype=np.bool_)
    n_shared = np.add.reduceat(is_in[reference.rows], reference.offsets[:-1])
    union = reference.sizes + len(whole) - n_shared
    return np.asarray(n_shared >= SAME_PATHWAY * union)


def _too_few(side: Side, count: int) -> NullResult:
    return NullResult(
        note=f"p_sets: {count} reference sets of the size of {side.name}, "
        f"at least {MIN_REFERENCE_SETS} needed"
    )


def _against_reference(
    situation: Situation, reference: ReferenceIndex, side: Side, numbers: Rows
) -> Vector:
    """The r of a side with each reference set, but for those of which too little is left."""
    sizes = reference.sizes[numbers]
    sums = _columns_of_sums(reference.sums, numbers, situation.columns)
    own = situation.values(side)
    if side.kind == "covariate":
        return situation.correlate(own[np.newaxis], scores_of_sums(sums, sizes, situation.n_genes))
    place = np.full(situation.n_genes, -1, dtype=np.intp)
    place[side.rows] = np.arange(len(side.rows))
    terms = situation.terms(side.rows)
    shared = [place[reference.genes(number)] for number in numbers]
    shared = [genes[genes >= 0] for genes in shared]
    n_shared = np.array([len(genes) for genes in shared], dtype=np.intp)
    sharing = np.flatnonzero(n_shared)
    taken = sums_of_sets(terms, [shared[number] for number in sharing])
    sums[sharing] -= taken
    left = sizes - n_shared >= situation.min_genes
    values = np.broadcast_to(own, (len(numbers), len(own)))
    if side.kind == "set":
        left &= len(side.rows) - n_shared >= situation.min_genes
        values = values.copy()
        whole = terms.sum(axis=0, dtype=np.float64)
        values[sharing] = scores_of_sums(
            whole - taken, len(side.rows) - n_shared[sharing], situation.n_genes
        )
    others = scores_of_sums(sums[left], (sizes - n_shared)[left], situation.n_genes)
    return situation.correlate(values[left], others)


def _columns_of_sums(sums: Terms, numbers: Rows, columns: Rows) -> Terms:
    """A copy of some sets' sums in some samples; the sets lie together but for a few."""
    first, end = int(numbers[0]), int(numbers[-1]) + 1
    block = sums[first:end]
    if len(columns) < sums.shape[2]:
        block = block[:, :, columns]
    return np.asarray(block[numbers - first])


def _columns(array: NDArray[_Number], columns: Rows) -> NDArray[_Number]:
    """Some columns, which are mostly all of them, or neighbours."""
    if len(columns) and columns[-1] - columns[0] + 1 == len(columns):
        return array[:, columns[0] : columns[-1] + 1]
    return array[:, columns]


def _seed(table: TableIndex, *sides: Side) -> Sequence[int]:
    symbols = list(table.genes)
    told = [table.key.source, table.key.tumor_type]
    for side in sides:
        told += [side.kind, *([symbols[row] for row in side.rows] or [side.name])]
    digest = hashlib.sha256("\n".join(told).encode()).digest()
    return [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 32, 4)]
