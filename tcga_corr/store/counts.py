"""Tables of raw counts in the store: like those of expression, but whole numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import DamagedTableError, DataMissingError
from tcga_corr.expression import ExpressionTable
from tcga_corr.store.index import GeneNames, TableIndex
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.metadata import CountsMetadata
from tcga_corr.store.parquet import metadata_of_file, rows_of_file, write_rows

Counts = NDArray[np.int32]


HIGHEST_COUNT = int(np.iinfo(np.int32).max)
_REMEDY = "Run `tcga-corr verify --repair`, or load the counts again"


@dataclass(frozen=True)
class CountsTable:
    """A table of raw counts by its metadata, before its values are read."""

    key: TableKey
    metadata: CountsMetadata = field(repr=False)

    @property
    def table_sha256(self) -> str:
        """Hash of its symbols and counts."""
        return self.metadata.values_sha256


def samples_alone(table: CountsTable) -> TableIndex:
    """A table of counts without its genes: an index by which its samples are selected."""
    shape = (0, len(table.metadata.samples))
    return TableIndex(
        table.key,
        table.table_sha256,
        table.metadata,
        GeneNames((), ""),
        np.zeros(shape, np.uint16),
        np.zeros(shape, np.float32),
    )


@dataclass(frozen=True)
class StoredCounts:
    """A table of raw counts, fully read.

    Attributes
    ----------
    key, metadata
        Its source and tumor type, and its metadata.
    genes
        The symbol of each row, sorted.
    values
        Counts, genes x samples.
    """

    key: TableKey
    metadata: CountsMetadata
    genes: list[str] = field(repr=False)
    values: Counts = field(repr=False)


def digest_of(genes: Sequence[str], values: Counts) -> str:
    """SHA-256 of symbols and counts: each symbol on a line, then int32, little end first."""
    digest = hashlib.sha256("".join(f"{gene}\n" for gene in genes).encode())
    digest.update(np.ascontiguousarray(values, dtype="<i4").tobytes())
    return digest.hexdigest()


def write_counts(store: Store, table: ExpressionTable, metadata: CountsMetadata) -> CountsMetadata:
    """Store prepared whole numbers, in place of any counts of their source and tumor type.

    Call it with the table locked. They are stored at the moment their file is renamed.

    Returns
    -------
    CountsMetadata
        The metadata, with the hash of what was stored.

    Raises
    ------
    ValueError
        If a value is no whole number from 0 to 2**31 - 1, which loading refuses before.
    """
    counts = table.values.astype(np.int32)
    if not np.array_equal(counts, table.values) or (counts < 0).any():
        raise ValueError("values are not whole numbers from 0 to 2**31 - 1")
    whole = replace(metadata, values_sha256=digest_of(table.genes.tolist(), counts))
    key = TableKey(metadata.source, metadata.tumor_type)
    write_rows(store, store.counts_path(key), table, whole, np.int32)
    return whole


def read_counts_metadata(store: Store, key: TableKey) -> CountsMetadata | None:
    """The metadata of stored counts; None where there are none.

    Raises
    ------
    DamagedTableError
        If the file is not a table of this schema version, or one of another source or tumor type.
    """
    return metadata_of_file(store.counts_path(key), key, CountsMetadata)


def readable_counts_metadata(store: Store, key: TableKey) -> CountsMetadata | None:
    """The metadata of stored counts; None if there are none that can be read."""
    try:
        return read_counts_metadata(store, key)
    except DamagedTableError:
        return None


def read_counts(store: Store, key: TableKey) -> StoredCounts:
    """Read stored counts, and compare them with the hash in their metadata.

    Raises
    ------
    DataMissingError
        If there are none.
    DamagedTableError
        If they are damaged.
    """
    path = store.counts_path(key)
    metadata = read_counts_metadata(store, key)
    if metadata is None:
        raise DataMissingError(f"{path}: the counts are gone", "Load them again")
    genes, values = rows_of_file(path)
    if values.dtype != np.int32 or values.shape != (metadata.n_genes, len(metadata.samples)):
        raise DamagedTableError(f"{path}: not of the shape that it says", _REMEDY)
    if digest_of(genes, values) != metadata.values_sha256:
        raise DamagedTableError(f"{path}: not the counts that were stored", _REMEDY)
    return StoredCounts(key, metadata, genes, values)
