"""From a hub into the store: downloading the files of tumor types, and loading them on arrival."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import TableError, TcgaCorrError
from tcga_corr.fetching.download import download_all, download_sizes
from tcga_corr.fetching.fetcher import FetchOptions, FetchRequest, TableDownloads
from tcga_corr.fetching.hub import unique_downloads
from tcga_corr.fetching.hub_requests import WithdrawnError
from tcga_corr.fetching.plan import checked_request, request_for_counts
from tcga_corr.fetching.registry import downloaded_table, fetcher_of
from tcga_corr.fetching.request import Download, check_space
from tcga_corr.fetching.sidecar import (
    DownloadRecord,
    bytes_received,
    has_recorded_size,
    read_sidecar,
    sidecar_path,
)
from tcga_corr.loading.covariates import LoadedCovariates, once_each
from tcga_corr.loading.load import LoadedTable, LoadReport, load_files
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.progress import Progress
from tcga_corr.store.counts import readable_counts_metadata
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.parquet import readable_metadata


@dataclass(frozen=True)
class FetchReport(LoadReport):
    """The result of a fetch: ``downloaded`` are the files that arrived or existed already."""

    downloaded: tuple[Path, ...] = ()
    n_withdrawn: int = 0


def fetch(
    store: Store, options: FetchOptions | None = None, progress: Progress | None = None
) -> FetchReport:
    """Download a source's files, and load each table as it arrives.

    A file that fails does not stop the others. An intact file is not downloaded again.

    Raises
    ------
    UsageError
        If there is no such source to fetch from, or no such tumor type.
    """
    request = checked_request(store, options or FetchOptions())
    for_counts = request_for_counts(request)
    if for_counts is not None and for_counts.source.table == request.source.table:
        return _Fetch(for_counts, progress or Progress()).run()  # loads both, of the same files
    report = _Fetch(request, progress or Progress()).run()
    if for_counts is None:
        return report
    counts = _Fetch(for_counts, progress or Progress()).run()
    return FetchReport(
        loaded=(*report.loaded, *counts.loaded),
        clinical=once_each(report.clinical, counts.clinical),
        errors=(*report.errors, *counts.errors),
        downloaded=tuple(dict.fromkeys((*report.downloaded, *counts.downloaded))),
        n_withdrawn=max(report.n_withdrawn, counts.n_withdrawn),
    )


class _LoadingSteps(Progress):
    """Passes on the steps of loading; its counts would mix with those of the download."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def step(self, name: str) -> None:
        self._progress.step(name)


