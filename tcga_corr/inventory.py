"""What a store holds, as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tcga_corr.errors import DataMissingError
from tcga_corr.store import Store, TableKey, TableMetadata, read_metadata
from tcga_corr.tumor_types import parse_tumor_type

if TYPE_CHECKING:
    import polars as pl


def tables(store: Store, tumor_types: Iterable[str], source: str | None) -> pl.DataFrame:
    """A row per table: samples by selection, genes, unit, size, when loaded and from what."""
    import polars as pl

    rows = []
    for key, metadata in _described(store, tumor_types, source):
        file = store.table_path(key).stat()
        tumor = sum(sample.tumor for sample in metadata.samples)
        normal = sum(sample.normal for sample in metadata.samples)
        rows.append(
            {
                "source": key.source,
                "tumor_type": key.tumor_type,
                "tumor": tumor,
                "normal": normal,
                "other": len(metadata.samples) - tumor - normal,
                "n_genes": metadata.n_genes,
                "genes": metadata.genes,
                "unit": metadata.unit,
                "size_mb": round(file.st_size / 1e6, 1),
                "loaded_at": int(file.st_mtime),
                "input": metadata.inputs[0].name,
                "dropped": "; ".join(f"{n} {what}" for what, n in metadata.dropped.items()),
            }
        )
    loaded_at = pl.from_epoch("loaded_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.DataFrame(rows).with_columns(loaded_at)


def samples(store: Store, tumor_types: Iterable[str], source: str | None) -> pl.DataFrame:
    """A row per sample: which selection takes it, and why not another."""
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
            "reason": sample.reason,
        }
        for key, metadata in _described(store, tumor_types, source)
        for sample in metadata.samples
    ]
    columns = ("source", "tumor_type", "sample", "barcode", "patient", "sample_type", "used_as")
    return pl.DataFrame(rows, schema=dict.fromkeys((*columns, "reason"), pl.String))


def _described(
    store: Store, tumor_types: Iterable[str], source: str | None
) -> Iterator[tuple[TableKey, TableMetadata]]:
    wanted = {parse_tumor_type(name).abbreviation for name in tumor_types}
    keys = [key for key in store.require_keys(source) if not wanted or key.tumor_type in wanted]
    if not keys:
        raise DataMissingError(
            f"{', '.join(sorted(wanted))}: not loaded", "See `tcga-corr status` for what is"
        )
    for key in keys:
        metadata = read_metadata(store, key)
        if metadata is not None:
            yield key, metadata
