"""Associations: how two variables vary together in each tumor type, and pooled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.comparisons import compare_pairs, compare_pooled
from tcga_corr.analysis.naming.names import (
    CovariateVariable,
    Item,
    Items,
    NameResolver,
    Variable,
    sets_among,
)
from tcga_corr.analysis.nulls.associations import NullColumns, Reference, checked_nulls
from tcga_corr.analysis.panel import Pairs, Panel
from tcga_corr.analysis.pool import Adjusted, Pooling, pooled_association
from tcga_corr.analysis.samples.cohort import Cohort, Measured, join_notes, matching_notes
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import Method, MethodOrAll, Null, check_choice
from tcga_corr.errors import UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.vocabulary.associations import ASSOCIATION, LEVEL_OF_TUMOR_TYPE, P_OF_Q
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS, NULLS

if TYPE_CHECKING:
    import polars as pl


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
    purity: bool = False


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
    *,
    purity: bool = True,
) -> CorrelateAnswer:
    """See :meth:`tcga_corr.Engine.correlate`."""
    *_, answer = correlate_in_steps(data, x, y, method, adjust, null, draws, purity=purity)
    return answer


def correlate_in_steps(
    data: CohortData,
    x: Item,
    y: Item,
    method: MethodOrAll = "pearson",
    adjust: Items = (),
    null: Null | Iterable[Null] = tuple(NULLS),
    draws: int = N_DRAWS,
    *,
    purity: bool = True,
) -> Iterator[CorrelateAnswer]:
    """See :meth:`tcga_corr.Engine.correlate_in_steps`."""
    question = prepare(data, x, y, method, adjust, null, draws, purity=purity)
    pair, controls, beside = question.pair, question.adjust, question.purity
    own = [
        f"{name} is left out: there is no partial form of it here"
        for name, record in METHODS.items()
        if method == "all" and name not in question.methods
    ]
    query = CorrelateQuery(
        x=pair[0].name,
        y=pair[1].name,
        method=method,
        adjust=[variable.name for variable in controls],
        scope=data.query,
        null=list(question.nulls),
        draws=draws,
        purity=beside is not None,
    )
    for found in associate(panels_of(data.cohorts, question), question, data.reference):
        notes = matching_notes(found.measured), own
        is_known = beside is not None and found.frame["r_purity"].null_count() < found.frame.height
        variables = (*pair, *controls, *([beside] if is_known and beside else []))
        yield data.answer(
            CorrelateAnswer, found.frame, query, variables, *notes, pooled=found.pooled
        )


def prepare(
    data: CohortData,
    x: Item,
    y: Item,
    method: MethodOrAll,
    adjust: Items,
    null: Null | Iterable[Null],
    draws: int,
    *,
    purity: bool,
) -> Question:
    """The question of a pair, with its names found.

    Raises
    ------
    UsageError
        On an unknown name, method or null.
    """
    check_choice("method", method, [*METHODS, "all"])
    nulls = checked_nulls(null, draws)
    pair = data.names.variable(x), data.names.variable(y)
    controls = data.names.controls(adjust, pair)
    adjusted = bool(controls) or any(cohort.studies for cohort in data.cohorts)
    return Question(
        pair=pair,
        methods=_methods(method, adjusted=adjusted),
        adjust=tuple(controls),
        nulls=nulls,
        n_draws=draws,
        purity=purity_beside(data.names, pair, controls) if purity else None,
    )


def purity_beside(
    names: NameResolver, correlated: Sequence[Variable], controls: Sequence[Variable]
) -> CovariateVariable | None:
    """What r is adjusted for beside itself; None where no set is involved, or it is a control."""
    purity = names.purity() if sets_among(correlated) else None
    return None if purity in controls else purity


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
        The nulls to compare with, by ``n_draws`` random pairs.
    purity
        What to adjust for beside; None for nothing.
    """

    pair: tuple[Variable, Variable]
    methods: tuple[Method, ...] = ("pearson",)
    adjust: tuple[Variable, ...] = ()
    nulls: tuple[Null, ...] = ()
    n_draws: int = N_DRAWS
    purity: Variable | None = None


@dataclass(frozen=True)
class Associations:
    """A row per tumor type and method, their pooling by method, and the measured variables."""

    frame: pl.DataFrame
    pooled: dict[Method, Pooling]
    measured: list[Measured]


def panels_of(cohorts: Sequence[Cohort], question: Question) -> list[Panel]:
    """The variables of a question, measured in each cohort."""
    return [
        Panel(cohort, question.pair, question.adjust, purity=question.purity) for cohort in cohorts
    ]


