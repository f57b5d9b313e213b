"""Differential expression: which genes' raw counts differ between groups, per tumor type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tcga_corr.analysis.answer import Answer, Query, ScopeQuery, samples_in_words
from tcga_corr.analysis.differential.deseq2 import PACKAGE, require_package
from tcga_corr.analysis.differential.fit import (
    TopGenes,
    TypeFit,
    contrast_name,
    rows_of_type,
    try_fit,
)
from tcga_corr.analysis.differential.question import (
    BY_PATIENT,
    DeOptions,
    DeQuestion,
    de_question,
    require_some,
)
from tcga_corr.analysis.differential.samples import ComparedSamples
from tcga_corr.analysis.differential.summary import lines_of, notes_of, summary_of
from tcga_corr.analysis.processes import in_processes
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.samples.cohort import matching_notes
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.analysis.samples.where import notes_of_conditions
from tcga_corr.errors import AnalysisError
from tcga_corr.progress import Progress
from tcga_corr.store.layout import Store

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BY_PATIENT", "DeAnswer", "DeOptions", "DeQuery", "differential_expression"]


@dataclass(frozen=True)
class DeQuery(Query):
    """A question of :func:`differential_expression`."""

    tumor_types: list[str]
    source: str
    unit: str
    genes: str
    samples: str
    where: list[str]
    by: str
    groups: list[str]
    contrasts: list[str]
    pair: str | None
    adjust: list[str]
    shrink: bool
    min_count: int
    q: float
    lfc: float

    @property
    def samples_in_words(self) -> str:
        """Which samples: ``tumor and normal samples where gender=FEMALE``."""
        return samples_in_words(self.samples, self.where)


@dataclass(frozen=True, kw_only=True)
class DeAnswer(Answer):
    """An answer of :func:`differential_expression`: a row per tumor type, contrast and gene.

    Attributes
    ----------
    summary
        A row per tumor type and contrast: how many genes were tested and called, by each method.
    top
        By tumor type, the genes called with the smallest p, in all samples compared.
    """

    query: DeQuery
    summary: pl.DataFrame = field(repr=False)
    top: Mapping[str, TopGenes] = field(repr=False)


def differential_expression(
    store: Store, options: DeOptions, scope: Scope, progress: Progress | None = None
) -> DeAnswer:
    """See :meth:`tcga_corr.Engine.de`."""
    import polars as pl

    version = require_package()
    question = de_question(store, options, scope)
    tables, parts, grouping = question.tables, question.parts, question.grouping
    fits, chosen = _fits(store, question, options, progress or Progress())
    frame = pl.concat(
        rows_of_type(table, chosen[name], fits.get(name), question.contrasts)
        for table in tables
        for name in [table.key.tumor_type]
    )
    summary = summary_of(frame, fits, options.q, options.lfc)
    notes = (
        *notes_of(tables, chosen, fits, version),
        *notes_of_conditions([cohort for grouped in parts for cohort in grouped.cohorts[:1]]),
        *grouping.notes(parts),
        *matching_notes(
            [one for grouped in parts for z in question.adjust for one in grouped.measure(z)]
        ),
    )
    about = [variable.covariate for variable in question.covariates]
    return DeAnswer(
        frame=frame,
        query=_query(question, options),
        notes=notes,
        provenance=Provenance.of(tables, [], about, notes, [PACKAGE]),
        lines=lines_of(summary, options.q, options.lfc),
        summary=summary,
        top={name: one.top for name, one in fits.items()},
    )


def _fits(
    store: Store, question: DeQuestion, options: DeOptions, progress: Progress
) -> tuple[dict[str, TypeFit], Mapping[str, ComparedSamples | AnalysisError]]:
    """The tumor types that can be fitted, a process each; and why the others cannot."""
    tasks = question.fits(store, options)
    fits: dict[str, TypeFit] = {}
    chosen = dict(question.chosen)
    progress.begin(len(tasks))
    progress.step("fitting " + ", ".join(task.key.tumor_type for task in tasks[: options.jobs]))
    for task, one in zip(tasks, in_processes(try_fit, tasks, options.jobs), strict=True):
        if isinstance(one, AnalysisError):
            chosen[task.key.tumor_type] = one
        else:
            fits[task.key.tumor_type] = one
        progress.advance()
    progress.step("")
    require_some(chosen)
    return fits, chosen


def _query(question: DeQuestion, options: DeOptions) -> DeQuery:
    scope: ScopeQuery = question.data.query
    return DeQuery(
        tumor_types=scope.tumor_types,
        source=scope.source,
        unit=scope.unit,
        genes=scope.genes,
        samples=" and ".join(question.grouping.selections),
        where=scope.where,
        by=str(options.by),
        groups=list(question.grouping.names),
        contrasts=[contrast_name(contrast) for contrast in question.contrasts],
        pair=options.pair,
        adjust=list(options.adjust),
        shrink=options.shrink,
        min_count=options.min_count,
        q=options.q,
        lfc=options.lfc,
    )
