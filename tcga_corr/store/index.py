"""The derived index of a table: values and ranks as memory maps, keyed by the table's hash."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tcga_corr.errors import DamagedTableError, StoreError
from tcga_corr.exchange import read_json_object
from tcga_corr.files import replacing, replacing_folder, sha256_of, writing
from tcga_corr.scoring.ranks import Ranks, doubled_average_ranks
from tcga_corr.store.layout import INDEX_FILE, SCHEMA_VERSION, Store, TableKey
from tcga_corr.store.metadata import TableMetadata
from tcga_corr.store.parquet import read_metadata, read_values

# what numpy raises for a file that is not a whole array
UNREADABLE = (OSError, EOFError, ValueError, TypeError, SyntaxError, TokenError)
_DESCRIPTION = INDEX_FILE
_NAME_LENGTH = 16  # of a folder of an index: digits of the hash of its table
_FILES = (_DESCRIPTION, "genes.txt", "values.npy", "ranks.npy")
_GENES = "genes.txt"
_ALIGNMENT = 64  # of the values in a file of numpy


class GeneNames(Collection[str]):
    """The symbols of a table and their rows; equal for tables with the same genes."""

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


def _gene_names(path: Path, digest: str) -> GeneNames:
    """The names in a file of this hash; one object for all tables with the same genes."""
    text = path.read_bytes()
    if hashlib.sha256(text).hexdigest() != digest:
        raise ValueError("the gene names are damaged")
    names = _known_names.get(digest)
    if names is None:
        names = _known_names[digest] = GeneNames(text.decode().split("\n"), digest)
    return names


@dataclass(frozen=True)
class TableIndex:
    """A table, open for reading.

    Attributes
    ----------
    key
        Source and tumor type.
    table_sha256
        Hash of the Parquet table that it was built from.
    metadata
        The metadata of the table.
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
        """The columns in a selection: ``tumor``, ``normal``, ``all-tumor`` or ``gtex``."""
        samples = self.metadata.samples
        columns = [column for column, sample in enumerate(samples) if sample.is_in(selection)]
        return np.array(columns, dtype=np.intp)

    @property
    def is_stored(self) -> bool:
        """Whether it is in the store; one made in memory is made again by the next question."""
        return isinstance(self.values, np.memmap)

    def all_ranks(self) -> Ranks:
        """The ranks, mapped again, so that pages that were read do not stay in memory."""
        return _mapped_again(self.ranks)

    def all_values(self) -> NDArray[np.float32]:
        """The values, mapped again as :meth:`all_ranks` does."""
        return _mapped_again(self.values)


def _mapped_again(array: NDArray[Any]) -> NDArray[Any]:
    if isinstance(array, np.memmap) and array.filename is not None:
        try:
            return np.asarray(open_array(Path(array.filename), array.dtype))
        except FileNotFoundError:
            pass  # the table was replaced meanwhile; the old map still works
    return array


def open_array(path: Path, *types: DTypeLike) -> NDArray[Any]:
    """An array in a file, as a memory map.

    Raises
    ------
    ValueError
        If it is of none of these types, or its values are not all of the file behind the header: a
        header that lost a bit may still be one, of values that begin elsewhere.
    """
    array: NDArray[Any] = np.load(path, mmap_mode="r")
    offset = getattr(array, "offset", 0)
    is_whole = not array.nbytes or offset + array.nbytes == path.stat().st_size
    if array.dtype not in [np.dtype(one) for one in types] or not array.flags.c_contiguous:
        raise ValueError(f"{path}: an array of {array.dtype}")
    if not is_whole or offset % _ALIGNMENT:
        raise ValueError(f"{path}: not as long as its header says")
    return array


def open_index(store: Store, key: TableKey) -> TableIndex:
    """The index of a table, built first where it is missing or outdated.

    Where the store may only be read, it is built in memory.

    Raises
    ------
    StoreError
        If it has to be built and cannot be written for another reason, such as a full disk.
    """
    index = _current_index(store, key)
    if index is not None:
        return index
    try:
        with store.locked(key):
            return _current_index(store, key) or _rebuild(store, key)
    except StoreError as error:
        table = store.table_path(key)
        if not table.exists() or not is_read_only(error.__cause__):
            raise
        # a store that was copied to a read-only place: its index is still right
        return index_by_hash(store, key) or _in_memory(store, key)


