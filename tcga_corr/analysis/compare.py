"""Comparisons: whether a variable differs between groups of samples, per tumor type."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.cohort import Cohort, Measured, Vector, join_notes, matching_notes
from tcga_corr.analysis.names import Items, Variable
from tcga_corr.analysis.scope import SEE_STATUS
from tcga_corr.choices import BY_SAMPLE_TYPE, Selection
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.groups import MIN_GROUP, GroupTest, compare_many, compare_pairs, compare_two
from tcga_corr.store.metadata import StoredSample

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class CompareQuery(Query):
    """A question of :func:`compare`."""

    variables: list[str]
    by: str
    groups: list[str]
    scope: ScopeQuery


@dataclass(frozen=True)
class CompareAnswer(Answer):
    """An answer of :func:`compare`: a row per tumor type, variable, groups and test."""

    query: CompareQuery


@dataclass(frozen=True)
class Grouping:
    """How samples are grouped.

    Attributes
    ----------
    names
        The groups, in order; a difference is an earlier one minus a later one.
    group_of
        Selection and sample to the group's name; None leaves the sample out.
    selections
        The selections of samples that are grouped.
    """

    names: Sequence[str]
    group_of: Callable[[Selection, StoredSample], str | None]
    selections: tuple[Selection, ...]


def compare(
    data: CohortData,
    variables: Items,
    by: str | Path = BY_SAMPLE_TYPE,
    group: str | None = None,
) -> CompareAnswer:
    """See :meth:`tcga_corr.Engine.compare`."""
    grouping = grouping_by(by, group, data.scope.samples)
    data.refuse_unions("compare")
    scopes = [replace(data.scope, samples=selection) for selection in grouping.selections]
    parts = [[scope.cohort(table) for scope in scopes] for table in data.tables]
    chosen = data.names.expanded(variables)
    frame, measured = compare_groups(parts, chosen, grouping)
    if frame["p"].null_count() == frame.height:
        reasons = "; ".join(dict.fromkeys(frame["note"].to_list()))
        raise AnalysisError(f"no tumor type has groups to compare: {reasons}", SEE_STATUS)
    query = CompareQuery(
        variables=[variable.name for variable in chosen],
        by=str(by),
        groups=list(grouping.names),
        scope=replace(data.query, samples=" and ".join(grouping.selections)),
    )
    return data.answer(CompareAnswer, frame, query, chosen, matching_notes(measured))


def grouping_by(by: str | Path, group: str | None, samples: Selection) -> Grouping:
    """The groups that a question names: tumour and normal, or those of a file."""
    if str(by) != BY_SAMPLE_TYPE:
        from tcga_corr.formats.sample_groups import read_groups

        groups = read_groups(Path(by), group)
        return Grouping(
            groups.names,
            lambda selection, sample: groups.group(sample.sample, sample.patient),
            (samples,),
        )
    if samples != "tumor":
        raise UsageError(f"samples is '{samples}'", "By sample-type, tumor is compared with normal")
    if group is not None:
        raise UsageError("a column of groups is given", "Give the file too: --by FILE")
    return tumor_against_normal()


def tumor_against_normal() -> Grouping:
    """Tumour samples against solid tissue normal; patients who have both are pairs too."""
    return Grouping(("tumor", "normal"), lambda selection, sample: selection, ("tumor", "normal"))


def compare_groups(
    parts: Sequence[Sequence[Cohort]], variables: Sequence[Variable], grouping: Grouping
) -> tuple[pl.DataFrame, list[Measured]]:
    """Test each variable between the groups of each tumor type; q over the rows of a test.

    Two groups: Welch's t and Mann-Whitney; where patients match, the paired t and Wilcoxon's
    signed ranks too. More: one-way ANOVA with and without equal variances and Kruskal-Wallis, then
    each two groups.

    Parameters
    ----------
    parts
        For each tumor type, a cohort per selection.
    variables
        What to compare.
    grouping
        The groups.

    Returns
    -------
    A row per tumor type, variable, groups and test; and what was measured.
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    measured: list[Measured] = []
    for cohorts in parts:
        mark = next((cohort.mark for cohort in cohorts if cohort.simulated), "")
        for variable in variables:
            values, notes = _values_by_group(cohorts, variable, grouping, measured)
            labels = {"tumor_type": cohorts[0].tumor_type, "variable": variable.name}
            rows += [
                {**labels, **row, "note": join_notes(mark, row["note"])}
                for row in _rows(values, notes, grouping)
            ]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    q = np.full(frame.height, np.nan)
    for test in frame["test"].unique():
        places = np.flatnonzero((frame["test"] == test).to_numpy())
        q[places] = benjamini_hochberg(frame["p"].to_numpy()[places].astype(np.float64))
    return frame.with_columns(q=pl.Series(q)).select(_COLUMNS).fill_nan(None), measured


