"""Sources on a hub of files: one table a tumor type or one for all, and the files beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from tcga_corr.errors import TcgaCorrError
from tcga_corr.fetching.download import download_sizes
from tcga_corr.fetching.fetcher import (
    Fetcher,
    FetchRequest,
    PlannedRequest,
    TableDownloads,
    combined_error,
)
from tcga_corr.fetching.request import Download
from tcga_corr.fetching.sidecar import bytes_received, has_recorded_size
from tcga_corr.loading.plan import tumor_type_of_path
from tcga_corr.progress import Progress
from tcga_corr.sources import RemoteFile, Source
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

_MOST_LISTED = 3  # failed downloads that are reported one by one


class HubFetcher(Fetcher):
    """Fetches the files that a source declares in ``table`` and ``beside``."""

    def addresses(self, source: Source) -> list[str]:
        """The URLs of a source's files, with ``{tumor_type}`` in them."""
        files = [source.table, *source.beside, source.with_gtex, *source.beside_gtex]
        return [file.url().replace("%7Btumor_type%7D", "{tumor_type}") for file in files if file]

    def tables(
        self, request: FetchRequest, progress: Progress
    ) -> tuple[list[TableDownloads], list[TcgaCorrError]]:
        """One table with all requested tumor types, or one for each of them."""
        return _tables(request), []

    def planned_requests(self, request: FetchRequest) -> Iterator[PlannedRequest]:
        """A row a file; with ``check`` the hubs are asked for the sizes of their files."""
        options, source, tables = request.options, request.source, _tables(request)
        downloads = unique_downloads(tables)
        sizes = (
            download_sizes(downloads, jobs=options.jobs, policy=options.retry_policy)
            if options.check
            else {}
        )
        # the files beside a table serve all tumor types
        tumor_types = {table.downloads[-1].target: table.tumor_types for table in tables}
        files = [*source.beside, *([source.table] if source.table else [])]
        declared = {request.folder / file.path: file.size for file in files}
        for download in downloads:
            target = download.target
            is_downloaded = has_recorded_size(target)
            size = sizes.get(download.url) or declared.get(target)
            if is_downloaded:
                size = target.stat().st_size
            yield PlannedRequest(
                source=source.name,
                tumor_type=",".join(tumor_types.get(target, ())) or "all",
                url=download.url,
                file=str(target.relative_to(request.store.root)),
                size_mb=None if size is None else round(size / 1e6, 1),
                state="here" if is_downloaded else _state(target),
                request="GET",
            )

    def downloaded_tables(self, folder: Path, source: Source, tumor_type: str) -> list[Path]:
        """Path of the table of a tumor type, or of the tables of all."""
        files = filter(None, (source.table, source.with_gtex))
        return [folder / file.for_tumor_type(tumor_type).path for file in files]

    def failures(
        self, source: Source, failed: Mapping[Download, TcgaCorrError]
    ) -> Iterator[TcgaCorrError]:
        """Each error, or one that lists the tumor types of many."""
        if len(failed) <= _MOST_LISTED:
            yield from failed.values()
            return
        names = (tumor_type_of_path(download.target) or download.name for download in failed)
        yield combined_error(source.name, failed, " ".join(names))


def unique_downloads(tables: Collection[TableDownloads]) -> list[Download]:
    """The downloads of all tables, each once."""
    by_target = {download.target: download for table in tables for download in table.downloads}
    return list(by_target.values())


def _state(target: Path) -> str:
    n_bytes = bytes_received(target)
    return f"{n_bytes / 1e6:.1f} MB here" if n_bytes else "to come"


def _tables(request: FetchRequest) -> list[TableDownloads]:
    source, tumor_types = request.source, request.tumor_types
    if source.table is None:
        return []
    beside = [_download(request, file) for file in source.beside]
    if source.pan_cancer:
        files = [(tumor_types, source.table)]
    else:
        names = tumor_types or TUMOR_TYPES
        files = [((name,), source.table.for_tumor_type(name)) for name in names]
    return [TableDownloads(types, (*beside, _download(request, file))) for types, file in files]


def _download(request: FetchRequest, file: RemoteFile) -> Download:
    source = request.source
    return Download(
        url=file.url(request.options.base_url),
        target=request.folder / file.path,
        by_hand=f"Look for {file.dataset} at {source.page}, and load it with "
        f"`tcga-corr load FILE --source {source.name}`",
        label=file.dataset,
    )
