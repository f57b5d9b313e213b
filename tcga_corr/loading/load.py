"""Loading expression tables from disk into the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from tcga_corr.choices import Genes, Normalization, check_choice
from tcga_corr.errors import (
    DamagedTableError,
    DataMissingError,
    TableError,
    TcgaCorrError,
    UsageError,
)
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.format import GeneFilter
from tcga_corr.loading.checks import (
    check_centred,
    check_names,
    check_scale,
)
from tcga_corr.loading.covariates import LoadedCovariates, load_clinical
from tcga_corr.loading.gene_names import with_current_names
from tcga_corr.loading.normalization import counts_per_million
from tcga_corr.loading.plan import LoadOptions, LoadPlan, plan_file
from tcga_corr.loading.samples import (
    gtex_samples,
    own_samples,
    paraffin_among,
    paraffin_note,
    stored_samples,
)
from tcga_corr.loading.unit_checks import (
    UnitFindings,
    bears_out,
    check_quantity,
    check_said_linear,
    check_unit,
    is_linear,
)
from tcga_corr.progress import Progress
from tcga_corr.sources import SOURCES, source_of_file, sources_of_tables
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import Store, TableKey, check_source_name
from tcga_corr.store.metadata import COPIES, CountsMetadata, TableMetadata
from tcga_corr.store.parquet import readable_metadata, write_table
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.symbols import symbol_table

__all__ = ["LoadOptions", "LoadReport", "LoadedTable", "load_files"]

_MOST_SHOWN = 3
_UNASSIGNED = "columns of no known tumor type"
_LINEAR = "linear values, taken as log2(x + 1)"
PATIENTS = "samples named by patient, so of unknown sample type; all are taken as tumor"
_PER_MILLION = "counts per million of all {rows:,} rows of genes"
_PER_MILLION_OF_FEW = "; these are not all genes, so each is a share of these alone"
_FEW_ROWS = 10_000


@dataclass(frozen=True)
class LoadedTable:
    """The table that one tumor type of one file became.

    Attributes
    ----------
    path, key, metadata
        The file, and the table in the store.
    unchanged
        Whether the store had it already, made of the same inputs in the same way.
    replaced
        Whether it replaced a table made of other inputs or in another way.
    """

    path: Path
    key: TableKey
    metadata: TableMetadata
    unchanged: bool
    replaced: bool = False

    @property
    def summary(self) -> str:
        """A line for people."""
        metadata = self.metadata
        tumor = sum(sample.tumor for sample in metadata.samples)
        normal = sum(sample.normal for sample in metadata.samples)
        gtex = sum(sample.gtex for sample in metadata.samples)
        dropped = ", ".join(f"{count} {what}" for what, count in metadata.dropped.items())
        kept = " of protein-coding genes" if metadata.genes == "protein-coding" else ""
        rounded = metadata.rounded if isinstance(metadata, CountsMetadata) else ""
        return (
            f"{self.key.source} {self.key.tumor_type}: {tumor} tumor + {normal} normal "
            + (f"+ {gtex} GTEx " if gtex else "")
            + f"samples, {metadata.n_genes} symbols{kept}, {metadata.unit}"
            + (f"; {metadata.read_as}" if metadata.read_as else "")
            + (f"; {rounded}" if rounded else "")
            + (f"; left out {dropped}" if dropped else "")
            + ("; was loaded already" if self.unchanged else "")
            + ("; replaced another table" if self.replaced else "")
        )


@dataclass(frozen=True)
class LoadReport:
    """The result of loading: the tables, and the errors of files or tables that failed.

    ``clinical`` are the covariates that came with a pan-cancer table.
    """

    loaded: tuple[LoadedTable, ...]
    errors: tuple[TcgaCorrError, ...]
    clinical: tuple[LoadedCovariates, ...] = ()

    def raise_errors(self) -> None:
        """Raise the first error, if there is one."""
        for error in self.errors:
            raise error


def load_files(
    store: Store,
    paths: Sequence[Path],
    options: LoadOptions | None = None,
    progress: Progress | None = None,
    rewrite: Iterable[TableKey] = (),
) -> LoadReport:
    """Load tables of expression, of raw counts or of both; a file that fails stops no other.

    Parameters
    ----------
    store
        The store; its folder is made with the first table.
    paths
        Files in any of the formats of ``tcga_corr.formats``, or folders with files named as a
        source names them.
    options
        Applied to all files.
    progress
        Receives each step, and counts the paths.
    rewrite
        Tables to write even if they are stored already.
    """
    options, progress = options or LoadOptions(), progress or Progress()
    if options.source is not None:
        check_source_name(options.source)
    if options.normalize is not None:
        check_choice("normalize", options.normalize, get_args(Normalization))
    _ = options.tumor_types  # refused at once if wrong
    run: LoadRun = LoadRun(store, options, progress, set(rewrite))
    if options.counts:
        from tcga_corr.loading.counts import CountsRun

        run = CountsRun(store, options, progress, set(rewrite))
    progress.begin(len(paths))
    for path in paths:
        with run.collecting():
            for file in _files_in(path, store.root, counts=options.counts):
                with run.collecting():
                    run.load(file)
        progress.advance()
        progress.step("")
    return run.report()


def _files_in(path: Path, store: Path, *, counts: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    root = store.resolve()
    is_in_store = root in path.resolve().parents  # else the store's own files are skipped
    try:
        files = sorted(
            file
            for file in path.rglob("*")
            if file.is_file()
            and (source := source_of_file(file, counts=counts))
            and source.name in sources_of_tables(counts=counts)
            and (is_in_store or root not in file.resolve().parents)
        )
    except OSError as error:
        raise DataMissingError(
            f"{path}: cannot be searched ({error.strerror})", "Name the files themselves"
        ) from error
    if not files:
        raise DataMissingError(
            f"{path}: no file in this folder is named as a known source names them",
            "Name the files themselves",
        )
    return files


@dataclass
class LoadRun:
    """One call of :func:`load_files`: the tables and errors so far."""

    store: Store
    options: LoadOptions
    progress: Progress
    rewrite: set[TableKey]
    loaded: list[LoadedTable] = field(default_factory=list)
    errors: list[TcgaCorrError] = field(default_factory=list)
    clinical: list[LoadedCovariates] = field(default_factory=list)
    plans: dict[TableKey, LoadPlan] = field(default_factory=dict)
    stored: dict[str, dict[TableKey, TableMetadata]] = field(default_factory=dict)
    """By source, read once."""

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an error of the block for the report."""
        try:
            yield
        except TcgaCorrError as error:
            self.errors.append(error)

    def report(self) -> LoadReport:
        """The tables and errors."""
        return LoadReport(tuple(self.loaded), tuple(self.errors), tuple(self.clinical))

    def load(self, path: Path) -> None:
        """Load the tumor types of one file, except those that are stored unchanged."""
        plan = plan_file(path, self.options)
        for key in plan.keys:
            earlier = self.plans.setdefault(key, plan)
            if earlier.inputs[0].sha256 != plan.inputs[0].sha256:
                raise UsageError(
                    f"{path}: {key.source} {key.tumor_type} was just loaded from {earlier.path}",
                    "Load one of them, or give each a --source of its own",
                )
        self._check_name(plan)
        self._check_gtex(plan)
        if plan.missing:
            what = f"{path}: no sample of it is of {' or '.join(plan.missing)}"
            self.errors.append(DataMissingError(what, "Take another table or source for these"))
        to_do = [key for key in plan.keys if not self._is_unchanged(plan, key)]
        if to_do:
            self._make_tables(plan, to_do)
        if plan.phenotype_path is not None:
            with self.collecting():
                self._load_clinical(plan.phenotype_path)

    def _load_clinical(self, path: Path) -> None:
        """Load the clinical columns of the table that has the tumor types, if it has any."""
        found = load_clinical(self.store, path)
        if found is not None and found not in self.clinical:
            self.clinical.append(found)

    def _make_tables(self, plan: LoadPlan, to_do: Sequence[TableKey]) -> None:
        self.progress.step(f"reading {plan.source.name} {plan.path.name}")
        read = self._read(plan)
        plan.check_unchanged()
        table = read.table
        unit = plan.stored_unit(read.linear)
        self._check_unit(plan, unit)
        split = plan.phenotype is not None or plan.file.tissues
        types = [plan.types_of(name) for name in table.samples] if split else None
        for key in to_do:
            self.progress.step(f"storing {plan.source.name} {key.tumor_type}")
            with self.collecting():
                part = _samples_of_type(table, types, key.tumor_type)
                self._check_patients(plan, key, part.samples)
                self.loaded.append(self._store(part, plan, key, unit, read))

    def _store(
        self, table: ExpressionTable, plan: LoadPlan, key: TableKey, unit: str, read: Read
    ) -> LoadedTable:
        """Store a table, unless another process has just done so."""
        prepared, described = self._prepared(table, plan, key, unit, read)
        metadata = TableMetadata(**described)
        with self.store.locked(key):
            stored = readable_metadata(self.store, key)
            unchanged = plan.would_make(stored) and key not in self.rewrite
            self.store.remove_leftovers(key)
            if not unchanged:
                write_table(self.store, prepared, metadata)
        open_index(self.store, key)
        replaced = stored is not None and not unchanged
        return LoadedTable(plan.path, key, metadata, unchanged, replaced)

    def _read(self, plan: LoadPlan) -> Read:
        return _read_expression(plan)

    def _prepared(
        self, table: ExpressionTable, plan: LoadPlan, key: TableKey, unit: str, read: Read
    ) -> tuple[ExpressionTable, dict[str, Any]]:
        """The table as it is stored, and its metadata."""
        prepared = table.prepared(counts=plan.counts, last=plan.file.tissues.keys())
        if not len(prepared.genes) or not prepared.samples:
            raise TableError(
                f"{plan.path}: no gene is measured in all samples of {key.tumor_type}",
                "Look for NA in the table",
            )
        copies = {
            column: f"the same values as {prepared.samples[first]} in every gene"
            for column, first in prepared.copies().items()
        }
        if plan.own_cohort:
            samples, of_paraffin = own_samples(prepared.samples, copies), ""
        else:
            paraffin = paraffin_among(prepared.samples, plan.file.paraffin)
            samples = stored_samples(prepared.samples, key.tumor_type, copies, paraffin)
            of_paraffin = paraffin_note(samples, paraffin)
            n_tcga, tissues = len(samples), plan.file.tissues  # those of GTEx stand last
            left_out = {one - n_tcga: why for one, why in copies.items() if one >= n_tcga}
            of_gtex = prepared.samples[n_tcga:]
            samples += gtex_samples(of_gtex, tissues, key.tumor_type, left_out)
        return prepared, {
            "source": key.source,
            "tumor_type": key.tumor_type,
            "unit": unit,
            "simulated": plan.source.simulated,
            "genes": plan.genes,
            "n_genes": len(prepared.genes),
            "inputs": plan.inputs,
            "recipe": plan.recipe,
            "dropped": prepared.counted(COPIES, len(copies)).dropped,
            "samples": samples,
            "read_as": "; ".join(filter(None, (*read.notes, of_paraffin))),
            "counts": read.counts,
        }

    def _check_patients(self, plan: LoadPlan, key: TableKey, samples: Sequence[str]) -> None:
        """Refuse a table of one tumor type whose patients the source has under another.

        Samples of an own cohort are patients by their own names.
        """
        known = {
            sample.patient: stored.tumor_type
            for stored, metadata in self._tables(key.source).items()
            if stored not in plan.keys  # these are rewritten by the same phenotype table
            for sample in metadata.samples
            if not sample.tissue  # donors of GTEx are compared with several tumor types
        }
        patients = dict.fromkeys(
            barcode.patient if (barcode := parse_barcode(name)) else name
            for name in samples
            if name not in plan.file.tissues
        )
        elsewhere = [name for name in patients if known.get(name, key.tumor_type) != key.tumor_type]
        if elsewhere:
            other = known[elsewhere[0]]
            shown = ", ".join(elsewhere[:_MOST_SHOWN])
            more = f" and {len(elsewhere) - _MOST_SHOWN} more" if elsewhere[_MOST_SHOWN:] else ""
            raise UsageError(
                f"{plan.path}: patients of it are stored as {other}, and it is to be loaded as "
                f"{key.tumor_type} under the same source, '{key.source}': {shown}{more}",
                "Give the right --tumor-type or another --source, or first `tcga-corr remove "
                f"--source {key.source} -t {other}`",
            )

    def _check_name(self, plan: LoadPlan) -> None:
        """Refuse to replace an own cohort by another under the same source."""
        for key in plan.keys:
            stored = self._tables(key.source).get(key)
            name = stored.inputs[0].name if stored is not None else plan.path.name
            if plan.own_cohort and name != plan.path.name:
                raise UsageError(
                    f"{plan.path}: {key.source} {key.tumor_type} is made of {name}",
                    f"Give another --source, or first `tcga-corr remove --source {key.source}`",
                )

    def _check_gtex(self, plan: LoadPlan) -> None:
        """Refuse to replace a table that has samples of GTEx by one of a file without."""
        for key in plan.keys if not plan.file.tissues else ():
            stored = self._replaced_by(key)
            if stored is not None and any(sample.tissue for sample in stored.samples):
                raise UsageError(
                    f"{plan.path}: {key.source} {key.tumor_type} has samples of GTEx, and this "
                    "file has none",
                    f"Take that with GTEx, as `fetch --gtex` does, or first `tcga-corr remove "
                    f"--source {key.source}`",
                )

    def _check_unit(self, plan: LoadPlan, unit: str) -> None:
        """Refuse to mix units within a source."""
        for key, metadata in self._tables(plan.source.name).items():
            if key not in plan.keys and metadata.unit != unit:
                raise UsageError(
                    f"{plan.path}: source '{key.source}' holds {metadata.unit}, and this table "
                    f"is in {unit}",
                    "Give another --source",
                )

    def _replaced_by(self, key: TableKey) -> TableMetadata | None:
        """The stored table in whose place one of this run would be."""
        return self._tables(key.source).get(key)

    def _tables(self, source: str) -> dict[TableKey, TableMetadata]:
        """The tables of a source: those in the store before, and those added by this run."""
        if source not in self.stored:
            self.stored[source] = self._stored_tables(source)
        added = {table.key: table.metadata for table in self.loaded if table.key.source == source}
        return self.stored[source] | added

    def _stored_tables(self, source: str) -> dict[TableKey, TableMetadata]:
        keys = self.store.table_keys(source)
        found = {key: readable_metadata(self.store, key) for key in keys}
        return {key: metadata for key, metadata in found.items() if metadata}

    def _is_unchanged(self, plan: LoadPlan, key: TableKey) -> bool:
        """Whether a table is stored as it would be made; if so, it is reported as loaded."""
        metadata = readable_metadata(self.store, key)
        if metadata is None or not plan.would_make(metadata) or key in self.rewrite:
            return False
        self.store.remove_any_leftovers(key)
        try:
            open_index(self.store, key)
        except DamagedTableError:
            self.rewrite.add(key)
            return False
        self.loaded.append(LoadedTable(plan.path, key, metadata, unchanged=True))
        return True


