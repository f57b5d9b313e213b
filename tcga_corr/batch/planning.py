"""From a spec to a plan: the names in it are looked up in a store."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tcga_corr.analysis.answer import CohortData
from tcga_corr.analysis.correlate import purity_beside
from tcga_corr.analysis.naming.names import (
    NameResolver,
    SetVariable,
    Variable,
    check_distinct,
    sets_among,
)
from tcga_corr.analysis.samples.follow_up import Endpoint, check_not_endpoint, find_endpoint
from tcga_corr.analysis.samples.strata import Cutting, find_cutting
from tcga_corr.batch.differential import planned_differential, settings_of
from tcga_corr.batch.plan import Plan, PlannedAnalysis, covariates_among
from tcga_corr.batch.spec import Analysis, Claim, Problem, Spec, SpecError, read_spec
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError, UsageError
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.gene_sets.catalogue import reference_digest
from tcga_corr.vocabulary.nulls import NULLS

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 50_000_000


@dataclass(frozen=True)
class _StoredGenes:
    """The genes of all tables of a store, and of raw counts; read when first needed."""

    store: Store

    @cached_property
    def genes(self) -> frozenset[str]:
        import pyarrow.parquet as pq

        paths = [self.store.table_path(key) for key in self.store.table_keys()]
        paths += [self.store.counts_path(key) for key in self.store.counts_keys()]
        columns = (pq.read_table(path, columns=["gene"])["gene"].to_pylist() for path in paths)
        return frozenset(gene for column in columns for gene in column)


def read_spec_for(engine: Engine, path: Path, source: str | None = None) -> Spec:
    """Read a spec whose names may be those of a store; nothing is written.

    Parameters
    ----------
    engine
        The engine of the store.
    path
        The spec.
    source
        The source of the analyses that name none.

    Raises
    ------
    SpecError
        With all problems of the spec.
    """
    stored = NameResolver([_StoredGenes(engine.store)], Covariates(engine.store))
    return read_spec(path, stored, source)


def plan_spec(engine: Engine, path: Path, source: str | None = None) -> Plan:
    """The plan of a spec; see :func:`read_spec_for` and :func:`make_plan`."""
    return make_plan(engine, read_spec_for(engine, path, source))


def make_plan(engine: Engine, spec: Spec) -> Plan:
    """Look up all names of a spec in a store.

    Raises
    ------
    UsageError
        On a name that is unknown there, or a run of too many rows.
    DataMissingError
        If a tumor type or source is not in the store.
    """
    tables: dict[tuple[str, str], str] = {}
    counts: dict[tuple[str, str], str] = {}
    analyses, claims = [], []
    errors: list[TcgaCorrError] = []
    problems: list[Problem] = []
    for analysis in spec.analyses:
        own = [claim for claim in spec.claims if claim.analysis == analysis.name]
        try:
            if analysis.differential:
                planned, question = planned_differential(engine.store, analysis)
                claims += [_of_contrast(claim, planned) for claim in own]
                analyses.append(planned)
                counts |= {
                    (table.key.source, table.key.tumor_type): table.table_sha256
                    for table in question.tables
                }
                continue
            data = engine.data(analysis.scope)
            analyses.append(_planned(analysis, data))
        except (UsageError, DataMissingError, AnalysisError) as error:
            errors.append(error)
            problems.append(Problem(analysis.line, analysis.name, error.what, error.remedy))
            continue
        claims += [_by_row_names(claim, data.names) for claim in own]
        for cohort in data.cohorts:
            tables[cohort.table.key.source, cohort.tumor_type] = cohort.table.table_sha256
    if errors:
        found = SpecError(spec.path, problems)
        if all(isinstance(error, DataMissingError) for error in errors):
            raise DataMissingError("; ".join(found.lines())) from errors[0]
        raise found from errors[0]
    variables = [variable for planned in analyses for variable in planned.involved]
    needs_reference = any(
        NULLS[null].needs_reference for planned in analyses for null in planned.null
    )
    plan = Plan(
        name=spec.name,
        title=spec.title,
        outputs=spec.outputs,
        claims=tuple(claims),
        spec=spec.text,
        analyses=tuple(analyses),
        tables=tables,
        counts=counts,
        covariates={one.table: one.table_sha256 for one in covariates_among(variables)},
        reference=reference_digest() if needs_reference else None,
        version=version("tcga-corr"),
    )
    if plan.n_rows > MOST_ROWS:
        raise UsageError(
            f"{spec.path}: {plan.n_rows:,} associations, more than {MOST_ROWS:,}",
            "Ask less at a time: fewer tumor types, or parts of a cross in specs of their own",
        )
    return plan


def summary_of(plan: Plan) -> pl.DataFrame:
    """How many pairs, rows and tasks each analysis has."""
    import polars as pl

    tasks = {analysis.name: plan.tasks_of(analysis) for analysis in plan.analyses}
    return pl.DataFrame(
        {
            "analysis": analysis.name,
            "kind": analysis.kind,
            "source": analysis.source,
            "tumor_types": len(analysis.tumor_types),
            "pairs": analysis.n_pairs,
            "rows": sum(task.n_own_rows for task in tasks[analysis.name]),
            "tasks": len(tasks[analysis.name]),
        }
        for analysis in plan.analyses
    )


def _by_row_names(claim: Claim, names: NameResolver) -> Claim:
    """A claim with its pair named as in the rows."""
    if claim.x is None or claim.y is None:
        return replace(claim, line=0)
    x, y = names.variables([claim.x, claim.y])
    return replace(claim, line=0, x=x.name, y=y.name)


def _of_contrast(claim: Claim, analysis: PlannedAnalysis) -> Claim:
    """A claim about a contrast, with its gene named as in the rows.

    Raises
    ------
    UsageError
        If there is no such contrast, or several and none is named.
    """
    known = settings_of(analysis).compared
    contrast = claim.contrast or (known[0] if len(known) == 1 else "")
    if contrast not in known:
        what = f"no contrast '{contrast}'" if contrast else "several contrasts"
        raise UsageError(
            f"a claim is of a block with {what}", f"Give contrast, one of {', '.join(known)}"
        )
    x = claim.x
    if x is not None:
        with suppress(UsageError):  # a name of the user's own tables stands as it is
            x = NameResolver().variable(x).name
    return replace(claim, line=0, x=x, contrast=contrast)


def _planned(analysis: Analysis, data: CohortData) -> PlannedAnalysis:
    cohorts, names = data.cohorts, data.names
    x, y = _sides(analysis, names)
    variables = list({_identity(variable): variable for variable in (*x, *y)}.values())
    check_distinct(sets_among(variables))
    adjust = names.controls(analysis.adjust, variables)
    purity = purity_beside(names, variables, adjust) if analysis.purity else None
    cutting = _cutting(analysis, data, variables, adjust)
    endpoint = _endpoint(analysis, data, [*variables, *adjust])
    place = {_identity(variable): number for number, variable in enumerate(variables)}
    sides: list[Sequence[int]] = [[place[_identity(one)] for one in side] for side in (x, y)]
    if analysis.kind == "crosses":
        sides = [list(dict.fromkeys(side)) for side in sides]
    elif analysis.kind == "pairs":
        pairs: dict[frozenset[int], tuple[int, ...]] = {}
        for pair in zip(*sides, strict=True):
            pairs.setdefault(frozenset(pair), pair)
        sides = list(zip(*pairs.values(), strict=True))
    else:
        sides = [[], []]
    planned = PlannedAnalysis(
        name=analysis.name,
        kind=analysis.kind,
        scope=replace(
            analysis.scope,
            source=cohorts[0].table.key.source,
            tumor_types=tuple(cohort.tumor_type for cohort in cohorts),
        ),
        n_samples=tuple(len(cohort.columns) for cohort in cohorts),
        units=tuple(cohort.table.metadata.unit for cohort in cohorts),
        methods=analysis.methods,
        null=analysis.null,
        draws=analysis.draws,
        variables=tuple(variables),
        adjust=tuple(adjust),
        x=tuple(sides[0]),
        y=tuple(sides[1]),
        purity=(purity,) if purity else (),
        conditions=tuple(cohorts[0].conditions.values()),
        by=(cutting.variable,) if cutting and cutting.variable else (),
        strata=cutting.names if cutting else (),
        levels=cutting.levels if cutting else (),
        endpoint=(endpoint.event, endpoint.time) if endpoint else (),
    )
    if analysis.kind in ("pairs", "crosses") and not planned.n_pairs:
        raise UsageError("there is no pair", "Give two variables or more")
    return planned


def _cutting(
    analysis: Analysis, data: CohortData, variables: Sequence[Variable], adjust: Sequence[Variable]
) -> Cutting | None:
    """How the samples are cut; None where they are not."""
    if analysis.by is None:
        return None
    cutting = find_cutting(data, analysis.by, variables)
    if cutting.variable in adjust:
        raise UsageError(
            f"'{analysis.by}' cuts the samples, and is adjusted for too", "Leave one of them out"
        )
    return cutting


def _endpoint(
    analysis: Analysis, data: CohortData, variables: Sequence[Variable]
) -> Endpoint | None:
    """What is waited for; None of what is no survival."""
    if analysis.kind != "survival":
        return None
    endpoint = find_endpoint(data.names, data.cohorts, analysis.endpoint)
    check_not_endpoint(endpoint, variables)
    return endpoint


def _sides(
    analysis: Analysis, names: NameResolver
) -> tuple[Sequence[Variable], Sequence[Variable]]:
    """The variables of x and of y; of pairs one of each a pair; of dominance and survival no y."""
    if analysis.kind == "pairs":
        x, y = zip(*analysis.pairs, strict=True)
        return names.variables(x), names.variables(y)
    if analysis.kind == "survival":
        return names.expanded(analysis.x), []
    if analysis.kind == "crosses":
        found = names.expanded(analysis.x)
        return found, found if analysis.y is None else names.expanded(analysis.y)
    sets = names.expanded(analysis.sets)
    others = [variable.name for variable in sets if not isinstance(variable, SetVariable)]
    if others:
        raise UsageError(f"{', '.join(others)}: no gene set", "Dominance is among gene sets")
    return sets, []


def _identity(variable: Variable) -> Hashable:
    """A key that is equal for sets of the same name and genes, whatever file they are from."""
    if isinstance(variable, SetVariable):
        return "set", variable.name, variable.gene_set.genes
    return variable
