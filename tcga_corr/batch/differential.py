"""Differential expression in a run: planned, computed by tumor type, and counted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tcga_corr.analysis.differential.deseq2 import PACKAGE, require_package
from tcga_corr.analysis.differential.fit import COLUMNS, TypeFit, rows_of_type, schema, try_fit
from tcga_corr.analysis.differential.question import DeOptions, DeQuestion, de_question, fit_task
from tcga_corr.analysis.differential.samples import ComparedSamples
from tcga_corr.analysis.differential.summary import counts_of_calls, notes_of_type
from tcga_corr.batch.plan import Plan, PlannedAnalysis, Task, covariates_among
from tcga_corr.batch.planned_differential import GroupsFile, PlannedDifferential
from tcga_corr.batch.spec import Analysis
from tcga_corr.errors import AnalysisError, StoreError
from tcga_corr.files import sha256_of
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.store.layout import Store

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

HIDDEN = ("low_mean", "found")
"""Columns of a task's rows that are in the summary alone: the filter's threshold, and notes."""
KEYS = ("tumor_type", "contrast", "n_a", "n_b", "n_pairs")
_TEXT_KEYS = ("tumor_type", "contrast")
# the package's warnings are gathered by replacing a function of the whole process
_ONE_AT_A_TIME = threading.Lock()


def planned_differential(store: Store, analysis: Analysis) -> tuple[PlannedAnalysis, DeQuestion]:
    """Look up what a block of differential expression compares.

    Raises
    ------
    UsageError
        If the package is not installed, or a name is unknown.
    DataMissingError
        If there are no counts of a tumor type, or no such file.
    AnalysisError
        If nothing can be compared in any tumor type.
    """
    if analysis.differential is None:
        raise ValueError(f"'{analysis.name}' is no block of differential expression")
    package = require_package()
    options = analysis.differential
    file = _groups_file(options)
    question = de_question(store, options, analysis.scope, file.groups if file else None)
    covariate = question.grouping.covariate
    by = str(options.by) if file is None else file.name
    types = [table.key.tumor_type for table in question.tables]
    planned = PlannedDifferential(
        by=by
        if covariate is None
        else f"covariate:{covariate.covariate.table}.{covariate.covariate.name}",
        file=file,
        contrasts=tuple(options.contrasts),
        reference=options.reference,
        pairs=question.contrasts,
        samples=" and ".join(question.grouping.selections),
        pair=options.pair,
        adjust=tuple(f"{z.covariate.table}.{z.covariate.name}" for z in question.adjust),
        shrink=options.shrink,
        min_count=options.min_count,
        q=options.q,
        lfc=options.lfc,
        check=options.check,
        n_genes=tuple(table.metadata.n_genes for table in question.tables),
        n_rows=tuple(_n_rows(question, place) for place in range(len(types))),
        package=package,
    )
    sizes = (question.chosen[name] for name in types)
    asked = PlannedAnalysis(
        name=analysis.name,
        kind=analysis.kind,
        scope=replace(
            analysis.scope, source=question.tables[0].key.source, tumor_types=tuple(types)
        ),
        n_samples=tuple(
            len(one.columns) if isinstance(one, ComparedSamples) else 0 for one in sizes
        ),
        units=tuple(table.metadata.unit for table in question.tables),
        methods=(),
        null=(),
        draws=0,
        variables=(),
        adjust=tuple(question.adjust),
        x=(),
        y=(),
        conditions=tuple(question.parts[0].cohorts[0].conditions.values()),
        by=(covariate,) if covariate else (),
        differential=planned,
    )
    return asked, question


def _groups_file(options: DeOptions) -> GroupsFile | None:
    """The file of groups, read; None where there is none."""
    from tcga_corr.formats.sample_groups import read_groups

    path = options.by
    if not isinstance(path, Path):
        return None
    return GroupsFile(path.name, sha256_of(path), read_groups(path, options.group))


def _n_rows(question: DeQuestion, place: int) -> int:
    table = question.tables[place]
    found = question.chosen[table.key.tumor_type]
    if isinstance(found, AnalysisError):
        return len(question.contrasts)
    return table.metadata.n_genes * len(found.contrasts) + len(found.impossible)


# --- a task


class DifferentialComputer:
    """Computes tasks of differential expression of one plan over one store."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store, self._plan = store, plan
        # what is compared is settled over all tumor types, so that the groups are the same in all
        self._question = lru_cache(maxsize=4)(self._new_question)

    def rows(self, task: Task) -> pa.Table:
        """The rows of a task: those of :meth:`tcga_corr.Engine.de`, and what ``HIDDEN`` says.

        Raises
        ------
        StoreError
            If counts, covariates or the package are not those of the plan.
        """
        analysis = self._plan.analysis(task.analysis)
        question, options = self._question(task.analysis), settings_of(analysis).options
        place = analysis.tumor_types.index(task.tumor_type)
        found = question.chosen[task.tumor_type]
        table = question.tables[place]
        fitted: TypeFit | None = None
        notes: list[str] = []
        if not isinstance(found, AnalysisError):
            with _ONE_AT_A_TIME:
                result = try_fit(fit_task(self._store, table, found, options))
            if isinstance(result, AnalysisError):
                found = result
            else:
                fitted, notes = result, notes_of_type(table, found, result)
        return _as_table(rows_of_type(table, found, fitted, question.contrasts), fitted, notes)

    def _new_question(self, name: str) -> DeQuestion:
        analysis = self._plan.analysis(name)
        planned = settings_of(analysis)
        if require_package() != planned.package:
            raise StoreError(
                f"the run was planned with {PACKAGE} {planned.package}, and this is "
                f"{require_package()}",
                "Run the spec anew, or install that version",
            )
        question = de_question(self._store, planned.options, analysis.scope, planned.of_file)
        check_counts(self._plan, analysis, question)
        return question


