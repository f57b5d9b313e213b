"""The nulls of an association: the r that random genes give, and that of other real pathways.

Both compare pairs that share no gene: the genes that the observed pair shares are left out of it.
Sets are scored by average ranks, whatever the tie rule of the rows, the observed sets included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import Method, Null
from tcga_corr.scoring.rank_sums import Terms, rank_terms, scores_of_sums, sums_of_sets
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.stats.correlation import Fit, correlate_rows
from tcga_corr.stats.empirical_p import (
    central_range,
    expression_bins,
    is_clear,
    matched_draws,
    rank_p,
    sequential_p,
)
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import ReferenceIndex
from tcga_corr.vocabulary.nulls import N_DRAWS

# of similar size, for a rank among them to say anything
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
    """One of the two correlated variables, in one table.

    Attributes
    ----------
    kind
        Gene, set or covariate.
    name
        Its name.
    rows
        The table's rows of its genes, ascending; empty for a covariate.
    values
        Of a covariate, one per correlated sample; otherwise empty.
    whole
        The rows before any was left out.
    """

    kind: Kind
    name: str
    rows: Rows = field(default_factory=lambda: _NOWHERE)
    values: Vector = field(default_factory=lambda: np.empty(0))
    whole: Rows | None = None

    def without(self, rows: Rows) -> Side:
        """A set without some genes; a gene or covariate unchanged."""
        if self.kind != "set":
            return self
        kept = self.rows[~np.isin(self.rows, rows)]
        return Side(
            self.kind, self.name, kept, whole=self.rows if self.whole is None else self.whole
        )


@dataclass(frozen=True)
class NullResult:
    """The p-value of one null and the central 95 % of its r; NaN where it has none."""

    p: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    note: str = ""


@dataclass(frozen=True)
class NullSetting:
    """The samples and the method by which a pair, and whatever it is compared with, correlates.

    Attributes
    ----------
    table
        The tumor type's table.
    columns
        Its samples that are correlated.
    method
        The correlation method.
    fit
        Fit of the controls; None without any.
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

    def values_of_draws(self, kind: Kind, sets: Rows) -> Matrix:
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
        """What each of these genes adds to the sums of a set."""
        return rank_terms(self.table.ranks[rows][:, self.columns])

    def correlate(self, x: Matrix, y: Matrix) -> Vector:
        """Correlate rows."""
        return correlate_rows(x, y, self.method, self.fit)

    def bins(self, varying_only: bool, kept: Rows) -> Rows:
        """Bins of similar mean expression; -1 for constant genes where only varying ones count."""
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


def random_gene_null(setting: NullSetting, x: Side, y: Side, n_draws: int = N_DRAWS) -> NullResult:
    """Compare an association with those of random genes.

    Each gene of the two sides is replaced by a random one of the same bin of mean expression in
    these samples (20 bins), no gene twice in a pair; a covariate stays. ``p`` is the share of
    such pairs whose abs(r) is at least the observed one, drawing no more where that is clear
    (:func:`~tcga_corr.stats.empirical_p.sequential_p`). Draws depend on the tumor type, the source
    and the genes of both sides alone, in either order.
    """
    observed = _observed(setting, x, y)
    if np.isnan(observed) or x.kind == y.kind == "covariate":
        return NullResult()
    one, other = sorted((x, y), key=lambda side: (side.kind, side.rows.tolist(), side.name))
    generator = np.random.default_rng(_seed(setting.table, one, other))
    involved = np.concatenate([one.rows, other.rows])
    bins = setting.bins("gene" in (one.kind, other.kind), involved)
    found = np.empty(0)
    while len(found) < n_draws and not is_clear(found, observed):
        count = min(_LATER_DRAWS if len(found) else _FIRST_DRAWS, n_draws - len(found))
        draws = matched_draws(generator, bins, one.rows, other.rows, count)
        sides = [
            side.values[np.newaxis]
            if side.kind == "covariate"
            else setting.values_of_draws(side.kind, rows)
            for side, rows in zip((one, other), draws, strict=True)
        ]
        sides.sort(key=len)  # a covariate's one row first
        found = np.concatenate([found, setting.correlate(*sides)])
    return NullResult(sequential_p(found, observed), *central_range(found))


def matched_scores(setting: NullSetting, side: Side, n_draws: int) -> Matrix:
    """Scores of random sets like a set, matched gene by gene on mean expression.

    Returns
    -------
    Draws x samples.
    """
    generator = np.random.default_rng(_seed(setting.table, side))
    bins = setting.bins(varying_only=False, kept=side.rows)
    draws, _ = matched_draws(generator, bins, side.rows, _NOWHERE, n_draws)
    return setting.values_of_draws("set", draws)


