"""From a hub into the store: downloading what tumor types need, and loading it on arrival."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DownloadError, StoreError, TableError, TcgaCorrError
from tcga_corr.fetching.download import download_all, sizes
from tcga_corr.fetching.downloads import downloaded_table
from tcga_corr.fetching.hub_requests import WithdrawnError
from tcga_corr.fetching.plan import (
    FetchOptions,
    Part,
    checked_options,
    looks_whole,
    parts_of,
    unique_downloads,
)
from tcga_corr.fetching.request import Download, Progress, check_space
from tcga_corr.fetching.sidecar import Downloaded, read_sidecar, received_so_far, sidecar_path
from tcga_corr.loading.load import Loaded, LoadReport, load_files
from tcga_corr.loading.plan import LoadOptions, tumor_type_of_path
from tcga_corr.sources import Source, gdc_api
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

    def load(tables: Sequence[Path], types: Collection[str] = ()) -> LoadReport:
        wanted = LoadOptions(source=source.name, tumor_type=sorted(types), genes=options.genes)
        report = load_files(store, tables, wanted, lambda step, done: progress.load(step))
        for one in report.loaded:
            on_loaded(one)
        loaded.extend(report.loaded)
        errors.extend(report.errors)
        return report

    left = [(part, {need.target for need in part.downloads}) for part in parts]
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
        for part, missing in left:
            if one.target not in missing:
                continue
            missing.remove(one.target)
            if missing or any(need in failed for need in part.downloads):
                continue
            table = part.table(withdrawn)
            if not options.load:
                continue
            report = load([table], _types_to_load(store, source, part))
            if any(isinstance(error, TableError) for error in report.errors):
                # no such table, though it came as the hub has it: the next fetch brings it again
                sidecar_path(table).unlink(missing_ok=True)
    if options.load and not source.pan_cancer and source.beside:
        beside = [store.downloads(source.name) / file.path for file in source.beside]
        others = (downloaded_table(store, key) for key in _outdated(store, source, beside))
        load([path for path in others if path is not None])
    told = _together(failed, source)
    return FetchReport(tuple(arrived), tuple(loaded), len(withdrawn), (*told, *errors))


def _types_to_load(store: Store, source: Source, part: Part) -> set[str]:
    """The tumor types to load of a table; none of one that tells its own, or is loaded whole."""
    if not source.pan_cancer or not part.tumor_types:
        return set()
    changed = _outdated(store, source, [one.target for one in part.downloads])
    return {*part.tumor_types, *(key.tumor_type for key in changed)}


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