def associate(
    panels: Sequence[Panel], question: Question, reference: Reference
) -> Iterator[Associations]:
    """Rows in the columns of :mod:`tcga_corr.vocabulary.associations`, by tumor type and method.

    Parameters
    ----------
    panels
        The variables in each tumor type.
    question
        What to compute.
    reference
        Gives the reference collection's index of a table.

    Yields
    ------
    All but the nulls of the pooled r; then, where there are nulls, the same with these.
    """
    import polars as pl

    by_method = {
        method: _ByMethod([panel.by_method(method) for panel in panels], question, reference)
        for method in question.methods
    }
    frame = pl.concat([one.frame for one in by_method.values()])
    by_tumor_type = np.arange(frame.height).reshape(len(by_method), -1).T.ravel()
    measured = [[*panel.measured, *panel.controls] for panel in panels]
    found = Associations(
        frame[by_tumor_type.tolist()],
        {method: one.pooled for method, one in by_method.items()},
        [one for of_variable in zip(*measured, strict=True) for one in of_variable],
    )
    yield found
    if question.nulls:
        yield replace(found, pooled={name: one.compared() for name, one in by_method.items()})


class _ByMethod:
    """The associations of a question by one method: its rows, and their pooling without nulls."""

    def __init__(self, panels: Sequence[Panel], question: Question, reference: Reference) -> None:
        self._panels, self._question, self._reference = panels, question, reference
        x, y = np.array([0]), np.array([1])
        self._parts = [panel.pairs(x, y) for panel in panels]
        found, method = Pairs.joined(self._parts), panels[0].method
        self._types = [panel.cohort.tumor_type for panel in panels]
        self.frame = self._rows(found, method)
        adjusted = Adjusted(*(self.frame[name].to_numpy() for name in ("q", "q_genes", "z_genes")))
        self.pooled = replace(
            pooled_association(self._types, found, adjusted, method),
            simulated=any(one.cohort.simulated for one in panels),
        )

    def compared(self) -> Pooling:
        """The pooling beside its nulls."""
        if self.pooled.r is None:
            return self.pooled
        asked = self._question
        return self.pooled.beside(
            compare_pooled(self._panels, self._parts, asked.nulls, asked.n_draws, self._reference)
        )

    def _rows(self, found: Pairs, method: Method) -> pl.DataFrame:
        asked, types = self._question, self._types
        compared = in_threads(
            lambda panel, own: compare_pairs(
                panel, own, asked.nulls, asked.n_draws, self._reference
            ),
            self._panels,
            self._parts,
        )
        beside = {null: NullColumns.joined([one[null] for one in compared]) for null in asked.nulls}
        columns = association_columns(found, beside)
        return _frame(
            {
                "tumor_type": types,
                "x": [asked.pair[0].name] * len(types),
                "y": [asked.pair[1].name] * len(types),
                "method": [method] * len(types),
                **columns,
                **{q: benjamini_hochberg(columns[p]) for q, p in P_OF_Q.items() if p in columns},
            }
        )


def association_columns(found: Pairs, beside: Mapping[Null, NullColumns]) -> dict[str, Any]:
    """The columns of an association that depend on its own row alone, NaN where there is none."""
    columns: dict[str, Any] = {
        "n": found.n,
        "r": found.r,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p": found.p,
        "n_shared_genes": found.n_shared,
        "r_disjoint": found.r_disjoint,
        "r_purity": found.r_purity,
        "n_purity": np.where(found.n_purity > 0, found.n_purity.astype(np.float64), np.nan),
        "level": [LEVEL_OF_TUMOR_TYPE] * len(found.r),
    }
    for null, numbers in beside.items():
        columns |= numbers.by_column(NULLS[null])
    notes = list(found.notes)
    for place, note in notes_of_nulls(beside.values()).items():
        notes[place] = join_notes(notes[place], note)
    return columns | {"note": notes}


def notes_of_nulls(beside: Iterable[NullColumns]) -> dict[int, str]:
    """The notes of several nulls, by the place of a pair; what several have stands once."""
    notes: dict[int, list[str]] = {}
    for numbers in beside:
        for place, note in numbers.notes.items():
            notes.setdefault(place, []).append(note)
    return {place: join_notes(*own) for place, own in notes.items()}


def _frame(columns: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of associations; columns that are not given are empty."""
    import polars as pl

    types = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
    empty = [None] * len(columns["tumor_type"])
    series = []
    for column in ASSOCIATION:
        values = pl.Series(column.name, columns.get(column.name, empty))
        if column.type != "text":
            values = values.cast(pl.Float64).fill_nan(None)
        series.append(values.cast(types[column.type]))
    return pl.DataFrame(series)
