"""Checking that everything in a store is as it was written, and repairing what can be."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.choices import Genes
from tcga_corr.errors import DataMissingError, StoreError
from tcga_corr.fetching.registry import downloaded_table
from tcga_corr.fetching.sidecar import matches_record, read_sidecar
from tcga_corr.files import is_leftover, remove_tree, sha256_of
from tcga_corr.loading.load import load_files
from tcga_corr.loading.plan import LoadOptions, tumor_type_of_path
from tcga_corr.progress import Progress
from tcga_corr.sources import SOURCES
from tcga_corr.store.counts import read_counts, readable_counts_metadata
from tcga_corr.store.covariates import open_covariates
from tcga_corr.store.index import (
    check_index,
    check_unchanged,
    drop_index,
    index_by_hash,
    indexed_metadata,
    open_index,
)
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.metadata import TableMetadata
from tcga_corr.store.parquet import check_table, readable_metadata
from tcga_corr.store.reference import check_reference, drop_reference
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

WHOLE = "whole"


@dataclass(frozen=True)
class Finding:
    """The state of one table, index or file of a store.

    Attributes
    ----------
    kind
        ``table``, ``index``, ``counts``, ``covariates``, ``download`` or ``leftover``.
    path
        Its path below the store.
    state
        ``whole``; ``damaged``, ``missing`` or ``leftover``; ``not built`` for an index that the
        next use makes; ``unfinished`` for a download that the next fetch resumes; ``no record``
        for a file that was not downloaded by fetch; ``mended``.
    detail, remedy
        What is wrong with it, and how to repair it.
    """

    kind: str
    path: str
    state: str
    detail: str = ""
    remedy: str = ""


def verify(
    store: Store,
    source: str | None = None,
    tumor_types: Iterable[str] = (),
    *,
    repair: bool = False,
    progress: Progress | None = None,
) -> Iterator[Finding]:
    """Check every table, index and download of a store, or of a part of it; counts and covariates.

    A table is read completely, with its page checksums, and compared with the hash in its index; an
    index is compared, to the last bit, with what the table gives; raw counts with the hash in their
    metadata; a download with its record.

    Parameters
    ----------
    store
        The store.
    source, tumor_types
        The part; all by default. Downloads are checked only for all tumor types of a source.
    repair
        Make derived data again: indexes from their tables, and tables from their downloads.
    progress
        Receives each step, and counts the tables.

    Raises
    ------
    DataMissingError
        If the store does not have the source or a tumor type.
    """
    progress = progress or Progress()
    wanted = {parse_tumor_type(name).abbreviation for name in tumor_types}
    _check_exists(store, source, wanted)
    known = sorted({*store.table_keys(source), *store.vanished_keys(source)})
    keys = [key for key in known if not wanted or key.tumor_type in wanted]
    progress.begin(len(keys))
    for key in keys:
        progress.step(f"{key.source} {key.tumor_type}")
        try:
            yield from _check_table_and_index(store, key, repair)
        except FileNotFoundError:
            if not _was_removed(store, key):
                raise
        progress.advance()
        progress.step("")
    for key in store.counts_keys(source):
        if not wanted or key.tumor_type in wanted:
            progress.step(f"counts of {key.source} {key.tumor_type}")
            yield from _check_counts(store, key, repair)
    if not wanted and source is None:
        for name in store.covariate_names():
            yield _check_covariates(store, name)
    if not wanted:
        for folder in sorted(store.root.glob("downloads/*")):
            if source in (None, folder.name):
                progress.step(f"downloads of {folder.name}")
                yield from _check_downloads(store, folder)
    yield from _find_leftovers(store, repair)


def _check_exists(store: Store, source: str | None, wanted: set[str]) -> None:
    """Refuse a source or tumor types that the store does not have."""
    keys = [*store.table_keys(source), *store.vanished_keys(source), *store.counts_keys(source)]
    missing = wanted - {key.tumor_type for key in keys}
    downloads = source is not None and store.downloads(source).exists()
    if missing or (source is not None and not keys and not downloads):
        what = f"{', '.join(sorted(missing))}: not loaded" if missing else f"no source '{source}'"
        raise DataMissingError(what, "See what the store holds with `tcga-corr status`")


def _check_table_and_index(store: Store, key: TableKey, repair: bool) -> Iterator[Finding]:
    path = _relative(store, store.table_path(key))
    try:
        check_table(store, key)
        check_unchanged(store, key)
        yield Finding("table", path, WHOLE)
    except StoreError as error:
        if _was_removed(store, key):
            return
        if not (repair and _reload(store, key)):
            state = "damaged" if store.table_path(key).exists() else "missing"
            yield Finding("table", path, state, error.what, _how_to_load(store, key))
            return
        yield Finding("table", path, "mended", error.what)
    yield _check_index(store, key, repair)


def _was_removed(store: Store, key: TableKey) -> bool:
    """Whether another process has removed a table meanwhile, with its index."""
    return not store.table_path(key).exists() and key not in store.vanished_keys(key.source)


def _check_counts(store: Store, key: TableKey, repair: bool) -> Iterator[Finding]:
    """The state of raw counts; none where another process has removed them meanwhile."""
    path = _relative(store, store.counts_path(key))
    try:
        read_counts(store, key)
    except (DataMissingError, FileNotFoundError):
        if store.counts_path(key).exists():
            raise
        return
    except StoreError as error:
        if repair and _reload_counts(store, key):
            yield Finding("counts", path, "mended", error.what)
            return
        which = f"--source {key.source} -t {key.tumor_type} --counts"
        again = f"Run `tcga-corr remove {which}`, and fetch or load them again"
        here = downloaded_table(store, key, counts=True) is not None
        remedy = "Run `tcga-corr verify --repair`" if here and not repair else again
        yield Finding("counts", path, "damaged", error.what, remedy)
        return
    yield Finding("counts", path, WHOLE)


def _reload_counts(store: Store, key: TableKey) -> bool:
    """Make counts again from the file that was downloaded for them; whether that succeeded."""
    path = downloaded_table(store, key, counts=True)
    metadata = readable_counts_metadata(store, key)
    if path is None or (metadata and metadata.inputs[0].sha256 != sha256_of(path)):
        return False
    genes: Genes | None = None
    if metadata is not None:
        genes = "all" if metadata.genes == "all" else "protein-coding"
    options = LoadOptions(key.source, key.tumor_type, genes, counts=True)
    return not load_files(store, [path], options, rewrite={key}).errors


def _check_covariates(store: Store, name: str) -> Finding:
    path = _relative(store, store.covariates_path(name))
    try:
        open_covariates(store, name)
    except StoreError as error:
        again = f"Run `tcga-corr remove --covariates {name}`, and load them again"
        return Finding("covariates", path, "damaged", error.what, again)
    return Finding("covariates", path, WHOLE)


def _check_index(store: Store, key: TableKey, repair: bool) -> Finding:
    path = _relative(store, store.index_folder(key))
    fault = check_index(store, key)
    index = None if fault == "" else index_by_hash(store, key)
    # whole and gone at once: another process has replaced the table meanwhile
    if fault == "" or (not fault and index is None):
        return Finding("index", path, "not built", "", "The next use of the table makes it")
    what = fault or (check_reference(store, index) if index else "")
    if not what:
        return Finding("index", path, WHOLE)
    if not repair:
        return Finding("index", path, "damaged", what, "Run `tcga-corr verify --repair`")
    if fault:
        drop_index(store, key)
        open_index(store, key)
    else:
        drop_reference(store, open_index(store, key))
    return Finding("index", path, "mended", what)


def _how_to_load(store: Store, key: TableKey) -> str:
    if _usable_download(store, key) is not None:
        return "Run `tcga-corr verify --repair`"
    which = f"--source {key.source} -t {key.tumor_type}"
    return f"Run `tcga-corr remove {which}`, and fetch or load it again"


def _usable_download(store: Store, key: TableKey) -> tuple[Path, TableMetadata] | None:
    """The downloaded file that a damaged table was made of, and the metadata of the table."""
    path = downloaded_table(store, key)
    metadata = readable_metadata(store, key) or indexed_metadata(store, key)
    if path is None or metadata is None or metadata.inputs[0].sha256 != sha256_of(path):
        return None
    return path, metadata


def _reload(store: Store, key: TableKey) -> bool:
    """Make a table again from the same downloaded file; whether that succeeded."""
    usable = _usable_download(store, key)
    if usable is None:
        return False
    path, metadata = usable
    genes: Genes = "all" if metadata.genes == "all" else "protein-coding"
    options = LoadOptions(source=key.source, tumor_type=key.tumor_type, genes=genes)
    return not load_files(store, [path], options, rewrite={key}).errors


def _check_downloads(store: Store, folder: Path) -> Iterator[Finding]:
    """A finding for each file that is not intact, and one for all intact files of a folder."""
    n_whole: Counter[str] = Counter()
    files = {path for path in folder.rglob("*") if path.is_file()}
    records = {
        path for path in files if path.suffix == ".json" and read_sidecar(path.with_suffix(""))
    }
    for path in sorted(files | {record.with_suffix("") for record in records}):
        if path in records or path.suffix == ".lock" or path.name.endswith(".download.json"):
            continue
        name = _relative(store, path)
        record = read_sidecar(path)
        again = _how_to_fetch(folder.name, path)
        if path.name.startswith(".") and path.suffix == ".download":
            size = f"{path.stat().st_size / 1e6:.1f} MB are here"
            yield Finding("download", name, "unfinished", size, f"{again} to go on")
        elif record is None:
            yield Finding("download", name, "no record", "not downloaded by fetch")
        elif path not in files:
            yield Finding("download", name, "missing", "its record is there", again)
        elif not matches_record(path, record):
            yield Finding("download", name, "damaged", "not the file that was downloaded", again)
        else:
            n_whole[_relative(store, path.parent)] += 1
    for parent, count in n_whole.items():
        yield Finding("download", parent, WHOLE, f"{count} file{'s' if count > 1 else ''}")


def _how_to_fetch(source: str, path: Path) -> str:
    known = SOURCES.get(source)
    if known is not None and known.simulated:
        return "Run `tcga-corr demo`"
    of_gtex = [] if known is None else [known.with_gtex, *known.beside_gtex]
    gtex = " --gtex" if any(file and file.path.name == path.name for file in of_gtex) else ""
    tumor_type = None if known is None or known.pan_cancer else tumor_type_of_path(path)
    return f"Run `tcga-corr fetch {tumor_type + ' ' if tumor_type else ''}--source {source}{gtex}`"


def _find_leftovers(store: Store, repair: bool) -> Iterator[Finding]:
    """Files that killed processes left, and indexes without a table."""
    known = (*store.table_keys(), *store.vanished_keys())
    tables = {store.index_folder(key) for key in known}
    orphans = [path for path in store.root.glob("index/*/*") if path not in tables]
    for path in sorted({*filter(is_leftover, _partial(store.root)), *orphans}):
        name = _relative(store, path)
        if repair:
            remove_tree(path)
            yield Finding("leftover", name, "mended", "removed")
        else:
            remedy = "It is in nobody's way; `tcga-corr verify --repair` removes it"
            yield Finding("leftover", name, "leftover", "", remedy)


def _partial(folder: Path) -> Iterator[Path]:
    """What is named as a file or folder that is being written; folders may vanish meanwhile."""
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if name.startswith(".") and name.endswith(".part"):
                yield Path(at) / name


def _relative(store: Store, path: Path) -> str:
    return str(path.relative_to(store.root))
