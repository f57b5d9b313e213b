"""The main axes of samples: principal components of expression, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.components_by import COVARIATES_SCHEMA, Described, go_with_components
from tcga_corr.analysis.naming.names import CovariateVariable, Variable, check_is_number
from tcga_corr.analysis.samples.cohort import Measured, Vector, matching_notes
from tcga_corr.analysis.samples.grouping import (
    Grouped,
    Grouping,
    grouped_samples,
    grouping_of,
    names_file_of_groups,
)
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.components import Components, most_variable, sample_components

if TYPE_CHECKING:
    import polars as pl

N_GENES, N_COMPONENTS = 500, 5
"""As DESeq2's ``plotPCA`` has it; and as many components as are usually looked at."""
FEWEST = 3
"""Samples that have two components."""
VARIANCE_SCHEMA: dict[str, Any] = {
    "tumor_type": str, "component": str, "share": float, "n_samples": int, "n_genes": int,
}  # fmt: skip


@dataclass(frozen=True)
class PcaQuery(Query):
    """A question of :func:`pca`."""

    by: str | None
    groups: list[str]
    n_genes: int
    components: int
    scope: ScopeQuery


@dataclass(frozen=True, kw_only=True)
class PcaAnswer(Answer):
    """An answer of :func:`pca`: a row per tumor type and sample, with its coordinates.

    Attributes
    ----------
    variance
        The share of the variance of each tumor type's component.
    covariates
        How each covariate goes with each component.
    """

    query: PcaQuery
    variance: pl.DataFrame = field(repr=False)
    covariates: pl.DataFrame = field(repr=False)


@dataclass(frozen=True, eq=False)
class Axes:
    """The components of one tumor type.

    Attributes
    ----------
    samples
        Its samples, in groups where there are some.
    found
        Their components; None where ``note`` says why.
    n_genes
        The genes that they are of.
    """

    samples: Grouped
    found: Components | None
    n_genes: int = 0
    note: str = ""


def pca(
    data: CohortData,
    by: str | Path | None = None,
    group: str | None = None,
    genes: int = N_GENES,
    components: int = N_COMPONENTS,
) -> PcaAnswer:
    """See :meth:`tcga_corr.Engine.pca`."""
    if genes < 2:
        raise UsageError(f"genes is {genes}", "Give 2 or more")
    if not 2 <= components <= 50:
        raise UsageError(f"components is {components}", "Give 2 to 50")
    number = _number_of(by, group, data)
    grouping = None if by is None or number else grouping_of(by, group, data)
    data.refuse_unions("pca")
    parts = _parts(data, grouping)
    axes = in_threads(lambda part: _axes(part, genes, components), parts)
    if all(one.found is None for one in axes):
        reasons = "; ".join(dict.fromkeys(one.note for one in axes))
        raise AnalysisError(f"no tumor type has components: {reasons}", SEE_STATUS)
    kept = [one for one in axes if one.found is not None]
    variables = _covariates_of(data, number)
    described = _described(variables, kept, grouping, str(by))
    rows = go_with_components([_scores(one) for one in kept], described)
    selections = grouping.selections if grouping else (data.scope.samples,)
    query = PcaQuery(
        by=None if by is None else (number.name if number else str(by)),
        groups=list(grouping.names) if grouping else [],
        n_genes=genes,
        components=components,
        scope=replace(data.query, samples=" and ".join(selections)),
    )
    variance = _variance(kept)
    return data.answer(
        PcaAnswer,
        _coordinates(kept, number, grouping, components),
        query,
        variables,
        [one.note for one in axes if one.note],
        matching_notes(_measured(kept, number)),
        grouping.notes([one.samples for one in kept]) if grouping else [],
        _note_of_patients(kept),
        variance=variance,
        covariates=_covariates(rows),
        lines=tuple(lines_of_variance(variance)),
    )


def _number_of(by: str | Path | None, group: str | None, data: CohortData) -> Variable | None:
    """The variable of ``by`` where it is a number; None of groups."""
    if by is None or isinstance(by, Path) or by in (BY_SAMPLE_TYPE, BY_GTEX):
        return None
    if group is not None or names_file_of_groups(by, data.names):
        return None
    variable = data.names.covariate_or_variable(by)
    if isinstance(variable, CovariateVariable) and variable.covariate.levels:
        return None
    check_is_number(variable)
    return variable


def _parts(data: CohortData, grouping: Grouping | None) -> list[Grouped]:
    """The samples of each tumor type."""
    if grouping is None:
        none = Grouping((), lambda cohort: [None] * len(cohort.columns), (data.scope.samples,))
        return [Grouped.of([cohort], none) for cohort in data.cohorts]
    return grouped_samples(data, grouping)


def _axes(part: Grouped, n_genes: int, n_components: int) -> Axes:
    n = len(part.columns)
    if n < FEWEST:
        return Axes(part, None, note=f"{part.tumor_type}: {n} samples, at least {FEWEST} needed")
    rows = most_variable(part.table.values, part.columns, n_genes)
    if len(rows) < 2:
        return Axes(part, None, note=f"{part.tumor_type}: fewer than 2 genes vary")
    count = min(n_components, n - 1, len(rows))
    found = sample_components(part.table.values, rows, part.columns, count)
    note = f"{part.tumor_type}: only {len(rows):,} genes vary" if len(rows) < n_genes else ""
    return Axes(part, found, len(rows), note)


