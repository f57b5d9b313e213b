"""Tables of what a store contains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.errors import DataMissingError, StoreError
from tcga_corr.sources import source_is_simulated
from tcga_corr.store.counts import read_counts_metadata
from tcga_corr.store.covariates import list_covariates
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.metadata import TableMetadata
from tcga_corr.store.parquet import read_metadata
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, parse_tumor_type

if TYPE_CHECKING:
    import polars as pl


def tables(store: Store, tumor_types: Iterable[str], source: str | None) -> pl.DataFrame:
    """A row per table, of expression or counts: samples, genes, unit, size, date, input."""
    import polars as pl

    rows = [
        _table_row(path, key, metadata)
        for path, key, metadata in _stored_tables(store, [*tumor_types], source)
    ]
    loaded_at = pl.from_epoch("loaded_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(loaded_at)


def _table_row(path: Path, key: TableKey, metadata: TableMetadata | StoreError) -> dict[str, Any]:
    file = path.stat()
    row: dict[str, Any] = {
        "source": key.source,
        "tumor_type": key.tumor_type,
        "name": TUMOR_TYPES[key.tumor_type].name if key.tumor_type in TUMOR_TYPES else "",
        **dict.fromkeys(("tumor", "normal", "other", "n_genes", "genes", "unit")),
        "size_mb": round(file.st_size / 1e6, 1),
        "loaded_at": int(file.st_mtime),
        "input": None,
        "dropped": None,
        "note": "",
    }
    if isinstance(metadata, StoreError):
        return row | {"note": str(metadata)}
    tumor = sum(sample.tumor for sample in metadata.samples)
    normal = sum(sample.normal for sample in metadata.samples)
    return row | {
        "tumor": tumor,
        "normal": normal,
        "other": len(metadata.samples) - tumor - normal,
        "n_genes": metadata.n_genes,
        "genes": metadata.genes,
        "unit": metadata.unit,
        "input": metadata.inputs[0].name,
        "dropped": "; ".join(f"{count} {what}" for what, count in metadata.dropped.items()),
        "note": "SIMULATED" if metadata.simulated else "",
    }


def samples(store: Store, tumor_types: Iterable[str], source: str | None) -> pl.DataFrame:
    """A row per sample: which selection uses it, or why none does."""
    import polars as pl

    rows = [
        {
            "source": key.source,
            "tumor_type": key.tumor_type,
            "sample": sample.sample,
            "barcode": sample.barcode,
            "patient": sample.patient,
            "sample_type": sample.sample_type,
            "used_as": "tumor" if sample.tumor else "normal" if sample.normal else "",
            "all_tumor": sample.all_tumor,
            "reason": sample.reason,
        }
        for _, key, metadata in _stored_tables(store, [*tumor_types], source, counts=False)
        if isinstance(metadata, TableMetadata)
        for sample in metadata.samples
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def covariates(store: Store) -> pl.DataFrame:
    """A row per covariate: its table, how many keys have a value, and its file."""
    import polars as pl

    rows = [
        {
            "table": name,
            "kind": metadata.kind,
            "covariate": covariate.name,
            "column": covariate.column,
            "n_keys": covariate.n,
            "input": metadata.inputs[0].name,
            "citation": metadata.citation,
        }
        for name, metadata in list_covariates(store).items()
        for covariate in metadata.covariates
    ]
    texts = dict.fromkeys(
        ("table", "kind", "covariate", "column", "n_keys", "input", "citation"), pl.String
    )
    return pl.DataFrame(rows, schema={**texts, "n_keys": pl.Int64})


def _stored_tables(
    store: Store, tumor_types: Sequence[str], source: str | None, *, counts: bool = True
) -> Iterator[tuple[Path, TableKey, TableMetadata | StoreError]]:
    """The requested tables, each with its file and its metadata or what is wrong with them.

    Raw counts follow the expression of their source and tumor type; simulated tables come last.
    """
    wanted = {parse_tumor_type(name).abbreviation for name in tumor_types}
    of_counts = store.counts_keys(source) if counts else []
    of_expression = store.require_keys(source, or_counts=counts)
    keys = [key for key in {*of_counts, *of_expression} if not wanted or key.tumor_type in wanted]
    if not keys:
        raise DataMissingError(
            f"{', '.join(sorted(wanted))}: not loaded", "See `tcga-corr status` for what is"
        )
    for key in sorted(keys, key=lambda key: (source_is_simulated(key.source), key)):
        if key in of_expression:
            yield from _with_metadata(store.table_path(key), key, partial(read_metadata, store))
        if key in of_counts:
            read = partial(read_counts_metadata, store)
            yield from _with_metadata(store.counts_path(key), key, read)


def _with_metadata(
    path: Path, key: TableKey, read: Callable[[TableKey], TableMetadata | None]
) -> Iterator[tuple[Path, TableKey, TableMetadata | StoreError]]:
    try:
        metadata = read(key)
    except StoreError as error:
        yield path, key, error
        return
    if metadata is not None:
        yield path, key, metadata
