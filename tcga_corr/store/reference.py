"""The derived index of the reference collection: the rank sums of its sets in a table's samples.

``sums.npy`` holds the three sums of :mod:`tcga_corr.scoring.rank_sums`, sets x 3 x samples; the
sets' genes are rows of the table, ``rows.npy``, cut at ``offsets.npy``. The sets are sorted by
how many of their genes the table has, so that those of similar size lie together; ``numbers.npy``
has the place of each in the collection.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import StoreError
from tcga_corr.files import replacing_folder, writing
from tcga_corr.scoring.rank_sums import N_SUMS, Sums, terms_by_doubled_rank
from tcga_corr.store.index import (
    UNREADABLE,
    GeneNames,
    TableIndex,
    is_read_only,
    open_array,
    save_array,
)
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.gene_sets.catalogue import reference_digest, reference_sets
from tcga_corr.vocabulary.matching import match_symbols

if TYPE_CHECKING:
    from scipy import sparse

Rows = NDArray[np.intp]

MIN_GENES = 5
_FORMAT = 3  # of the files, a part of their folder's name
_FILES = ("sums.npy", "rows.npy", "offsets.npy", "numbers.npy")
_BLOCK = 48  # samples at once, which bounds the memory of building


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
    numbers
        The place of each set in the collection, from 0.
    """

    sums: Sums
    rows: Rows
    offsets: Rows
    numbers: Rows

    @property
    def sizes(self) -> Rows:
        """The number of genes of each set that the table has, ascending."""
        return np.diff(self.offsets)

    @cached_property
    def names(self) -> list[str]:
        """The name of each set."""
        names = list(reference_sets())
        return [names[number] for number in self.numbers]

    def members(self, n_genes: int) -> sparse.csr_array:
        """Sets x genes of the table: 1 of the genes in a set."""
        return _members(self.rows, self.offsets, n_genes)

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
        is_replaced = isinstance(error.__cause__, FileNotFoundError)
        if not is_replaced and not is_read_only(error.__cause__):
            raise
        return _computed(table)


def _computed(table: TableIndex) -> ReferenceIndex:
    numbers, sets = _sets_in(table.genes)
    rows = np.concatenate([np.empty(0, dtype=np.intp), *sets])
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.intp)
    sums = np.empty((len(sets), N_SUMS, len(table.metadata.samples)))
    for part, block in _blocks_of_sums(table, rows, offsets):
        sums[:, :, part] = block
    return ReferenceIndex(sums, rows, offsets, np.array(numbers, dtype=np.intp))


def check_reference(store: Store, table: TableIndex) -> str | None:
    """The problem with a table's sums; empty where there are none, None where they are right."""
    folder = _folder(store, table)
    if not folder.exists():
        return ""
    found = _open(folder, table)
    if found is None or not _has_sets_of_collection(found, table.genes):
        return "its reference sets are not those of the collection"
    blocks = _blocks_of_sums(table, found.rows, found.offsets)
    if not all(np.array_equal(found.sums[:, :, part], block) for part, block in blocks):
        return "its sums of the reference sets are not those of the table's ranks"
    return None


def drop_reference(store: Store, table: TableIndex) -> None:
    """Remove a table's sums; the next use computes them again."""
    with store.locked(table.key):
        shutil.rmtree(_folder(store, table), ignore_errors=True)


def _folder(store: Store, table: TableIndex) -> Path:
    index = store.index_folder(table.key) / table.table_sha256[:16]
    return index / f"reference-{_FORMAT}-{reference_digest()[:16]}"


def _open(folder: Path, table: TableIndex) -> ReferenceIndex | None:
    try:
        sums = open_array(folder / _FILES[0], np.float64)
        rows, offsets, numbers = (
            np.array(open_array(folder / name, np.intp)) for name in _FILES[1:]
        )
    except UNREADABLE:
        return None
    whole = sums.shape == (len(numbers), N_SUMS, len(table.metadata.samples))
    if not (whole and len(offsets) == len(numbers) + 1 and offsets[-1] == len(rows)):
        return None
    return ReferenceIndex(sums, rows, offsets, numbers)


@lru_cache(maxsize=8)
def _sets_in(genes: GeneNames) -> tuple[tuple[int, ...], tuple[Rows, ...]]:
    """The reference sets with enough genes in a table, smallest first: their places, their rows."""
    found = (match_symbols(known.genes, genes).found for known in reference_sets().values())
    sets = {
        number: genes.rows(set(match.values()))
        for number, match in enumerate(found)
        if len(match) >= MIN_GENES
    }
    by_size = sorted(sets, key=lambda number: len(sets[number]))
    return tuple(by_size), tuple(sets[number] for number in by_size)


def _has_sets_of_collection(index: ReferenceIndex, genes: GeneNames) -> bool:
    numbers, sets = _sets_in(genes)
    return np.array_equal(index.numbers, numbers) and all(
        np.array_equal(index.genes(place), rows) for place, rows in enumerate(sets)
    )


def _members(rows: Rows, offsets: Rows, n_genes: int) -> sparse.csr_array:
    from scipy.sparse import csr_array

    shape = len(offsets) - 1, n_genes
    return csr_array((np.ones(len(rows)), rows, offsets), shape=shape)


def _blocks_of_sums(table: TableIndex, rows: Rows, offsets: Rows) -> Iterator[tuple[slice, Sums]]:
    """The sums of sets in some samples at a time; a set's genes are added up in their order."""
    members = _members(rows, offsets, len(table.genes))
    terms, ranks = terms_by_doubled_rank(len(table.genes)), table.all_ranks()
    for start in range(0, ranks.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        of_genes = terms.take(ranks[:, part], axis=0)  # genes x samples x 3
        sums = members @ of_genes.reshape(len(of_genes), -1)
        yield part, sums.reshape(len(sums), of_genes.shape[1], N_SUMS).transpose(0, 2, 1)


def _build(folder: Path, table: TableIndex) -> ReferenceIndex:
    """Store the sums in place of those of another collection; call it with the table locked."""
    computed = _computed(table)
    with writing(folder):
        for other in [*folder.parent.glob("reference-*"), *folder.parent.glob(".reference-*")]:
            shutil.rmtree(other, ignore_errors=True)
        with replacing_folder(folder) as partial:
            for name in _FILES:
                save_array(partial / name, getattr(computed, Path(name).stem))
    index = _open(folder, table)
    if index is None:
        raise StoreError(f"{folder}: the index just written cannot be read", "Check the disk")
    return index
