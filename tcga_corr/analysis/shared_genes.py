"""Gene sets of one tumor type without the genes that they share with another variable, many pairs
at once.

A score is made of sums over the set's genes (:mod:`tcga_corr.scoring.rank_sums`), so genes are
left out by subtracting their terms: whole numbers exactly, weights to rounding. Where rounding
could matter, the scores are computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import SetVariable
from tcga_corr.analysis.samples.cohort import Cohort, Mask, Measured
from tcga_corr.scoring.rank_sums import N_SUMS, scores_of_sums

if TYPE_CHECKING:
    from scipy import sparse

Matrix = NDArray[np.float64]
Places = NDArray[np.intp]
Counts = NDArray[np.int64]

# pairs whose genes' terms are computed together
_PAIRS_AT_ONCE = 512
# scores: of fewer the arithmetic takes less time than calling it, more leave the cache
SCORES_AT_ONCE = 49_152
# where the whole cross has fewer pairs than this times those listed, counting it is cheaper
_SPARSE = 8
# rounding error of a subtraction, as a fraction of the number of genes (the scale of scores)
_ROUNDING = 1e-10


class Variables:
    """Variables of one tumor type, and the genes of the table that each is made of.

    Parameters
    ----------
    cohort
        The tumor type.
    members
        Variables x genes: 1 of the genes that a variable is made of.
    is_set
        Which are gene sets.
    values
        Variables x samples of the cohort; NaN where one has none.
    sums
        Variables x 3 x samples: what the scores of sets are made of, where it is known.

    Attributes
    ----------
    sizes
        How many genes each is made of.
    """

    def __init__(
        self,
        cohort: Cohort,
        members: sparse.csr_array,
        is_set: NDArray[np.bool_],
        values: Matrix,
        sums: Matrix | None = None,
    ) -> None:
        self.cohort = cohort
        self.members = members
        self.is_set = is_set
        self.values = values
        self.sizes: Counts = np.diff(members.indptr).astype(np.int64)
        self._sums = sums

    @classmethod
    def measured(
        cls, cohort: Cohort, measured: Sequence[Measured], kept: Mask | None = None
    ) -> Variables:
        """Variables as a cohort measured them, in all of its samples or in those that are kept."""
        from scipy.sparse import csr_array

        rows = [cohort.table.genes.rows(one.genes) for one in measured]
        offsets = np.cumsum([0, *(len(one) for one in rows)])
        members = csr_array(
            (np.ones(offsets[-1]), np.concatenate([*rows, offsets[:0]]), offsets),
            shape=(len(rows), len(cohort.table.genes)),
        )
        some = cohort if kept is None else cohort.only(kept)
        values = np.full((len(rows), len(some.columns)), np.nan)
        for row, one in zip(values, measured, strict=True):
            if one.values is not None:
                row[:] = one.values if kept is None else one.values[kept]
        is_set = np.array([isinstance(one.variable, SetVariable) for one in measured], bool)
        return cls(some, members, is_set, values)

    def some(self, places: Places) -> Variables:
        """Some of them."""
        return Variables(
            self.cohort, self.members[places], self.is_set[places], self.values[places]
        )

    def rows(self, place: int) -> Places:
        """The table's rows of a variable."""
        bounds = self.members.indptr[place : place + 2]
        return self.members.indices[slice(*bounds)].astype(np.intp)

    @cached_property
    def sums(self) -> Matrix:
        """Variables x 3 x samples: the sums of each set's genes; 0 of other variables."""
        if self._sums is not None:
            return self._sums
        sums = np.zeros((len(self.sizes), N_SUMS, len(self.cohort.columns)))
        for place in np.flatnonzero(self.is_set):
            sums[place] = self.cohort.terms(self.rows(int(place))).sum(axis=0)
        return sums

    def without(
        self, places: Places, left_out: LeftOut, some: slice, spare: Matrix, *, ranked: bool
    ) -> Matrix:
        """The values of k variables without some genes of the sets among them.

        Parameters
        ----------
        places
            The variables; one may come several times.
        left_out, some
            The genes to leave out of each, a part of these.
        spare
            Variables x 3 x samples, to compute in: new memory would cost more than the sums.
        ranked
            Whether equal scores must be equal to the last bit.

        Returns
        -------
        k x samples; NaN where no gene is left.
        """
        sets = np.flatnonzero(self.is_set[places])
        numbers = np.arange(some.start, some.start + len(places))[sets]
        chosen = places[sets]
        left = np.take(self.sums, chosen, axis=0, out=spare[: len(sets)], mode="clip")
        left -= left_out.sums[some] if len(sets) == len(places) else left_out.sums[numbers]

        def genes(row: int) -> Places:
            return np.setdiff1d(self.rows(int(chosen[row])), left_out.rows(int(numbers[row])))

        k = self.sizes[chosen] - left_out.counts[numbers]
        scores = certain_scores(self.cohort, left, k, genes, ranked=ranked)
        if len(sets) == len(places):
            return scores
        values = self.values[places]
        values[sets] = scores
        return values


