"""Scores: the rows that say how active a gene set is in each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from tcga_corr.analysis.gseapy_scores import gseapy_scores
from tcga_corr.analysis.variables import (
    Cohort,
    Measured,
    Measurement,
    SetVariable,
    Variable,
    Vector,
)

if TYPE_CHECKING:
    import polars as pl

ScoringEngine = Literal["closed-form", "gseapy"]
SCORING_ENGINES: tuple[ScoringEngine, ...] = ("closed-form", "gseapy")


def score_frame(
    cohorts: Sequence[Cohort], variables: Sequence[SetVariable], engine: ScoringEngine
) -> tuple[pl.DataFrame, list[Measurement]]:
    """One row per tumor type, sample and set, in the columns of the command-line contract.

    Sets of which a tumor type has too few genes have no rows there; what was measured says why.
    """
    import polars as pl

    measured: list[Measurement] = []
    parts = [pl.DataFrame(schema=_schema())]
    for cohort in cohorts:
        results = [cohort.measure(variable) for variable in variables]
        measured += [
            (variable, cohort, result) for variable, result in zip(variables, results, strict=True)
        ]
        scores = _by_gseapy(cohort, results) if engine == "gseapy" else _values(results)
        parts += [
            _rows(cohort, variable, result, values)
            for variable, result, values in zip(variables, results, scores, strict=True)
            if values is not None
        ]
    return pl.concat(parts), measured


def _values(results: Sequence[Measured]) -> list[Vector | None]:
    return [result.values for result in results]


def _schema() -> dict[str, Any]:
    import polars as pl

    texts = ("tumor_type", "sample", "patient", "sample_type", "set")
    return {
        **dict.fromkeys(texts, pl.String),
        "es": pl.Float64,
        "n_genes": pl.Int64,
        "n_missing": pl.Int64,
    }


def _rows(cohort: Cohort, variable: SetVariable, result: Measured, values: Vector) -> pl.DataFrame:
    import polars as pl

    stored = [cohort.table.metadata.samples[column] for column in cohort.columns]
    size = len(stored)
    columns = (
        [cohort.tumor_type] * size,
        [sample.sample for sample in stored],
        [sample.patient for sample in stored],
        [sample.sample_type for sample in stored],
        [("SIMULATED " if cohort.table.metadata.simulated else "") + variable.name] * size,
        values,
        [len(result.genes)] * size,
        [len(result.match.missing)] * size,
    )
    schema = _schema()
    return pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)


def _by_gseapy(cohort: Cohort, results: Sequence[Measured]) -> list[Vector | None]:
    table = cohort.table
    sets = {
        number: table.genes.rows(result.genes)
        for number, result in enumerate(results)
        if result.values is not None
    }
    if not sets or not len(cohort.columns):
        return _values(results)
    scores = gseapy_scores(table.values[:, cohort.columns], sets)
    return [scores.get(number) for number in range(len(results))]


def values_frame(
    cohorts: Sequence[Cohort], variables: Sequence[Variable]
) -> tuple[pl.DataFrame, list[Measurement]]:
    """One row per tumor type and sample, a column per variable; empty where it has no value."""
    import polars as pl

    measured: list[Measurement] = []
    parts = []
    for cohort in cohorts:
        stored = [cohort.table.metadata.samples[column] for column in cohort.columns]
        results = [cohort.measure(variable) for variable in variables]
        measured += [(one, cohort, result) for one, result in zip(variables, results, strict=True)]
        told = {
            "tumor_type": [cohort.tumor_type] * len(stored),
            "sample": [sample.sample for sample in stored],
            "patient": [sample.patient for sample in stored],
            "sample_type": [sample.sample_type for sample in stored],
        }
        numbers = [
            pl.Series(one.name, result.values, pl.Float64)
            if result.values is not None
            else pl.repeat(None, len(stored), dtype=pl.Float64, eager=True).alias(one.name)
            for one, result in zip(variables, results, strict=True)
        ]
        frame = pl.DataFrame(told, schema=dict.fromkeys(told, pl.String))
        parts.append(frame.with_columns(numbers).with_columns(pl.col(pl.Float64).fill_nan(None)))
    return pl.concat(parts), measured