class _Fetch:
    """One call of :func:`fetch`: what has arrived and what went wrong so far."""

    def __init__(self, request: FetchRequest, progress: Progress) -> None:
        self.request = request
        self.progress = progress
        self.fetcher = fetcher_of(request.source)
        self.arrived: list[Path] = []
        self.withdrawn: set[Path] = set()
        self.failed: dict[Download, TcgaCorrError] = {}
        self.loaded: list[LoadedTable] = []
        self.clinical: list[LoadedCovariates] = []
        self.errors: list[TcgaCorrError] = []

    def run(self) -> FetchReport:
        options, source = self.request.options, self.request.source
        tables, self.errors = self.fetcher.tables(self.request, self.progress)
        downloads = unique_downloads(tables)
        self._check_space(downloads)
        waiting = [(table, {download.target for download in table.downloads}) for table in tables]
        for download, outcome in download_all(
            downloads,
            jobs=options.jobs,
            check=options.check,
            policy=options.retry_policy,
            progress=self.progress,
        ):
            self._note(download, outcome)
            for table, missing in waiting:
                if download.target in missing:
                    missing.remove(download.target)
                    if not missing:
                        self._complete(table)
        if options.load and not source.pan_cancer and source.beside:
            self._load_outdated()
        failures = self.fetcher.failures(source, self.failed)
        return FetchReport(
            loaded=tuple(self.loaded),
            clinical=tuple(self.clinical),
            errors=(*failures, *self.errors),
            downloaded=tuple(self.arrived),
            n_withdrawn=len(self.withdrawn),
        )

    def _note(self, download: Download, outcome: DownloadRecord | TcgaCorrError) -> None:
        if isinstance(outcome, DownloadRecord):
            self.arrived.append(download.target)
        elif isinstance(outcome, WithdrawnError) and self.fetcher.expects_withdrawn:
            self.withdrawn.add(download.target)
        else:
            self.failed[download] = outcome

    def _complete(self, table: TableDownloads) -> None:
        """Load a table whose last download has ended, unless one of them failed."""
        if any(download in self.failed for download in table.downloads):
            return
        target = table.downloads[-1].target
        path = table.complete(self.withdrawn) if table.complete else target
        if not self.request.options.load:
            return
        report = self._load([path], self._types_to_load(table))
        if any(isinstance(error, TableError) for error in report.errors):
            # intact but no expression table: without its sidecar the next fetch downloads it again
            sidecar_path(path).unlink(missing_ok=True)

    def _load(self, paths: Sequence[Path], tumor_types: Collection[str] = ()) -> LoadReport:
        source, genes = self.request.source.name, self.request.options.genes
        counts = self.request.counts
        options = LoadOptions(
            source=source, tumor_type=sorted(tumor_types), genes=genes, counts=counts
        )
        report = load_files(self.request.store, paths, options, _LoadingSteps(self.progress))
        for table in report.loaded:
            self.progress.note(table.summary)
        for covariates in report.clinical:
            if not (counts and covariates.unchanged):  # else they came with the expression
                self.progress.note(covariates.short_summary)
        self.loaded.extend(report.loaded)
        self.clinical.extend(report.clinical)
        self.errors.extend(report.errors)
        return report

    def _load_outdated(self) -> None:
        """Load again the tables whose files beside them have changed."""
        beside = [self.request.folder / file.path for file in self.request.source.beside]
        store, counts = self.request.store, self.request.counts
        keys = self._outdated(beside)
        paths = (downloaded_table(store, key, counts=counts) for key in keys)
        self._load([path for path in paths if path is not None])

    def _types_to_load(self, table: TableDownloads) -> set[str]:
        """The tumor types to load of a pan-cancer table; none for all, or if it has only one."""
        if not self.request.source.pan_cancer or not table.tumor_types:
            return set()
        changed = self._outdated([download.target for download in table.downloads])
        return {*table.tumor_types, *(key.tumor_type for key in changed)}

    def _outdated(self, files: Sequence[Path]) -> list[TableKey]:
        """The stored tables of the source that were made of earlier versions of some files.

        They are loaded with the requested ones, so that a source is never of two versions.
        """
        store, counts = self.request.store, self.request.counts
        hashes = {path.name: record.sha256 for path in files if (record := read_sidecar(path))}

        def is_outdated(key: TableKey) -> bool:
            # a damaged table is reported where it is used
            metadata = (readable_counts_metadata if counts else readable_metadata)(store, key)
            inputs = metadata.inputs if metadata else ()
            return any(hashes.get(file.name, file.sha256) != file.sha256 for file in inputs)

        name = self.request.source.name
        keys = store.counts_keys(name) if counts else store.table_keys(name)
        return list(filter(is_outdated, keys))

    def _check_space(self, downloads: Sequence[Download]) -> None:
        """Refuse downloads that do not fit on the disk; an unknown size counts as nothing."""
        options = self.request.options
        missing = [download for download in downloads if not has_recorded_size(download.target)]
        if not missing:
            return
        sizes = download_sizes(missing, jobs=options.jobs, policy=options.retry_policy)
        n_received = sum(bytes_received(download.target) or 0 for download in missing)
        to_come = max(0, sum(sizes.values()) - n_received)
        self.progress.begin(to_come if len(sizes) == len(missing) else None)
        check_space(self.request.folder, to_come)