def certain_scores(
    cohort: Cohort, sums: Matrix, k: Counts, genes: Callable[[int], Places], *, ranked: bool
) -> Matrix:
    """The scores of sums; of the genes themselves where rounding may decide the order.

    Parameters
    ----------
    cohort
        The tumor type.
    sums
        Sets x 3 x samples of the cohort.
    k
        Genes of each set.
    genes
        Gives the table's rows of a set.
    ranked
        Whether equal scores must be equal to the last bit.

    Returns
    -------
    Sets x samples.
    """
    n_genes = len(cohort.table.genes)
    scores = scores_of_sums(sums, k, n_genes)
    for row in _uncertain(scores, _ROUNDING * n_genes, ranked=ranked):
        scores[row] = cohort.scores(genes(int(row)))
    return scores


def _uncertain(scores: Matrix, close: float, *, ranked: bool) -> Places:
    """Which rows have scores whose order may be rounding error."""
    if ranked:
        steps = np.diff(np.sort(scores, axis=1), axis=1)
        return np.flatnonzero((steps < close).any(axis=1))
    near = np.flatnonzero(np.abs(scores[:, 0] - scores[:, -1]) < close)
    return np.asarray(near[np.ptp(scores[near], axis=1) < close])


@dataclass(frozen=True)
class LeftOut:
    """Genes to leave out of each of some sets.

    Attributes
    ----------
    genes
        Sets x genes of the table.
    sums
        Sets x 3 x samples: the sums of these genes.
    """

    genes: sparse.csr_array
    sums: Matrix

    @classmethod
    def of(cls, cohort: Cohort, genes: sparse.csr_array) -> LeftOut:
        """With the sums of the genes in a cohort."""
        from scipy.sparse import csr_array

        rows, place = np.unique(genes.indices, return_inverse=True)
        terms = cohort.terms(rows.astype(np.intp))
        shape = genes.shape[0], len(rows)
        chosen = csr_array((genes.data, place, genes.indptr), shape=shape)
        sums = chosen @ terms.reshape(len(rows), N_SUMS * terms.shape[2])
        return cls(genes, np.asarray(sums).reshape(shape[0], N_SUMS, terms.shape[2]))

    @cached_property
    def counts(self) -> Counts:
        """How many genes to leave out of each."""
        return np.diff(self.genes.indptr).astype(np.int64)

    def rows(self, number: int) -> Places:
        """The table's rows of the genes to leave out of one set."""
        return self.genes.indices[slice(*self.genes.indptr[number : number + 2])].astype(np.intp)


class SharedGenes:
    """The genes that two variables of one tumor type share, and scores without them.

    Parameters
    ----------
    x, y
        The variables of either side of pairs.
    """

    def __init__(self, x: Variables, y: Variables) -> None:
        self._x, self._y = x, y

    def counts(self, x: Places, y: Places) -> Counts:
        """How many genes each pair shares; none where neither is a set."""
        counts = np.zeros(len(x), dtype=np.int64)
        involved = self._x.is_set[x] | self._y.is_set[y]
        if not involved.any():
            return counts
        rows, row = np.unique(x, return_inverse=True)
        columns, column = np.unique(y, return_inverse=True)
        if len(rows) * len(columns) < _SPARSE * len(x):
            both = (self._x.members[rows] @ self._y.members[columns].T).toarray()
            counts[:] = both[row, column]
        else:
            for start in range(0, len(x), _PAIRS_AT_ONCE):
                part = slice(start, start + _PAIRS_AT_ONCE)
                counts[part] = self._both(x[part], y[part]).sum(axis=1)
        return np.where(involved, counts, 0)

    def without(
        self, x: Places, y: Places, *, ranked: bool
    ) -> Iterator[tuple[Places, Matrix, Matrix]]:
        """The values of both variables of pairs without the genes that they share.

        Parameters
        ----------
        x, y
            Places of the variables.
        ranked
            Whether equal scores must be equal to the last bit.

        Yields
        ------
        Positions of some pairs, ascending x, and their x and y, pairs x samples; NaN where no gene
        is left.
        """
        order = np.argsort(x, kind="stable")
        cohort = self._x.cohort
        step = max(1, SCORES_AT_ONCE // max(1, len(cohort.columns)))
        spare = np.empty((min(step, len(x)), N_SUMS, len(cohort.columns)))
        for start in range(0, len(order), _PAIRS_AT_ONCE):
            block = order[start : start + _PAIRS_AT_ONCE]
            left_out = LeftOut.of(cohort, self._both(x[block], y[block]))
            for first in range(0, len(block), step):
                some = slice(first, first + step)
                part = block[some]
                yield (
                    part,
                    self._x.without(x[part], left_out, some, spare, ranked=ranked),
                    self._y.without(y[part], left_out, some, spare, ranked=ranked),
                )

    def _both(self, x: Places, y: Places) -> sparse.csr_array:
        """Pairs x genes: which both have."""
        both: sparse.csr_array = self._x.members[x].multiply(self._y.members[y]).tocsr()
        return both