@dataclass(frozen=True)
class Read:
    """A table on the log2 scale, with the chosen genes, and what was found out about its values.

    ``linear``: whether those of the file are; ``counts`` as in :class:`TableMetadata`; ``notes``
    for people. Of raw counts the values are whole numbers, and ``rounded`` is as in
    :class:`CountsMetadata`.
    """

    table: ExpressionTable
    linear: bool
    counts: bool
    notes: tuple[str, ...]
    rounded: str = ""


def _read_expression(plan: LoadPlan) -> Read:
    path, unit = plan.path, plan.unit
    genes = gene_filter(plan.genes)
    # the depth is that of all genes
    table, names_notes = with_current_names(plan.file.read(None if plan.normalize else genes))
    check_names(table, path)
    borne_out = plan.linear is None and bears_out(table, unit)
    linear = plan.linear if plan.linear is not None else borne_out or is_linear(table)
    check_scale(table, path, plan.source, linear, plan.said_linear or borne_out)
    if plan.linear is None:
        check_unit(path, unit, linear)
    findings = UnitFindings(counts=not plan.source.same_depth, notes=())
    if plan.source.name not in SOURCES:
        check_centred(table, path)
        if plan.said_linear:
            check_said_linear(path, table, unit)
        findings = check_quantity(table, path, unit, linear)
    check_has_symbols(plan, table)
    notes = [plan.file.read_as, PATIENTS if plan.patients_alone else ""]
    if plan.normalize:
        few = _PER_MILLION_OF_FEW if len(table.genes) < _FEW_ROWS else ""
        notes.append(_PER_MILLION.format(rows=len(table.genes)) + few)
        table = counts_per_million(table, path)
        findings = UnitFindings(counts=False, notes=())
    notes += [_LINEAR if linear else "", *findings.notes, *names_notes]
    table = filter_genes(table, genes)
    table = table.logged() if linear else table
    return Read(table, linear, findings.counts, tuple(filter(None, notes)))


