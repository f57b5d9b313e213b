"""The derived index of the reference collection: the rank sums of its sets in a table's samples.

``sums.npy`` holds the three sums of :mod:`tcga_corr.scoring.rank_sums`, sets x 3 x samples; the
sets' genes are rows of the table, ``rows.npy``, cut at ``offsets.npy``. The sets are sorted by
how many of their genes the table has, so that those of similar size lie together.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import StoreError
from tcga_corr.files import replacing_folder, writing
from tcga_corr.scoring.rank_sums import N_SUMS, Terms, rank_terms, sums_of_sets
from tcga_corr.store.index import UNREADABLE, GeneNames, TableIndex, save_array
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.gene_sets.catalogue import reference_digest, reference_sets
from tcga_corr.vocabulary.symbols import match_symbols

Rows = NDArray[np.intp]

MIN_GENES = 5
_FILES = ("sums.npy", "rows.npy", "offsets.npy")
_BLOCK = 128  # samples at once, which bounds the memory of building


@dataclass(frozen=True)
class ReferenceIndex:
    """The reference collection in one table.

    Attributes
    ----------
    sums
        Sets x 3 x samples of the table, a memory map.
    rows
        The table's rows of all sets, one set after another, ascending within each.
    offsets
        Where each set starts in ``rows``, and the end.
    """

    sums: Terms
    rows: Rows
    offsets: Rows

    @property
    def sizes(self) -> Rows:
        """The number of genes of each set that the table has, ascending."""
        return np.diff(self.offsets)

    def similar_in_size(self, size: int) -> slice:
        """The sets of half to one and a half times a size."""
        first = np.searchsorted(self.sizes, size / 2, side="left")
        end = np.searchsorted(self.sizes, 1.5 * size, side="right")
        return slice(int(first), int(end))

    def genes(self, number: int) -> Rows:
        """The rows of one set."""
        return self.rows[self.offsets[number] : self.offsets[number + 1]]


def open_reference(store: Store, table: TableIndex) -> ReferenceIndex:
    """The reference collection's sums in a table, computed first where they are missing.

    Where the store is read-only, or the table was replaced meanwhile, they are computed but not
    stored.

    Raises
    ------
    StoreError
        If they cannot be written for another reason, such as a full disk.
    """
    folder = _folder(store, table)
    found = _open(folder, table)
    if found is not None:
        return found
    try:
        with store.locked(table.key):
            return _open(folder, table) or _build(folder, table)
    except StoreError as error:
        if not _prevents_storing(error.__cause__):
            raise
        return _computed(table)


def _prevents_storing(cause: BaseException | None) -> bool:
    """Whether the store is read-only, or the table's index was replaced meanwhile."""
    read_only = isinstance(cause, OSError) and cause.errno == errno.EROFS
    return read_only or isinstance(cause, PermissionError | FileNotFoundError)


def _computed(table: TableIndex) -> ReferenceIndex:
    sets = _sets_in(table.genes)
    rows = np.concatenate([np.empty(0, dtype=np.intp), *sets])
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.intp)
    return ReferenceIndex(_sums(table, sets), rows, offsets)


def has_reference(store: Store, table: TableIndex) -> bool:
    """Whether the sums are stored, so that :func:`open_reference` takes no time."""
    return _open(_folder(store, table), table) is not None


def check_reference(store: Store, table: TableIndex) -> str | None:
    """The problem with a table's sums; empty where there are none, None where they are right."""
    folder = _folder(store, table)
    if not folder.exists():
        return ""
    found = _open(folder, table)
    sets = _sets_in(table.genes)
    if found is None or not _same_sets(found, sets):
        return "its reference sets are not those of the collection"
    if not np.array_equal(found.sums, _sums(table, sets)):
        return "its sums of the reference sets are not those of the table's ranks"
    return None


def drop_reference(store: Store, table: TableIndex) -> None:
    """Remove a table's sums; the next use computes them again."""
    with store.locked(table.key):
        shutil.rmtree(_folder(store, table), ignore_errors=True)


def _folder(store: Store, table: TableIndex) -> Path:
    index = store.index_folder(table.key) / table.table_sha256[:16]
    return index / f"reference-{reference_digest()[:16]}"


def _open(folder: Path, table: TableIndex) -> ReferenceIndex | None:
    try:
        sums, rows, offsets = (np.load(folder / name, mmap_mode="r") for name in _FILES)
    except UNREADABLE:
        return None
    if (sums.dtype, rows.dtype, offsets.dtype) != (np.float32, np.intp, np.intp):
        return None
    whole = sums.shape == (len(offsets) - 1, N_SUMS, len(table.metadata.samples))
    if not (whole and offsets[-1] == len(rows)):
        return None
    return ReferenceIndex(sums, np.array(rows), np.array(offsets))


@lru_cache(maxsize=8)
def _sets_in(genes: GeneNames) -> tuple[Rows, ...]:
    """The rows of each reference set with enough genes in a table, smallest first."""
    found = (match_symbols(known.genes, genes).found for known in reference_sets().values())
    sets = [genes.rows(set(match.values())) for match in found if len(match) >= MIN_GENES]
    return tuple(sorted(sets, key=len))


def _same_sets(index: ReferenceIndex, sets: Sequence[Rows]) -> bool:
    return len(index.sizes) == len(sets) and all(
        np.array_equal(index.genes(number), rows) for number, rows in enumerate(sets)
    )


def _sums(table: TableIndex, sets: Sequence[Rows]) -> Terms:
    n_samples = len(table.metadata.samples)
    sums = np.empty((len(sets), N_SUMS, n_samples), dtype=np.float32)
    ranks = table.all_ranks()
    for start in range(0, n_samples, _BLOCK):
        part = slice(start, start + _BLOCK)
        sums[:, :, part] = sums_of_sets(rank_terms(ranks[:, part]), sets)
    return sums


def _build(folder: Path, table: TableIndex) -> ReferenceIndex:
    """Store the sums in place of those of another collection; call it with the table locked."""
    computed = _computed(table)
    with writing(folder):
        for other in [*folder.parent.glob("reference-*"), *folder.parent.glob(".reference-*")]:
            shutil.rmtree(other, ignore_errors=True)
        with replacing_folder(folder) as partial:
            arrays: tuple[NDArray[Any], ...] = (computed.sums, computed.rows, computed.offsets)
            for name, array in zip(_FILES, arrays, strict=True):
                save_array(partial / name, array)
    index = _open(folder, table)
    if index is None:
        raise StoreError(f"{folder}: the index just written cannot be read", "Check the disk")
    return index
