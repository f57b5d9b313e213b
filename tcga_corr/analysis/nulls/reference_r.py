"""r of variables of one tumor type with gene sets, with and without the genes that both share.

Of the reference collection the scores are made of its stored sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.samples.cohort import Cohort, Mask, Measured
from tcga_corr.analysis.shared_genes import (
    SCORES_AT_ONCE,
    SharedGenes,
    Variables,
    certain_scores,
)
from tcga_corr.choices import Method
from tcga_corr.scoring.rank_sums import N_SUMS
from tcga_corr.stats.correlation import Fit, correlate_rows, snapped, unit_rows
from tcga_corr.stats.methods import is_ranked
from tcga_corr.store.reference import ReferenceIndex

if TYPE_CHECKING:
    from scipy import sparse

Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]

_SUMS_AT_ONCE = 8_000_000  # numbers of a collection's sums, which bounds the memory


@dataclass(frozen=True)
class SetCorrelations:
    """Variables x gene sets of one tumor type.

    Attributes
    ----------
    r
        NaN where either has no values, does not vary, or is a sum of what is adjusted for.
    r_disjoint
        The same, both sides without the genes that they share; NaN also where a set has too few
        genes left.
    n_shared
        How many genes both share; 0 where there is no r.
    """

    r: Matrix
    r_disjoint: Matrix
    n_shared: Counts


def reference_r(
    cohort: Cohort,
    reference: ReferenceIndex,
    measured: Sequence[Measured],
    kept: Mask,
    method: Method = "pearson",
    fit: Fit | None = None,
) -> SetCorrelations:
    """Correlate variables with every set of the reference collection.

    Parameters
    ----------
    cohort
        The tumor type, whose sets are scored by average ranks.
    reference
        The reference collection in its table.
    measured
        The variables, as the cohort measured them.
    kept
        Which of the cohort's samples to correlate; the variables have values in all of them.
    method
        ``pearson`` or ``spearman``.
    fit
        Of what is adjusted for, in these samples; made with ``ranked`` for ``spearman``.

    Returns
    -------
    In the order of the sets of ``reference``.
    """
    x = Variables.measured(cohort, measured, kept)
    some, stored = x.cohort, np.asarray(reference.sums)
    members = reference.members(len(some.table.genes))

    def sets(numbers: Places) -> Variables:
        sums = stored[numbers].take(some.columns, axis=2)
        is_set = np.ones(len(numbers), dtype=np.bool_)
        return Variables(some, members[numbers], is_set, np.empty(0), sums)

    r = _whole_r(x, reference, method, fit)
    is_set = np.ones(len(reference.sizes), dtype=np.bool_)
    return _completed(x, members, is_set, sets, r, method, fit)


def _whole_r(x: Variables, reference: ReferenceIndex, method: Method, fit: Fit | None) -> Matrix:
    cohort, stored = x.cohort, np.asarray(reference.sums)
    n_samples = len(cohort.columns)
    units = unit_rows(x.values, method, fit)
    r = np.empty((len(units), len(stored)))
    step = max(1, SCORES_AT_ONCE // max(1, n_samples))
    spare = np.empty((step, N_SUMS, n_samples))
    for start in range(0, len(stored), step):
        part = slice(start, start + step)
        sizes = reference.sizes[part]
        sums = spare[: len(sizes)]
        np.take(stored[part], cohort.columns, axis=2, out=sums, mode="clip")  # unbuffered
        genes = partial(_genes_after, reference, start)
        scores = certain_scores(cohort, sums, sizes, genes, ranked=is_ranked(method))
        r[:, part] = _products(units, scores, method, fit)
    r[:, reference.sizes < cohort.min_genes] = np.nan
    return snapped(r)


def _genes_after(reference: ReferenceIndex, first: int, number: int) -> Places:
    return reference.genes(first + number)


def correlate_sets(
    x: Variables, y: Variables, method: Method = "pearson", fit: Fit | None = None
) -> SetCorrelations:
    """Correlate variables with others of the same samples; see :func:`reference_r`."""
    units = unit_rows(x.values, method, fit)
    r = snapped(_products(units, y.values, method, fit))
    return _completed(x, y.members, y.is_set, y.some, r, method, fit)


def _products(units: Matrix, values: Matrix, method: Method, fit: Fit | None) -> Matrix:
    """The r of unit rows with rows of values; no other rows change the last bits of one."""
    return np.asarray(np.vecdot(units[:, np.newaxis], unit_rows(values, method, fit)))


def _completed(
    x: Variables,
    members: sparse.csr_array,
    is_set: NDArray[np.bool_],
    sets: Callable[[Places], Variables],
    r: Matrix,
    method: Method,
    fit: Fit | None,
) -> SetCorrelations:
    """Add r without shared genes of the variables and those that have these members."""
    shared = (x.members @ members.T).tocoo()
    row, column, count = shared.row, shared.col, shared.data.astype(np.int64)
    of_sets = x.is_set[row] | is_set[column]
    row, column, count = row[of_sets], column[of_sets], count[of_sets]
    n_shared = np.zeros(r.shape, dtype=np.int64)
    n_shared[row, column] = count
    disjoint = np.where(n_shared, np.nan, r)
    least, sizes = x.cohort.min_genes, np.diff(members.indptr)
    left = ~np.isnan(r[row, column])
    left &= ~is_set[column] | (sizes[column] - count >= least)
    left &= ~x.is_set[row] | (x.sizes[row] - count >= least)
    row, column = row[left], column[left]
    numbers, place = np.unique(column, return_inverse=True)
    step = max(1, _SUMS_AT_ONCE // (N_SUMS * max(1, len(x.cohort.columns))))
    for start in range(0, len(numbers), step):
        y = sets(numbers[start : start + step])
        pairs = np.flatnonzero((place >= start) & (place < start + step))
        one, other = row[pairs], place[pairs] - start
        without = SharedGenes(x, y).without(one, other, ranked=is_ranked(method))
        for part, x_values, y_values in without:
            where = pairs[part]
            disjoint[row[where], column[where]] = correlate_rows(x_values, y_values, method, fit)
    n_shared[np.isnan(r)] = 0
    return SetCorrelations(r, disjoint, n_shared)
