"""Associations by strata: r in each part of the samples, and whether the parts differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.correlate import Question, associate, panels_of, prepare
from tcga_corr.analysis.naming.names import Item, Items, Variable, check_is_number
from tcga_corr.analysis.panel import Pairs, Panel
from tcga_corr.analysis.pool import Pooling
from tcga_corr.analysis.samples.cohort import (
    Cohort,
    Measured,
    Vector,
    join_notes,
    matching_notes,
    samples_without,
)
from tcga_corr.analysis.samples.strata import Strata, Stratum, cut
from tcga_corr.choices import BY_SAMPLE_TYPE, Method, Null
from tcga_corr.errors import UsageError
from tcga_corr.stats import differences
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.methods import FORMULAS, fisher_variance
from tcga_corr.stats.pooling import pool_effects
from tcga_corr.vocabulary.associations import (
    LEVEL_OF_DIFFERENCE,
    OF_STRATA,
    SIMULATED,
)
from tcga_corr.vocabulary.nulls import N_DRAWS, NULLS

if TYPE_CHECKING:
    import polars as pl

ALL_STRATA = "all"
"""The stratum of a row that compares more than two."""
_MOST_COMPARED = 4  # strata of which every two are compared


@dataclass(frozen=True)
class CorrelateByQuery(Query):
    """A question of :func:`correlate_by`."""

    x: str
    y: str
    by: str
    continuous: bool
    strata: list[str]
    method: Method
    adjust: list[str]
    scope: ScopeQuery
    null: list[Null]
    draws: int
    purity: bool = False


@dataclass(frozen=True)
class CorrelateByAnswer(Answer):
    """An answer of :func:`correlate_by`.

    Its rows are those of :func:`~tcga_corr.analysis.correlate.correlate` in each stratum, and of
    ``level`` ``difference`` those that compare strata; ``delta_z`` and ``p_permutation`` come last.

    Attributes
    ----------
    strata
        The pooled association of each stratum.
    differences
        The differences, pooled over tumor types, as rows.
    """

    query: CorrelateByQuery
    strata: Mapping[str, Pooling] = field(default_factory=dict)
    differences: tuple[dict[str, Any], ...] = ()


def correlate_by(
    data: CohortData,
    x: Item,
    y: Item,
    by: str = BY_SAMPLE_TYPE,
    *,
    continuous: bool = False,
    method: Method = "pearson",
    adjust: Items = (),
    null: Null | Iterable[Null] = tuple(NULLS),
    draws: int = N_DRAWS,
    purity: bool = True,
) -> CorrelateByAnswer:
    """See :meth:`tcga_corr.Engine.correlate_by`."""
    question = prepare(data, x, y, method, adjust, null, draws, purity=purity)
    if continuous:
        strata = _whole(data, by, question)
    else:
        strata = cut(data, by, question.pair)
        if strata.variable in question.adjust:
            raise UsageError(
                f"'{by}' cuts the samples, and is adjusted for too", "Leave one of them out"
            )
    panels = {part.name: panels_of(part.cohorts, question) for part in strata.parts}
    frames, pooled, measured = [], {}, []
    for part in strata.parts:
        *_, found = associate(panels[part.name], question, data.reference)
        frames.append(_of_stratum(found.frame, part, strata))
        pooled[part.name] = found.pooled[method]
        measured += found.measured
    if continuous:
        rows = _slopes(data.cohorts, strata, question)
    else:
        by_method = {
            name: [panel.by_method(method) for panel in own] for name, own in panels.items()
        }
        rows = _differences(strata, by_method, question)
    rows = _with_q(rows)
    query = CorrelateByQuery(
        x=question.pair[0].name,
        y=question.pair[1].name,
        by=strata.by,
        continuous=continuous,
        strata=[part.name for part in strata.parts],
        method=method,
        adjust=[one.name for one in question.adjust],
        scope=_scope(data.query, strata),
        null=list(question.nulls),
        draws=draws,
        purity=question.purity is not None,
    )
    more = [strata.variable] if strata.variable else []
    if question.purity and any(one["n_purity"].null_count() < one.height for one in frames):
        more.append(question.purity)
    return data.answer(
        CorrelateByAnswer,
        _joined(frames, rows),
        query,
        (*question.pair, *question.adjust, *more),
        matching_notes(measured),
        _patients_in_both(strata),
        strata=pooled,
        differences=tuple(_pooled_differences(rows, data)),
    )


def _patients_in_both(strata: Strata) -> list[str]:
    """That some patients are in both strata of the sample type, as a note."""
    if strata.variable is not None:
        return []
    count = 0
    for cohorts in zip(*(part.cohorts for part in strata.parts), strict=True):
        first, second = ({sample.patient for sample in cohort.samples} for cohort in cohorts)
        count += len(first & second)
    return [f"{count} patients are in both strata, which are compared as if they were independent"]


def _scope(scope: ScopeQuery, strata: Strata) -> ScopeQuery:
    if strata.variable is None:
        return replace(scope, samples=" and ".join(part.name for part in strata.parts))
    return scope


def _whole(data: CohortData, by: str, question: Question) -> Strata:
    """One stratum of all samples that have a number."""
    if by == BY_SAMPLE_TYPE:
        raise UsageError("the sample type is no number", "Leave --continuous out")
    variable = data.names.covariate_or_variable(by)
    check_is_number(variable)
    if variable in (*question.pair, *question.adjust):
        raise UsageError(f"'{by}' is x, y or adjusted for already", "Give another")
    if FORMULAS[question.methods[0]].pair is not None:
        raise UsageError(f"there is no slope of {question.methods[0]}", "Use pearson or spearman")
    measured = [cohort.measure(variable) for cohort in data.cohorts]
    cohorts = [
        cohort.only(np.zeros(len(cohort.columns), dtype=bool) if one.values is None
                    else ~np.isnan(one.values))
        for cohort, one in zip(data.cohorts, measured, strict=True)
    ]  # fmt: skip
    part = Stratum(f"with {variable.name}", cohorts, [""] * len(cohorts))
    return Strata(variable.name, variable, [part], measured)


def _of_stratum(frame: pl.DataFrame, part: Stratum, strata: Strata) -> pl.DataFrame:
    import polars as pl

    notes = [join_notes(note, own) for note, own in zip(frame["note"], part.notes, strict=True)]
    return frame.with_columns(
        stratum=pl.lit(part.name),
        note=pl.Series(notes, dtype=pl.String),
        **{column.name: pl.lit(None, pl.Float64) for column in OF_STRATA},
    )


def _joined(frames: Sequence[pl.DataFrame], rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """All rows, by tumor type: its strata, then what compares them."""
    import polars as pl

    schema = frames[0].schema
    compared = pl.DataFrame(
        [{name: row.get(name) for name in schema} for row in rows], schema=schema
    ).fill_nan(None)
    types = frames[0]["tumor_type"].to_list()
    parts = [
        part.filter(pl.col("tumor_type") == name) for name in types for part in (*frames, compared)
    ]
    return pl.concat(parts)


# --- differences between strata


def _differences(
    strata: Strata, panels: Mapping[str, Sequence[Panel]], question: Question
) -> list[dict[str, Any]]:
    """The rows that compare the strata of each tumor type."""
    wanted = comparisons([part.name for part in strata.parts])
    rows = []
    for number, cohort in enumerate(strata.parts[0].cohorts):
        missing = strata.measured[number] if strata.measured else None
        own = {part.name: panels[part.name][number] for part in strata.parts}
        for label, names in wanted.items():
            row = compared({name: own[name] for name in names}, label, question.n_draws)
            rows.append(_row(cohort, question, label, row, missing))
    return rows


def comparisons(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The comparisons of some strata: by what the row is called, the strata that it compares."""
    together = itertools.combinations(names, 2) if len(names) <= _MOST_COMPARED else ()
    several = {ALL_STRATA: tuple(names)} if len(names) > 2 else {}
    return {f"{one} − {other}": (one, other) for one, other in together} | several


