"""Associations: how two variables vary together in each tumor type, and pooled."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.cohort import (
    SAME_VARIABLE,
    Cohort,
    Measured,
    Vector,
    complete_samples,
    join_notes,
    matching_notes,
)
from tcga_corr.analysis.names import (
    CovariateVariable,
    GeneVariable,
    Item,
    Items,
    Variable,
    sets_among,
)
from tcga_corr.analysis.nulls import NULL_FUNCTIONS, Kind, NullResult, NullSetting, Side
from tcga_corr.analysis.pool import Pooling, pooled_association
from tcga_corr.choices import Method, MethodOrAll, Null, check_choice
from tcga_corr.errors import UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import Correlations, Fit, Matrix, correlate_groups
from tcga_corr.stats.methods import is_ranked
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import ReferenceIndex
from tcga_corr.vocabulary import associations
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS, NULLS

if TYPE_CHECKING:
    import polars as pl

_MAX_THREADS = 4  # each holds some sets' scores; two cores are filled by two
_NO_NULL = NullResult()


@dataclass(frozen=True)
class CorrelateQuery(Query):
    """A question of :func:`correlate`."""

    x: str
    y: str
    method: MethodOrAll
    adjust: list[str]
    scope: ScopeQuery
    null: list[Null]
    draws: int


@dataclass(frozen=True)
class CorrelateAnswer(Answer):
    """An answer of :func:`correlate`: a row per tumor type and method, and their pooling."""

    query: CorrelateQuery


def correlate(
    data: CohortData,
    x: Item,
    y: Item,
    method: MethodOrAll = "pearson",
    adjust: Items = (),
    null: Null | Iterable[Null] = tuple(NULLS),
    draws: int = N_DRAWS,
) -> CorrelateAnswer:
    """See :meth:`tcga_corr.Engine.correlate`."""
    nulls: tuple[Null, ...] = tuple(dict.fromkeys([null] if isinstance(null, str) else null))
    check_choice("method", method, [*METHODS, "all"])
    for name in nulls:
        check_choice("null", name, NULLS)
    if draws < 1:
        raise UsageError(f"draws is {draws}", "Give 1 or more, or leave out the null")
    pair = data.names.variable(x), data.names.variable(y)
    controls = data.names.controls(adjust, pair)
    question = Question(
        pair=pair,
        methods=_methods(method, adjusted=bool(controls)),
        adjust=tuple(controls),
        nulls=nulls,
        n_draws=draws,
    )
    found = associate(data.cohorts, question, data.reference)
    own = [
        f"{name} is left out: there is no partial form of it here"
        for name, record in METHODS.items()
        if method == "all" and controls and not record.adjusts
    ]
    query = CorrelateQuery(
        x=pair[0].name,
        y=pair[1].name,
        method=method,
        adjust=[variable.name for variable in controls],
        scope=data.query,
        null=list(nulls),
        draws=draws,
    )
    notes = matching_notes(found.measured), own
    return data.answer(
        CorrelateAnswer, found.frame, query, (*pair, *controls), *notes, pooled=found.pooled
    )


def _methods(method: MethodOrAll, *, adjusted: bool) -> tuple[Method, ...]:
    if method == "all":
        return tuple(name for name, one in METHODS.items() if one.adjusts or not adjusted)
    if adjusted and not METHODS[method].adjusts:
        able = " or ".join(name for name, one in METHODS.items() if one.adjusts)
        raise UsageError(
            f"there is no partial {method.title()} correlation here", f"Adjust with {able}"
        )
    return (method,)


@dataclass(frozen=True)
class Question:
    """An association to compute.

    Attributes
    ----------
    pair
        The two variables.
    methods
        How to correlate; a row each.
    adjust
        Variables to hold constant.
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
    """A row per tumor type and method, their pooling by method, and the measured variables.

    ``n_controls`` is the number of fitted controls, one per row of ``frame``.
    """

    frame: pl.DataFrame
    pooled: dict[Method, Pooling]
    measured: list[Measured]
    n_controls: NDArray[np.int64]


