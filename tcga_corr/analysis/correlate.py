"""Associations: the rows that say how two variables vary together in each tumor type."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls import (
    N_DRAWS,
    Null,
    NullResult,
    Side,
    Situation,
    random_gene_null,
    real_set_null,
)
from tcga_corr.analysis.pool import Pooling, pooled_association
from tcga_corr.analysis.variables import (
    Cohort,
    CovariateVariable,
    GeneVariable,
    Measured,
    Measurement,
    SetVariable,
    Variable,
    Vector,
)
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import Correlations, Fit, Matrix, Method, correlate_groups
from tcga_corr.store import ReferenceIndex, TableIndex

if TYPE_CHECKING:
    import polars as pl

_MOST_THREADS = 4  # each holds some sets' scores; two cores are filled by two
_NONE = NullResult()


@dataclass(frozen=True)
class Question:
    """What is asked of a pair of variables.

    Attributes
    ----------
    pair
        The two variables.
    methods
        How to correlate; a row each.
    adjust
        Variables to hold fixed.
    nulls
        The nulls to compare with; ``n_draws`` random pairs at most.
    """

    pair: tuple[Variable, Variable]
    methods: tuple[Method, ...] = ("pearson",)
    adjust: tuple[Variable, ...] = ()
    nulls: tuple[Null, ...] = ()
    n_draws: int = N_DRAWS


@dataclass(frozen=True)
class Associations:
    """A row per tumor type and method, their pooling by method, and what was measured.

    ``n_controls`` is what was adjusted for, a number per row of ``frame``.
    """

    frame: pl.DataFrame
    pooled: dict[Method, Pooling]
    measured: list[Measurement]
    n_controls: NDArray[np.int64]


def associate(
    cohorts: Sequence[Cohort],
    question: Question,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> Associations:
    """Rows in the columns of the command-line contract, by tumor type and then by method.

    Parameters
    ----------
    cohorts
        The tumor types.
    question
        What is asked.
    reference
        Gives the reference collection's index of a table.
    """
    import polars as pl

    several = [_Measured(cohort, question) for cohort in cohorts]
    answers = {method: _answer(several, question, method, reference) for method in question.methods}
    frame = pl.concat(frame for frame, _, _ in answers.values())
    n_controls = np.concatenate([taken for _, _, taken in answers.values()])
    if len(answers) > 1:
        by_tumor_type = np.arange(frame.height).reshape(len(answers), -1).T.ravel()
        frame, n_controls = frame[by_tumor_type.tolist()], n_controls[by_tumor_type]
    return Associations(
        frame,
        {method: pooling for method, (_, pooling, _) in answers.items()},
        [
            (variable, one.cohort, result)
            for number, variable in enumerate((*question.pair, *question.adjust))
            for one in several
            for result in [one.results[number]]
        ],
        n_controls,
    )


class _Measured:
    """A question's variables in one tumor type, and the samples that have all of them."""

    def __init__(self, cohort: Cohort, question: Question) -> None:
        self.cohort = cohort
        self.pair = question.pair
        self.x, self.y = (cohort.measure(variable) for variable in question.pair)
        self.controls = [cohort.measure(variable) for variable in question.adjust]
        self.results = (self.x, self.y, *self.controls)
        self.shared = self._shared_genes()
        self.having = np.ones(len(cohort.columns), dtype=np.bool_)
        for result in self.results:
            if result.values is not None:
                self.having &= ~np.isnan(result.values)
        self.lacking = "; ".join(dict.fromkeys(one.note for one in self.results if one.note))
        self._names = [variable.name for variable in (*question.pair, *question.adjust)]

    def _shared_genes(self) -> frozenset[str]:
        """Genes of both sets, or the gene of one side that is in the other's set."""
        if not any(isinstance(variable, SetVariable) for variable in self.pair):
            return frozenset()
        return self.x.genes & self.y.genes

    @property
    def control_matrix(self) -> Matrix:
        """Samples x what is adjusted for; of no sample where there is no answer anyway."""
        columns = [self._complete(one) for one in self.controls]
        return np.column_stack(columns) if columns else np.empty((len(self._complete(self.x)), 0))

    @property
    def is_simulated(self) -> bool:
        """Whether the values are made up."""
        return self.cohort.table.metadata.simulated

    def apart(self) -> tuple[Measured, Measured]:
        """Both sides without the genes that they share."""
        if not self.shared:
            return self.x, self.y
        x, y = (self.cohort.measure(variable, without=self.shared) for variable in self.pair)
        return x, y

    def vectors(self, x: Measured, y: Measured) -> tuple[Vector, Vector]:
        """The values of two sides in the samples that have all; none where a side has none."""
        if x.values is None or y.values is None:
            return np.empty(0), np.empty(0)
        return self._complete(x), self._complete(y)

    def _complete(self, side: Measured) -> Vector:
        if self.lacking or side.values is None:
            return np.empty(0)
        return side.values[self.having]

    def are_same(self) -> bool:
        """Whether x and y are one variable by two names, or by one."""
        one, other = self.pair
        if isinstance(one, CovariateVariable) and isinstance(other, CovariateVariable):
            return one.covariate.origin == other.covariate.origin
        return type(one) is type(other) and self.x.genes == self.y.genes

    def sharing(self) -> list[str]:
        """Which controls share genes with x or y, and so take a part of them out."""
        names, sides = self._names, self.results
        return [
            f"{names[place]} shares genes with {names[number]}: {len(shared)}"
            for place in range(2, len(sides))
            for number in (0, 1)
            for shared in [sides[place].genes & sides[number].genes]
            if shared and sides[place].values is not None
        ]

    def left_out(self) -> list[str]:
        """How many samples lack a covariate that others have."""
        said = {}
        for name, one in zip(self._names, self.results, strict=True):
            count = 0 if one.values is None or one.note else int(np.isnan(one.values).sum())
            if count:
                samples = "1 sample" if count == 1 else f"{count} samples"
                said[name] = f"{samples} without {name}"
        return list(said.values())

    def thin(self) -> list[str]:
        """The sets of which less than half is in the table."""
        return [
            f"{variable.name}: {len(side.genes)} of {len(variable.gene_set.genes)} genes"
            for variable, side in zip(self.pair, (self.x, self.y), strict=True)
            if isinstance(variable, SetVariable)
            and side.values is not None
            and 2 * len(side.genes) < len(variable.gene_set.genes)
        ]

    def sides(self) -> tuple[Side, Side]:
        """Both variables as a null takes them: without the genes that they share."""
        rows = self.cohort.table.genes.rows
        shared = rows(self.shared)

        def side(variable: Variable, one: Measured) -> Side:
            if isinstance(variable, CovariateVariable):
                return Side("covariate", variable.name, values=self._complete(one))
            kind: Any = "gene" if isinstance(variable, GeneVariable) else "set"
            return Side(kind, variable.name, rows(one.genes)).without(shared)

        x, y = self.pair
        return side(x, self.x), side(y, self.y)


