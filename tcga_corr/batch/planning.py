"""From a spec to a plan: all that it names is looked up in a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from tcga_corr.analysis.cohort import Cohort
from tcga_corr.analysis.names import (
    CovariateVariable,
    SetVariable,
    Variable,
    check_controls,
    check_distinct,
)
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.spec import Analysis, Claim, Problem, Spec, SpecError
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.vocabulary.gene_sets import reference_digest

MOST_ROWS = 50_000_000


def make_plan(engine: Engine, spec: Spec) -> Plan:
    """Look up all that a spec names in a store.

    Raises
    ------
    UsageError
        On a name that is none here, or a run of too many rows.
    DataMissingError
        If a tumor type or source is not in the store.
    """
    tables: dict[tuple[str, str], str] = {}
    analyses, claims = [], []
    problems: list[UsageError | DataMissingError] = []
    lines: list[Problem] = []
    for asked in spec.analyses:
        try:
            planned, cohorts = _planned(engine, asked)
        except (UsageError, DataMissingError) as error:
            problems.append(error)
            lines.append(Problem(asked.line, asked.name, error.what, error.remedy))
            continue
        analyses.append(planned)
        claims += [
            _resolved(engine, one, cohorts) for one in spec.claims if one.analysis == asked.name
        ]
        tables |= {
            (one.table.key.source, one.tumor_type): one.table.table_sha256 for one in cohorts
        }
    if problems:
        found = SpecError(spec.path, lines)
        if all(isinstance(one, DataMissingError) for one in problems):
            raise DataMissingError("; ".join(found.lines())) from problems[0]
        raise found from problems[0]
    covariates = {
        v.covariate.table: v.covariate.table_sha256
        for one in analyses
        for v in (*one.variables, *one.adjust)
        if isinstance(v, CovariateVariable)
    }
    needs_reference = any("sets" in one.null for one in analyses)
    plan = Plan(
        name=spec.name,
        title=spec.title,
        outputs=spec.outputs,
        claims=tuple(claims),
        spec=spec.text,
        analyses=tuple(analyses),
        tables=tables,
        covariates=covariates,
        reference=reference_digest() if needs_reference else None,
        version=version("tcga-corr"),
    )
    if plan.n_rows > MOST_ROWS:
        raise UsageError(
            f"{spec.path}: {plan.n_rows:,} associations, more than {MOST_ROWS:,}",
            "Ask less at a time: fewer tumor types, or parts of a cross in specs of their own",
        )
    return plan


def _resolved(engine: Engine, claim: Claim, cohorts: Sequence[Cohort]) -> Claim:
    """A claim with its pair named as the rows name it."""
    if claim.x is None or claim.y is None:
        return replace(claim, line=0)
    x, y = engine.variables([claim.x, claim.y], [cohort.table for cohort in cohorts])
    return replace(claim, line=0, x=x.name, y=y.name)


def _planned(engine: Engine, asked: Analysis) -> tuple[PlannedAnalysis, list[Cohort]]:
    cohorts = engine.cohorts(
        asked.tumor_types, asked.source, asked.samples, asked.ties, asked.min_genes
    )
    tables = [cohort.table for cohort in cohorts]
    adjust = list(dict.fromkeys(engine.variables(asked.adjust, tables)))
    if asked.kind == "pairs":
        x = engine.variables([one for one, _ in asked.pairs], tables)
        y = engine.variables([other for _, other in asked.pairs], tables)
    elif asked.kind == "crosses":
        x = engine.several(asked.x, tables)
        y = x if asked.y is None else engine.several(asked.y, tables)
    else:
        x, y = engine.several(asked.sets, tables), []
        others = [one.name for one in x if not isinstance(one, SetVariable)]
        if others:
            raise UsageError(f"{', '.join(others)}: no gene set", "Dominance is among gene sets")
    variables = list({_identity(one): one for one in (*x, *y)}.values())
    check_distinct([one for one in variables if isinstance(one, SetVariable)])
    check_controls(variables, adjust)
    place = {_identity(one): number for number, one in enumerate(variables)}
    places: tuple[tuple[int, ...], ...] = ((), ())
    if asked.kind == "crosses":
        places = tuple(
            tuple(dict.fromkeys(place[_identity(one)] for one in side)) for side in (x, y)
        )
    elif asked.kind == "pairs":
        both = [(place[_identity(a)], place[_identity(b)]) for a, b in zip(x, y, strict=True)]
        once = {frozenset(pair): pair for pair in reversed(both)}
        kept = [pair for pair in both if once[frozenset(pair)] is pair]
        places = (tuple(a for a, _ in kept), tuple(b for _, b in kept))
    planned = PlannedAnalysis(
        name=asked.name,
        kind=asked.kind,
        source=cohorts[0].table.key.source,
        tumor_types=tuple(cohort.tumor_type for cohort in cohorts),
        n_samples=tuple(len(cohort.columns) for cohort in cohorts),
        units=tuple(cohort.table.metadata.unit for cohort in cohorts),
        samples=asked.samples,
        methods=asked.methods,
        ties=asked.ties,
        min_genes=asked.min_genes,
        null=asked.null,
        draws=asked.draws,
        variables=tuple(variables),
        adjust=tuple(adjust),
        x=places[0],
        y=places[1],
    )
    if asked.kind != "dominance" and not planned.n_pairs:
        raise UsageError("there is no pair", "Give two variables or more")
    return planned, cohorts


def _identity(variable: Variable) -> Any:
    """What makes a variable another: a set's name and genes, wherever it is from."""
    if isinstance(variable, SetVariable):
        return "set", variable.name, variable.gene_set.genes
    return variable
