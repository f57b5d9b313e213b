"""One variable with many: every gene, some genes and gene sets, or the reference collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import (
    GeneVariable,
    SetVariable,
    Variable,
    collection,
)
from tcga_corr.analysis.nulls.reference_r import correlate_sets, reference_r
from tcga_corr.analysis.samples.cohort import (
    Cohort,
    Mask,
    Measured,
    Vector,
    complete_samples,
    join_notes,
)
from tcga_corr.analysis.screening.rows import Screen
from tcga_corr.analysis.shared_genes import Variables
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import ScreenMethod
from tcga_corr.stats.correlation import MIN_SAMPLES, Fit, note_of_few, snapped, unit_rows
from tcga_corr.stats.methods import is_ranked
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import ReferenceIndex

Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]
_Found = tuple[Vector, Counts, Vector]

_GENES_AT_ONCE = 256
# of the mean square: below it, a variance from sums of squares has lost digits
_LOST = 1e-3


def screen_genes(
    cohorts: Sequence[Cohort], x: Variable, controls: Sequence[Variable], method: ScreenMethod
) -> Screen:
    """Correlate x with every gene of the tables but itself.

    Where x is a set, the genes in it count as shared, and their ``r_disjoint`` is with the set
    without them.
    """
    own = {
        symbol
        for cohort in cohorts
        if isinstance(x, GeneVariable)
        for symbol in cohort.measure(x).genes
    }
    names = sorted({symbol for cohort in cohorts for symbol in cohort.table.genes} - own)
    place = {symbol: number for number, symbol in enumerate(names)}

    def correlate(prepared: _Prepared, unit: Matrix) -> _Found:
        r, shared, disjoint = _empty(len(names))
        table = prepared.cohort.table
        others = [row for row, symbol in enumerate(table.genes) if symbol not in own]
        places = np.array([place[symbol] for symbol in table.genes if symbol not in own], dtype=int)
        r[places] = prepared.with_rows(unit, table.all_values())[others]
        if not isinstance(x, SetVariable):
            return r, shared, disjoint
        disjoint[places] = r[places]
        for symbol in prepared.x.genes:
            shared[place[symbol]] = 1
            without_gene = prepared.cohort.measure(x, without=frozenset([symbol]))
            row = table.genes.row(symbol)
            disjoint[place[symbol]] = prepared.with_gene(without_gene, table.values[row : row + 1])
        return r, shared, disjoint

    return _screen(cohorts, x, controls, method, names, correlate)


def screen_variables(
    cohorts: Sequence[Cohort],
    x: Variable,
    others: Sequence[GeneVariable | SetVariable],
    controls: Sequence[Variable],
    method: ScreenMethod,
) -> Screen:
    """Correlate x with some genes, and with the scores of gene sets."""

    def correlate(prepared: _Prepared, unit: Matrix) -> _Found:
        measured = [prepared.cohort.measure(one) for one in others]
        y = Variables.measured(prepared.cohort, measured, prepared.complete)
        found = correlate_sets(prepared.variables, y, method, prepared.fit)
        return found.r[0], found.n_shared[0], found.r_disjoint[0]

    return _screen(cohorts, x, controls, method, [one.name for one in others], correlate)


def screen_reference(
    cohorts: Sequence[Cohort],
    x: Variable,
    controls: Sequence[Variable],
    method: ScreenMethod,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> Screen:
    """As :func:`screen_variables` with the reference collection, whose scores are of stored sums.

    The cohorts rank equal values by their average, and need no fewer genes of a set than the
    stored sums have.
    """
    names = [one.name for one in collection("reference") if one != x]
    place = {name: number for number, name in enumerate(names)}

    def correlate(prepared: _Prepared, unit: Matrix) -> _Found:
        r, shared, disjoint = _empty(len(names))
        index = reference(prepared.cohort.table)
        stored = [number for number, name in enumerate(index.names) if name in place]
        places = np.array([place[index.names[number]] for number in stored], dtype=np.intp)
        found = reference_r(
            prepared.cohort, index, [prepared.x], prepared.complete, method, prepared.fit
        )
        r[places], shared[places], disjoint[places] = (
            rows[0, stored] for rows in (found.r, found.n_shared, found.r_disjoint)
        )
        return r, shared, disjoint

    return _screen(cohorts, x, controls, method, names, correlate)


class _Prepared:
    """One variable in one tumor type, made ready to be correlated with anything."""

    def __init__(
        self, cohort: Cohort, x: Variable, controls: Sequence[Variable], method: ScreenMethod
    ) -> None:
        self.cohort = cohort
        self.method = method
        self.x = cohort.measure(x)
        self.measured = [self.x, *(cohort.measure(variable) for variable in controls)]
        self.complete: Mask = np.ones(len(cohort.columns), dtype=np.bool_)
        self.fit: Fit | None = None
        self.unit: Matrix | None = None
        self.note = join_notes(*(one.note for one in self.measured))
        if self.note:
            return
        self.complete = complete_samples(self.measured, len(cohort.columns))
        kept = np.flatnonzero(self.complete)
        columns = [values for one in self.measured[1:] for values in one.fitted(kept)]
        columns += [study[kept] for study in cohort.studies]
        if columns:
            self.fit = Fit(np.column_stack(columns), ranked=is_ranked(method))
        n, least = int(self.complete.sum()), MIN_SAMPLES + self.n_controls
        if n < least:
            self.note = note_of_few(n, least)
            return
        self.unit = self.unit_of(self.x)
        if self.unit is None:
            self.note = f"{x.name} is constant, or a linear combination of what is adjusted for"

    @property
    def n_controls(self) -> int:
        """Fitted controls."""
        return self.fit.n_controls if self.fit else 0

    @property
    def variables(self) -> Variables:
        """The variable in the complete samples."""
        return Variables.measured(self.cohort, [self.x], self.complete)

    def unit_of(self, side: Measured) -> Matrix | None:
        """A side's values as one row of length one; None where there are none or nothing varies."""
        if side.values is None:
            return None
        unit = unit_rows(side.values[self.complete][np.newaxis], self.method, self.fit)
        return None if np.isnan(unit).any() else unit

    def with_gene(self, x: Measured, values: NDArray[np.float32]) -> float:
        """The r of another form of x and one gene's values."""
        unit = self.unit_of(x)
        if unit is None:
            return float("nan")
        gene = values[:, self.cohort.columns[self.complete]].astype(np.float64)
        return _r(unit, unit_rows(gene, self.method, self.fit))

    def with_rows(self, unit: Matrix, values: NDArray[np.float32]) -> Vector:
        """The r of a prepared row and each gene."""
        columns = self.cohort.columns[self.complete]
        r = np.empty(len(values))
        for start in range(0, len(values), _GENES_AT_ONCE):
            part = slice(start, start + _GENES_AT_ONCE)
            block = values[part]
            if len(columns) < values.shape[1]:
                block = block[:, columns]
            r[part] = self._with_block(unit, block.astype(np.float64))
        return snapped(r)

    def _with_block(self, unit: Matrix, block: Matrix) -> Vector:
        if self.method == "pearson" and self.fit is None:
            n = block.shape[1]
            squares = np.einsum("ij,ij->i", block, block)
            variance = squares - block.sum(axis=1) ** 2 / n
            safe = variance > _LOST * squares
            # the mean need not be taken off: x adds up to nothing
            centred = unit[0] - unit[0].mean()
            r = (block @ centred) / np.sqrt(np.where(safe, variance, 1.0))
            if not safe.all():
                r[~safe] = unit_rows(block[~safe]) @ unit[0]
            return np.asarray(r)
        return np.asarray(unit_rows(block, self.method, self.fit) @ unit[0])


