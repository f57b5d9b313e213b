"""What a question of differential expression compares, settled before any fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tcga_corr.analysis.answer import CohortData
from tcga_corr.analysis.differential.contrasts import contrasts_of
from tcga_corr.analysis.differential.counts_data import (
    check_has_gtex,
    counts_data,
    counts_tables,
    covariates_among,
    covariates_of,
)
from tcga_corr.analysis.differential.fit import FitOptions, FitTask
from tcga_corr.analysis.differential.samples import (
    ComparedSamples,
    Contrast,
    SampleRules,
    compared_samples,
)
from tcga_corr.analysis.naming.names import CovariateVariable
from tcga_corr.analysis.samples.grouping import (
    Grouped,
    Grouping,
    grouped_samples,
    grouping_by_file,
    grouping_of,
)
from tcga_corr.analysis.samples.scope import SEE_STATUS, Scope
from tcga_corr.choices import BY_SAMPLE_TYPE
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.store.counts import CountsTable
from tcga_corr.store.layout import Store

if TYPE_CHECKING:
    from tcga_corr.formats.sample_groups import SampleGroups

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


@dataclass(frozen=True, eq=False)
class DeQuestion:
    """What is compared in each tumor type.

    Attributes
    ----------
    tables
        The counts of each tumor type.
    data
        Their samples, and the covariates.
    grouping
        The groups.
    contrasts
        Pairs of groups that are compared.
    adjust
        Covariates that are held fixed.
    parts
        The samples of each tumor type that are in a group.
    chosen
        By tumor type, the samples that are compared, or why none can be.
    """

    tables: Sequence[CountsTable]
    data: CohortData = field(repr=False)
    grouping: Grouping = field(repr=False)
    contrasts: tuple[Contrast, ...]
    adjust: Sequence[CovariateVariable]
    parts: Sequence[Grouped] = field(repr=False)
    chosen: Mapping[str, ComparedSamples | AnalysisError] = field(repr=False)

    @property
    def covariates(self) -> list[CovariateVariable]:
        """All covariates that it needs: held fixed, of the groups, and of conditions."""
        of_groups = [self.grouping.covariate] if self.grouping.covariate else []
        conditions = self.parts[0].cohorts[0].conditions.values()
        return [*self.adjust, *of_groups, *covariates_among(conditions)]

    def fits(self, store: Store, options: DeOptions) -> list[FitTask]:
        """What there is to fit: a task of each tumor type whose samples can be compared."""
        return [
            fit_task(store, table, compared, options)
            for table in self.tables
            if isinstance(compared := self.chosen[table.key.tumor_type], ComparedSamples)
        ]


def fit_task(
    store: Store, table: CountsTable, compared: ComparedSamples, options: DeOptions
) -> FitTask:
    """The fit of a tumor type, to be done wherever the store's folder is."""
    how = FitOptions(options.min_count, options.q, options.lfc, options.shrink, options.check)
    return FitTask(store.root.resolve(), table.key, compared, how)


def de_question(
    store: Store, options: DeOptions, scope: Scope, groups: SampleGroups | None = None
) -> DeQuestion:
    """Settle what is compared; no counts are read.

    Parameters
    ----------
    store, options, scope
        As of :meth:`tcga_corr.Engine.de`.
    groups
        The groups of a file that was read before, in place of ``options.by``.

    Raises
    ------
    UsageError
        If options are out of range or do not go together, or a name is unknown.
    DataMissingError
        If there are no counts of a tumor type.
    AnalysisError
        If nothing can be compared in any tumor type.
    """
    scope.check()
    _check(options)
    tables = counts_tables(store, scope.tumor_types, scope.source)
    check_has_gtex(tables, options.by, scope)
    data = counts_data(store, tables, scope)
    grouping = (
        grouping_of(options.by, options.group, data)
        if groups is None
        else grouping_by_file(groups, scope.samples)
    )
    contrasts = contrasts_of(grouping.names, options.contrasts, options.reference)
    adjust = covariates_of(data.names, options.adjust)
    reference = options.reference or contrasts[0][1]
    rules = SampleRules(grouping, contrasts, reference, adjust, options.pair is not None)
    parts = grouped_samples(data, grouping)
    chosen = _chosen(parts, rules)
    return DeQuestion(tables, data, grouping, contrasts, adjust, parts, chosen)


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
    require_some(chosen)
    return chosen


def require_some(found: Mapping[str, object]) -> None:
    """Refuse a question that has a reason against it in every tumor type.

    Raises
    ------
    AnalysisError
        With all reasons.
    """
    errors = {name: one for name, one in found.items() if isinstance(one, AnalysisError)}
    if len(errors) < len(found):
        return
    reasons: dict[str, list[str]] = {}
    for name, one in errors.items():
        reasons.setdefault(one.what, []).append(name)
    listed = "; ".join(f"{', '.join(types)}: {what}" for what, types in reasons.items())
    raise AnalysisError(listed, next(iter(errors.values())).remedy or SEE_STATUS)