@dataclass(frozen=True)
class _Part:
    """The pair in one stratum of one tumor type."""

    n: int
    r: float
    variance: float
    units: Any
    fitted: Any

    @classmethod
    def of(cls, panel: Panel, x: int, y: int) -> _Part:
        found: Pairs = panel.pairs(*(np.array([place], dtype=np.intp) for place in (x, y)))
        variance = fisher_variance(found.r, found.n, panel.method, found.n_controls)
        r = float(found.r[0])
        units = None if np.isnan(r) else panel.standardised(x, y)[0]
        fitted = panel.fitted_out(x, y)
        return cls(int(found.n[0]), r, float(variance[0]), units, fitted)

    @property
    def is_usable(self) -> bool:
        return abs(self.r) < 1 and bool(np.isfinite(self.variance))


def compared(
    panels: Mapping[str, Panel], label: str, n_draws: int, x: int = 0, y: int = 1
) -> dict[str, Any]:
    """The numbers of a row that compares some strata of one tumor type, and its note.

    Parameters
    ----------
    panels
        By stratum, its measured variables, with the method.
    label
        What the row is called in :func:`comparisons`.
    n_draws
        Permutations.
    x, y
        The places of the pair in the panels.

    Returns
    -------
    In the columns of an association, those that there are; with what is needed to pool it:
    ``variance`` of ``delta_z``, or of several strata ``cochran_q`` and ``df``.
    """
    parts = {name: _Part.of(panel, x, y) for name, panel in panels.items()}
    usable = {name: part for name, part in parts.items() if part.is_usable}
    left = [f"{name}: n = {part.n}" for name, part in parts.items() if name not in usable]
    note = f"no r in {', '.join(left)}" if left else ""
    if len(usable) < 2 or (len(usable) < len(parts) and label != ALL_STRATA):
        return {"n": sum(part.n for part in parts.values()), "note": note}
    z = np.arctanh([part.r for part in usable.values()])
    variance = np.array([part.variance for part in usable.values()])
    row: dict[str, Any] = {"n": sum(part.n for part in usable.values())}
    if label == ALL_STRATA:
        q, df, row["p"] = differences.cochran_q(z, variance)
        degrees = f"{df} degree{'s' if df > 1 else ''} of freedom"
        note = join_notes(f"Cochran's Q = {q:.3g} with {degrees}", note)
        row |= {"cochran_q": q, "df": df}
    else:
        found = differences.difference(float(z[0] - z[1]), float(variance.sum()))
        row |= {"delta_z": found.delta, "ci_low": found.ci_low, "ci_high": found.ci_high}
        row |= {"p": found.p, "variance": found.variance}
    if FORMULAS[next(iter(panels.values())).method].pair is None:
        groups = [part.units for part in usable.values()]
        fitted = [part.fitted for part in usable.values()]
        row["p_permutation"] = differences.permutation_p(groups, variance, n_draws, fitted)
    return row | {"note": note}


