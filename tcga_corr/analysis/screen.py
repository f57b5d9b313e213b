"""Screens: one variable against every gene, or against many gene sets, in each tumor type."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.cohort import (
    Cohort,
    Mask,
    Measured,
    Vector,
    complete_samples,
    join_notes,
    matching_notes,
    samples_without,
)
from tcga_corr.analysis.given import several_items
from tcga_corr.analysis.names import (
    GeneVariable,
    Item,
    Items,
    NameResolver,
    SetVariable,
    Variable,
    check_distinct,
    collection,
    genes_of_list,
    is_collection,
    sets_among,
)
from tcga_corr.analysis.nulls import checked_nulls
from tcga_corr.analysis.pool import Adjusted, pooled_columns
from tcga_corr.analysis.reference_r import correlate_sets, reference_r
from tcga_corr.analysis.scope import SEE_STATUS, Scope
from tcga_corr.analysis.screen_nulls import (
    ScreenNulls,
    compare_with_every_gene,
    compare_with_variables,
)
from tcga_corr.analysis.shared_genes import Variables
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import Null, ScreenMethod, check_choice
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import MIN_SAMPLES, Fit, note_of_few, snapped, unit_rows
from tcga_corr.stats.methods import fisher_interval, fisher_variance, is_ranked, p_of_r
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import MIN_GENES, ReferenceIndex
from tcga_corr.vocabulary.associations import SIMULATED
from tcga_corr.vocabulary.gene_sets.paths import split_at_commas
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS, NULLS

if TYPE_CHECKING:
    import polars as pl

Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]
YKind = Literal["genes", "sets", "variables"]
_Found = tuple[Vector, Counts, Vector]

MOST_BY_DEFAULT = 200
"""Gene sets up to which a screen is compared with random genes by default."""
_GENES_AT_ONCE = 256
# of the mean square: below it, a variance from sums of squares has lost digits
_LOST = 1e-3


@dataclass(frozen=True)
class ScreenQuery(Query):
    """A question of :func:`screen`."""

    x: str
    against: str | list[str]
    y_kind: YKind
    n_y: int
    method: ScreenMethod
    adjust: list[str]
    scope: ScopeQuery
    by_tumor_type: bool
    null: list[Null]
    draws: int


@dataclass(frozen=True)
class ScreenAnswer(Answer):
    """An answer of :func:`screen`: a row per y, or per tumor type and y."""

    query: ScreenQuery


def screen(
    data: CohortData,
    x: Item,
    against: Items = "genes",
    method: ScreenMethod = "pearson",
    adjust: Items = (),
    *,
    by_tumor_type: bool = False,
    null: Null | Iterable[Null] | None = None,
    draws: int = N_DRAWS,
) -> ScreenAnswer:
    """See :meth:`tcga_corr.Engine.screen`."""
    check_choice("method", method, [name for name, one in METHODS.items() if one.screens])
    nulls = None if null is None else checked_nulls(null, draws)
    variable = data.names.variable(x)
    controls = data.names.controls(adjust, [variable])
    asked = os.fspath(against) if isinstance(against, os.PathLike) else against
    others = None if _is_word(asked, "genes") else _others(data.names, asked, variable)
    if others is None:
        found = screen_genes(data.cohorts, variable, controls, method)
    elif _is_word(asked, "reference") and _sums_are_stored(data.scope):
        found = screen_reference(data.cohorts, variable, controls, method, data.reference)
    else:
        found = screen_variables(data.cohorts, variable, others, controls, method)
    is_large = others is not None and len(others) > MOST_BY_DEFAULT
    wanted = nulls if nulls is not None else () if is_large else ("genes",)
    if wanted:
        compared = _compared(data, found, variable, others, controls, wanted, draws)
        found = replace(found, nulls=compared)
    by_tumor_type = by_tumor_type or found.n_types_with_r < 2
    frame = found.by_tumor_type() if by_tumor_type else found.ranking()
    if not frame.height:
        reasons = join_notes(*found.notes) or "nothing to compare with"
        raise AnalysisError(f"no tumor type gives an association: {reasons}", SEE_STATUS)
    query = ScreenQuery(
        x=variable.name,
        against=asked if isinstance(asked, str) else list(found.y),
        y_kind="genes" if others is None else _kind(others),
        n_y=len(found.y),
        method=method,
        adjust=[control.name for control in controls],
        scope=data.query,
        by_tumor_type=by_tumor_type,
        null=list(wanted),
        draws=draws,
    )
    own = [
        f"{len(found.y):,} sets are not compared with random genes by default, as that takes "
        "minutes: --null genes"
    ]
    chosen = [one for one in others or () if isinstance(one, GeneVariable)]
    of_files = (note for one in sets_among(others or ()) for note in one.gene_set.notes)
    notes = (
        found.left_out(),
        matching_notes([*found.measured, *(one for row in data.measure(chosen) for one in row)]),
        dict.fromkeys(of_files),
        own if nulls is None and is_large else [],
    )
    return data.answer(ScreenAnswer, frame, query, (variable, *controls), *notes)


def _is_word(against: object, word: str) -> bool:
    return isinstance(against, str) and against.strip() == word


def _others(names: NameResolver, against: Items, x: Variable) -> list[GeneVariable | SetVariable]:
    """What x is screened against, each once and without x itself.

    Raises
    ------
    UsageError
        If it is neither genes nor gene sets.
    """
    found: dict[GeneVariable | SetVariable, None] = {}
    for one in _named_by(names, against):
        if not isinstance(one, GeneVariable | SetVariable):
            raise UsageError(
                f"'{one.name}' is a covariate, and a screen is of genes or gene sets",
                "`tcga-corr correlate` takes it",
            )
        if one != x:
            found[one] = None
    check_distinct(sets_among(list(found)))
    return list(found)


def _named_by(names: NameResolver, against: Items) -> Sequence[Variable]:
    if not isinstance(against, str):
        return [names.variable(one) for one in several_items(against)]
    text = against.strip()
    if is_collection(text):
        genes = genes_of_list(text)
        return collection(text) if genes is None else names.genes(genes)
    parts = split_at_commas(text)
    if len(parts) > 1:
        return [names.variable(part) for part in parts]
    with suppress(UsageError):
        return [names.variable(text)]
    return collection(text)  # says what may be given


def _kind(others: Sequence[GeneVariable | SetVariable]) -> YKind:
    kinds = {type(one) for one in others}
    if kinds == {GeneVariable}:
        return "genes"
    return "sets" if kinds == {SetVariable} else "variables"


def _compared(
    data: CohortData,
    found: Screen,
    x: Variable,
    others: Sequence[GeneVariable | SetVariable] | None,
    controls: Sequence[Variable],
    nulls: Sequence[Null],
    n_draws: int,
) -> ScreenNulls:
    if others is not None:
        return compare_with_variables(
            data.cohorts, x, others, controls, found.method, nulls, n_draws, data.reference
        )
    if "genes" not in nulls:
        raise UsageError("a gene has no p_sets", "Screen genes with --null genes, or none")
    by_average = found
    if isinstance(x, SetVariable) and data.scope.ties != "average":
        cohorts = [cohort.variant("average") for cohort in data.cohorts]
        by_average = screen_genes(cohorts, x, controls, found.method)
    observed = by_average.r_disjoint if isinstance(x, SetVariable) else by_average.r
    return compare_with_every_gene(
        data.cohorts, x, found.y, observed, controls, found.method, n_draws
    )


def _sums_are_stored(scope: Scope) -> bool:
    """Whether the reference collection's stored sums make the scores of a scope."""
    return scope.ties == "average" and scope.min_genes >= MIN_GENES