def associate(
    cohorts: Sequence[Cohort],
    question: Question,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> Associations:
    """Rows in the columns of :mod:`tcga_corr.vocabulary.associations`, by tumor type and method.

    Parameters
    ----------
    cohorts
        The tumor types.
    question
        What to compute.
    reference
        Gives the reference collection's index of a table.
    """
    import polars as pl

    pairs = [_PairInCohort(cohort, question) for cohort in cohorts]
    answers = {
        method: _by_method(pairs, question, method, reference) for method in question.methods
    }
    frame = pl.concat(answer.frame for answer in answers.values())
    n_controls = np.concatenate([answer.n_controls for answer in answers.values()])
    if len(answers) > 1:
        by_tumor_type = np.arange(frame.height).reshape(len(answers), -1).T.ravel()
        frame, n_controls = frame[by_tumor_type.tolist()], n_controls[by_tumor_type]
    return Associations(
        frame,
        {method: answer.pooled for method, answer in answers.items()},
        [pair.measured[number] for number in range(len(pairs[0].measured)) for pair in pairs],
        n_controls,
    )


class _PairInCohort:
    """A question's variables in one tumor type, and the samples that have all of them."""

    def __init__(self, cohort: Cohort, question: Question) -> None:
        self.cohort = cohort
        self.pair = question.pair
        self.x, self.y = (cohort.measure(variable) for variable in question.pair)
        self.controls = [cohort.measure(variable) for variable in question.adjust]
        self.measured = (self.x, self.y, *self.controls)
        self.shared = self.x.shared_genes(self.y)
        self.complete = complete_samples(self.measured, len(cohort.columns))
        self.unmeasured = join_notes(*(one.note for one in self.measured))

    @property
    def control_matrix(self) -> Matrix:
        """Samples x controls; of no sample where the pair has no answer anyway."""
        columns = [self._complete_values(one) for one in self.controls]
        if columns:
            return np.column_stack(columns)
        return np.empty((len(self._complete_values(self.x)), 0))

    def without_shared(self) -> tuple[Measured, Measured]:
        """Both variables without the genes that they share."""
        if not self.shared:
            return self.x, self.y
        x, y = (self.cohort.measure(variable, without=self.shared) for variable in self.pair)
        return x, y

    def vectors(self, x: Measured, y: Measured) -> tuple[Vector, Vector]:
        """The values of both in the samples that have all; empty where either has none."""
        if x.values is None or y.values is None:
            return np.empty(0), np.empty(0)
        return self._complete_values(x), self._complete_values(y)

    def _complete_values(self, measured: Measured) -> Vector:
        if self.unmeasured or measured.values is None:
            return np.empty(0)
        return measured.values[self.complete]

    def notes_of_samples(self) -> list[str]:
        """How many samples lack a variable, and which controls share genes with x or y."""
        missing = dict.fromkeys(one.missing_note for one in self.measured if one.missing_note)
        sharing = (
            control.shares_as_control(side)
            for control in self.controls
            for side in (self.x, self.y)
        )
        return [*missing, *filter(None, sharing)]

    def sides(self) -> tuple[Side, Side]:
        """Both variables as a null takes them: without the genes that they share."""
        rows = self.cohort.table.genes.rows
        shared = rows(self.shared)

        def side(measured: Measured) -> Side:
            variable = measured.variable
            if isinstance(variable, CovariateVariable):
                values = self._complete_values(measured)
                return Side("covariate", variable.name, values=values)
            kind: Kind = "gene" if isinstance(variable, GeneVariable) else "set"
            return Side(kind, variable.name, rows(measured.genes)).without(shared)

        return side(self.x), side(self.y)


@dataclass(frozen=True)
class _Answer:
    frame: pl.DataFrame
    pooled: Pooling
    n_controls: NDArray[np.int64]


def _by_method(
    pairs: Sequence[_PairInCohort],
    question: Question,
    method: Method,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> _Answer:
    import polars as pl

    whole = _correlated(pairs, [(pair.x, pair.y) for pair in pairs], question, method)
    disjoint = whole
    if any(pair.shared for pair in pairs):
        disjoint = _correlated(pairs, [pair.without_shared() for pair in pairs], question, method)
    has_r = ~np.isnan(whole.r)
    nulls = _nulls(pairs, has_r, question, method, reference)
    involves_set = bool(sets_among(question.pair))
    size = len(pairs)
    columns: dict[str, object] = {
        "tumor_type": [pair.cohort.tumor_type for pair in pairs],
        "x": [question.pair[0].name] * size,
        "y": [question.pair[1].name] * size,
        "method": [method] * size,
        "n": whole.n,
        "r": whole.r,
        "ci_low": whole.ci_low,
        "ci_high": whole.ci_high,
        "p": whole.p,
        "q": benjamini_hochberg(whole.p),
        "n_shared_genes": [len(pair.shared) for pair in pairs],
        "r_disjoint": np.where(has_r & involves_set, disjoint.r, np.nan),
        "note": [
            _note(pair, note, without_shared if found else "", [result.note for result in results])
            for pair, note, without_shared, found, *results in zip(
                pairs, whole.notes, disjoint.notes, has_r, *nulls.values(), strict=True
            )
        ],
    }
    for name, record in NULLS.items():
        columns[record.p] = [result.p for result in nulls[name]]
        columns[record.low] = [result.low for result in nulls[name]]
        columns[record.high] = [result.high for result in nulls[name]]
    frame = pl.DataFrame({name: columns[name] for name in associations.NAMES}).fill_nan(None)
    types = [pair.cohort.tumor_type for pair in pairs]
    q = np.asarray(columns["q"])
    pooled = pooled_association(types, whole, q, np.asarray(columns["r_disjoint"]), method)
    pooled = replace(pooled, simulated=any(pair.cohort.simulated for pair in pairs))
    return _Answer(frame, pooled, whole.n_controls)


def _correlated(
    pairs: Sequence[_PairInCohort],
    sides: Sequence[tuple[Measured, Measured]],
    question: Question,
    method: Method,
) -> Correlations:
    """Correlate the tumor types where all is measured; the others get a note.

    Samples without a value are left out, and counted in the note.
    """
    vectors = [pair.vectors(*two) for pair, two in zip(pairs, sides, strict=True)]
    controls = None
    if question.adjust:
        matrices = [pair.control_matrix for pair in pairs]
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
    for pair, two, note in zip(pairs, sides, result.notes, strict=True):
        reason = join_notes(*(side.note for side in two)) or pair.unmeasured or note
        if not reason and pair.x.is_same_as(pair.y):
            reason = SAME_VARIABLE
        notes.append("; ".join(filter(None, (reason, *pair.notes_of_samples()))))
    n = np.array([np.count_nonzero(pair.complete) for pair in pairs])
    return replace(result, n=n, notes=notes)


def _nulls(
    pairs: Sequence[_PairInCohort],
    has_r: NDArray[np.bool_],
    question: Question,
    method: Method,
    reference: Callable[[TableIndex], ReferenceIndex],
) -> dict[Null, list[NullResult]]:
    """Each null in each tumor type that has an r; several tumor types at a time."""
    involves_set = bool(sets_among(question.pair))
    wanted = [
        null
        for null in question.nulls
        if METHODS[method].has_nulls and (involves_set or not NULLS[null].needs_set)
    ]

    def compute(pair: _PairInCohort, found: np.bool_) -> dict[Null, NullResult]:
        if not found or pair.x.is_same_as(pair.y):
            return {}
        # mapped anew, so that the pages that are read are released with the tumor type
        table = pair.cohort.table
        table = replace(table, ranks=table.all_ranks(), values=table.all_values())
        fit = Fit(pair.control_matrix, ranked=is_ranked(method)) if question.adjust else None
        columns = pair.cohort.columns[pair.complete]
        setting = NullSetting(table, columns, method, fit, pair.cohort.min_genes)
        x, y = pair.sides()
        return {
            null: NULL_FUNCTIONS[null](setting, x, y, question.n_draws, reference)
            for null in wanted
        }

    results: list[dict[Null, NullResult]] = [{}] * len(pairs)
    if wanted:
        with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as threads:
            results = list(threads.map(compute, pairs, has_r))
    return {null: [result.get(null, _NO_NULL) for result in results] for null in NULLS}


def _note(pair: _PairInCohort, whole: str, disjoint: str, nulls: Sequence[str]) -> str:
    few = [side.few_genes_note for side in (pair.x, pair.y)]
    parts = list(filter(None, [pair.cohort.mark, *dict.fromkeys(filter(None, [whole, *few]))]))
    if disjoint and disjoint not in parts:
        parts.append(f"without shared genes: {disjoint}")
    return "; ".join([*parts, *filter(None, nulls)])