def _slopes(cohorts: Sequence[Cohort], strata: Strata, question: Question) -> list[dict[str, Any]]:
    """The rows that say how r changes with a number."""
    rows = []
    for whole, cohort, measured in zip(
        cohorts, strata.parts[0].cohorts, strata.measured, strict=True
    ):
        row = _slope(cohort, strata.variable, question)
        rows.append(_row(whole, question, f"per SD of {strata.by}", row, measured))
    return rows


def _slope(cohort: Cohort, variable: Variable | None, question: Question) -> dict[str, Any]:
    assert variable is not None  # noqa: S101  the sample type is refused before
    number = cohort.measure(variable)
    panel = Panel(cohort, question.pair, [*question.adjust, number], question.methods[0])
    place = np.array([0], dtype=np.intp)
    pair = panel.pairs(place, place + 1)
    if np.isnan(pair.r[0]) or number.values is None:
        return {"n": int(pair.n[0]), "note": pair.notes[0]}
    (x, y), columns = panel.standardised(0, 1)
    values = number.values[columns]
    found = differences.slope_of_z(x, y, values, int(pair.n_controls[0]))
    sd = float(values.std())
    return {
        "n": int(pair.n[0]),
        "delta_z": found.delta,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p": found.p,
        "variance": found.variance,
        "p_permutation": differences.permutation_p_of_slope(x, y, values, question.n_draws),
        "note": f"z = atanh(r) changes by delta_z with each {sd:.3g} of {variable.name}",
    }


