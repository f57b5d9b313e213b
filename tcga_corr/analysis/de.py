"""Differential expression: which genes' raw counts differ between groups, per tumor type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tcga_corr.analysis.answer import Answer, Query, ScopeQuery, samples_in_words
from tcga_corr.analysis.cohort import matching_notes
from tcga_corr.analysis.counts_data import (
    check_has_gtex,
    counts_data,
    counts_tables,
    covariates_among,
    covariates_of,
)
from tcga_corr.analysis.de_contrasts import contrasts_of
from tcga_corr.analysis.de_fit import (
    FitOptions,
    FitTask,
    TopGenes,
    TypeFit,
    contrast_name,
    fit_type,
    schema,
)
from tcga_corr.analysis.de_samples import (
    ComparedSamples,
    Contrast,
    SampleRules,
    compared_samples,
)
from tcga_corr.analysis.de_summary import lines_of, notes_of, summary_of
from tcga_corr.analysis.deseq2 import PACKAGE, require_package
from tcga_corr.analysis.grouping import Grouped, Grouping, grouped_samples, grouping_of
from tcga_corr.analysis.processes import in_processes
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.scope import SEE_STATUS, Scope
from tcga_corr.analysis.where import notes_of_conditions
from tcga_corr.choices import BY_SAMPLE_TYPE
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.progress import Progress
from tcga_corr.store.counts import CountsTable
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.associations import SIMULATED

if TYPE_CHECKING:
    import polars as pl

BY_PATIENT = "patient"


@dataclass(frozen=True)
class DeOptions:
    """What is compared and how; as of :meth:`tcga_corr.Engine.de`."""

    by: str | Path = BY_SAMPLE_TYPE
    group: str | None = None
    contrasts: Sequence[str] = ()
    reference: str | None = None
    pair: str | None = None
    adjust: Sequence[str] = ()
    shrink: bool = False
    min_count: int = 10
    q: float = 0.05
    lfc: float = 1.0
    check: bool = False
    jobs: int = 2


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
    scope.check()
    _check(options)
    version = require_package()
    tables = counts_tables(store, scope.tumor_types, scope.source)
    check_has_gtex(tables, options.by, scope)
    data = counts_data(store, tables, scope)
    grouping = grouping_of(options.by, options.group, data)
    contrasts = contrasts_of(grouping.names, options.contrasts, options.reference)
    adjust = covariates_of(data.names, options.adjust)
    reference = options.reference or contrasts[0][1]
    rules = SampleRules(grouping, contrasts, reference, adjust, options.pair is not None)
    parts = grouped_samples(data, grouping)
    chosen = _chosen(parts, rules)
    fits = _fits(store, tables, chosen, options, progress or Progress())
    frame = _frame(tables, chosen, fits, contrasts)
    summary = summary_of(frame, fits, options.q, options.lfc)
    notes = (
        *notes_of(tables, chosen, fits, version),
        *notes_of_conditions([cohort for grouped in parts for cohort in grouped.cohorts[:1]]),
        *grouping.notes(parts),
        *matching_notes([one for grouped in parts for z in adjust for one in grouped.measure(z)]),
    )
    about = [*adjust, *([grouping.covariate] if grouping.covariate else [])]
    about += covariates_among(parts[0].cohorts[0].conditions.values())
    return DeAnswer(
        frame=frame,
        query=_query(data.query, grouping, contrasts, options),
        notes=notes,
        provenance=Provenance.of(tables, [], [z.covariate for z in about], notes, [PACKAGE]),
        lines=lines_of(summary, options.q, options.lfc),
        summary=summary,
        top={name: one.top for name, one in fits.items()},
    )


def _check(options: DeOptions) -> None:
    """Refuse options out of range, before anything is read."""
    if options.pair not in (None, BY_PATIENT):
        raise UsageError(f"pair is '{options.pair}'", f"Give {BY_PATIENT}, or leave it out")
    if options.contrasts and options.reference is not None:
        raise UsageError("contrasts and a reference are given at once", "Give one of them")
    for name, value, low in (("min_count", options.min_count, 0), ("jobs", options.jobs, 1)):
        if value < low:
            raise UsageError(f"{name} is {value}", f"Give {low} or more")
    if not 0 < options.q < 1:
        raise UsageError(f"q is {options.q:g}", "Give a number between 0 and 1, such as 0.05")
    if not (options.lfc >= 0 and np.isfinite(options.lfc)):
        raise UsageError(f"lfc is {options.lfc:g}", "Give 0 or more, in log2")


def _chosen(
    parts: Sequence[Grouped], rules: SampleRules
) -> dict[str, ComparedSamples | AnalysisError]:
    """By tumor type, the samples that are compared, or why none can be.

    Raises
    ------
    AnalysisError
        If none can be in any tumor type.
    """
    chosen: dict[str, ComparedSamples | AnalysisError] = {}
    for grouped in parts:
        try:
            found: ComparedSamples | AnalysisError = compared_samples(grouped, rules)
        except AnalysisError as error:
            found = error
        chosen[grouped.tumor_type] = found
    errors = {name: one for name, one in chosen.items() if isinstance(one, AnalysisError)}
    if len(errors) == len(chosen):
        reasons: dict[str, list[str]] = {}
        for name, one in errors.items():
            reasons.setdefault(one.what, []).append(name)
        listed = "; ".join(f"{', '.join(types)}: {what}" for what, types in reasons.items())
        raise AnalysisError(listed, next(iter(errors.values())).remedy or SEE_STATUS)
    return chosen


def _fits(
    store: Store,
    tables: Sequence[CountsTable],
    chosen: Mapping[str, ComparedSamples | AnalysisError],
    options: DeOptions,
    progress: Progress,
) -> dict[str, TypeFit]:
    """The tumor types that can be fitted, a process each."""
    how = FitOptions(options.min_count, options.q, options.lfc, options.shrink, options.check)
    tasks = [
        FitTask(store.root.resolve(), table.key, compared, how)
        for table in tables
        if isinstance(compared := chosen[table.key.tumor_type], ComparedSamples)
    ]
    fits = {}
    progress.begin(len(tasks))
    progress.step("fitting " + ", ".join(task.key.tumor_type for task in tasks[: options.jobs]))
    for task, one in zip(tasks, in_processes(fit_type, tasks, options.jobs), strict=True):
        fits[task.key.tumor_type] = one
        progress.advance()
    progress.step("")
    return fits


def _frame(
    tables: Sequence[CountsTable],
    chosen: Mapping[str, ComparedSamples | AnalysisError],
    fits: Mapping[str, TypeFit],
    contrasts: Sequence[Contrast],
) -> pl.DataFrame:
    """The rows of all tumor types; a contrast that cannot be tested has one that says why."""
    import polars as pl

    parts = []
    for table in tables:
        name = table.key.tumor_type
        found = chosen[name]
        reasons: Mapping[Contrast, str] = (
            dict.fromkeys(contrasts, found.what)
            if isinstance(found, AnalysisError)
            else found.impossible
        )
        rows = [
            {"tumor_type": name, "contrast": contrast_name(contrast), "note": reason}
            for contrast, reason in reasons.items()
        ]
        parts += [fits[name].frame] if name in fits else []
        parts += [pl.DataFrame(rows, schema=schema())] if rows else []
    frame = pl.concat(parts)
    if any(table.metadata.simulated for table in tables):
        note = pl.concat_str(pl.lit(SIMULATED), pl.col("note"), separator="; ")
        frame = frame.with_columns(note=note.str.strip_chars_end("; "))
    return frame


def _query(
    scope: ScopeQuery, grouping: Grouping, contrasts: Sequence[Contrast], options: DeOptions
) -> DeQuery:
    return DeQuery(
        tumor_types=scope.tumor_types,
        source=scope.source,
        unit=scope.unit,
        genes=scope.genes,
        samples=" and ".join(grouping.selections),
        where=scope.where,
        by=str(options.by),
        groups=list(grouping.names),
        contrasts=[contrast_name(contrast) for contrast in contrasts],
        pair=options.pair,
        adjust=list(options.adjust),
        shrink=options.shrink,
        min_count=options.min_count,
        q=options.q,
        lfc=options.lfc,
    )
