"""Removing tables, and the files they were made of, from a store."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.fetching.registry import downloaded_table
from tcga_corr.fetching.sidecar import sidecar_path
from tcga_corr.files import remove_tree, writing
from tcga_corr.sources import SOURCES
from tcga_corr.store.layout import Store, TableKey, check_source_name
from tcga_corr.vocabulary.tumor_types import parse_tumor_type


@dataclass(frozen=True)
class Removed:
    """A removed file or folder: its path below the store, and its size in bytes."""

    path: str
    size: int


def remove(
    store: Store,
    source: str,
    tumor_types: Iterable[str] = (),
    *,
    downloads: bool = False,
    counts: bool = False,
) -> list[Removed]:
    """Remove tables, with their indexes and raw counts, from a store.

    Parameters
    ----------
    store
        The store.
    source, tumor_types
        Which tables; all of the source by default.
    downloads
        Remove the downloaded files too, so that another fetch has to download them again.
    counts
        Remove raw counts alone.

    Raises
    ------
    DataMissingError
        If there is nothing to remove.
    UsageError
        If no source can have the name, or if the downloads of some tumor types are to be removed
        and one file contains all.
    """
    check_source_name(source)  # before it becomes a path
    wanted = tuple(parse_tumor_type(name).abbreviation for name in tumor_types)
    if counts and downloads:
        raise UsageError("counts alone and downloads are to be removed", "Choose one of them")
    of_expression = {*store.table_keys(source), *store.vanished_keys(source)}
    known = sorted({*store.counts_keys(source), *(() if counts else of_expression)})
    keys = [key for key in known if not wanted or key.tumor_type in wanted]
    stored = {key.tumor_type for key in keys}
    missing = [name for name in wanted if name not in stored]
    folders = _download_folders(store, source, wanted) if downloads else []
    if missing or not (keys or folders):
        what = f"{', '.join(missing)} of source" if missing else "source"
        raise DataMissingError(
            f"{what} '{source}': not in the store '{store.root}'",
            "See what is with `tcga-corr status`",
        )
    removed: list[Removed] = []
    for key in keys:
        removed += _remove_counts(store, key)
        if counts or key not in of_expression:
            continue
        removed.append(_remove_expression(store, key))
    for folder in folders:
        removed.append(Removed(str(folder.relative_to(store.root)), _size(folder)))
        remove_tree(folder)
    return removed


def _remove_expression(store: Store, key: TableKey) -> Removed:
    table, index = store.table_path(key), store.index_folder(key)
    with store.locked(key):
        size = _size(table) + _size(index)
        # an index without its table would be a table that is gone
        remove_tree(index)
        with writing(table):
            table.unlink(missing_ok=True)
        store.remove_leftovers(key)
        remove_tree(table.parent)
    return Removed(str(table.parent.relative_to(store.root)), size)


def _remove_counts(store: Store, key: TableKey) -> list[Removed]:
    path = store.counts_path(key)
    with store.locked(key):
        if not path.exists():
            return []
        size = _size(path)
        with writing(path):
            path.unlink(missing_ok=True)
        store.remove_leftovers(key)
        remove_tree(path.parent)
    return [Removed(str(path.parent.relative_to(store.root)), size)]


def _download_folders(store: Store, source: str, wanted: tuple[str, ...]) -> list[Path]:
    folder = store.downloads(source)
    known = SOURCES.get(source)
    if not wanted:
        return [folder] if folder.exists() else []
    if known is None or known.pan_cancer:
        raise UsageError(
            f"the downloads of '{source}' are not one file a tumor type",
            "Leave -t out, or leave --downloads out",
        )
    found = []
    for name in wanted:
        path = downloaded_table(store, TableKey(source, name))
        if path is not None:
            own_folder = name in path.parent.name
            found += [path.parent] if own_folder else [path, sidecar_path(path)]
    return [path for path in found if path.exists()]


def _size(path: Path) -> int:
    """The bytes of a file, or of those in a folder, some of which another process may remove."""
    size = 0
    with suppress(FileNotFoundError):
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file():
                size += file.stat().st_size
    return size
