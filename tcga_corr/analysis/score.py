"""Scores: how active a gene set is in each sample, or a gene's value; and any variables' values."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.compare import CompareAnswer, comparison_of
from tcga_corr.analysis.naming.names import GeneVariable, Items, Variable
from tcga_corr.analysis.nulls.associations import checked_nulls
from tcga_corr.analysis.samples.cohort import Cohort, Measured, Vector, failures, matching_notes
from tcga_corr.analysis.samples.grouping import Grouped, Grouping, grouped_samples, grouping_of
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.choices import (
    BY_GTEX,
    BY_SAMPLE_TYPE,
    SCORING_ENGINES,
    Null,
    ScoringEngine,
    check_choice,
)
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.vocabulary.associations import SIMULATED
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class ScoreQuery(Query):
    """A question of :func:`score`."""

    sets: list[str]
    scope: ScopeQuery
    engine: ScoringEngine
    by: str | None = None
    groups: list[str] = field(default_factory=list)
    reference: str | None = None


@dataclass(frozen=True)
class ScoreAnswer(Answer):
    """An answer of :func:`score`: a row per tumor type, sample and set, or gene.

    Of genes ``es`` has the values, in the table's unit.

    Attributes
    ----------
    compared
        Where samples are in groups, what ``compare`` finds between these.
    """

    query: ScoreQuery
    compared: CompareAnswer | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ValuesQuery(Query):
    """A question of :func:`values`."""

    variables: list[str]
    scope: ScopeQuery


@dataclass(frozen=True)
class ValuesAnswer(Answer):
    """An answer of :func:`values`: a row per tumor type and sample, a column per variable.

    Attributes
    ----------
    reasons
        By tumor type and variable, why there are no values.
    fitted
        The last columns: what is fitted to hold ``adjust`` fixed.
    """

    query: ValuesQuery
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    fitted: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupOptions:
    """The groups of samples of a question; as of :meth:`tcga_corr.Engine.score`."""

    by: str | Path | None = None
    group: str | None = None
    reference: str | None = None
    null: Null | Iterable[Null] | None = None
    draws: int = N_DRAWS

    def check(self) -> None:
        """Refuse what is of groups where there are none."""
        if self.by is None and (self.group is not None or self.reference is not None):
            what = "a column of groups" if self.group is not None else "a reference group"
            raise UsageError(f"{what} is given", "Give --by FILE too")


def score(
    data: CohortData,
    sets: Items,
    engine: ScoringEngine = "closed-form",
    groups: GroupOptions | None = None,
    *,
    apart: bool = False,
) -> ScoreAnswer:
    """See :meth:`tcga_corr.Engine.score`."""
    check_choice("engine", engine, SCORING_ENGINES)
    groups = groups or GroupOptions()
    groups.check()
    if engine == "gseapy":
        if data.scope.ties == "gsva":
            raise UsageError("gseapy has no tie rule gsva", "Leave out one of the two")
        data = replace(data, scope=replace(data.scope, ties="gseapy"))
    variables = data.names.scored(sets, apart=apart)
    of_genes = [one.name for one in variables if isinstance(one, GeneVariable)]
    if of_genes and engine == "gseapy":
        raise UsageError(f"'{of_genes[0]}' is a gene, and gseapy scores sets", "Leave out one")
    found = None if groups.by is None else _in_groups(data, groups)
    cohorts = found.cohorts if found else data.cohorts
    measured = [[cohort.measure(variable) for variable in variables] for cohort in cohorts]
    frame = _score_frame(cohorts, measured, engine, found.grouping if found else None)
    flat = [one for row in measured for one in row]
    reasons = failures(flat)
    if not frame.height:
        types = ", ".join(cohort.tumor_type for cohort in data.cohorts)
        reason = "; ".join(reasons) or f"no {data.scope.samples} samples in {types}"
        raise AnalysisError(f"no score: {reason}", SEE_STATUS)
    query = ScoreQuery([variable.name for variable in variables], data.query, engine)
    notes = [f"es has values of genes, {data.query.unit}: {', '.join(of_genes)}"] * bool(of_genes)
    compared = None
    if found:
        compared = found.compared(data, variables, groups)
        query = replace(
            query,
            scope=compared.query.scope,
            by=str(groups.by),
            groups=compared.query.groups,
            reference=compared.query.groups[0],
        )
        notes += found.notes
    return data.answer(
        ScoreAnswer, frame, query, variables, reasons, matching_notes(flat), notes,
        compared=compared,
    )  # fmt: skip


@dataclass(frozen=True)
class _InGroups:
    """The samples of a question in their groups, the reference first."""

    grouping: Grouping
    parts: Sequence[Grouped]
    notes: Sequence[str]

    @property
    def cohorts(self) -> list[Cohort]:
        """All of them, those of a tumor type together."""
        return [cohort for grouped in self.parts for cohort in grouped.cohorts]

    def compared(
        self, data: CohortData, variables: Sequence[Variable], groups: GroupOptions
    ) -> CompareAnswer:
        """What ``compare`` finds between the groups."""
        nulls = checked_nulls(
            "genes" if groups.null is None else groups.null, groups.draws, known=("genes",)
        )
        return comparison_of(
            data, variables, self.parts, self.grouping, str(groups.by), nulls, groups.draws
        )


def _in_groups(data: CohortData, groups: GroupOptions) -> _InGroups:
    by = groups.by or BY_SAMPLE_TYPE
    whole = grouping_of(by, groups.group, data)
    data.refuse_unions("score --by")
    # tumour and the other tissue stand in the order of a difference, which is minus the reference
    of_tissue = str(by) in (BY_SAMPLE_TYPE, BY_GTEX)
    default = whole.names[-1] if of_tissue else None
    if groups.reference is not None or default is not None:
        whole = whole.first(groups.reference or str(default))
    parts = grouped_samples(data, whole)
    grouping = whole.of_samples(parts)
    notes = grouping.notes(parts)
    empty = [name for name in whole.names if name not in grouping.names]
    if groups.reference in empty:
        raise AnalysisError(f"no sample is of the reference '{groups.reference}'", SEE_STATUS)
    if empty:
        notes.append(f"groups without a sample here: {', '.join(empty)}")
    n_none = sum(int((grouped.codes < 0).sum()) for grouped in parts)
    if n_none and grouping.covariate is None:
        notes.append(f"{n_none} sample{'s' if n_none > 1 else ''} of no group")
    return _InGroups(grouping, [Grouped.of(one.cohorts, grouping) for one in parts], notes)


def values(data: CohortData, variables: Items, adjust: Items = ()) -> ValuesAnswer:
    """See :meth:`tcga_corr.Engine.values`."""
    chosen = data.names.expanded(variables)
    controls = data.names.controls(adjust, chosen)
    measured, fitted = data.measure(chosen), data.measure(controls)
    flat = [one for row in (*measured, *fitted) for one in row]
    query = ValuesQuery([variable.name for variable in chosen], data.query)
    reasons = {(one.tumor_type, one.name): one.note for one in flat if one.note}
    frame, names = values_frame(data.cohorts, measured, fitted)
    return data.answer(
        ValuesAnswer,
        frame,
        query,
        (*chosen, *controls),
        failures(flat),
        matching_notes(flat),
        reasons=reasons,
        fitted=tuple(names),
    )


def values_frame(
    cohorts: Sequence[Cohort],
    measured: Sequence[Sequence[Measured]],
    controls: Sequence[Sequence[Measured]] = (),
) -> tuple[pl.DataFrame, list[str]]:
    """A row per tumor type and sample, a column per variable; empty where it has no value.

    Parameters
    ----------
    cohorts
        The tumor types.
    measured, controls
        Variables, and what is held fixed, in each.

    Returns
    -------
    The rows, and the names of the columns that are fitted where the controls are held fixed: a
    number itself, of a category its levels.
    """
    import polars as pl

    frames = []
    fitted = _fitted(cohorts, controls) if controls else [{} for _ in cohorts]
    for cohort, row, columns in zip(cohorts, measured, fitted, strict=True):
        frame = _sample_frame(cohort)
        numbers = [
            pl.Series(one.name, one.values, pl.Float64)
            if one.values is not None
            else pl.repeat(None, frame.height, dtype=pl.Float64, eager=True).alias(one.name)
            for one in row
        ]
        numbers += [pl.Series(name, values, pl.Float64) for name, values in columns.items()]
        frames.append(frame.with_columns(numbers).with_columns(pl.col(pl.Float64).fill_nan(None)))
    return pl.concat(frames), list(fitted[0]) if fitted else []


def _fitted(
    cohorts: Sequence[Cohort], controls: Sequence[Sequence[Measured]]
) -> list[dict[str, Vector]]:
    """The columns that are fitted in each tumor type; the same names in all of them."""
    found: list[dict[str, Vector]] = [{} for _ in controls]
    for of_control in zip(*controls, strict=True):
        known = [
            np.flatnonzero(~np.isnan(one.values)) if one.values is not None else np.zeros(0, int)
            for one in of_control
        ]
        fitted = [one.fitted(rows) for one, rows in zip(of_control, known, strict=True)]
        most = max(1, *map(len, fitted))
        name = of_control[0].name
        names = [name] if most == 1 else [f"{name} {place + 1} of {most}" for place in range(most)]
        for cohort, rows, columns, own in zip(cohorts, known, fitted, found, strict=True):
            for place, label in enumerate(names):
                values = np.full(len(cohort.columns), np.nan)
                # a level that no sample of this tumor type has
                values[rows] = columns[place] if place < len(columns) else 0.0
                own[label] = values
    return found


def _sample_frame(cohort: Cohort, grouping: Grouping | None = None) -> pl.DataFrame:
    """A row per selected sample; with its group where there are some."""
    import polars as pl

    samples = cohort.samples
    columns = {
        "tumor_type": [cohort.tumor_type] * len(samples),
        "sample": [sample.sample for sample in samples],
        "patient": [sample.patient for sample in samples],
        "sample_type": [sample.sample_type for sample in samples],
        **({"group": list(grouping.groups_of(cohort))} if grouping else {}),
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _score_frame(
    cohorts: Sequence[Cohort],
    measured: Sequence[Sequence[Measured]],
    engine: ScoringEngine,
    grouping: Grouping | None,
) -> pl.DataFrame:
    """A row per tumor type, sample and set; a set with too few genes has none."""
    import polars as pl

    numbers: dict[str, Any] = {"es": pl.Float64, "n_genes": pl.Int64, "n_missing": pl.Int64}
    group = ("group",) if grouping else ()
    texts = ("tumor_type", "sample", "patient", "sample_type", *group, "set")
    frames = [pl.DataFrame(schema={**dict.fromkeys(texts, pl.String), **numbers})]
    for cohort, row in zip(cohorts, measured, strict=True):
        scores = [one.values for one in row]
        if engine == "gseapy":
            scores = _by_gseapy(cohort, row)
        frames += [
            _sample_frame(cohort, grouping).with_columns(
                pl.lit(f"{SIMULATED} {one.name}" if cohort.simulated else one.name).alias("set"),
                pl.Series("es", es, pl.Float64),
                pl.lit(len(one.genes), pl.Int64).alias("n_genes"),
                pl.lit(len(one.match.missing), pl.Int64).alias("n_missing"),
            )
            for one, es in zip(row, scores, strict=True)
            if es is not None
        ]
    return pl.concat(frames)


def _by_gseapy(cohort: Cohort, measured: Sequence[Measured]) -> list[Vector | None]:
    table = cohort.table
    sets = {
        number: table.genes.rows(one.genes)
        for number, one in enumerate(measured)
        if one.values is not None
    }
    if not sets or not len(cohort.columns):
        return [one.values for one in measured]
    scores = gseapy_scores(table.values[:, cohort.columns], sets)
    return [scores.get(number) for number in range(len(measured))]


def gseapy_scores(
    values: NDArray[np.float32], sets: Mapping[int, NDArray[np.intp]], threads: int = 2
) -> dict[int, NDArray[np.float64]]:
    """Raw enrichment scores by ``gseapy.ssgsea(sample_norm_method="rank", weight=0.25)``.

    Parameters
    ----------
    values
        Genes x samples, rows in symbol order: gseapy breaks ties by it.
    sets
        Rows of each set, by any key; all of 1 to n - 1 genes.
    threads
        For gseapy.

    Returns
    -------
    Key to one score per sample.
    """
    with warnings.catch_warnings():
        # gseapy 1.3 calls what pandas 3 deprecates
        warnings.simplefilter("ignore")
        import gseapy
        import pandas as pd

        names = [f"G{row}" for row in range(values.shape[0])]
        frame = pd.DataFrame(values.astype(np.float64), index=names)
        frame.columns = [f"S{column}" for column in range(values.shape[1])]
        result = gseapy.ssgsea(
            data=frame,
            gene_sets={f"K{key}": [names[row] for row in rows] for key, rows in sets.items()},
            outdir=None,
            sample_norm_method="rank",
            weight=0.25,
            min_size=1,
            max_size=values.shape[0],
            permutation_num=0,
            no_plot=True,
            threads=threads,
            seed=0,
        ).res2d
    scores: Any = result.pivot(index="Term", columns="Name", values="ES").astype(float)
    return {key: scores.loc[f"K{key}", frame.columns].to_numpy() for key in sets}
