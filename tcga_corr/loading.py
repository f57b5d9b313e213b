"""Loading expression tables from disk into the store."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tcga_corr.barcodes import Barcode, parse_barcode, select_samples
from tcga_corr.errors import DataMissingError, TableError, TcgaCorrError, UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.sources import SOURCES, Source, source_of_file
from tcga_corr.store import InputFile, Store, StoredSample, TableKey, TableMetadata
from tcga_corr.store.files import sha256_of
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import check_source_name
from tcga_corr.store.parquet import read_metadata, write_table
from tcga_corr.symbols import symbol_table
from tcga_corr.tables import (
    Header,
    ReadOptions,
    TableFormat,
    TumorTypeOfSample,
    find_phenotype,
    read_phenotype,
    recognise,
)
from tcga_corr.tumor_types import TUMOR_TYPES, UNIONS, parse_tumor_type

Genes = Literal["protein-coding", "all"]
GENES: tuple[Genes, ...] = ("protein-coding", "all")

PREPARATION = 1
"""Raised when the same input would give another table, so that a next ``load`` makes it anew."""

_UNASSIGNED = "columns of no known tumor type"
_HIGHEST_LOG2 = 50.0  # 2**50 reads: no logarithm of a count is above


@dataclass(frozen=True)
class LoadOptions:
    """What the user said of the files to load; None where it is to be told from the file."""

    source: str | None = None
    tumor_type: str | None = None
    genes: Genes | None = None
    unit: str | None = None
    linear: bool = False
    probe_map: Path | None = None
    phenotype: Path | None = None


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
    on_step: Callable[[str], None] = lambda step: None,
) -> LoadReport:
    """Load expression tables; a file that cannot be loaded leaves the others to be.

    Parameters
    ----------
    store
        Where to; made a store with its first table.
    paths
        Files in any of the formats of ``tcga_corr.tables``.
    options
        Applied to all files.
    on_step
        Told, for people, what is being done.
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
            loaded += _load_file(store, path, options, on_step)
        except TcgaCorrError as error:
            errors.append(error)
    return LoadReport(tuple(loaded), tuple(errors))


@dataclass(frozen=True)
class _Plan:
    """All that decides what tables a file becomes, known from its first lines."""

    header: Header
    format: TableFormat
    source: Source
    genes: Genes
    linear: bool
    read_options: ReadOptions
    tumor_types: tuple[str, ...]
    phenotype: TumorTypeOfSample | None  # of a table of several tumor types
    inputs: tuple[InputFile, ...]

    @property
    def recipe(self) -> dict[str, object]:
        return {
            "format": self.format.name,
            "linear": self.linear,
            "preparation": PREPARATION,
        }

    def made(self, metadata: TableMetadata | None) -> bool:
        """Whether a stored table is what this plan would make."""
        return (
            metadata is not None
            and metadata.inputs == self.inputs
            and metadata.recipe == self.recipe
            and metadata.genes == self.genes
            and metadata.unit == self.source.unit
        )


def _load_file(
    store: Store, path: Path, options: LoadOptions, on_step: Callable[[str], None]
) -> list[Loaded]:
    plan = _plan(path, options)
    done: dict[TableKey, Loaded] = {}
    keys = [TableKey(plan.source.name, tumor_type) for tumor_type in plan.tumor_types]
    _check_unit(store, plan, keys)
    for key in keys:
        metadata = read_metadata(store, key)
        if metadata is not None and plan.made(metadata):
            open_index(store, key)
            done[key] = Loaded(path, key, metadata, was_there=True)
    if len(done) < len(keys):
        on_step(f"reading {path.name}")
        table = plan.format.read(plan.header, plan.read_options)
        _check_scale(table, plan)
        if plan.linear:
            table = table.logged()
        table = _with_chosen_genes(table, plan.genes)
        for key in keys:
            if key not in done:
                on_step(f"storing {key.tumor_type}")
                done[key] = _store_table(store, table, plan, key)
    return [done[key] for key in keys]


