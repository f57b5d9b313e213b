"""Loading expression tables from disk into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tcga_corr.choices import Genes
from tcga_corr.errors import (
    DamagedTableError,
    DataMissingError,
    StoreError,
    TableError,
    TcgaCorrError,
    UsageError,
)
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import GeneFilter
from tcga_corr.loading.checks import (
    check_centred,
    check_names,
    check_scale,
    check_unit,
    is_linear,
    told_dates,
)
from tcga_corr.loading.plan import LoadOptions, LoadPlan, plan_file
from tcga_corr.sources import SOURCES, source_of_file
from tcga_corr.store import (
    Store,
    StoredSample,
    TableKey,
    TableMetadata,
    check_source_name,
    open_index,
    read_metadata,
    write_table,
)
from tcga_corr.vocabulary.barcodes import Barcode, parse_barcode, select_samples
from tcga_corr.vocabulary.symbols import symbol_table
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

__all__ = ["LoadOptions", "LoadReport", "Loaded", "load_files"]

_UNASSIGNED = "columns of no known tumor type"
_LINEAR = "linear values, taken as log2(x + 1)"


@dataclass(frozen=True)
class Loaded:
    """What became of one tumor type of one file.

    Attributes
    ----------
    path, key, metadata
        The file, and the table in the store.
    was_there
        Whether the store had it already, made of the same inputs in the same way.
    replaced
        Whether it took the place of a table made of other inputs or in another way.
    """

    path: Path
    key: TableKey
    metadata: TableMetadata
    was_there: bool
    replaced: bool = False


@dataclass(frozen=True)
class LoadReport:
    """What became of all files: tables loaded, and the errors of those that could not be."""

    loaded: tuple[Loaded, ...]
    errors: tuple[TcgaCorrError, ...]

    def raise_errors(self) -> None:
        """Raise the first error, if there is one."""
        for error in self.errors:
            raise error


def load_files(
    store: Store,
    paths: Sequence[Path],
    options: LoadOptions | None = None,
    on_step: Callable[[str, int], None] = lambda step, done: None,
    anew: Iterable[TableKey] = (),
) -> LoadReport:
    """Load expression tables; what cannot be loaded leaves the rest to be.

    Parameters
    ----------
    store
        Where to; made a store with its first table.
    paths
        Files in any of the formats of ``tcga_corr.formats``, or folders that hold files named as
        a source names them.
    options
        Applied to all files.
    on_step
        Told, for people, what is being done, and how many paths are done since.
    anew
        Tables to write even where they say that they are there.
    """
    options = options or LoadOptions()
    if options.source is not None:
        check_source_name(options.source)
    _ = options.tumor_types  # refused at once if wrong
    run = _Run(store, options, on_step, anew)
    for path in paths:
        with run.collecting():
            for file in _files_in(path, store.root):
                with run.collecting():
                    run.load(file)
        on_step("", 1)
    return LoadReport(tuple(run.loaded), tuple(run.errors))


def _files_in(path: Path, store: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    root = store.resolve()
    inside = root in path.resolve().parents  # named by the user: not only met on the way
    try:
        files = sorted(
            file
            for file in path.rglob("*")
            if file.is_file()
            and source_of_file(file)
            and (inside or root not in file.resolve().parents)
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


class _Run:
    """One call of :func:`load_files`: what it has loaded so far, and what went wrong."""

    def __init__(
        self,
        store: Store,
        options: LoadOptions,
        on_step: Callable[[str, int], None],
        anew: Iterable[TableKey],
    ) -> None:
        self.store = store
        self.options = options
        self.on_step = on_step
        self.loaded: list[Loaded] = []
        self.errors: list[TcgaCorrError] = []
        self._plans: dict[TableKey, LoadPlan] = {}
        self._anew = set(anew)
        self._stored: dict[str, dict[TableKey, TableMetadata]] = {}  # by source, read once

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an error for the report, and go on."""
        try:
            yield
        except TcgaCorrError as error:
            self.errors.append(error)

    def load(self, path: Path) -> None:
        """Load one file: each of its tumor types that is not in the store as it would be made."""
        plan = plan_file(path, self.options)
        for key in plan.keys:
            earlier = self._plans.setdefault(key, plan)
            if earlier.inputs[0].sha256 != plan.inputs[0].sha256:
                raise UsageError(
                    f"{path}: {key.source} {key.tumor_type} was just loaded from {earlier.path}",
                    "Load one of them, or give each a --source of its own",
                )
        self._check_name(plan)
        if plan.missing:
            lacking = f"{path}: no sample of it is of {' or '.join(plan.missing)}"
            self.errors.append(DataMissingError(lacking, "Take another table or source for these"))
        to_do = [key for key in plan.keys if not self._is_there(plan, key)]
        if not to_do:
            return
        self.on_step(f"reading {plan.source.name} {path.name}", 0)
        table, linear = _read(plan)
        plan.check_unchanged()
        unit = plan.stored_unit(linear)
        self._check_unit(plan, unit)
        types = [plan.phenotype.get(name) for name in table.samples] if plan.phenotype else None
        for key in to_do:
            self.on_step(f"storing {plan.source.name} {key.tumor_type}", 0)
            with self.collecting():
                part = _of_type(table, types, key.tumor_type)
                self._check_patients(plan, key, part.samples)
                told = (plan.file.told, _LINEAR if linear else "", told_dates(table))
                said = "; ".join(filter(None, told))
                self.loaded.append(self._store(part, plan, key, unit, said))

    def _store(
        self, table: ExpressionTable, plan: LoadPlan, key: TableKey, unit: str, read_as: str
    ) -> Loaded:
        """Put a table into the store, unless another process has just done so."""
        prepared = table.prepared()
        if not len(prepared.genes) or not prepared.samples:
            raise TableError(
                f"{plan.path}: no gene is measured in all samples of {key.tumor_type}",
                "Look for NA in the table",
            )
        metadata = TableMetadata(
            source=key.source,
            tumor_type=key.tumor_type,
            unit=unit,
            simulated=plan.source.simulated,
            genes=plan.genes,
            n_genes=len(prepared.genes),
            inputs=plan.inputs,
            recipe=plan.recipe,
            dropped=prepared.dropped,
            samples=_own_samples(prepared.samples)
            if plan.own_cohort
            else _stored_samples(prepared.samples, key.tumor_type),
            read_as=read_as,
        )
        with self.store.locked(key):
            there = _stored(self.store, key)
            was_there = plan.made(there) and key not in self._anew
            self.store.remove_leftovers(key)
            if not was_there:
                write_table(self.store, prepared, metadata)
        open_index(self.store, key)
        replaced = there is not None and not was_there
        return Loaded(plan.path, key, metadata, was_there, replaced)

    def _check_patients(self, plan: LoadPlan, key: TableKey, samples: Sequence[str]) -> None:
        """Refuse a table of one tumor type whose patients the source has under another."""
        known = {
            sample.patient: other.tumor_type
            for other, metadata in self._tables(key.source).items()
            if other not in plan.keys  # these are made anew by the same phenotype table
            for sample in metadata.samples
        }
        patients = {barcode.patient for name in samples if (barcode := parse_barcode(name))}
        others = sorted({known.get(patient, key.tumor_type) for patient in patients})
        if others not in ([], [key.tumor_type]):  # an own cohort has no patients
            other = next(name for name in others if name != key.tumor_type)
            raise UsageError(
                f"{plan.path}: patients of it are stored as {other}, and it is to be loaded as "
                f"{key.tumor_type}",
                "Give the right --tumor-type, or another --source",
            )

    def _check_name(self, plan: LoadPlan) -> None:
        """Refuse to put an own cohort in the place of another without being told."""
        for key in plan.keys:
            there = self._tables(key.source).get(key)
            if plan.own_cohort and there is not None and there.inputs[0].name != plan.path.name:
                raise UsageError(
                    f"{plan.path}: {key.source} {key.tumor_type} is made of {there.inputs[0].name}",
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
        """What the store holds of a source, and what this run has added."""
        if source not in self._stored:
            found = {key: _stored(self.store, key) for key in self.store.table_keys(source)}
            self._stored[source] = {key: known for key, known in found.items() if known}
        added = {one.key: one.metadata for one in self.loaded if one.key.source == source}
        return self._stored[source] | added

    def _is_there(self, plan: LoadPlan, key: TableKey) -> bool:
        metadata = _stored(self.store, key)
        if metadata is None or not plan.made(metadata) or key in self._anew:
            return False
        self.store.remove_any_leftovers(key)
        try:
            open_index(self.store, key)
        except DamagedTableError:
            self._anew.add(key)
            return False
        self.loaded.append(Loaded(plan.path, key, metadata, was_there=True))
        return True


def _stored(store: Store, key: TableKey) -> TableMetadata | None:
    """What is stored under a key; None where nothing is, or nothing readable, to be made anew."""
    try:
        return read_metadata(store, key)
    except StoreError:
        return None


def _read(plan: LoadPlan) -> tuple[ExpressionTable, bool]:
    """The table on the log2 scale, with the chosen genes, and whether the file's was linear."""
    genes = _chosen_genes(plan.genes)
    table = plan.file.read(genes)
    check_names(table, plan.path, own_cohort=plan.own_cohort)
    linear = is_linear(table) if plan.linear is None else plan.linear
    check_scale(table, plan.path, plan.source, linear)
    if plan.linear is None:
        check_unit(plan.path, plan.unit, linear)
    if plan.source.name not in SOURCES:
        check_centred(table, plan.path)
    if not np.any(table.genes != ""):
        raise TableError(
            f"{plan.path}: no row has a gene symbol",
            "Take a table with rows by symbol, or by Ensembl gene with its probe map",
        )
    return _with_chosen_genes(table.logged() if linear else table, genes), linear


def _chosen_genes(genes: Genes) -> GeneFilter | None:
    if genes == "all":
        return None
    symbols = symbol_table()
    coding_by_id = symbols.protein_coding_by_ensembl_id()

    def keep(gene_id: str, symbol: str) -> bool:
        if not symbol:
            return True  # counted as a row without a symbol
        if gene_id in coding_by_id:
            return coding_by_id[gene_id]
        meant = symbols.candidates(symbol)
        return len(meant) == 1 and meant[0].protein_coding

    return GeneFilter(keep, "genes that are not protein-coding")


def _with_chosen_genes(table: ExpressionTable, genes: GeneFilter | None) -> ExpressionTable:
    if genes is None:
        return table
    names = zip(table.gene_ids.tolist(), table.genes.tolist(), strict=True)
    keep = np.array([genes.keep(gene_id, symbol) for gene_id, symbol in names])
    return table if keep.all() else table.rows(keep, genes.reason)


def _of_type(
    table: ExpressionTable, types: Sequence[str | None] | None, tumor_type: str
) -> ExpressionTable:
    """The columns of one tumor type; the whole table where it is of one."""
    if types is None:
        return table
    part = table.columns([column for column, told in enumerate(types) if told == tumor_type])
    unassigned = types.count(None)
    if not unassigned:
        return part
    return replace(part, dropped={**part.dropped, _UNASSIGNED: unassigned})


def _stored_samples(names: Sequence[str], tumor_type: str) -> tuple[StoredSample, ...]:
    barcodes = [barcode for name in names if (barcode := parse_barcode(name))]
    selection = select_samples(barcodes, parse_tumor_type(tumor_type))
    taken = {name: set(columns) for name, columns in selection.columns.items()}

    def stored(position: int, barcode: Barcode) -> StoredSample:
        kind = "normal" if barcode.sample_type == "11" else "tumor"
        return StoredSample(
            sample=barcode.sample,
            barcode=barcode.text,
            patient=barcode.patient,
            vial=barcode.vial,
            sample_type=barcode.sample_type,
            tumor=position in taken["tumor"],
            normal=position in taken["normal"],
            all_tumor=position in taken["all-tumor"],
            reason=selection.reasons[kind].get(position, ""),
        )

    return tuple(stored(position, barcode) for position, barcode in enumerate(barcodes))


def _own_samples(names: Sequence[str]) -> tuple[StoredSample, ...]:
    """Every column of an own cohort is a tumour sample of a patient of its own."""
    return tuple(
        StoredSample(
            sample=name, barcode=name, patient=name, vial="", sample_type="",
            tumor=True, normal=False, all_tumor=True, reason="",
        )
        for name in names
    )  # fmt: skip