def _row(
    cohort: Cohort,
    question: Question,
    label: str,
    numbers: Mapping[str, Any],
    missing: Measured | None,
) -> dict[str, Any]:
    return {
        "tumor_type": cohort.tumor_type,
        "stratum": label,
        "x": question.pair[0].name,
        "y": question.pair[1].name,
        "method": question.methods[0],
        **numbers,
        "level": LEVEL_OF_DIFFERENCE,
        "note": note_of_comparison(cohort, numbers["note"], missing),
    }


def note_of_comparison(cohort: Cohort, note: str, measured: Measured | None) -> str:
    """The note of a row that compares strata of a tumor type.

    Parameters
    ----------
    cohort
        All samples.
    note
        That of :func:`compared`.
    measured
        What cuts the samples; None of the sample type.
    """
    left = samples_without(measured.name, measured.n_missing) if measured else ""
    return join_notes(cohort.mark, note, left)


def _with_q(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with q over the tumor types of each comparison."""
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row["stratum"], []).append(place)
    found = [dict(row) for row in rows]
    for own in places.values():
        p = np.array([rows[place].get("p", np.nan) for place in own], dtype=np.float64)
        for place, q in zip(own, benjamini_hochberg(p), strict=True):
            found[place]["q"] = float(q)
    return found


def _pooled_differences(
    rows: Sequence[Mapping[str, Any]], data: CohortData
) -> Iterator[dict[str, Any]]:
    """The rows of each comparison, pooled over the tumor types that have it."""
    mark = SIMULATED if any(cohort.simulated for cohort in data.cohorts) else ""
    for label in dict.fromkeys(row["stratum"] for row in rows):
        own = [row for row in rows if row["stratum"] == label and "p" in row]
        if len(own) < 2:
            continue
        shared = {name: own[0][name] for name in ("stratum", "x", "y", "method", "level")}
        row = {"tumor_type": "POOLED", **shared, "n": sum(one["n"] for one in own)}
        row |= pooled_difference(own, label)
        yield row | {"note": join_notes(mark, row["note"])}


def pooled_difference(rows: Sequence[Mapping[str, Any]], label: str) -> dict[str, Any]:
    """One comparison over the tumor types that have it, two or more: its numbers and note.

    Parameters
    ----------
    rows
        As of :func:`compared`.
    label
        What the comparison is called.
    """
    return _summed_q(rows) if label == ALL_STRATA else _pooled_delta(rows)


def _summed_q(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum of the tumor types' Q, which are independent, and its p."""
    from scipy import special

    q, df = sum(row["cochran_q"] for row in rows), sum(row["df"] for row in rows)
    return {
        "p": float(special.chdtrc(df, q)),
        "note": f"sum of Q = {q:.3g} with {df} degrees of freedom over {len(rows)} tumor types",
    }


def _pooled_delta(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Random effects over the tumor types' differences of z, with Hartung and Knapp's interval."""
    delta: Vector = np.array([row["delta_z"] for row in rows])
    found = pool_effects(delta, np.array([row["variance"] for row in rows]))
    return {
        "delta_z": float(found.r),
        "ci_low": float(found.ci_low),
        "ci_high": float(found.ci_high),
        "p": float(found.p),
        "note": f"over {len(rows)} tumor types; I2 = {100 * float(found.i2):.0f} %",
    }