def _plan(path: Path, options: LoadOptions) -> _Plan:
    file_format, header = recognise(path)
    read_options = ReadOptions(probe_map=options.probe_map)
    beside = list(file_format.beside(header, read_options))
    phenotype = None
    if options.tumor_type:
        tumor_types: tuple[str, ...] = (parse_tumor_type(options.tumor_type).abbreviation,)
    elif by_path := tumor_type_of_path(path):
        tumor_types = (by_path,)
    else:
        phenotype_path = options.phenotype or find_phenotype(path)
        if phenotype_path is None:
            raise UsageError(
                f"{path}: its name does not tell the tumor type, and no phenotype table stands "
                "beside it",
                "Give --tumor-type, or --phenotype FILE for a table of several tumor types",
            )
        beside.append(phenotype_path)
        phenotype = read_phenotype(phenotype_path)
        told = {phenotype.get(name) for name in header.columns} - {None}
        tumor_types = tuple(sorted(str(tumor_type) for tumor_type in told))
        if not tumor_types:
            raise DataMissingError(
                f"{phenotype_path}: it tells the tumor type of no sample of {path.name}",
                "Give another table with --phenotype",
            )
    return _Plan(
        header=header,
        format=file_format,
        source=_source(path, options),
        genes=options.genes or ("protein-coding" if file_format.ensembl else "all"),
        linear=options.linear or file_format.linear,
        read_options=read_options,
        tumor_types=tumor_types,
        phenotype=phenotype,
        inputs=tuple(
            InputFile(file.name, file.stat().st_size, sha256_of(file)) for file in (path, *beside)
        ),
    )


def tumor_type_of_path(path: Path) -> str | None:
    """The tumor type that a path tells; None where it tells none.

    ``TCGA.ACC.…`` or ``TCGA-GBM.…`` in any part of the path, the nearest first; else a file name
    that starts with the abbreviation, as ``UCS.rnaseqv2__…``; else the folder's own name.

    Raises
    ------
    UsageError
        If what it tells is a union of tumor types, such as COADREAD.
    """
    for part in reversed(path.resolve().parts):
        match = re.search(r"TCGA[.-]([A-Z]{2,8})(?![A-Za-z0-9])", part)
        if match and match[1] in TUMOR_TYPES | UNIONS:
            return parse_tumor_type(match[1]).abbreviation
    first_word = re.split(r"[._-]", path.name)[0]
    for word in (first_word, path.resolve().parent.name):
        if word in TUMOR_TYPES | UNIONS:
            return parse_tumor_type(word).abbreviation
    return None


def _source(path: Path, options: LoadOptions) -> Source:
    by_name = source_of_file(path)
    if options.source is None:
        if by_name is None:
            raise UsageError(
                f"{path}: its name does not tell the source",
                f"Give --source, one of {', '.join(SOURCES)} or a name of your own",
            )
        return by_name
    known = SOURCES.get(options.source)
    if known is None:
        unit = options.unit or (by_name.unit if by_name else None)
        if unit is None:
            raise UsageError(
                f"{path}: the unit of source '{options.source}' is not known",
                "Give --unit, such as 'log2(tpm+1)'",
            )
        return Source(options.source, "own tables", unit, "", "none", may_be_negative=True)
    if by_name is not None and not known.names(path):
        raise UsageError(
            f"{path}: named as a file of source '{by_name.name}', not of '{known.name}'",
            "Leave --source out, or give a name of your own",
        )
    if options.unit not in (None, known.unit):
        raise UsageError(
            f"source '{known.name}' is in {known.unit}, not in {options.unit}",
            "Leave --unit out, or give --source a name of your own",
        )
    return known


def _check_unit(store: Store, plan: _Plan, keys: Sequence[TableKey]) -> None:
    """Refuse to mix units within a source."""
    others = [key for key in store.keys(plan.source.name) if key not in keys]
    metadata = read_metadata(store, others[0]) if others else None
    if metadata is not None and metadata.unit != plan.source.unit:
        raise UsageError(
            f"{plan.header.path}: source '{metadata.source}' holds {metadata.unit}, and this "
            f"table is in {plan.source.unit}",
            "Give another --source",
        )


def _check_scale(table: ExpressionTable, plan: _Plan) -> None:
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


def _store_table(store: Store, table: ExpressionTable, plan: _Plan, key: TableKey) -> Loaded:
    prepared = _of_type(table, plan, key.tumor_type).prepared()
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


def _of_type(table: ExpressionTable, plan: _Plan, tumor_type: str) -> ExpressionTable:
    if plan.phenotype is None:
        return table
    types = [plan.phenotype.get(name) for name in table.samples]
    part = table.columns([column for column, told in enumerate(types) if told == tumor_type])
    unassigned = types.count(None)
    return replace(
        part, dropped={**part.dropped, **({_UNASSIGNED: unassigned} if unassigned else {})}
    )


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