def real_set_null(setting: NullSetting, reference: ReferenceIndex, x: Side, y: Side) -> NullResult:
    """Compare an association with those of other real pathways.

    The rank of abs(r) among one side against every set of the reference collection of the other
    side's size, for each side that is a set; the larger of the two, with its range. Genes that a
    side and a reference set share are left out of both. Reference sets that are the other side by
    another name (a Jaccard index of 0.3 or more) do not count.
    """
    observed = _observed(setting, x, y)
    results = [
        _rank_among(setting, reference, kept, replaced, observed)
        for kept, replaced in ((x, y), (y, x))
        if replaced.kind == "set"
    ]
    if np.isnan(observed) or not results:
        return NullResult()
    without = [result for result in results if result.note]
    return without[0] if without else max(results, key=lambda result: result.p)


def _observed(setting: NullSetting, x: Side, y: Side) -> float:
    for side in (x, y):
        if side.kind == "set" and not setting.min_genes <= len(side.rows) < setting.n_genes:
            return float("nan")
    values = (setting.values(side)[np.newaxis] for side in (x, y))
    return float(setting.correlate(*values)[0])


def _rank_among(
    setting: NullSetting, reference: ReferenceIndex, kept: Side, replaced: Side, observed: float
) -> NullResult:
    similar = reference.similar_in_size(len(replaced.rows))
    numbers = np.arange(similar.start, similar.stop)
    numbers = numbers[~_same_pathway(reference, replaced, setting.n_genes)[similar]]
    if len(numbers) < MIN_REFERENCE_SETS:
        return _too_few(replaced, len(numbers))
    found = _against_reference(setting, reference, kept, numbers)
    if len(found) < MIN_REFERENCE_SETS:
        return _too_few(replaced, len(found))
    return NullResult(rank_p(found, observed), *central_range(found))


def _same_pathway(reference: ReferenceIndex, side: Side, n_genes: int) -> NDArray[np.bool_]:
    """Which reference sets are the same pathway as a side."""
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
    setting: NullSetting, reference: ReferenceIndex, side: Side, numbers: Rows
) -> Vector:
    """The r of a side with each reference set that has enough genes left."""
    sizes = reference.sizes[numbers]
    sums = _columns_of_sums(reference.sums, numbers, setting.columns)
    own = setting.values(side)
    if side.kind == "covariate":
        return setting.correlate(own[np.newaxis], scores_of_sums(sums, sizes, setting.n_genes))
    place = np.full(setting.n_genes, -1, dtype=np.intp)
    place[side.rows] = np.arange(len(side.rows))
    terms = setting.terms(side.rows)
    shared = [place[reference.genes(number)] for number in numbers]
    shared = [genes[genes >= 0] for genes in shared]
    n_shared = np.array([len(genes) for genes in shared], dtype=np.intp)
    sharing = np.flatnonzero(n_shared)
    shared_sums = sums_of_sets(terms, [shared[number] for number in sharing])
    sums[sharing] -= shared_sums
    left = sizes - n_shared >= setting.min_genes
    values = np.broadcast_to(own, (len(numbers), len(own)))
    if side.kind == "set":
        left &= len(side.rows) - n_shared >= setting.min_genes
        values = values.copy()
        whole = terms.sum(axis=0, dtype=np.float64)
        values[sharing] = scores_of_sums(
            whole - shared_sums, len(side.rows) - n_shared[sharing], setting.n_genes
        )
    others = scores_of_sums(sums[left], (sizes - n_shared)[left], setting.n_genes)
    return setting.correlate(values[left], others)


def _columns_of_sums(sums: Terms, numbers: Rows, columns: Rows) -> Terms:
    """A copy of some sets' sums in some samples; the sets are nearly contiguous."""
    first, end = int(numbers[0]), int(numbers[-1]) + 1
    block = sums[first:end]
    if len(columns) < sums.shape[2]:
        block = block[:, :, columns]
    return np.asarray(block[numbers - first])


def _columns(array: NDArray[_Number], columns: Rows) -> NDArray[_Number]:
    """Some columns; a view where they are contiguous."""
    if len(columns) and columns[-1] - columns[0] + 1 == len(columns):
        return array[:, columns[0] : columns[-1] + 1]
    return array[:, columns]


def _seed(table: TableIndex, *sides: Side) -> Sequence[int]:
    symbols = list(table.genes)
    words = [table.key.source, table.key.tumor_type]
    for side in sides:
        words += [side.kind, *([symbols[row] for row in side.rows] or [side.name])]
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 32, 4)]


NullFunction = Callable[
    [NullSetting, Side, Side, int, Callable[[TableIndex], ReferenceIndex]], NullResult
]

NULL_FUNCTIONS: dict[Null, NullFunction] = {
    "genes": lambda setting, x, y, n_draws, reference: random_gene_null(setting, x, y, n_draws),
    "sets": lambda setting, x, y, n_draws, reference: real_set_null(
        setting, reference(setting.table), x, y
    ),
}
"""The function of each null of :data:`tcga_corr.vocabulary.nulls.NULLS`."""