def settings_of(analysis: PlannedAnalysis) -> PlannedDifferential:
    """What a block of differential expression compares."""
    if analysis.differential is None:
        raise ValueError(f"'{analysis.name}' is no block of differential expression")
    return analysis.differential


def check_counts(plan: Plan, analysis: PlannedAnalysis, question: DeQuestion) -> None:
    """Refuse counts or covariates that have changed since the plan was made."""
    changed = [
        f"the counts of {table.key.source} {table.key.tumor_type}"
        for table in question.tables
        if plan.counts[table.key.source, table.key.tumor_type] != table.table_sha256
    ]
    found = {one.covariate.table: one.covariate.table_sha256 for one in question.covariates}
    changed += [
        f"the covariates '{one.table}'"
        for one in covariates_among(analysis.involved)
        if plan.covariates[one.table] != found.get(one.table)
    ]
    if changed:
        raise StoreError(
            f"{', '.join(dict.fromkeys(changed))}: not what the run began with", "Run the spec anew"
        )


def failed_differential_rows(analysis: PlannedAnalysis, task: Task, note: str) -> pa.Table:
    """The rows of a task that failed: one for each contrast, with the reason."""
    import polars as pl

    rows = [
        {"tumor_type": task.tumor_type, "contrast": contrast, "note": note}
        for contrast in settings_of(analysis).compared
    ]
    return _as_table(pl.DataFrame(rows, schema=schema()), None, ())


def _as_table(frame: pl.DataFrame, fitted: TypeFit | None, notes: Sequence[str]) -> pa.Table:
    """Rows with the hidden columns, texts as dictionaries."""
    import polars as pl

    thresholds = fitted.thresholds if fitted else {}
    frame = frame.with_columns(
        low_mean=pl.col("contrast").replace_strict(
            thresholds, default=None, return_dtype=pl.Float64
        ),
        found=pl.lit("; ".join(notes)),
    )
    return as_texts(frame)


def as_texts(frame: pl.DataFrame) -> pa.Table:
    """A frame as a table whose texts are dictionaries, as those of a task's file are."""
    import polars as pl

    return texts_as_read(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


def texts_as_read(table: pa.Table) -> pa.Table:
    """A table with texts of the type that reading a task's file gives."""
    import pyarrow as pa

    texts = pa.dictionary(pa.int32(), pa.string())
    fields = [
        pa.field(one.name, texts if pa.types.is_large_string(one.type) else one.type)
        for one in table.schema
    ]
    return table.cast(pa.schema(fields))


# --- the tables of a run


def without_hidden(table: pa.Table) -> pa.Table:
    """The rows of a task as they stand in the results."""
    return table.select(list(COLUMNS))


def summary_of_task(table: pa.Table, settings: PlannedDifferential) -> pl.DataFrame:
    """A row for each contrast of a task's rows.

    The columns are those of :func:`tcga_corr.analysis.differential.summary.summary_of`, with the
    thresholds ``q`` and ``lfc``, and a note. A contrast that could not be tested has a note alone.
    """
    import polars as pl

    frame = pl.DataFrame(pl.from_arrow(table))
    frame = frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
    tested = pl.col("gene").is_not_null()
    notes = pl.concat_str("note", "found", separator="; ").str.strip_chars("; ")
    rows = (
        frame.filter(tested)
        .group_by(KEYS, maintain_order=True)
        .agg(
            *counts_of_calls(settings.q, settings.lfc),
            pl.col("low_mean").first(),
            note=notes.first(),
        )
    )
    others = frame.filter(~tested).select(*_TEXT_KEYS, "note")
    found = pl.concat([rows, others], how="diagonal")
    limits = [pl.lit(settings.q).alias("q"), pl.lit(settings.lfc).alias("lfc")]
    return found.select(pl.exclude("note"), *limits, pl.col("note"))


def wrong_calls(folder: Path, plan: Plan) -> str:
    """Whether the summary does not follow from the rows, or q_wilcoxon from p; empty if they do."""
    import polars as pl

    path = folder / "differential.parquet"
    if not path.exists():
        return ""
    wrong = []
    columns = ["analysis", *KEYS, "gene", "log2fc", "p", "q", "p_wilcoxon", "q_wilcoxon"]
    rows = pl.scan_parquet(path).select(*columns, "zero_group", "filtered")
    summary = pl.read_parquet(folder / "differential_summary.parquet")
    for task in (task for task in plan.tasks if task.way == "differential"):
        own = (pl.col("analysis") == task.analysis) & (pl.col("tumor_type") == task.tumor_type)
        tested = rows.filter(own, pl.col("gene").is_not_null()).collect()
        settings = settings_of(plan.analysis(task.analysis))
        counts = counts_of_calls(settings.q, settings.lfc)
        found = tested.group_by(KEYS, maintain_order=True).agg(counts)
        stored = summary.filter(own, pl.col("n_tested").is_not_null()).select(found.columns)
        if not found.equals(stored):
            wrong.append(
                f"the summary of {task.analysis} {task.tumor_type} is not that of its rows"
            )
        for part in tested.partition_by("contrast"):
            p, q = (
                part[name].fill_null(np.nan).to_numpy() for name in ("p_wilcoxon", "q_wilcoxon")
            )
            if not np.array_equal(benjamini_hochberg(p), q, equal_nan=True):
                wrong.append(f"q_wilcoxon of {task.analysis} {task.tumor_type} is not that of p")
    return "; ".join(wrong)
