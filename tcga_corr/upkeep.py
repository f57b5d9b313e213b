"""Keeping a store: is everything in it as it was written, and taking things out of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.files import is_leftover, writing
from tcga_corr.load_plan import Genes, LoadOptions, tumor_type_of_path
from tcga_corr.loading import load_files
from tcga_corr.sources import SOURCES, gdc_api, simulated
from tcga_corr.sources.sidecar import is_as_recorded, read_sidecar, sidecar_path
from tcga_corr.store import (
    Store,
    TableKey,
    check_index,
    check_table,
    drop_index,
    open_covariates,
    open_index,
    read_metadata,
)
from tcga_corr.tumor_types import parse_tumor_type

WHOLE = "whole"
FINE = (WHOLE, "not built", "no record", "unfinished")
"""States that need nothing done."""


@dataclass(frozen=True)
class Finding:
    """What was found of one thing in a store.

    Attributes
    ----------
    kind
        ``table``, ``index``, ``covariates``, ``download`` or ``leftover``.
    path
        Where it is, below the store.
    state
        ``whole``; ``damaged``, ``missing`` or ``leftover``; ``not built`` of an index that the next
        use makes; ``unfinished`` of a download that the next fetch goes on with; ``no record`` of a
        file that was not downloaded by fetch; ``mended``.
    detail, remedy
        What is wrong with it, and what mends it.
    """

    kind: str
    path: str
    state: str
    detail: str = ""
    remedy: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether nothing needs to be done about it."""
        return self.state in (*FINE, "mended")


def verify(
    store: Store,
    source: str | None = None,
    tumor_types: Iterable[str] = (),
    *,
    repair: bool = False,
    on_step: Callable[[str, int], None] = lambda step, done: None,
) -> Iterator[Finding]:
    """Look at every table, index, download and table of covariates of a store, or of a part of it.

    A table is read whole by its page checksums, and against the hash it was indexed with; an index
    is compared, to the last bit, with what the table gives; a download with its record.

    Parameters
    ----------
    store
        The store.
    source, tumor_types
        The part; all by default. Downloads are of sources, not of tumor types.
    repair
        Make anew what is derived: indexes of their tables, and tables of their downloads.
    on_step
        Told, for people, what is looked at, and how many things are done since.
    """
    wanted = {parse_tumor_type(name).abbreviation for name in tumor_types}
    for key in store.table_keys(source):
        if not wanted or key.tumor_type in wanted:
            on_step(f"{key.source} {key.tumor_type}", 0)
            yield from _check(store, key, repair)
            on_step("", 1)
    if not wanted and source is None:
        for name in store.covariate_names():
            yield _covariates(store, name)
    if not wanted:
        for folder in sorted(store.root.glob("downloads/*")):
            if source in (None, folder.name):
                on_step(f"downloads of {folder.name}", 0)
                yield from _downloads(store, folder)
    yield from _leftovers(store, repair)


def _check(store: Store, key: TableKey, repair: bool) -> Iterator[Finding]:
    path = _below(store, store.table_path(key))
    try:
        check_table(store, key)
        yield Finding("table", path, WHOLE)
    except StoreError as error:
        if not (repair and _made_again(store, key)):
            yield Finding("table", path, "damaged", error.what, _how_to_load(store, key))
            return
        yield Finding("table", path, "mended", error.what)
    yield _checked_index(store, key, repair)


def _covariates(store: Store, name: str) -> Finding:
    path = _below(store, store.covariates_path(name))
    try:
        open_covariates(store, name)
    except StoreError as error:
        again = f"Run `tcga-corr remove --covariates {name}`, and load them again"
        return Finding("covariates", path, "damaged", error.what, again)
    return Finding("covariates", path, WHOLE)


def _checked_index(store: Store, key: TableKey, repair: bool) -> Finding:
    path = _below(store, store.index_folder(key))
    fault = check_index(store, key)
    if fault is None:
        return Finding("index", path, WHOLE)
    if fault == "":
        return Finding("index", path, "not built", "", "The next use of the table makes it")
    if not repair:
        return Finding("index", path, "damaged", fault, "Run `tcga-corr verify --repair`")
    drop_index(store, key)
    open_index(store, key)
    return Finding("index", path, "mended", fault)


def _how_to_load(store: Store, key: TableKey) -> str:
    if _usable_download(store, key) is not None:
        return "Run `tcga-corr verify --repair`"
    which = f"--source {key.source} -t {key.tumor_type}"
    return f"Run `tcga-corr remove {which}`, and fetch or load it again"


def _usable_download(store: Store, key: TableKey) -> Path | None:
    """The file that a table can be made anew of: here, and as it was downloaded."""
    path = downloaded_table(store, key)
    if path is None:
        return None
    record = read_sidecar(path)
    return path if record is None or is_as_recorded(path, record) else None


def _made_again(store: Store, key: TableKey) -> bool:
    """Make a table anew from its download, if that can be."""
    download = _usable_download(store, key)
    if download is None:
        return False
    try:
        metadata = read_metadata(store, key)
    except StoreError:
        metadata = None
    with store.locked(key):
        store.table_path(key).unlink(missing_ok=True)
    genes: Genes | None = "all" if metadata and metadata.genes == "all" else None
    options = LoadOptions(source=key.source, tumor_type=key.tumor_type, genes=genes)
    return not load_files(store, [download], options).errors