@dataclass(frozen=True)
class Screen:
    """The associations of one variable with many, tumor types x the many.

    Attributes
    ----------
    tumor_types, x, y
        The names of tumor types and variables.
    method
        How they are correlated.
    n_controls
        Fitted controls in each tumor type.
    n, r
        Samples and coefficient; r is NaN where there is none.
    n_shared, r_disjoint
        Genes that x and y share, and r without them.
    notes
        By tumor type, why it has no r at all.
    measured
        What x and the controls were in each tumor type.
    nulls
        Those that the screen is compared with.
    """

    tumor_types: Sequence[str]
    x: str
    y: Sequence[str]
    method: ScreenMethod
    n_controls: Counts
    n: Counts
    r: Matrix
    n_shared: Counts
    r_disjoint: Matrix
    notes: Sequence[str]
    measured: list[Measured] = field(repr=False)
    simulated: bool
    nulls: ScreenNulls = field(default_factory=ScreenNulls, repr=False)

    @property
    def n_types_with_r(self) -> int:
        """How many tumor types have an r of any."""
        return int((~np.isnan(self.r)).any(axis=1).sum())

    def left_out(self) -> list[str]:
        """Why tumor types have no r, how many samples lack a variable, and which y have no r."""
        lines = [
            f"{name}: {note}"
            for name, note in zip(self.tumor_types, self.notes, strict=True)
            if note
        ]
        counts: dict[str, int] = {}
        for one in self.measured:
            counts[one.name] = counts.get(one.name, 0) + one.n_missing
        lines += [samples_without(name, count) for name, count in counts.items() if count]
        n_unanswered = int(np.isnan(self.r).all(axis=0).sum())
        if n_unanswered:
            lines.append(f"no r in any tumor type: {n_unanswered} of {len(self.y)}")
        return lines

    def by_tumor_type(self) -> pl.DataFrame:
        """A row per tumor type and y that has an r; q over all of them."""
        import polars as pl

        row, column = np.nonzero(~np.isnan(self.r))
        n, r = self.n[row], self.r[row, column]
        n_controls = self.n_controls[row]
        p = p_of_r(r, n, self.method, n_controls)
        low, high = fisher_interval(r, fisher_variance(r, n, self.method, n_controls))
        frame = pl.DataFrame(
            {
                "tumor_type": _named(self.tumor_types, row),
                "x": pl.repeat(self.x, len(r), eager=True),
                "y": _named(self.y, column),
                "method": pl.repeat(self.method, len(r), eager=True),
                "n": n,
                "r": r,
                "ci_low": low,
                "ci_high": high,
                "p": p,
                "q": benjamini_hochberg(p),
                **self._beside(row, column),
                "n_shared_genes": self.n_shared[row, column],
                "r_disjoint": self.r_disjoint[row, column],
            }
        ).with_columns(rank=pl.col("r").abs().rank("min", descending=True).over("tumor_type"))
        frame = frame.with_columns(note=pl.Series(self._notes_of(row, column), dtype=pl.String))
        return frame.sort("tumor_type", "rank", "y").fill_nan(None)

    def _beside(self, row: Places, column: Places) -> dict[str, Vector]:
        """The columns of the nulls of some tumor types and y, with q over all of them."""
        columns: dict[str, Vector] = {}
        for null, found in self.nulls.by_tumor_type.items():
            for name in NULLS[null].columns:
                if name != NULLS[null].q:
                    values = [own.by_column(NULLS[null])[name] for own in found]
                    columns[name] = np.stack(values)[row, column]
                else:
                    columns[name] = benjamini_hochberg(columns[NULLS[null].p])
        return columns

    def _notes_of(self, row: Places, column: Places) -> list[str]:
        """The notes of the nulls of some tumor types and y."""
        texts: dict[tuple[int, int], str] = {}
        for found in self.nulls.by_tumor_type.values():
            for number, own in enumerate(found):
                for place, note in own.notes.items():
                    texts[number, place] = join_notes(texts.get((number, place), ""), note)
        if not texts:
            return [self._note] * len(row)
        places = zip(row.tolist(), column.tolist(), strict=True)
        return [join_notes(self._note, texts.get(place, "")) for place in places]

    def ranking(self) -> pl.DataFrame:
        """A row per y: pooled over the tumor types that have an r, most certain first."""
        import polars as pl

        some = np.flatnonzero((~np.isnan(self.r)).any(axis=0))
        r = self.r[:, some]
        n = np.broadcast_to(self.n[:, np.newaxis], r.shape)
        n_controls = self.n_controls[:, np.newaxis]
        q = benjamini_hochberg(p_of_r(r, n, self.method, n_controls).ravel()).reshape(r.shape)
        row, column = (places.ravel() for places in np.indices(r.shape))
        beside = self._beside(row, some[column])
        of_genes = (
            beside[name].reshape(r.shape) for name in ("q_genes", "z_genes") if name in beside
        )
        adjusted, r_disjoint = Adjusted(q, *of_genes), self.r_disjoint[:, some]
        pooled = pooled_columns(r, n, n_controls, adjusted, r_disjoint, self.method)
        if not beside:
            del pooled["tallied_by"]
        disjoint = pooled.pop("r_disjoint")
        columns: dict[str, Any] = {
            "x": pl.repeat(self.x, len(some), eager=True),
            "y": _named(self.y, some),
            "method": pl.repeat(self.method, len(some), eager=True),
            **_after_q(pooled, self._pooled_beside(some)),
            "n_shared_genes": self.n_shared[:, some].max(axis=0, initial=0),
            "r_disjoint": disjoint,
        }
        frame = pl.DataFrame(columns).fill_nan(None)
        perfect = pl.max_horizontal(pl.col("r_max"), -pl.col("r_min")) == 1  # nothing to pool
        notes = [own.notes for own in self.nulls.pooled.values()]
        texts = [
            join_notes(self._note, *(one.get(place, "") for one in notes))
            for place in some.tolist()
        ]
        frame = frame.with_columns(note=pl.Series(texts, dtype=pl.String))
        beyond = [pl.col("z_genes").abs()] if "z_genes" in frame.columns else []
        frame = frame.sort(
            perfect, *beyond, "p", pl.col("r").abs(), "y",
            descending=[True, *[True] * len(beyond), False, True, False], nulls_last=True,
        )  # fmt: skip
        return frame.with_row_index("rank", offset=1)

    def _pooled_beside(self, some: Places) -> dict[str, Vector]:
        columns: dict[str, Vector] = {}
        for null, found in self.nulls.pooled.items():
            values = found.by_column(NULLS[null])
            for name in NULLS[null].columns:
                is_q = name == NULLS[null].q
                columns[name] = (
                    benjamini_hochberg(columns[NULLS[null].p]) if is_q else values[name][some]
                )
        return columns

    @property
    def _note(self) -> str:
        return SIMULATED if self.simulated else ""


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
        columns = [one.values for one in self.measured[1:] if one.values is not None]
        columns += cohort.studies
        if columns:
            columns = [one[self.complete] for one in columns]
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
        n_controls=np.array([one.n_controls for one in prepared], dtype=np.int64),
        n=np.array([int(one.complete.sum()) for one in prepared], dtype=np.int64),
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


def _after_q(columns: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Columns with more of them after q."""
    place = list(columns).index("q") + 1
    items = list(columns.items())
    return dict([*items[:place], *more.items(), *items[place:]])


def _named(names: Sequence[str], places: NDArray[np.intp]) -> pl.Series:
    """Names by their places, without a Python string for each."""
    import polars as pl

    return pl.Series(names, dtype=pl.String).gather(places)