def _screen(
    cohorts: Sequence[Cohort],
    x: Variable,
    controls: Sequence[Variable],
    method: ScreenMethod,
    names: Sequence[str],
    correlate: Callable[[_Prepared, Matrix], _Found],
) -> Screen:
    prepared = [_Prepared(cohort, x, controls, method) for cohort in cohorts]
    found = in_threads(
        lambda one: _empty(len(names)) if one.unit is None else correlate(one, one.unit), prepared
    )
    return Screen(
        tumor_types=[cohort.tumor_type for cohort in cohorts],
        x=x.name,
        y=names,
        method=method,
        n_controls=np.array([[one.n_controls] for one in prepared], dtype=np.int64),
        n=np.array([[int(one.complete.sum())] for one in prepared], dtype=np.int64),
        r=np.stack([r for r, _, _ in found]),
        n_shared=np.stack([shared for _, shared, _ in found]),
        r_disjoint=np.stack([disjoint for _, _, disjoint in found]),
        notes=[one.note for one in prepared],
        measured=[row for one in prepared for row in one.measured],
        simulated=any(cohort.simulated for cohort in cohorts),
    )


def _empty(size: int) -> _Found:
    return np.full(size, np.nan), np.zeros(size, dtype=np.int64), np.full(size, np.nan)


def _r(one: Matrix, other: Matrix) -> float:
    return float(snapped((one * other).sum()))