def downloaded_table(store: Store, key: TableKey) -> Path | None:
    """The file in the store's downloads from which a table is made; None where there is none."""
    folder = store.downloads(key.source)
    source = SOURCES.get(key.source)
    if source is None:
        return None
    if source is gdc_api.SOURCE:
        path = folder / f"TCGA-{key.tumor_type}" / gdc_api.SAMPLE_SHEET
    elif source is simulated.SOURCE:
        path = folder / simulated.table_name(key.tumor_type)
    elif source.table is not None:
        path = folder / source.table.of(key.tumor_type).path
    else:
        return None
    return path if path.is_file() else None


def _downloads(store: Store, folder: Path) -> Iterator[Finding]:
    """A row for each file that is not whole, and one for all that are of a folder."""
    whole: dict[str, int] = {}
    files = {path for path in folder.rglob("*") if path.is_file()}
    records = {
        path for path in files if path.suffix == ".json" and read_sidecar(path.with_suffix(""))
    }
    for path in sorted(files | {record.with_suffix("") for record in records}):
        if path in records or path.suffix == ".lock" or path.name.endswith(".download.json"):
            continue
        name = _below(store, path)
        record = read_sidecar(path)
        again = _how_to_fetch(folder.name, path)
        if path.name.startswith(".") and path.suffix == ".download":
            size = f"{path.stat().st_size / 1e6:.1f} MB are here"
            yield Finding("download", name, "unfinished", size, f"{again} to go on")
        elif record is None:
            yield Finding("download", name, "no record", "not downloaded by fetch")
        elif path not in files:
            yield Finding("download", name, "missing", "its record is there", again)
        elif not is_as_recorded(path, record):
            yield Finding("download", name, "damaged", "not the file that was downloaded", again)
        else:
            parent = _below(store, path.parent)
            whole[parent] = whole.get(parent, 0) + 1
    for parent, count in whole.items():
        yield Finding("download", parent, WHOLE, f"{count} file{'s' if count > 1 else ''}")


def _how_to_fetch(source: str, path: Path) -> str:
    if source == simulated.SOURCE.name:
        return "Run `tcga-corr demo`"
    known = SOURCES.get(source)
    one_type = None if known is None or known.pan_cancer else tumor_type_of_path(path)
    return f"Run `tcga-corr fetch {one_type + ' ' if one_type else ''}--source {source}`"


def _leftovers(store: Store, repair: bool) -> Iterator[Finding]:
    """What killed processes left, and indexes of no table."""
    tables = {store.index_folder(key) for key in store.table_keys()}
    orphans = [path for path in store.root.glob("index/*/*") if path not in tables]
    for path in sorted({*filter(is_leftover, store.root.rglob(".*.part")), *orphans}):
        name = _below(store, path)
        if repair:
            _remove(path)
            yield Finding("leftover", name, "mended", "removed")
        else:
            remedy = "It is in nobody's way; `tcga-corr verify --repair` removes it"
            yield Finding("leftover", name, "leftover", "", remedy)


def _below(store: Store, path: Path) -> str:
    return str(path.relative_to(store.root))


@dataclass(frozen=True)
class Removed:
    """What was taken out of a store: its path below it, and the bytes that this freed."""

    path: str
    size: int


def remove(
    store: Store, source: str, tumor_types: Iterable[str] = (), *, downloads: bool = False
) -> list[Removed]:
    """Take tables, with their indexes, out of a store.

    Parameters
    ----------
    store
        The store.
    source, tumor_types
        Which tables; all of the source by default.
    downloads
        Take out the files as downloaded too, so that another fetch has to bring them again.

    Raises
    ------
    DataMissingError
        If there is nothing to take out.
    UsageError
        If the downloads of some tumor types are asked for, and one file holds all.
    """
    wanted = tuple(parse_tumor_type(name).abbreviation for name in tumor_types)
    keys = [key for key in store.table_keys(source) if not wanted or key.tumor_type in wanted]
    there = {key.tumor_type for key in keys}
    missing = [name for name in wanted if name not in there]
    folders = _download_folders(store, source, wanted) if downloads else []
    if missing or not (keys or folders):
        what = f"{', '.join(missing)} of source" if missing else "source"
        raise DataMissingError(
            f"{what} '{source}': not in the store '{store.root}'",
            "See what is with `tcga-corr status`",
        )
    removed = []
    for key in keys:
        with store.locked(key):
            table, index = store.table_path(key), store.index_folder(key)
            size = _size(table) + _size(index)
            with writing(table):
                table.unlink(missing_ok=True)  # from here on it is out; the rest is only space
            store.remove_leftovers(key)
            for folder in (index, table.parent):
                _remove(folder)
        removed.append(Removed(_below(store, table.parent), size))
    for folder in folders:
        removed.append(Removed(_below(store, folder), _size(folder)))
        _remove(folder)
    return removed


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
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _remove(path: Path) -> None:
    with writing(path):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
