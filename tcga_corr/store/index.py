"""The derived index of a table: values and ranks as memory maps, keyed by the table's hash."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import StoreError
from tcga_corr.files import replacing, sha256_of, sync_folder, writing
from tcga_corr.scoring.ranks import Ranks, doubled_average_ranks
from tcga_corr.store.layout import SCHEMA_VERSION, Store, TableKey
from tcga_corr.store.metadata import TableMetadata
from tcga_corr.store.parquet import read_metadata, read_values

_DESCRIPTION = "index.json"
_GENES = "genes.txt"


class GeneNames(Collection[str]):
    """The symbols of a table and their rows; equal for tables of the same genes."""

    def __init__(self, symbols: Sequence[str], digest: str) -> None:
        self._row = {symbol: row for row, symbol in enumerate(symbols)}
        self._digest = digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GeneNames) and other._digest == self._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __len__(self) -> int:
        return len(self._row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._row

    def row(self, symbol: str) -> int:
        """The row of a symbol that the table has."""
        return self._row[symbol]

    def rows(self, symbols: Iterable[str]) -> NDArray[np.intp]:
        """The rows of symbols that the table has, ascending."""
        return np.array(sorted(self._row[symbol] for symbol in symbols), dtype=np.intp)


_known_names: WeakValueDictionary[str, GeneNames] = WeakValueDictionary()


def _gene_names(path: Path) -> GeneNames:
    """The names in a file; one object for all tables of the same genes."""
    text = path.read_bytes()
    digest = hashlib.sha256(text).hexdigest()
    names = _known_names.get(digest)
    if names is None:
        names = _known_names[digest] = GeneNames(text.decode().split("\n"), digest)
    return names


@dataclass(frozen=True)
class TableIndex:
    """One table, open for reading.

    Attributes
    ----------
    key
        Source and tumor type.
    table_sha256
        Hash of the Parquet table that this was built from.
    metadata
        What the table says of itself.
    genes
        Its gene symbols, sorted: the rows.
    ranks
        Genes x samples: twice the average rank within the sample, a memory map.
    values
        Genes x samples, in the table's unit, a memory map.
    """

    key: TableKey
    table_sha256: str
    metadata: TableMetadata
    genes: GeneNames
    ranks: Ranks
    values: NDArray[np.float32]

    def columns(self, selection: str) -> NDArray[np.intp]:
        """The columns that a selection takes: ``tumor``, ``normal`` or ``all-tumor``."""
        samples = self.metadata.samples
        taken = [column for column, sample in enumerate(samples) if sample.taken_by(selection)]
        return np.array(taken, dtype=np.intp)


def open_index(store: Store, key: TableKey) -> TableIndex:
    """A table's index, built first where there is none of the table as it stands.

    Raises
    ------
    StoreError
        If it must be built and the folder cannot be written.
    """
    index = _current(store, key)
    if index is not None:
        return index
    try:
        with store.locked(key):
            return _current(store, key) or _rebuild(store, key)
    except StoreError:
        # a store that was copied to where nothing may be written: its index is as good as ever
        index = _of_same_hash(store, key)
        if index is None:
            raise
        return index


def open_indexes(store: Store, keys: Iterable[TableKey]) -> list[TableIndex]:
    """The indexes of several tables."""
    return [open_index(store, key) for key in keys]


def _current(store: Store, key: TableKey) -> TableIndex | None:
    """The index of the table as it stands; None where there is none, or none whole."""
    stamp = _stamp(store.table_path(key))
    for folder, described in _described(store, key):
        if described.get("table_stamp") == stamp:
            return _open(key, folder, described)
    return None


def _of_same_hash(store: Store, key: TableKey) -> TableIndex | None:
    table = store.table_path(key)
    indexes = [(folder, described) for folder, described in _described(store, key)]
    if not indexes or not table.exists():
        return None
    table_sha256 = sha256_of(table)
    for folder, described in indexes:
        if described.get("table_sha256") == table_sha256:
            return _open(key, folder, described)
    return None


def _described(store: Store, key: TableKey) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folders of a table's indexes, and what each says of itself."""
    for path in sorted(store.index_folder(key).glob(f"*/{_DESCRIPTION}")):
        try:
            described = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # replaced or damaged: rebuilt by whoever holds the lock
        if isinstance(described, dict) and described.get("schema") == SCHEMA_VERSION:
            yield path.parent, described


def _stamp(table: Path) -> list[int]:
    """What tells cheaply that a file is still the same one."""
    try:
        status = table.stat()
    except FileNotFoundError:
        raise StoreError(f"{table}: the table is gone", "Load it again") from None
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _open(key: TableKey, folder: Path, described: dict[str, Any]) -> TableIndex | None:
    try:
        ranks = np.load(folder / "ranks.npy", mmap_mode="r")
        values = np.load(folder / "values.npy", mmap_mode="r")
        genes = _gene_names(folder / _GENES)
        metadata = TableMetadata.from_json(described["metadata"])
        table_sha256 = str(described["table_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    shape = (metadata.n_genes, len(metadata.samples))
    if not (ranks.shape == values.shape == shape and len(genes) == metadata.n_genes):
        return None
    return TableIndex(key, table_sha256, metadata, genes, ranks, values)


def _rebuild(store: Store, key: TableKey) -> TableIndex:
    """Build the index, then remove older ones; call it with the table locked."""
    store.remove_leftovers(key)
    table = store.table_path(key)
    metadata = read_metadata(store, key)
    if metadata is None:
        raise StoreError(f"{table}: the table is gone", "Load it again")
    described = {
        "schema": SCHEMA_VERSION,
        "table_stamp": _stamp(table),
        "table_sha256": sha256_of(table),
        "metadata": metadata.to_json(),
    }
    folder = store.index_folder(key)
    target = folder / str(described["table_sha256"])[:16]
    with writing(folder):
        if _open(key, target, described) is None:
            _write_arrays(target, described, *read_values(store, key))
        else:  # the same table, moved or copied: only its stamp is another
            with replacing(target / _DESCRIPTION) as partial:
                partial.write_text(json.dumps(described), encoding="utf-8")
        for older in folder.iterdir():
            if older != target:
                shutil.rmtree(older, ignore_errors=True)
    index = _open(key, target, described)
    if index is None:
        raise StoreError(f"{target}: the index just written cannot be read", "Check the disk")
    return index


def _write_arrays(
    target: Path, described: dict[str, Any], genes: list[str], values: NDArray[np.float32]
) -> None:
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    partial.mkdir(parents=True)
    try:
        (partial / _GENES).write_text("\n".join(genes), encoding="utf-8")
        _save(partial / "values.npy", values)
        _save(partial / "ranks.npy", doubled_average_ranks(values))
        (partial / _DESCRIPTION).write_text(json.dumps(described), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _save(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as handle:
        np.save(handle, array)
        handle.flush()
        os.fsync(handle.fileno())
