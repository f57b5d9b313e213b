"""Loading raw counts: stored as whole numbers, beside the expression of the same samples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from tcga_corr.errors import UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.loading.checks import check_names
from tcga_corr.loading.count_checks import whole_counts
from tcga_corr.loading.covariates import once_each
from tcga_corr.loading.gene_names import with_current_names
from tcga_corr.loading.load import (
    PATIENTS,
    LoadedTable,
    LoadReport,
    LoadRun,
    Read,
    check_has_symbols,
    filter_genes,
    gene_filter,
)
from tcga_corr.loading.plan import LoadPlan, plan_file
from tcga_corr.sources import SOURCES
from tcga_corr.store.counts import readable_counts_metadata, write_counts
from tcga_corr.store.layout import TableKey
from tcga_corr.store.metadata import CountsMetadata, TableMetadata

UNIT = "raw counts"
"""Unit of all tables of counts in the store."""


@dataclass
class CountsRun(LoadRun):
    """One call of :func:`tcga_corr.loading.load.load_files` for raw counts.

    Where they are to be normalised, or the file has another quantity too, the expression of the
    same samples is loaded as well.
    """

    expression: LoadRun = field(init=False)

    def __post_init__(self) -> None:
        if self.options.linear:
            raise UsageError(
                "--linear is given with --counts", "Say --unit 'log2(count+1)' of logarithms"
            )
        options = replace(self.options, counts=False)
        if options.normalize and options.unit is None:
            options = replace(options, unit="counts")
        self.expression = LoadRun(self.store, options, self.progress, set())

    def load(self, path: Path) -> None:
        """Load the counts of one file, and the expression that it has too."""
        n_errors = len(self.errors)
        super().load(path)
        if len(self.errors) > n_errors or self.rewrite:
            return  # no expression of what are no counts
        if self.options.normalize or plan_file(path, self.options).file.has_expression:
            self.expression.load(path)

    def report(self) -> LoadReport:
        """The tables of both, and the errors."""
        counts, expression = super().report(), self.expression.report()
        return LoadReport(
            (*counts.loaded, *expression.loaded),
            (*counts.errors, *expression.errors),
            once_each(counts.clinical, expression.clinical),
        )

    def _read(self, plan: LoadPlan) -> Read:
        genes = gene_filter(plan.genes)
        # all genes show best what the values are, but of all tumor types at once are too many
        several = plan.phenotype is not None and len(plan.tumor_types) > 1
        table, notes = with_current_names(plan.file.read(genes if several else None))
        check_names(table, plan.path)
        check_has_symbols(plan, table)
        averaged = plan.source.name in SOURCES
        table, rounded = whole_counts(table, plan.path, plan.unit, averaged=averaged)
        patients = PATIENTS if plan.patients_alone else ""
        notes = [note for note in (plan.file.read_as, patients, *notes) if note]
        table = filter_genes(table, genes)
        return Read(table, linear=True, counts=True, notes=tuple(notes), rounded=rounded)

    def _store(
        self, table: ExpressionTable, plan: LoadPlan, key: TableKey, unit: str, read: Read
    ) -> LoadedTable:
        prepared, described = self._prepared(table, plan, key, UNIT, read)
        metadata = CountsMetadata(**described, rounded=read.rounded)
        with self.store.locked(key):
            stored = readable_counts_metadata(self.store, key)
            unchanged = plan.would_make(stored) and key not in self.rewrite
            self.store.remove_leftovers(key)
            if not unchanged:
                metadata = write_counts(self.store, prepared, metadata)
        replaced = stored is not None and not unchanged
        return LoadedTable(plan.path, key, metadata, unchanged, replaced)

    def _check_unit(self, plan: LoadPlan, unit: str) -> None:
        """All counts are of one unit."""

    def _stored_tables(self, source: str) -> dict[TableKey, TableMetadata]:
        keys = self.store.counts_keys(source)
        found = {key: readable_counts_metadata(self.store, key) for key in keys}
        counts = {key: metadata for key, metadata in found.items() if metadata}
        # a patient is of one tumor type in both
        return {**super()._stored_tables(source), **counts}

    def _replaced_by(self, key: TableKey) -> CountsMetadata | None:
        return readable_counts_metadata(self.store, key)

    def _is_unchanged(self, plan: LoadPlan, key: TableKey) -> bool:
        metadata = readable_counts_metadata(self.store, key)
        if metadata is None or not plan.would_make(metadata) or key in self.rewrite:
            return False
        self.store.remove_any_leftovers(key)
        self.loaded.append(LoadedTable(plan.path, key, metadata, unchanged=True))
        return True
