"""From a hub into the store: downloading what tumor types need, and loading it on arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.downloads import downloaded_table
from tcga_corr.errors import DownloadError, StoreError, TableError, TcgaCorrError
from tcga_corr.fetch_plan import (
    FetchOptions,
    Part,
    checked_options,
    looks_whole,
    parts_of,
    unique_downloads,
)
from tcga_corr.load_plan import LoadOptions, tumor_type_of_path
from tcga_corr.loading import Loaded, load_files
from tcga_corr.sources import Source, gdc_api
from tcga_corr.sources.download import download_all, sizes
from tcga_corr.sources.hub_requests import WithdrawnError
from tcga_corr.sources.request import Download, Progress, check_space
from tcga_corr.sources.sidecar import Downloaded, read_sidecar, received_so_far, sidecar_path
from tcga_corr.store import Store, TableKey, read_metadata

_FEW = 3  # failed downloads that are each told


@dataclass(frozen=True)
class FetchReport:
    """What became of a fetch.

    ``downloaded`` are the files that came or were there; ``n_withdrawn`` counts those that the hub
    has taken back.
    """

    downloaded: tuple[Path, ...]
    loaded: tuple[Loaded, ...]
    n_withdrawn: int
    errors: tuple[TcgaCorrError, ...]

    def raise_errors(self) -> None:
        """Raise the first error, if there is one."""
        for error in self.errors:
            raise error


def fetch(
    store: Store,
    options: FetchOptions | None = None,
    progress: Progress | None = None,
    on_loaded: Callable[[Loaded], None] = lambda loaded: None,
) -> FetchReport:
    """Download a source's files, and load each table as it arrives.

    What cannot be had leaves the rest to be. What is here and as it was downloaded is not
    downloaded again.

    Raises
    ------
    UsageError
        If there is no such source to fetch from, or no such tumor type.
    """
    options, progress = options or FetchOptions(), progress or Progress()
    source, tumor_types = checked_options(options)
    errors: list[TcgaCorrError] = []
    parts = parts_of(store, source, tumor_types, options, progress, errors)
    downloads = unique_downloads(parts)
    _check_room(store, source, downloads, options, progress)
    arrived: dict[Path, Downloaded] = {}
    withdrawn: set[Path] = set()
    failed: dict[Download, TcgaCorrError] = {}
    loaded: list[Loaded] = []
    left = list(parts)
    for one, outcome in download_all(
        downloads,
        jobs=options.jobs,
        check=options.check,
        patience=options.patience,
        progress=progress,
    ):
        if isinstance(outcome, Downloaded):
            arrived[one.target] = outcome
        elif isinstance(outcome, WithdrawnError) and source is gdc_api.SOURCE:
            withdrawn.add(one.target)
        else:
            failed[one] = outcome
        known = arrived.keys() | withdrawn | {bad.target for bad in failed}
        whole = [part for part in left if all(need.target in known for need in part.downloads)]
        for part in whole:
            left.remove(part)
            if not any(need in failed for need in part.downloads):
                report = _load(store, source, part, withdrawn, options, progress, on_loaded)
                loaded += report[0]
                errors += report[1]
    told = _together(failed, source)
    return FetchReport(tuple(arrived), tuple(loaded), len(withdrawn), (*told, *errors))


def _load(
    store: Store,
    source: Source,
    part: Part,
    withdrawn: set[Path],
    options: FetchOptions,
    progress: Progress,
    on_loaded: Callable[[Loaded], None],
) -> tuple[Sequence[Loaded], Sequence[TcgaCorrError]]:
    table = part.table(withdrawn)
    if not options.load:
        return (), ()
    types: set[str] = set()  # of one that its path tells
    tables = [table]
    if source.pan_cancer and part.tumor_types:
        changed = _outdated(store, source, [one.target for one in part.downloads])
        types = {*part.tumor_types, *(key.tumor_type for key in changed)}
    elif source.beside and not source.pan_cancer:
        # of other tumor types, only what stands beside all tables can have changed
        beside = [one.target for one in part.downloads if one.target != table]
        others = (downloaded_table(store, key) for key in _outdated(store, source, beside))
        tables += [path for path in others if path is not None]
    wanted = LoadOptions(source=source.name, tumor_type=sorted(types), genes=options.genes)
    report = load_files(
        store, list(dict.fromkeys(tables)), wanted, lambda step, done: progress.load(step)
    )
    for one in report.loaded:
        on_loaded(one)
    if any(isinstance(error, TableError) for error in report.errors):
        # not what it should be, though it came as the hub has it: the next fetch brings it again
        sidecar_path(table).unlink(missing_ok=True)
    return report.loaded, report.errors


def _outdated(store: Store, source: Source, files: Sequence[Path]) -> list[TableKey]:
    """The tables of a source that are made of some of these files as they were before.

    They are loaded with those asked for, so that a source is never of two versions.
    """
    now = {path.name: read_sidecar(path) for path in files}
    outdated = []
    for key in store.table_keys(source.name):
        try:
            metadata = read_metadata(store, key)
        except StoreError:
            continue  # told where it is used
        made_of = metadata.inputs if metadata else ()
        records = ((file, now.get(file.name)) for file in made_of)
        if any(record is not None and record.sha256 != file.sha256 for file, record in records):
            outdated.append(key)
    return outdated


def _together(failed: dict[Download, TcgaCorrError], source: Source) -> Iterator[TcgaCorrError]:
    """The errors of downloads; many as one, with the first and the names of all."""
    groups: dict[str, list[Download]] = {}
    for one in failed:
        # of the GDC, the many files of a tumor type
        group = one.target.parents[1].name if source is gdc_api.SOURCE else source.name
        groups.setdefault(group, []).append(one)
    for name, several in groups.items():
        if len(several) <= _FEW and source is not gdc_api.SOURCE:
            yield from (failed[one] for one in several)
            continue
        first = failed[several[0]]
        which = "so it is not loaded" if source is gdc_api.SOURCE else _listed(several)
        yield DownloadError(
            f"{name}: {len(several)} of its files could not be downloaded, {which}; the first: "
            f"{first.what}",
            first.remedy or "Run the same command again",
        )


def _listed(downloads: Sequence[Download]) -> str:
    """The tumor types of downloads, by their names."""
    return " ".join(tumor_type_of_path(one.target) or one.name for one in downloads)


def _check_room(
    store: Store,
    source: Source,
    downloads: Sequence[Download],
    options: FetchOptions,
    progress: Progress,
) -> None:
    """Refuse to start what will not fit; a size that the hub does not tell counts as nothing."""
    missing = [one for one in downloads if not looks_whole(one.target)]
    if missing:
        known = sizes(missing, jobs=options.jobs, patience=options.patience)
        here = sum(received_so_far(one.target) or 0 for one in missing)
        to_come = max(0, sum(known.values()) - here)
        progress.expect(to_come if len(known) == len(missing) else None)
        check_space(store.downloads(source.name), to_come)
