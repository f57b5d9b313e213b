"""Loading expression tables from disk into the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from tcga_corr.loading.gene_names import with_current_names
from tcga_corr.loading.normalization import counts_per_million
from tcga_corr.loading.plan import LoadOptions, LoadPlan, plan_file
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
from tcga_corr.store.metadata import COPIES, CountsMetadata, StoredSample, TableMetadata
from tcga_corr.store.parquet import readable_metadata, write_table
from tcga_corr.vocabulary.barcodes import parse_barcode, select_samples
from tcga_corr.vocabulary.paraffin import is_known_paraffin
from tcga_corr.vocabulary.symbols import symbol_table
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

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
        dropped = ", ".join(f"{count} {what}" for what, count in metadata.dropped.items())
        kept = " of protein-coding genes" if metadata.genes == "protein-coding" else ""
        rounded = metadata.rounded if isinstance(metadata, CountsMetadata) else ""
        return (
            f"{self.key.source} {self.key.tumor_type}: {tumor} tumor + {normal} normal samples, "
            f"{metadata.n_genes} symbols{kept}, {metadata.unit}"
            + (f"; {metadata.read_as}" if metadata.read_as else "")
            + (f"; {rounded}" if rounded else "")
            + (f"; left out {dropped}" if dropped else "")
            + ("; was loaded already" if self.unchanged else "")
            + ("; replaced another table" if self.replaced else "")
        )


@dataclass(frozen=True)
class LoadReport:
    """The result of loading: the tables, and the errors of files or tables that failed."""

    loaded: tuple[LoadedTable, ...]
    errors: tuple[TcgaCorrError, ...]

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
        return LoadReport(tuple(self.loaded), tuple(self.errors))

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
        if plan.missing:
            what = f"{path}: no sample of it is of {' or '.join(plan.missing)}"
            self.errors.append(DataMissingError(what, "Take another table or source for these"))
        to_do = [key for key in plan.keys if not self._is_unchanged(plan, key)]
        if not to_do:
            return
        self.progress.step(f"reading {plan.source.name} {path.name}")
        read = self._read(plan)
        plan.check_unchanged()
        table = read.table
        unit = plan.stored_unit(read.linear)
        self._check_unit(plan, unit)
        types = [plan.phenotype.get(name) for name in table.samples] if plan.phenotype else None
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
        prepared = table.prepared(counts=plan.counts)
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
            samples, of_paraffin = _own_samples(prepared.samples, copies), ""
        else:
            paraffin = _paraffin(prepared.samples, plan.file.paraffin)
            samples = _stored_samples(prepared.samples, key.tumor_type, copies, paraffin)
            of_paraffin = _paraffin_note(samples, paraffin)
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
        }
        patients = dict.fromkeys(
            barcode.patient if (barcode := parse_barcode(name)) else name for name in samples
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

    def _check_unit(self, plan: LoadPlan, unit: str) -> None:
        """Refuse to mix units within a source."""
        for key, metadata in self._tables(plan.source.name).items():
            if key not in plan.keys and metadata.unit != unit:
                raise UsageError(
                    f"{plan.path}: source '{key.source}' holds {metadata.unit}, and this table "
                    f"is in {unit}",
                    "Give another --source",
                )

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
    table: ExpressionTable, types: Sequence[str | None] | None, tumor_type: str
) -> ExpressionTable:
    """The columns of one tumor type; the whole table if it has only one."""
    if types is None:
        return table
    part = table.columns([column for column, name in enumerate(types) if name == tumor_type])
    unassigned = types.count(None)
    if not unassigned:
        return part
    return replace(part, dropped={**part.dropped, _UNASSIGNED: unassigned})


def _stored_samples(
    names: Sequence[str],
    tumor_type: str,
    left_out: Mapping[int, str],
    paraffin: Collection[int],
) -> tuple[StoredSample, ...]:
    barcodes = [barcode for name in names if (barcode := parse_barcode(name))]
    selection = select_samples(barcodes, parse_tumor_type(tumor_type), left_out, paraffin)
    selected = {name: set(columns) for name, columns in selection.columns.items()}
    reasons = selection.reasons
    return tuple(
        StoredSample(
            sample=barcode.sample,
            barcode=barcode.text,
            patient=barcode.patient,
            vial=barcode.vial,
            sample_type=barcode.sample_type,
            tumor=position in selected["tumor"],
            normal=position in selected["normal"],
            all_tumor=position in selected["all-tumor"],
            reason=reasons["normal" if barcode.sample_type == "11" else "tumor"].get(position, ""),
        )
        for position, barcode in enumerate(barcodes)
    )


def _paraffin(names: Sequence[str], said: Collection[str]) -> frozenset[int]:
    """The positions of samples that are paraffin-embedded, as the file says or as is known."""
    of_file = {barcode.text for name in said if (barcode := parse_barcode(name))}
    return frozenset(
        position
        for position, name in enumerate(names)
        if (barcode := parse_barcode(name))
        and (barcode.text in of_file or is_known_paraffin(barcode))
    )


def _paraffin_note(samples: Sequence[StoredSample], paraffin: Collection[int]) -> str:
    """A note on paraffin-embedded samples that are used, as the only ones of their patients."""
    used = [
        samples[position].barcode
        for position in sorted(paraffin)
        if samples[position].tumor or samples[position].normal
    ]
    if not used:
        return ""
    return (
        f"{len(used)} of the samples used are paraffin-embedded (FFPE), with no other of that "
        "sample type: " + ", ".join(used[:_MOST_SHOWN]) + (", …" if used[_MOST_SHOWN:] else "")
    )


def _own_samples(names: Sequence[str], left_out: Mapping[int, str]) -> tuple[StoredSample, ...]:
    """The columns of an own cohort: each that is not left out is a tumour sample of one patient."""
    return tuple(
        StoredSample(name, name, name, tumor=used, all_tumor=used, reason=left_out.get(column, ""))
        for column, name in enumerate(names)
        for used in [column not in left_out]
    )