def is_read_only(cause: BaseException | None) -> bool:
    """Whether an error of the operating system means that nothing may be written."""
    return isinstance(cause, PermissionError) or (
        isinstance(cause, OSError) and cause.errno == errno.EROFS
    )


def _in_memory(store: Store, key: TableKey) -> TableIndex:
    metadata = read_metadata(store, key)
    if metadata is None:
        raise StoreError(f"{store.table_path(key)}: the table is gone", "Load it again")
    genes, values = read_values(store, key)
    digest = hashlib.sha256("\n".join(genes).encode()).hexdigest()
    names = GeneNames(genes, digest)
    table_sha256 = sha256_of(store.table_path(key))
    return TableIndex(key, table_sha256, metadata, names, doubled_average_ranks(values), values)


def check_tables(store: Store) -> None:
    """Check the metadata of all tables, and read those that have changed since they were indexed.

    For a reader of the tables that checks no page itself.
    """
    for key in store.require_keys(or_counts=True):
        read_metadata(store, key)
        if _current_index(store, key) is None:
            read_values(store, key)


def check_index(store: Store, key: TableKey) -> str | None:
    """The problem with a table's index; empty where there is no index, None where it is right.

    The arrays are compared with the table, so that a flipped bit is seen. That the table has
    another time or place, as in a copy of the store, changes nothing. An index of the table as it
    was before is none: where a table is replaced, the next use makes its index.
    """
    index = index_by_hash(store, key)
    if index is None:
        own = store.index_folder(key) / sha256_of(store.table_path(key))[:_NAME_LENGTH]
        # another process may have written it since it was looked for
        index = index_by_hash(store, key) if own.exists() else None
        if index is None:
            # without a file it is being written or removed, or a kill left it so
            return "not whole" if all((own / name).exists() for name in _FILES) else ""
    if index.metadata != read_metadata(store, key):
        return "its metadata are not the table's"
    genes, values = read_values(store, key)
    if list(index.genes) != genes or not np.array_equal(index.values, values):
        return "its values are not the table's"
    if not np.array_equal(index.ranks, doubled_average_ranks(values)):
        return "its ranks are not those of the table's values"
    return None


def index_by_hash(store: Store, key: TableKey) -> TableIndex | None:
    """The index of a table by the table's hash, whatever its time; None where there is none."""
    found = _find_copied(store, key, sha256_of(store.table_path(key)))
    return _open(key, *found) if found else None


def check_unchanged(store: Store, key: TableKey) -> None:
    """Refuse a table that is not the one that was indexed, though its time says so.

    Raises
    ------
    DamagedTableError
        Naming it.
    """
    path = store.table_path(key)
    stamp = _stamp(path)
    for _, described in _descriptions(store, key):
        same = described.get("table_stamp") == stamp
        if same and described.get("table_sha256") != sha256_of(path):
            raise DamagedTableError(
                f"{path}: the table changed since it was indexed, and its time did not",
                "Run `tcga-corr verify --repair`, or load the table again",
            )


def indexed_metadata(store: Store, key: TableKey) -> TableMetadata | None:
    """The metadata of a table when it was indexed; None where that is not known."""
    for _, described in _descriptions(store, key):
        try:
            return _described_metadata(described)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return None


def drop_index(store: Store, key: TableKey) -> None:
    """Remove a table's index; the next use builds it again."""
    with store.locked(key):
        shutil.rmtree(store.index_folder(key), ignore_errors=True)


def _current_index(store: Store, key: TableKey) -> TableIndex | None:
    """The index of the table as it is now; None where there is no complete one."""
    stamp = _stamp(store.table_path(key))
    for folder, described in _descriptions(store, key):
        if described.get("table_stamp") == stamp:
            return _open(key, folder, described)
    return None


def _find_copied(
    store: Store, key: TableKey, table_sha256: str
) -> tuple[Path, dict[str, Any]] | None:
    """A complete index of the same table before it was moved or copied; only its stamp differs."""
    for folder, described in _descriptions(store, key):
        same = described.get("table_sha256") == table_sha256
        if same and _open(key, folder, described) is not None:
            return folder, described
    return None