def _answer(
    several: Sequence[_Measured],
    question: Question,
    method: Method,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> tuple[pl.DataFrame, Pooling, NDArray[np.int64]]:
    import polars as pl

    whole = _correlated(several, [(one.x, one.y) for one in several], question, method)
    any_shared = any(one.shared for one in several)
    apart = (
        _correlated(several, [one.apart() for one in several], question, method)
        if any_shared
        else whole
    )
    answered = ~np.isnan(whole.r)
    by_genes, by_sets = _nulls(several, answered, question, method, reference)
    involves_set = any(isinstance(variable, SetVariable) for variable in question.pair)
    disjoint = np.where(answered & involves_set, apart.r, np.nan)
    size = len(several)
    x, y = question.pair
    columns: dict[str, Any] = {
        "tumor_type": [one.cohort.tumor_type for one in several],
        "x": [x.name] * size,
        "y": [y.name] * size,
        "method": [method] * size,
        "n": whole.n,
        "r": whole.r,
        "ci_low": whole.ci_low,
        "ci_high": whole.ci_high,
        "p": whole.p,
        "q": benjamini_hochberg(whole.p),
        "p_genes": [null.p for null in by_genes],
        "genes_low": [null.low for null in by_genes],
        "genes_high": [null.high for null in by_genes],
        "p_sets": [null.p for null in by_sets],
        "sets_low": [null.low for null in by_sets],
        "sets_high": [null.high for null in by_sets],
        "n_shared_genes": [len(one.shared) for one in several],
        "r_disjoint": disjoint,
        "note": [
            _note(one.cohort, [note, *one.thin()], other if has_r else "", [null.note])
            for one, note, other, has_r, null in zip(
                several, whole.notes, apart.notes, answered, by_sets, strict=True
            )
        ],
    }
    frame = pl.DataFrame(columns)
    frame = frame.with_columns(
        pl.col(name).fill_nan(None) for name, kind in frame.schema.items() if kind.is_float()
    )
    types = [one.cohort.tumor_type for one in several]
    pooled = pooled_association(types, whole, columns["q"], disjoint, method)
    pooled = replace(pooled, simulated=any(one.is_simulated for one in several))
    return frame, pooled, whole.n_controls


def _correlated(
    several: Sequence[_Measured],
    sides: Sequence[tuple[Measured, Measured]],
    question: Question,
    method: Method,
) -> Correlations:
    """Correlate the tumor types where all is measured; the others get their note.

    Samples that lack a value are left out, and counted in the note.
    """
    vectors = [one.vectors(*pair) for one, pair in zip(several, sides, strict=True)]
    controls = None
    if question.adjust:
        matrices = [one.control_matrix for one in several]
        controls = [
            matrix if len(matrix) == len(x) else np.empty((len(x), 0))
            for matrix, (x, _) in zip(matrices, vectors, strict=True)
        ]
    result = correlate_groups(
        np.concatenate([x for x, _ in vectors]),
        np.concatenate([y for _, y in vectors]),
        np.array([0, *itertools.accumulate(len(x) for x, _ in vectors)]),
        method,
        names=(question.pair[0].name, question.pair[1].name),
        controls=controls,
    )
    notes = []
    for one, pair, note in zip(several, sides, result.notes, strict=True):
        lacking = [side.note for side in pair if side.note] or [one.lacking]
        why = "; ".join(dict.fromkeys(filter(None, lacking))) or note
        why = why or ("x and y are the same variable" if one.are_same() else "")
        notes.append("; ".join(filter(None, (why, *one.left_out(), *one.sharing()))))
    n = np.array([np.count_nonzero(one.having) for one in several])
    return Correlations(
        n, result.r, result.ci_low, result.ci_high, result.p, notes, result.n_controls
    )


def _nulls(
    several: Sequence[_Measured],
    answered: NDArray[np.bool_],
    question: Question,
    method: Method,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> tuple[list[NullResult], list[NullResult]]:
    """Both nulls of each tumor type that has an r; several tumor types at a time."""
    involves_set = any(isinstance(variable, SetVariable) for variable in question.pair)

    def ask(one: _Measured, has_r: np.bool_) -> tuple[NullResult, NullResult]:
        if not has_r or one.are_same():
            return _NONE, _NONE
        # mapped anew, so that the pages that are read go with the tumor type
        table = one.cohort.table
        table = replace(table, ranks=table.all_ranks(), values=table.all_values())
        fit = Fit(one.control_matrix, ranked=method == "spearman") if question.adjust else None
        columns = one.cohort.columns[one.having]
        where = Situation(table, columns, method, fit, one.cohort.min_genes)
        x, y = one.sides()
        genes = random_gene_null(where, x, y, question.n_draws) if "genes" in wanted else _NONE
        sets = real_set_null(where, reference(table), x, y) if "sets" in wanted else _NONE
        return genes, sets

    wanted = {null for null in question.nulls if null == "genes" or involves_set}
    if not wanted:
        return [_NONE] * len(several), [_NONE] * len(several)
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
        results = list(threads.map(ask, several, answered))
    return [genes for genes, _ in results], [sets for _, sets in results]


def _note(cohort: Cohort, whole: Sequence[str], apart: str, nulls: Sequence[str]) -> str:
    parts = ["SIMULATED"] if cohort.table.metadata.simulated else []
    parts += dict.fromkeys(filter(None, whole))
    if apart and apart not in parts:
        parts.append(f"without shared genes: {apart}")
    return "; ".join([*parts, *filter(None, nulls)])