def _scores(axes: Axes) -> tuple[str, Vector]:
    if axes.found is None:
        raise ValueError(axes.note)
    return axes.samples.tumor_type, axes.found.scores


def _note_of_patients(kept: Sequence[Axes]) -> list[str]:
    """That patients of several samples count as often in the p of covariates."""
    n = 0
    for part in kept:
        patients = part.samples.patients
        n += len(patients) - len(set(patients))
    text = f"{n:,} samples are of a patient with another one, and p takes them as independent"
    return [text] if n else []


def _measured(kept: Sequence[Axes], number: Variable | None) -> list[Measured]:
    return [] if number is None else [one for part in kept for one in part.samples.measure(number)]


def _covariates_of(data: CohortData, number: Variable | None) -> list[Variable]:
    """Every covariate of the store, one by two names once, and what samples are shown by."""
    by_origin: dict[object, Variable] = {}
    for label in data.names.covariate_labels:
        variable = data.names.covariate(label)
        by_origin[variable.covariate.origin] = variable  # an alias, such as age, comes last
    if number is not None:
        is_known = isinstance(number, CovariateVariable)
        by_origin[number.covariate.origin if is_known else number] = number  # type: ignore[union-attr]
    return list(by_origin.values())


def _described(
    variables: Sequence[Variable], kept: Sequence[Axes], grouping: Grouping | None, by: str
) -> list[Described]:
    """What may go with components."""
    found = [
        Described(
            variable.name,
            [part.samples.values(part.samples.measure(variable)) for part in kept],
            bool(isinstance(variable, CovariateVariable) and variable.covariate.levels),
        )
        for variable in variables
    ]
    # such as purity, which no cells have
    found = [one for one in found if not all(np.isnan(values).all() for values in one.values)]
    if grouping is not None and grouping.covariate is None:
        codes = [np.where(part.samples.codes < 0, np.nan, part.samples.codes) for part in kept]
        found.append(Described(Path(by).name, codes, True))
    return found


def _coordinates(
    kept: Sequence[Axes], number: Variable | None, grouping: Grouping | None, count: int
) -> pl.DataFrame:
    """A row per sample."""
    import polars as pl

    names = [f"pc{place}" for place in range(1, count + 1)]
    frames = []
    for part in kept:
        samples = [sample for cohort in part.samples.cohorts for sample in cohort.samples]
        tumor_type, scores = _scores(part)
        numbers = np.full((count, len(samples)), np.nan)
        numbers[: len(scores)] = scores
        columns: dict[str, Any] = {
            "tumor_type": pl.Series([tumor_type] * len(samples), dtype=pl.String),
            "sample": pl.Series([one.sample for one in samples], dtype=pl.String),
            "patient": pl.Series([one.patient for one in samples], dtype=pl.String),
            "sample_type": pl.Series([one.sample_type for one in samples], dtype=pl.String),
            "group": _group(part.samples, number, grouping),
        }
        columns |= dict(zip(names, numbers, strict=True))
        frames.append(pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None)))
    return pl.concat(frames)


def _group(samples: Grouped, number: Variable | None, grouping: Grouping | None) -> pl.Series:
    """The group of each sample, or its number; empty where there is none."""
    import polars as pl

    if number is not None:
        return pl.Series(samples.values(samples.measure(number)), dtype=pl.Float64)
    names = [] if grouping is None else list(grouping.names)
    found = [None if code < 0 else names[code] for code in samples.codes.tolist()]
    return pl.Series(found, dtype=pl.String)


def _variance(kept: Sequence[Axes]) -> pl.DataFrame:
    import polars as pl

    rows = [
        {
            "tumor_type": part.samples.tumor_type,
            "component": f"pc{place}",
            "share": float(share),
            "n_samples": len(part.samples.columns),
            "n_genes": part.n_genes,
        }
        for part in kept
        if part.found is not None
        for place, share in enumerate(part.found.shares, start=1)
    ]
    return pl.DataFrame(rows, schema=VARIANCE_SCHEMA)


def _covariates(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The rows with q over all of them, the smallest p first."""
    import polars as pl

    p = np.array([row["p"] for row in rows], dtype=np.float64)
    q = benjamini_hochberg(p)
    frame = pl.DataFrame(
        [row | {"q": float(own)} for row, own in zip(rows, q, strict=True)],
        schema=COVARIATES_SCHEMA,
    )
    frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
    return frame.sort(
        "p", "share", "tumor_type", "covariate", "component",
        descending=[False, True, False, False, False], nulls_last=True,
    )  # fmt: skip


def lines_of_variance(variance: pl.DataFrame) -> list[str]:
    """The shares of the first components of each tumor type."""
    found = []
    for (tumor_type,), part in variance.group_by("tumor_type", maintain_order=True):
        shares = ", ".join(
            f"{name} {100 * share:.1f} %"
            for name, share in part.select("component", "share").head(5).iter_rows()
        )
        n_samples, n_genes = part["n_samples"][0], part["n_genes"][0]
        found.append(f"{tumor_type}, {n_samples:,} samples, {n_genes:,} genes: {shares}")
    return found