def _descriptions(store: Store, key: TableKey) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folders of a table's indexes, and the description in each."""
    for path in sorted(store.index_folder(key).glob(f"[!.]*/{_DESCRIPTION}")):
        try:
            described = read_json_object(path.read_bytes())
        except (OSError, ValueError):
            continue  # replaced or damaged: the process with the lock rebuilds it
        if described.get("schema") == SCHEMA_VERSION:
            yield path.parent, described


def _stamp(table: Path) -> list[int]:
    """Size, time and inode of a table: a cheap test of whether it is still the same."""
    try:
        status = table.stat()
    except FileNotFoundError:
        raise StoreError(f"{table}: the table is gone", "Load it again") from None
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _open(key: TableKey, folder: Path, described: dict[str, Any]) -> TableIndex | None:
    try:
        ranks = open_array(folder / "ranks.npy", np.uint16, np.uint32)
        values = open_array(folder / "values.npy", np.float32)
        genes = _gene_names(folder / _GENES, described["genes_sha256"])
        metadata = _described_metadata(described)
        table_sha256 = str(described["table_sha256"])
    except (*UNREADABLE, KeyError, AttributeError):
        return None
    if TableKey(metadata.source, metadata.tumor_type) != key:
        return None
    shape = (metadata.n_genes, len(metadata.samples))
    if not (ranks.shape == values.shape == shape and len(genes) == metadata.n_genes):
        return None
    return TableIndex(key, table_sha256, metadata, genes, ranks, values)


def _described_metadata(described: Mapping[str, Any]) -> TableMetadata:
    text = described["metadata"]
    if hashlib.sha256(text.encode()).hexdigest() != described["metadata_sha256"]:
        raise ValueError("the metadata are damaged")
    return TableMetadata.from_json(read_json_object(text))


def _rebuild(store: Store, key: TableKey) -> TableIndex:
    """Build the index, then remove older ones; call it with the table locked."""
    store.remove_leftovers(key)
    table = store.table_path(key)
    metadata = read_metadata(store, key)
    if metadata is None:
        raise StoreError(f"{table}: the table is gone", "Load it again")
    stamp, table_sha256 = _stamp(table), sha256_of(table)
    folder = store.index_folder(key)
    with writing(folder):
        copied = _find_copied(store, key, table_sha256)
        if copied:
            target, described = copied[0], {**copied[1], "table_stamp": stamp}
            _remove_others(target)
            with replacing(target / _DESCRIPTION) as partial:
                partial.write_text(json.dumps(described), encoding="utf-8")
        else:
            genes, values = read_values(store, key)
            target, text = folder / table_sha256[:_NAME_LENGTH], "\n".join(genes).encode()
            metadata_text = json.dumps(asdict(metadata))
            described = {
                "schema": SCHEMA_VERSION,
                "table_stamp": stamp,
                "table_sha256": table_sha256,
                "genes_sha256": hashlib.sha256(text).hexdigest(),
                "metadata_sha256": hashlib.sha256(metadata_text.encode()).hexdigest(),
                "metadata": metadata_text,  # a text, whose hash says that it is as it was written
            }
            _write(target, described, text, values)
    index = _open(key, target, described)
    if index is None:
        raise StoreError(f"{target}: the index just written cannot be read", "Check the disk")
    return index


def _write(
    target: Path, described: dict[str, Any], genes: bytes, values: NDArray[np.float32]
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(target) as partial:
        (partial / _GENES).write_bytes(genes)
        save_array(partial / "values.npy", values)
        save_array(partial / "ranks.npy", doubled_average_ranks(values))
        (partial / _DESCRIPTION).write_text(json.dumps(described), encoding="utf-8")
        _remove_others(partial)


def _remove_others(kept: Path) -> None:
    """Remove all other indexes of a table before one is renamed: a kill leaves one or none."""
    for other in kept.parent.iterdir():
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array and sync it."""
    with path.open("wb") as handle:
        np.save(handle, array)
        handle.flush()
        os.fsync(handle.fileno())
