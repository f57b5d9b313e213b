"""Tables of what a store contains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.errors import DataMissingError, StoreError
from tcga_corr.sources import source_is_simulated
from tcga_corr.store.counts import read_counts_metadata
from tcga_corr.store.covariate_lookup import Covariate, Covariates
from tcga_corr.store.covariates import list_covariates
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.metadata import StoredSample, TableMetadata
from tcga_corr.store.parquet import read_metadata
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, parse_tumor_type

if TYPE_CHECKING:
    import polars as pl


_USED_AS = ("tumor", "normal", "gtex")


def tables(store: Store, tumor_types: Iterable[str], source: str | None) -> pl.DataFrame:
    """A row per table, of expression or counts: samples, genes, unit, size, date, input."""
    import polars as pl

    rows = []
    for path, key, metadata in _stored_tables(store, [*tumor_types], source):
        with suppress(FileNotFoundError):  # removed meanwhile
            rows.append(_table_row(path, key, metadata))
    _check_some(store, rows)
    loaded_at = pl.from_epoch("loaded_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(loaded_at)


def _table_row(path: Path, key: TableKey, metadata: TableMetadata | StoreError) -> dict[str, Any]:
    file = path.stat()
    row: dict[str, Any] = {
        "source": key.source,
        "tumor_type": key.tumor_type,
        "name": TUMOR_TYPES[key.tumor_type].name if key.tumor_type in TUMOR_TYPES else "",
        **dict.fromkeys(("tumor", "normal", "gtex", "other", "n_genes", "genes", "unit")),
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
    gtex = sum(sample.gtex for sample in metadata.samples)
    return row | {
        "tumor": tumor,
        "normal": normal,
        "gtex": gtex,
        "other": len(metadata.samples) - tumor - normal - gtex,
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
            "used_as": next((name for name in _USED_AS if sample.is_in(name)), ""),
            "all_tumor": sample.all_tumor,
            "tissue": sample.tissue,
            "reason": sample.reason,
        }
        for _, key, metadata in _stored_tables(store, [*tumor_types], source, counts=False)
        if isinstance(metadata, TableMetadata)
        for sample in metadata.samples
    ]
    _check_some(store, rows)
    return pl.DataFrame(rows, infer_schema_length=None)


def _check_some(store: Store, rows: list[dict[str, Any]]) -> None:
    """Refuse to list tables that another process has removed while they were read."""
    if not rows:
        raise DataMissingError(
            f"the tables of '{store.root}' were removed meanwhile", "Load them again"
        )


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


def covariate_values(
    store: Store, tumor_types: Iterable[str], source: str | None, *, by_tumor_type: bool = False
) -> pl.DataFrame:
    """A row per covariate: how many tumour samples have it, and its range or levels.

    Parameters
    ----------
    store
        The store.
    tumor_types, source
        Of the samples; all by default, simulated sources last.
    by_tumor_type
        Whether to give a row for each tumor type.

    Returns
    -------
    Columns ``tumor_type`` (the number of them, unless each has its row), ``covariate``, ``type``
    (number, category or ordered), ``n``, ``n_samples``, ``low``, ``median``, ``high``, ``levels``
    (each with its count), ``table``, ``column``, ``citation``. A covariate that no sample has is
    left out where a tumor type has its row.
    """
    import polars as pl

    parts: dict[str, list[StoredSample]] = {}
    for _, key, metadata in _stored_tables(store, [*tumor_types], source, counts=False):
        if isinstance(metadata, StoreError):
            raise metadata
        label = f"{key.source} {key.tumor_type}" if source is None else key.tumor_type
        chosen = [sample for sample in metadata.samples if sample.tumor]
        parts[label if by_tumor_type else "all"] = parts.get("all", []) + chosen
    if source is None and len({label.split()[0] for label in parts}) == 1:
        parts = {label.split()[-1]: samples for label, samples in parts.items()}
    rows = [
        _values_row(covariate, name, samples)
        for covariate in Covariates(store).everyone()
        for name, samples in parts.items()
    ]
    kept = [row for row in rows if row["n"] or not by_tumor_type]
    return pl.DataFrame(kept, schema=_VALUES)


_VALUES: dict[str, Any] = {
    "tumor_type": str, "covariate": str, "type": str, "n": int, "n_samples": int, "low": float,
    "median": float, "high": float, "levels": str, "table": str, "column": str, "citation": str,
}  # fmt: skip


def _values_row(
    covariate: Covariate, tumor_type: str, samples: Sequence[StoredSample]
) -> dict[str, Any]:
    values, _ = covariate.values_of(samples)
    found = values[~np.isnan(values)]
    row: dict[str, Any] = {
        "tumor_type": tumor_type,
        "covariate": covariate.label,
        "type": "number",
        "n": len(found),
        "n_samples": len(samples),
        "table": covariate.table,
        "column": covariate.column,
        "citation": covariate.metadata.citation or None,
    }
    if covariate.levels:
        counts = np.bincount(found.astype(np.intp), minlength=len(covariate.levels)).tolist()
        listed = [
            f"{level} ({count})"
            for level, count in zip(covariate.levels, counts, strict=True)
            if count
        ]
        kind = "ordered" if covariate.ordered else "category"
        return row | {"type": kind, "levels": ", ".join(listed)}
    if len(found):
        row |= {"low": found.min(), "median": float(np.median(found)), "high": found.max()}
    return row


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