def check_has_symbols(plan: LoadPlan, table: ExpressionTable) -> None:
    """Refuse a table of which no row has a gene symbol."""
    if not np.any(table.genes != ""):
        raise TableError(
            f"{plan.path}: no row has a gene symbol",
            "Take a table with rows by symbol, or by Ensembl gene with its probe map",
        )


def gene_filter(genes: Genes) -> GeneFilter | None:
    """What keeps the chosen genes; None for all."""
    if genes == "all":
        return None
    symbols = symbol_table()
    coding_by_id = symbols.protein_coding_by_ensembl_id()

    def keep(gene_id: str, symbol: str) -> bool:
        if not symbol:
            return True  # counted as a row without a symbol
        if gene_id in coding_by_id:
            return coding_by_id[gene_id]
        candidates = symbols.candidates(symbol)
        return len(candidates) == 1 and candidates[0].protein_coding

    return GeneFilter(keep, "genes that are not protein-coding")


def filter_genes(table: ExpressionTable, genes: GeneFilter | None) -> ExpressionTable:
    """The table of the chosen genes."""
    if genes is None:
        return table
    keep = genes.rows(table.gene_ids.tolist(), table.genes.tolist())
    return table if keep.all() else table.rows(keep, genes.reason)


def _samples_of_type(
    table: ExpressionTable, types: Sequence[Sequence[str]] | None, tumor_type: str
) -> ExpressionTable:
    """The columns of one tumor type; the whole table if it has only one."""
    if types is None:
        return table
    part = table.columns([column for column, names in enumerate(types) if tumor_type in names])
    unassigned = sum(not names for names in types)
    if not unassigned:
        return part
    return replace(part, dropped={**part.dropped, _UNASSIGNED: unassigned})
