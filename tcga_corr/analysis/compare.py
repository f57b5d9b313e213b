"""Comparisons: whether a variable differs between groups of samples, per tumor type."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.naming.names import Items, Variable
from tcga_corr.analysis.nulls.associations import checked_nulls
from tcga_corr.analysis.nulls.groups import GroupNull, GroupNulls, Key
from tcga_corr.analysis.samples.cohort import Measured, Vector, join_notes, matching_notes
from tcga_corr.analysis.samples.grouping import Grouped, Grouping, grouped_samples, grouping_of
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import BY_SAMPLE_TYPE, Null
from tcga_corr.errors import AnalysisError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.groups import MIN_GROUP, GroupTest, compare_many, compare_pairs, compare_two
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    import polars as pl

MOST_BY_DEFAULT = 200
"""Variables up to which they are compared with random genes by default."""
Values = Mapping[tuple[str, str], Mapping[str, Vector]]


@dataclass(frozen=True)
class CompareQuery(Query):
    """A question of :func:`compare`."""

    variables: list[str]
    by: str
    groups: list[str]
    scope: ScopeQuery
    null: list[Null] = field(default_factory=list)
    draws: int = N_DRAWS


@dataclass(frozen=True)
class CompareAnswer(Answer):
    """An answer of :func:`compare`: a row per tumor type, variable, groups and test.

    ``values`` has, by tumor type and variable, the values of each group's samples.
    """

    query: CompareQuery
    values: Values = field(default_factory=dict, repr=False)


def compare(
    data: CohortData,
    variables: Items,
    by: str | Path = BY_SAMPLE_TYPE,
    group: str | None = None,
    null: Null | Iterable[Null] | None = None,
    draws: int = N_DRAWS,
) -> CompareAnswer:
    """See :meth:`tcga_corr.Engine.compare`."""
    is_default = null is None
    nulls = checked_nulls("genes" if is_default else null, draws, known=("genes",))
    grouping = grouping_of(by, group, data)
    data.refuse_unions("compare")
    parts = grouped_samples(data, grouping)
    chosen = data.names.expanded(variables)
    own = []
    if is_default and len(chosen) > MOST_BY_DEFAULT:
        nulls = ()
        own = [
            f"{len(chosen):,} variables are not compared with random genes by default, as that "
            "takes minutes: --null genes"
        ]
    answer = comparison_of(data, chosen, parts, grouping, str(by), nulls, draws, own)
    if answer.frame["p"].null_count() == answer.frame.height:
        reasons = "; ".join(dict.fromkeys(answer.frame["note"].to_list()))
        raise AnalysisError(f"no tumor type has groups to compare: {reasons}", SEE_STATUS)
    return answer


def comparison_of(
    data: CohortData,
    variables: Sequence[Variable],
    parts: Sequence[Grouped],
    grouping: Grouping,
    by: str,
    nulls: Sequence[Null],
    draws: int,
    notes: Sequence[str] = (),
) -> CompareAnswer:
    """Compare variables between groups, whether or not there are samples enough for a test."""
    tested = compare_groups(parts, variables, draws if nulls else 0)
    query = CompareQuery(
        variables=[variable.name for variable in variables],
        by=by,
        groups=list(grouping.names),
        scope=replace(data.query, samples=" and ".join(grouping.selections)),
        null=list(nulls),
        draws=draws,
    )
    texts = matching_notes(tested.measured), grouping.notes(parts), notes
    about = [*variables, *([grouping.covariate] if grouping.covariate else [])]
    return data.answer(CompareAnswer, tested.frame, query, about, *texts, values=tested.values)


@dataclass(frozen=True)
class Tested:
    """What :func:`compare_groups` finds: the rows, what was measured, and the groups' values."""

    frame: pl.DataFrame
    measured: list[Measured]
    values: Values


