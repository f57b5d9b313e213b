"""Gene sets of one tumor type without the genes that they share with another variable, many pairs
at once.

A score is made of sums over the set's genes (:mod:`tcga_corr.scoring.ssgsea`), so genes are
left out by subtracting their terms: whole numbers exactly, weights to rounding. Where rounding
could matter, the scores are computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tcga_corr.analysis.cohort import Cohort, Measured
from tcga_corr.analysis.names import SetVariable

Matrix = NDArray[np.float64]
Places = NDArray[np.intp]
Counts = NDArray[np.int64]

_N_SUMS = 3
# pairs whose genes' terms are computed together, and whose scores fit the processor's cache
_PAIRS_AT_ONCE = 512
_SCORED_AT_ONCE = 64
# where the whole cross has fewer pairs than this times those listed, counting it is cheaper
_SPARSE = 8
# rounding error of a subtraction, as a fraction of the number of genes (the scale of scores)
_ROUNDING = 1e-10


class SharedGenes:
    """Which genes of the table each variable is made of, and scores without some of them.

    Parameters
    ----------
    cohort
        The tumor type.
    measured
        The variables measured there.
    """

    def __init__(self, cohort: Cohort, measured: Sequence[Measured]) -> None:
        self._cohort = cohort
        self._is_set = np.array([isinstance(one.variable, SetVariable) for one in measured], bool)
        rows = [cohort.table.genes.rows(one.genes) for one in measured]
        offsets = np.cumsum([0, *(len(one) for one in rows)])
        self._members = sparse.csr_array(
            (np.ones(offsets[-1], dtype=np.int64), np.concatenate([*rows, offsets[:0]]), offsets),
            shape=(len(rows), len(cohort.table.genes)),
        )
        self.sizes: Counts = np.diff(offsets)

    def counts(self, x: Places, y: Places) -> Counts:
        """How many genes each pair shares; none where neither is a set."""
        counts = np.zeros(len(x), dtype=np.int64)
        if not (self._is_set[x] | self._is_set[y]).any():
            return counts
        rows, row = np.unique(x, return_inverse=True)
        columns, column = np.unique(y, return_inverse=True)
        if len(rows) * len(columns) < _SPARSE * len(x):
            both = (self._members[rows] @ self._members[columns].T).toarray()
            counts[:] = both[row, column]
        else:
            for start in range(0, len(x), _PAIRS_AT_ONCE):
                part = slice(start, start + _PAIRS_AT_ONCE)
                counts[part] = self._both(x[part], y[part]).sum(axis=1)
        return np.where(self._is_set[x] | self._is_set[y], counts, 0)

    def without(
        self, x: Places, y: Places, values: Matrix, *, ranked: bool
    ) -> Iterator[tuple[Places, Matrix, Matrix]]:
        """The values of both variables of pairs without the genes that they share.

        Parameters
        ----------
        x, y
            Places of the variables.
        values
            Variables x samples, as they are.
        ranked
            Whether equal scores must be equal to the last bit.

        Yields
        ------
        Positions of some pairs, ascending x, and their x and y, pairs x samples; NaN where no gene
        is left.
        """
        order = np.argsort(x, kind="stable")
        for start in range(0, len(order), _PAIRS_AT_ONCE):
            block = order[start : start + _PAIRS_AT_ONCE]
            both = self._both(x[block], y[block])
            genes, place = np.unique(both.indices, return_inverse=True)
            terms = self._terms(genes.astype(np.intp))
            removed = sparse.csr_array(
                (both.data.astype(np.float64), place, both.indptr), shape=(len(block), len(genes))
            )
            for first in range(0, len(block), _SCORED_AT_ONCE):
                some = slice(first, first + _SCORED_AT_ONCE)
                part = block[some]
                sums = np.asarray(removed[some] @ terms).reshape(len(part), _N_SUMS, -1)
                n_removed = np.diff(removed[some].indptr)
                sides = [self._rescored(one[part], sums, n_removed, values) for one in (x, y)]
                for one, rescored in zip((x, y), sides, strict=True):
                    for row in self._uncertain(rescored, ranked=ranked):
                        if self._is_set[one[part[row]]]:
                            left = np.setdiff1d(
                                self._rows(int(one[part[row]])), both[[first + row]].indices
                            )
                            rescored[row] = self._cohort.scores(left.astype(np.intp))
                yield part, sides[0], sides[1]

    def _both(self, x: Places, y: Places) -> sparse.csr_array:
        """Pairs x genes: which both have."""
        return self._members[x].multiply(self._members[y]).tocsr()

    def _rescored(
        self, places: Places, removed: Matrix, n_removed: Counts, values: Matrix
    ) -> Matrix:
        """The scores of sets without the removed terms; other variables unchanged."""
        rescored = values[places]
        sets = np.flatnonzero(self._is_set[places])
        left = self._whole_sums[places[sets]] - removed[sets]
        k = (self.sizes[places] - n_removed)[sets, np.newaxis]
        n_genes = len(self._cohort.table.genes)
        with np.errstate(divide="ignore", invalid="ignore"):
            hits = left[:, 1] / np.where(k > 0, left[:, 0], np.nan)
            misses = (n_genes * (n_genes + 1) - left[:, 2]) / (n_genes - k)
        rescored[sets] = (hits - misses) / 2
        return rescored

    def _uncertain(self, rescored: Matrix, *, ranked: bool) -> Places:
        """Which rows have scores whose order may be rounding error."""
        close = _ROUNDING * len(self._cohort.table.genes)
        if ranked:
            steps = np.diff(np.sort(rescored, axis=1), axis=1)
            return np.flatnonzero((steps < close).any(axis=1))
        return np.flatnonzero(np.ptp(rescored, axis=1) < close)

    def _rows(self, number: int) -> Places:
        """The table's rows of a variable."""
        bounds = self._members.indptr[number : number + 2]
        return self._members.indices[slice(*bounds)].astype(np.intp)

    @cached_property
    def _whole_sums(self) -> Matrix:
        """Variables x 3 x samples: the sums of each set's genes; 0 of other variables."""
        sums = np.zeros((len(self.sizes), _N_SUMS, len(self._cohort.columns)))
        for number in np.flatnonzero(self._is_set):
            sums[number] = self._terms(self._rows(int(number))).sum(axis=0).reshape(_N_SUMS, -1)
        return sums

    def _terms(self, rows: Places) -> Matrix:
        """Genes x (3 samples): what each adds to w, w q and q; q doubled, so whole."""
        weight, place = self._cohort.weights_and_places(rows)
        return np.concatenate([weight, weight * place, place], axis=1)