_NUMBERS = (
    "n_a", "n_b", "mean_a", "mean_b", "difference", "ci_low", "ci_high", "statistic", "df", "df2",
    "p", "q", "effect",
)  # fmt: skip
_COLUMNS = (
    "tumor_type", "variable", "test", "group_a", "group_b", *_NUMBERS, "effect_name", "note"
)  # fmt: skip
_SCHEMA: dict[str, Any] = {name: float if name in _NUMBERS else str for name in _COLUMNS}
_SCHEMA |= {"n_a": int, "n_b": int}

_Group = dict[str, tuple[str, float]]  # sample to its patient and value


def _values_by_group(
    cohorts: Sequence[Cohort], variable: Variable, grouping: Grouping, measured: list[Measured]
) -> tuple[dict[str, _Group], list[str]]:
    """The values of each group's samples; and why there are none."""
    groups: dict[str, _Group] = {name: {} for name in grouping.names}
    notes = []
    for cohort in cohorts:
        side = cohort.measure(variable)
        measured.append(side)
        if side.values is None:
            notes.append(side.note)
            continue
        for sample, value in zip(cohort.samples, side.values, strict=True):
            group = grouping.group_of(cohort.selection, sample)
            if group is not None and not np.isnan(value):
                groups[group][sample.barcode] = (sample.patient, float(value))
    return groups, list(dict.fromkeys(notes))


def _rows(
    groups: dict[str, _Group], notes: Sequence[str], grouping: Grouping
) -> list[dict[str, Any]]:
    rows = []
    if len(grouping.names) > 2:
        vectors = {name: _vector(groups[name]) for name in grouping.names}
        large = {name: values for name, values in vectors.items() if len(values) >= MIN_GROUP}
        small = [name for name in grouping.names if name not in large]
        left = f"left out, with fewer than {MIN_GROUP} samples: {', '.join(small)}" if small else ""
        n = sum(map(len, large.values()))
        for test in compare_many(list(large.values()), list(large)):
            row = _row(test, ", ".join(large), None, n, None, notes)
            row["note"] = "; ".join(filter(None, [row["note"], left]))
            rows.append(row)
    for a, b in itertools.combinations(grouping.names, 2):
        first, second = _vector(groups[a]), _vector(groups[b])
        means = {"mean_a": _mean(first), "mean_b": _mean(second)}
        rows += [
            _row(test, a, b, len(first), len(second), notes) | means
            for test in compare_two(first, second, names=(a, b))
        ]
        first, second = _pairs(groups[a], groups[b])
        means = {"mean_a": _mean(first), "mean_b": _mean(second)}
        rows += [
            _row(test, a, b, len(first), len(second), notes) | means
            for test in (compare_pairs(first, second) if len(first) else ())
        ]
    return rows


def _row(
    test: GroupTest, a: str, b: str | None, n_a: int, n_b: int | None, notes: Sequence[str]
) -> dict[str, Any]:
    return {
        "test": test.test,
        "group_a": a,
        "group_b": b,
        "n_a": n_a,
        "n_b": n_b,
        "difference": test.difference,
        "ci_low": test.ci_low,
        "ci_high": test.ci_high,
        "statistic": test.statistic,
        "df": test.df,
        "df2": test.df2,
        "p": test.p,
        "effect": test.effect,
        "effect_name": test.effect_name,
        "note": "; ".join(notes) or test.note,
    }


def _vector(group: _Group) -> Vector:
    return np.array([value for _, value in group.values()], dtype=np.float64)


def _mean(values: Vector) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _pairs(first: _Group, second: _Group) -> tuple[Vector, Vector]:
    """The values of patients who are in both groups; of several samples, their mean."""
    by_patient: list[dict[str, list[float]]] = [{}, {}]
    for group, patients in zip((first, second), by_patient, strict=True):
        for patient, value in group.values():
            patients.setdefault(patient, []).append(value)
    both = sorted(by_patient[0].keys() & by_patient[1].keys())
    a, b = (np.array([np.mean(patients[one]) for one in both]) for patients in by_patient)
    return a.astype(np.float64), b.astype(np.float64)