def compare_groups(
    parts: Sequence[Grouped], variables: Sequence[Variable], n_draws: int = 0
) -> Tested:
    """Test each variable between the groups of each tumor type; q over the rows of a test.

    Two groups: Welch's t and Mann-Whitney; where patients match, the paired t and Wilcoxon's
    signed ranks too. More: one-way ANOVA with and without equal variances and Kruskal-Wallis, then
    each two groups.

    Parameters
    ----------
    parts
        The samples of each tumor type in their groups.
    variables
        What to compare.
    n_draws
        Random sets for p_genes; 0 for none.

    Returns
    -------
    A row per tumor type, variable, groups and test; and more.
    """
    import polars as pl

    measured = [[grouped.measure(variable) for variable in variables] for grouped in parts]
    beside: list[list[dict[Key, GroupNull]]] = [[{} for _ in variables] for _ in parts]
    if n_draws:
        beside = in_threads(
            lambda grouped, own: GroupNulls(grouped, n_draws).compared(own), parts, measured
        )
    rows: list[dict[str, Any]] = []
    values: dict[tuple[str, str], Mapping[str, Vector]] = {}
    for grouped, of_type, nulls in zip(parts, measured, beside, strict=True):
        for variable, own, null in zip(variables, of_type, nulls, strict=True):
            labels = {"tumor_type": grouped.tumor_type, "variable": variable.name}
            of_groups = _Groups(grouped, grouped.values(own))
            values[grouped.tumor_type, variable.name] = of_groups.vectors
            notes = list(dict.fromkeys(one.note for one in own if one.values is None))
            rows += [
                {**labels, **_with_null(row, null, grouped.mark)} for row in _rows(of_groups, notes)
            ]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    for p, q in (("p", "q"), ("p_genes", "q_genes")):
        adjusted = np.full(frame.height, np.nan)
        of_all = frame[p].fill_null(np.nan).to_numpy().astype(np.float64)
        for test in frame["test"].unique():
            places = np.flatnonzero((frame["test"] == test).to_numpy())
            adjusted[places] = benjamini_hochberg(of_all[places])
        frame = frame.with_columns(pl.Series(q, adjusted))
    flat = [one for of_type in measured for own in of_type for one in own]
    return Tested(frame.select(_COLUMNS).fill_nan(None), flat, values)


def _with_null(row: dict[str, Any], null: Mapping[Key, GroupNull], mark: str) -> dict[str, Any]:
    """A row with its effect beside those of random genes, where it has one."""
    found = null.get((row["test"], row["group_a"], row["group_b"]))
    if found is None or np.isnan(row["effect"]):
        return {**row, "note": join_notes(mark, row["note"])}
    numbers = {"p_genes": found.p, "genes_low": found.low, "genes_high": found.high}
    return {**row, **numbers, "note": join_notes(mark, row["note"], found.note)}


_NUMBERS = (
    "n_a", "n_b", "mean_a", "mean_b", "difference", "ci_low", "ci_high", "statistic", "df", "df2",
    "p", "q", "effect", "p_genes", "q_genes", "genes_low", "genes_high",
)  # fmt: skip
_COLUMNS = (
    "tumor_type", "variable", "test", "group_a", "group_b", *_NUMBERS[:-4], "effect_name",
    *_NUMBERS[-4:], "note",
)  # fmt: skip
_SCHEMA: dict[str, Any] = {name: float if name in _NUMBERS else str for name in _COLUMNS}
_SCHEMA |= {"n_a": int, "n_b": int}


class _Groups:
    """The values of one variable in the groups of one tumor type."""

    def __init__(self, grouped: Grouped, values: Vector) -> None:
        self._grouped, self._values = grouped, values
        has_value = ~np.isnan(values)
        self._places = {
            name: grouped.samples_of(number, has_value) for number, name in enumerate(grouped.names)
        }
        self.vectors = {name: values[places] for name, places in self._places.items()}

    @property
    def names(self) -> list[str]:
        """The groups."""
        return list(self.vectors)

    def pairs(self, a: str, b: str) -> tuple[Vector, Vector]:
        """The values of patients who are in both groups; of several samples, their mean."""
        pairs = self._grouped.pairs(self._places[a], self._places[b])
        first, second = (
            np.array([self._values[pair[side]].mean() for pair in pairs]) for side in (0, 1)
        )
        return first.astype(np.float64), second.astype(np.float64)


def _rows(groups: _Groups, notes: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    if len(groups.names) > 2:
        large = {
            name: values for name, values in groups.vectors.items() if len(values) >= MIN_GROUP
        }
        small = [name for name in groups.names if name not in large]
        left = f"left out, with fewer than {MIN_GROUP} samples: {', '.join(small)}" if small else ""
        n = sum(map(len, large.values()))
        for test in compare_many(list(large.values()), list(large)):
            row = _row(test, ", ".join(large), None, n, None, notes)
            row["note"] = "; ".join(filter(None, [row["note"], left]))
            rows.append(row)
    for a, b in itertools.combinations(groups.names, 2):
        first, second = groups.vectors[a], groups.vectors[b]
        means = {"mean_a": _mean(first), "mean_b": _mean(second)}
        rows += [
            _row(test, a, b, len(first), len(second), notes) | means
            for test in compare_two(first, second, names=(a, b))
        ]
        first, second = groups.pairs(a, b)
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


def _mean(values: Vector) -> float:
    return float(values.mean()) if len(values) else float("nan")
