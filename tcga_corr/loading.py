"""Loading expression tables from disk into the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.barcodes import Barcode, parse_barcode, select_samples
from tcga_corr.errors import DataMissingError, TableError, TcgaCorrError, UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.load_plan import Genes, LoadOptions, LoadPlan, plan_file
from tcga_corr.sources import source_of_file
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
from tcga_corr.symbols import symbol_table
from tcga_corr.tumor_types import TUMOR_TYPES, parse_tumor_type

__all__ = ["LoadOptions", "LoadReport", "Loaded", "load_files"]

_UNASSIGNED = "columns of no known tumor type"
_HIGHEST_LOG2 = 50.0  # 2**50 reads: no logarithm of a count is above


@dataclass(frozen=True)
class Loaded:
    """What became of one tumor type of one file: its table, and whether it was there already."""

    path: Path
    key: TableKey
    metadata: TableMetadata
    was_there: bool


@dataclass(frozen=True)
class LoadReport:
    """What became of all files: tables loaded, and the errors of files that could not be."""

    loaded: tuple[Loaded, ...]
    errors: tuple[TcgaCorrError, ...]


def load_files(
    store: Store,
    paths: Sequence[Path],
    options: LoadOptions | None = None,
    on_step: Callable[[str, int], None] = lambda step, done: None,
) -> LoadReport:
    """Load expression tables; a file that cannot be loaded leaves the others to be.

    Parameters
    ----------
    store
        Where to; made a store with its first table.
    paths
        Files in any of the formats of ``tcga_corr.tables``, or folders that hold files named as
        a source names them.
    options
        Applied to all files.
    on_step
        Told, for people, what is being done, and how many paths are done since.
    """
    options = options or LoadOptions()
    if options.source is not None:
        check_source_name(options.source)
    if options.tumor_type is not None:
        parse_tumor_type(options.tumor_type)
    loaded: list[Loaded] = []
    errors: list[TcgaCorrError] = []
    for path in paths:
        try:
            for file in _files_in(path):
                loaded += _load_file(store, file, options, on_step)
        except TcgaCorrError as error:
            errors.append(error)
        on_step("", 1)
    return LoadReport(tuple(loaded), tuple(errors))


def _files_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file() and source_of_file(file))
    if not files:
        raise DataMissingError(
            f"{path}: no file in this folder is named as a known source names them",
            "Name the files themselves",
        )
    return files


def _load_file(
    store: Store, path: Path, options: LoadOptions, on_step: Callable[[str, int], None]
) -> list[Loaded]:
    plan = plan_file(path, options)
    done: dict[TableKey, Loaded] = {}
    keys = [TableKey(plan.source.name, tumor_type) for tumor_type in plan.tumor_types]
    _check_unit(store, plan, keys)
    for key in keys:
        metadata = read_metadata(store, key)
        if metadata is not None and plan.made(metadata):
            open_index(store, key)
            done[key] = Loaded(path, key, metadata, was_there=True)
    if len(done) < len(keys):
        on_step(f"reading {plan.source.name} {path.name}", 0)
        table = plan.format.read(plan.header, plan.read_options)
        _check_scale(table, plan)
        if plan.linear:
            table = table.logged()
        table = _with_chosen_genes(table, plan.genes)
        types = [plan.phenotype.get(name) for name in table.samples] if plan.phenotype else None
        for key in keys:
            if key not in done:
                on_step(f"storing {plan.source.name} {key.tumor_type}", 0)
                done[key] = _store_table(store, _of_type(table, types, key.tumor_type), plan, key)
    return [done[key] for key in keys]


def _check_unit(store: Store, plan: LoadPlan, keys: Sequence[TableKey]) -> None:
    """Refuse to mix units within a source."""
    others = [key for key in store.keys(plan.source.name) if key not in keys]
    metadata = read_metadata(store, others[0]) if others else None
    if metadata is not None and metadata.unit != plan.source.unit:
        raise UsageError(
            f"{plan.header.path}: source '{metadata.source}' holds {metadata.unit}, and this "
            f"table is in {plan.source.unit}",
            "Give another --source",
        )


def _check_scale(table: ExpressionTable, plan: LoadPlan) -> None:
    """Refuse values that cannot be of the declared scale."""
    path, values = plan.header.path, table.values
    with np.errstate(invalid="ignore"):
        if plan.linear or not plan.source.may_be_negative:
            negative = np.argwhere(values < 0)
            if len(negative):
                unit = "linear values" if plan.linear else plan.source.unit
                raise TableError(
                    f"{path}: {_cell(table, negative[0])} is negative, which {unit} cannot be",
                    "Centred or adjusted tables cannot be ranked within a sample; "
                    "take the table before centring",
                )
        if plan.linear:
            return
        high = np.argwhere(values > _HIGHEST_LOG2)
    if len(high):
        linear = len(np.unique(high[:, 1])) * 2 > len(table.samples)
        raise TableError(
            f"{path}: {_cell(table, high[0])} is too high for {plan.source.unit}"
            + (", and so in most samples: the values are linear" if linear else ""),
            "Say --linear, with a --source of your own" if linear else "Mend the value",
        )


def _cell(table: ExpressionTable, position: NDArray[np.intp]) -> str:
    row, column = position.tolist()
    gene = str(table.genes[row]) or str(table.gene_ids[row])
    return f"{gene} of {table.samples[column]}, {table.values[row, column]:g},"


def _with_chosen_genes(table: ExpressionTable, genes: Genes) -> ExpressionTable:
    if genes == "all":
        return table
    symbols = symbol_table()
    coding_by_id = symbols.protein_coding_by_ensembl_id()

    def is_coding(gene_id: str, symbol: str) -> bool:
        if gene_id in coding_by_id:
            return coding_by_id[gene_id]
        meant = symbols.candidates(symbol)
        return len(meant) == 1 and meant[0].protein_coding

    keep = [
        not symbol or is_coding(gene_id, symbol)
        for gene_id, symbol in zip(table.gene_ids.tolist(), table.genes.tolist(), strict=True)
    ]
    return table.rows(np.array(keep), "genes that are not protein-coding")


def _store_table(store: Store, table: ExpressionTable, plan: LoadPlan, key: TableKey) -> Loaded:
    prepared = table.prepared()
    if not len(prepared.genes) or not prepared.samples:
        raise TableError(
            f"{plan.header.path}: no gene is measured in all samples of {key.tumor_type}",
            "Look for NA in the table",
        )
    metadata = TableMetadata(
        source=key.source,
        tumor_type=key.tumor_type,
        unit=plan.source.unit,
        simulated=plan.source.simulated,
        genes=plan.genes,
        n_genes=len(prepared.genes),
        inputs=plan.inputs,
        recipe=plan.recipe,
        dropped=prepared.dropped,
        samples=_stored_samples(prepared.samples, key.tumor_type),
    )
    with store.locked(key):
        there = read_metadata(store, key)
        was_there = there is not None and plan.made(there)
        if not was_there:
            store.remove_leftovers(key)
            write_table(store, prepared, metadata)
    open_index(store, key)
    return Loaded(plan.header.path, key, metadata, was_there)


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
    selection = select_samples(barcodes, TUMOR_TYPES[tumor_type])
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
