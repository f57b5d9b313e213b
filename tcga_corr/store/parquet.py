"""The Parquet table: a row per gene, sorted by symbol, values as a fixed-size list."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import DamagedTableError, one_line, shorten
from tcga_corr.expression import ExpressionTable
from tcga_corr.files import replacing
from tcga_corr.store.layout import SCHEMA_VERSION, Store, TableKey
from tcga_corr.store.metadata import TableMetadata, decode_metadata, encode_metadata, reading

MetadataT = TypeVar("MetadataT", bound=TableMetadata)

_ROW_GROUP = 4096
_REMEDY = "Run `tcga-corr verify --repair`, or load the table again"


def write_table(store: Store, table: ExpressionTable, metadata: TableMetadata) -> None:
    """Store a prepared table, in place of any of its source and tumor type.

    Call it with the table locked. It is stored at the moment its file is renamed.
    """
    key = TableKey(metadata.source, metadata.tumor_type)
    write_rows(store, store.table_path(key), table, metadata, np.float32)


def write_rows(
    store: Store,
    path: Path,
    table: ExpressionTable,
    metadata: TableMetadata,
    kind: type[np.float32 | np.int32],
) -> None:
    """Write a table as rows of genes, with values of one kind, to a file of the store."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if metadata.n_genes != len(table.genes) or len(metadata.samples) != len(table.samples):
        raise ValueError("the metadata are of another table")
    flat = np.ascontiguousarray(table.values, dtype=kind).reshape(-1)
    arrow = pa.table(
        {
            "gene": pa.array(table.genes.tolist(), pa.string()),
            "gene_id": pa.array([name or None for name in table.gene_ids.tolist()], pa.string()),
            "values": pa.FixedSizeListArray.from_arrays(pa.array(flat), len(table.samples)),
        }
    ).replace_schema_metadata(encode_metadata(metadata))
    store.create()
    with replacing(path) as partial:
        pq.write_table(
            arrow,
            partial,
            row_group_size=_ROW_GROUP,
            compression="zstd",
            use_dictionary=False,
            column_encoding={"values.list.element": "BYTE_STREAM_SPLIT"},
            write_page_checksum=True,
        )


def read_metadata(store: Store, key: TableKey) -> TableMetadata | None:
    """The metadata of a stored table; None where there is no such table.

    Raises
    ------
    DamagedTableError
        If the file is not a table of this schema version, or one of another source or tumor type.
    """
    return metadata_of_file(store.table_path(key), key, TableMetadata)


def metadata_of_file(path: Path, key: TableKey, kind: type[MetadataT]) -> MetadataT | None:
    """The metadata, of a kind, in the file of a table; None where there is no such file.

    Raises
    ------
    DamagedTableError
        As :func:`read_metadata`.
    """
    import pyarrow.parquet as pq

    try:
        with reading(path, "table of this store", _REMEDY):
            # the copy that DuckDB reads too; that in the Arrow schema is another one
            schema, values = decode_metadata(pq.read_metadata(path).metadata)
            metadata = kind.from_json(values) if schema == SCHEMA_VERSION else None
    except FileNotFoundError:
        return None
    if metadata is None:
        raise DamagedTableError(
            f"{path}: a table of schema {schema}, not {SCHEMA_VERSION}", _REMEDY
        )
    if TableKey(metadata.source, metadata.tumor_type) != key:
        of = f"{metadata.source} {metadata.tumor_type}"
        raise DamagedTableError(f"{path}: a table of {of}", _REMEDY)
    return metadata


def readable_metadata(store: Store, key: TableKey) -> TableMetadata | None:
    """The metadata of a stored table; None if there is none that can be read."""
    try:
        return read_metadata(store, key)
    except DamagedTableError:
        return None


def check_table(store: Store, key: TableKey) -> None:
    """Read all of a table with its page checksums, and compare it with its metadata.

    Raises
    ------
    DamagedTableError
        If it is damaged, or the two differ.
    """
    metadata, path = read_metadata(store, key), store.table_path(key)
    if metadata is None:
        raise DamagedTableError(f"{path}: the table is gone", _REMEDY)
    genes, values = read_values(store, key)
    if values.shape != (metadata.n_genes, len(metadata.samples)):
        raise DamagedTableError(f"{path}: not of the shape that it says", _REMEDY)
    if genes != sorted(set(genes)) or not np.isfinite(values).all():
        raise DamagedTableError(f"{path}: not sorted by symbol, or not complete", _REMEDY)


def read_values(store: Store, key: TableKey) -> tuple[list[str], NDArray[np.float32]]:
    """Gene symbols and values (genes x samples) of a stored table.

    Raises
    ------
    FileNotFoundError, DamagedTableError
        As :func:`rows_of_file`.
    """
    genes, values = rows_of_file(store.table_path(key))
    return genes, values.astype(np.float32, copy=False)


def rows_of_file(path: Path) -> tuple[list[str], NDArray[Any]]:
    """Gene symbols and values (genes x samples) in the file of a table, page checksums checked.

    Raises
    ------
    FileNotFoundError
        If it is gone, as another process may remove it.
    DamagedTableError
        If it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        arrow = pq.read_table(
            path,
            columns=["gene", "values"],
            partitioning=None,
            page_checksum_verification=True,
        )
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise DamagedTableError(
            f"{path}: cannot be read ({shorten(one_line(error), 120)})", _REMEDY
        ) from error
    column = arrow.column("values").combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return arrow.column("gene").to_pylist(), flat.reshape(arrow.num_rows, -1)
